"""Page: one activity after another is shown to a reviewer and decided, and may be taken back."""

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from opscope.desk import Decided, Desk
from opscope.display import as_html
from opscope.errors import OpscopeError
from opscope.explanation import Explanation
from opscope.guide import OPERATIONS, PRODUCTION, guide
from opscope.markdown import as_markdown
from opscope.markup import shown
from opscope.model import Model
from opscope.pages.review_parts import (
    ERROR,
    SAID,
    STYLE,
    kept,
    show_adding,
    show_disputes,
    show_precedents,
    show_stand,
    show_tag,
    tag_of,
)
from opscope.pages.reviewer import own_desk, show_reviewer
from opscope.pages.shared import active_model, screens
from opscope.pages.signing_in import guard
from opscope.prediction import Prediction
from opscope.review_queue import Chosen
from opscope.review_status import Status, status_of
from opscope.reviewing import Places
from opscope.reviews import Reviews, open_reviews
from opscope.roles import REVIEW
from opscope.settling import Settlement, reviewed_keys, settle
from opscope.similar import Precedents
from opscope.text import clean
from opscope.verdicts import CANNOT_DECIDE, Queued, Verdict, key_of

_DECISION_FIRST, _BLIND_FIRST = "decision first", "blind first"
_NEW, _SECOND = "new activities", "a second look"
_SIDES = (PRODUCTION, OPERATIONS)
_KEY_OF = {PRODUCTION: "1", OPERATIONS: "2", "": "0"}


@dataclass(frozen=True)
class Stand:
    """What the verdicts come to by now."""

    status: Status
    settlement: Settlement


@st.cache_resource(max_entries=2, show_spinner=False)
def places(version: str, _model: Model) -> Places:
    """Where texts lie for a version, shared by all."""
    return Places(_model.loaded.neighbours)


@st.cache_resource(max_entries=3, show_spinner=False)
def stand(place: str, count: int, last: datetime | None, queued: int, _verdicts: list[Verdict], _queued: list[Queued]) -> Stand:
    """Verdicts are only ever added, so that their count and the last one's time tell them apart."""
    return Stand(status_of(place, _verdicts, _queued), settle(_verdicts))


def main() -> None:
    """Draws the page."""
    guard(REVIEW)
    st.html(STYLE)
    st.title("Review")
    for name, show in ((ERROR, st.error), (SAID, st.success)):
        if said := st.session_state.pop(name, None):
            show(as_markdown(said))
    try:
        _show(open_reviews(), active_model())
    except OpscopeError as error:
        st.error(as_markdown(str(error)))


def _show(reviews: Reviews, model: Model) -> None:
    verdicts, queued = reviews.verdicts(), reviews.queued()
    last = verdicts[-1].when if verdicts else None
    now = stand(reviews.place, len(verdicts), last, len(queued), verdicts, queued)
    desk = show_reviewer(now.status)
    if desk is None:
        return
    placed = places(model.version, model)
    precedents = placed.precedents(now.settlement.settled)
    if queued:
        _show_progress(now.status, desk, verdicts)
        wants_blind = _show_choices(desk)
        chosen = desk.next(queued, verdicts, placed, screens(reviews.place))
        if chosen:
            explained = model.explain(chosen.activity.text, precedents=precedents)
            _show_chosen(desk, chosen, explained, is_blind=chosen.blind or wants_blind)
        else:
            _show_none(desk)
        _show_last(desk, model, precedents)
    else:
        st.info("Nothing is queued yet. Paste activities below, one a line, and add them to the queue; then they come one by one.")
    show_adding(is_open=not queued)
    show_disputes(now.settlement.disputed, model)
    show_stand(now.status)


def _show_progress(status: Status, desk: Desk, verdicts: list[Verdict]) -> None:
    own = reviewed_keys([verdict for verdict in verdicts if key_of(verdict.reviewer) == key_of(desk.reviewer)])
    done = status.queued - status.waiting
    st.progress(
        done / status.queued,
        text=f"{done:,} of {status.queued:,} queued activities have a verdict. You have reviewed {len(own):,}.",
    )


