"""Parts of the review page: tags, queueing a list, disputes, where the reviews stand, keeping what a click says."""

from collections.abc import Callable
from typing import TypeVar
from zlib import crc32

import streamlit as st

from opscope.errors import OpscopeError
from opscope.explanation import Explanation
from opscope.guide import OPERATIONS, PRODUCTION, guide
from opscope.markup import shown
from opscope.model import Model
from opscope.pages.explained import STYLE as MARKS
from opscope.pages.reviewer import own_desk
from opscope.pages.shared import active_model
from opscope.pages.signing_in import current_person, guard
from opscope.prediction import Prediction
from opscope.review_status import Status, status_lines
from opscope.reviewing import precedents_of, queue_paste, sway_in_words, verdict_on
from opscope.reviews import open_reviews
from opscope.roles import ADJUDICATE, REVIEW, may
from opscope.settling import Dispute
from opscope.text import clean
from opscope.verdicts import Verdict, key_of
from opscope.wording import as_percent

STYLE = (
    MARKS
    + """
<style>
p.opscope-review { font-size: clamp(1.35rem, 4.5vw, 1.9rem); line-height: 1.6; overflow-wrap: anywhere; margin: .3rem 0; }
[class*="st-key-decide_production"] button { border-left: .4rem solid #E69F00; }
[class*="st-key-decide_operations"] button { border-left: .4rem solid #0072B2; }
</style>
"""
)
ERROR, SAID = "review_error", "review_said"  # what the next drawing of the page says first
_Kept = TypeVar("_Kept")


def kept(keep: Callable[[], _Kept]) -> _Kept | None:
    """What ``keep`` gives; where something cannot be kept, the next drawing says why, and what was filled in stays."""
    try:
        return keep()
    except OpscopeError as error:
        st.session_state[ERROR] = str(error)
        return None


def show_tag(explained: Explanation) -> None:
    """Draws what opscope says of an activity."""
    found = explained.prediction
    st.text(f"{tag_of(found)} {found.reason}")
    if found.question:
        st.info(found.question, icon=":material/help:")
    st.caption("Solid orange speaks for production-scoped, dotted blue for operations-wide.")


def tag_of(found: Prediction) -> str:
    """The tag in a line."""
    name = f"{guide().labels[found.label].name} ({as_percent(found.probability)}), {guide().functions[found.function].title}."
    return f"opscope: {name}" if found.decision == found.label else f"opscope: {found.decision}, leans to {name}"


def show_precedents(explained: Explanation) -> None:
    """Draws the similar activities that people decided, each with who decided and why."""
    for similar in precedents_of(explained):
        because = f": {similar.reason}" if similar.reason else ""
        name = guide().labels[similar.label].name
        st.text(clean(f"Precedent: “{similar.text}” is {name}, says {', '.join(similar.decided_by)}{because}"))


def show_adding(*, is_open: bool) -> None:
    """Draws where a list is pasted to be queued."""
    with st.expander("Add activities to the queue", expanded=is_open):
        st.text_area(
            "Activities to review, one a line",
            key="review_paste",
            height=150,
            help="Bullets, numbering and check boxes are taken off. What is queued already is not queued again.",
        )
        st.button("Add to the queue", on_click=_add, icon=":material/playlist_add:")


def _add() -> None:
    guard(REVIEW)
    added = kept(lambda: queue_paste(open_reviews(), active_model(), st.session_state["review_paste"]))
    if added is None:
        return
    st.session_state["review_paste"] = ""
    if not added.new and not added.there and not added.left_out:
        st.session_state[ERROR] = "Nothing was pasted. Write one activity a line."
        return
    there = f", {added.there:,} were there already" if added.there else ""
    st.session_state[SAID] = f"{added.new:,} activities are new in the queue{there}."
    if added.left_out:
        st.session_state[ERROR] = "\n".join((f"{len(added.left_out):,} lines were left out:", *added.left_out[:5]))


def show_disputes(disputed: tuple[Dispute, ...], model: Model) -> None:
    """Draws one dispute, which the user chooses, with who said what, and lets it be settled by who may."""
    st.subheader(f"Disputes to settle ({len(disputed):,})")
    if not disputed:
        st.text("No activity has labels that contradict each other.")
        return
    by_key = {key_of(dispute.text): dispute for dispute in disputed}
    keys = list(by_key)  # not places, which shift when somebody else settles one
    key = st.selectbox("Dispute", keys, format_func=lambda key: f"{keys.index(key) + 1} of {len(keys)}", key="review_dispute")
    dispute = by_key[key]
    with st.container(border=True):
        st.html(f'<p class="opscope-review" dir="auto">{shown(dispute.text)}</p>')
        st.text("\n".join(map(_said, dispute.verdicts)))
        if not may(current_person().role, ADJUDICATE):
            st.caption("An approver can settle it.")
            return
        st.text_input("Why", placeholder="what settles it; shown with similar activities", key=_reason_field(dispute.text))
        prediction = model.predict(dispute.text)
        with st.container(horizontal=True):
            for label in (PRODUCTION, OPERATIONS):
                name = guide().labels[label].name
                st.button(
                    f"It is {name}",
                    key=f"settle_{label}_{_reason_field(dispute.text)}",
                    on_click=_settle,
                    args=(prediction, label),
                )


def _said(verdict: Verdict) -> str:
    because = f": {verdict.reason}" if verdict.reason else ""
    return clean(f"{verdict.reviewer}, {verdict.when:%Y-%m-%d}: {guide().labels[verdict.label].name}{because}")


def _reason_field(text: str) -> str:
    return f"settling_{crc32(text.encode())}"


def _settle(prediction: Prediction, label: str) -> None:
    """Keeps a verdict that ends the dispute."""
    guard(ADJUDICATE)
    reason = st.session_state[_reason_field(prediction.text)]

    def settle() -> int:
        desk = own_desk()
        saw = desk.knows_tag(prediction.text)
        told = {"reviewer": desk.reviewer, "reason": reason, "saw_prediction": saw}
        return open_reviews().add([verdict_on(prediction, label, **told, adjudicates=True)])

    if kept(settle):
        st.session_state[SAID] = f"Settled: {prediction.text} is {guide().labels[label].name}."


def show_stand(status: Status) -> None:
    """Draws counts, agreement, and how far the tag moves people."""
    st.subheader("Where the reviews stand")
    st.text("\n".join((*status_lines(status), sway_in_words(status.sway))))