def _show_choices(desk: Desk) -> bool:
    """Draws what the reviewer may choose; gives whether they want to decide blind."""
    with st.container(horizontal=True):
        mode = st.segmented_control(
            "Show",
            [_DECISION_FIRST, _BLIND_FIRST],
            default=_DECISION_FIRST,
            required=True,
            key="review_mode",
            persist_state="session",
            help="Decision first shows what opscope says; blind first, only when you have decided. A random tenth is always blind.",
        )
        take = st.segmented_control(
            "Take",
            [_NEW, _SECOND],
            default=_NEW,
            required=True,
            key="review_take",
            persist_state="session",
            help="A second look gives you what one other reviewer has decided, blind, so that it can be told how far you agree.",
        )
    if desk.second != (take == _SECOND):
        desk.put_back(second=take == _SECOND)
    return mode == _BLIND_FIRST


def _show_none(desk: Desk) -> None:
    none = "No activity waits that one other reviewer has decided." if desk.second else "All queued activities have a verdict."
    st.success(f"{none} Add more below, or take {_NEW if desk.second else _SECOND}.", icon=":material/done_all:")
    _show_undo(desk)


def _show_chosen(desk: Desk, chosen: Chosen, explained: Explanation, *, is_blind: bool) -> None:
    """The activity with what may be shown of its tag, and what can be said of it."""
    with st.container(border=True):
        if is_blind:
            st.html(f'<p class="opscope-review" dir="auto">{shown(chosen.activity.text)}</p>')
            st.caption("Drawn at random, so blind" if chosen.blind else "Blind: what opscope says comes when you have decided")
        else:
            desk.show_tag()
            st.html(f'<p class="opscope-review" dir="auto">{as_html(explained)}</p>')
            show_tag(explained)
            show_precedents(explained)
        _show_fields(desk.turn)
        _show_buttons(desk, explained.prediction)


def _show_fields(turn: int) -> None:
    columns = st.columns(3)
    for column, label in zip(columns, _SIDES, strict=False):
        column.selectbox(
            f"Function, if {guide().labels[label].name}",
            ["", *guide().functions_of(label)],
            format_func=lambda key: guide().functions[key].title if key else "not named",
            key=f"function_{label}_{turn}",
        )
    columns[2].text_input("Reason", placeholder="if you want to give one", key=f"reason_{turn}")


def _show_buttons(desk: Desk, prediction: Prediction) -> None:
    names = {label: guide().labels[label].name.capitalize() for label in _SIDES} | {"": "Cannot decide"}
    with st.container(horizontal=True):
        for label, name in names.items():
            st.button(
                name,
                key=f"decide_{label or CANNOT_DECIDE}_{desk.turn}",
                shortcut=_KEY_OF[label],
                on_click=_decide,
                args=(prediction, label, desk.turn),
            )
        _show_undo(desk)


def _show_undo(desk: Desk) -> None:
    st.button("Undo", key=f"undo_{desk.turn}", shortcut="u", on_click=_undo, args=(desk.turn,), disabled=not desk.decided)


def _decide(prediction: Prediction, label: str, turn: int) -> None:
    """Keeps the verdict at once, before anything is drawn."""
    state = st.session_state
    function, reason = state.get(f"function_{label}_{turn}", ""), state.get(f"reason_{turn}", "")
    kept(lambda: own_desk().decide(open_reviews(), prediction, label, turn=turn, function=function, reason=reason))


def _undo(turn: int) -> None:
    state = st.session_state
    taken_back = kept(lambda: own_desk().undo(open_reviews(), turn=turn))
    if taken_back:
        desk = own_desk()
        state[f"reason_{desk.turn}"] = taken_back.reason
        if taken_back.label:
            state[f"function_{taken_back.label}_{desk.turn}"] = taken_back.function


def _show_last(desk: Desk, model: Model, precedents: Precedents) -> None:
    if not desk.decided:
        return
    last: Decided = desk.decided[-1]
    label = last.verdict.label
    with st.container(border=True):
        st.caption("Decided last")
        said = guide().labels[label].name if label else "cannot decide"
        st.text(f"{clean(last.prediction.text)}\nYou: {said}.\n{tag_of(last.prediction)}")
        if not last.verdict.saw_prediction:
            st.text(last.prediction.reason)
            show_precedents(model.explain(last.prediction.text, precedents=precedents))


main()
