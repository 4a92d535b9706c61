"""The versions on a page: the active one and the candidate side by side, promoting, rolling back."""

from collections.abc import Callable

import streamlit as st

from opscope.aliases import CANDIDATE, aliases_of, promote, roll_back, version_called
from opscope.compare import Comparison, check_promotable, compare, difference_in_words
from opscope.errors import OpscopeError
from opscope.guide import guide
from opscope.labelled import read_dataset
from opscope.markdown import as_markdown
from opscope.model import Model
from opscope.pages.shared import loaded
from opscope.pages.signing_in import guard
from opscope.paths import shipped
from opscope.registry import default_models
from opscope.reviews import open_reviews
from opscope.reviews_place import reviews_exist
from opscope.roles import PROMOTE, ROLL_BACK
from opscope.settling import Settled, settle


def show_versions() -> None:
    """The active version and the candidate side by side, and the steps that change which is active."""
    models = default_models()
    aliases = aliases_of(models)
    st.subheader("Versions")
    st.text(f"Active: {aliases.active or 'none'}. Candidate: {aliases.candidate or 'none'}.")
    if aliases.active and aliases.candidate and aliases.candidate != aliases.active:
        _show_comparison(_compared(aliases.active, aliases.candidate))
    why = st.text_input("Reason", placeholder="kept in the log", key="why")
    force = st.checkbox("Promote even if it is worse", help="Needs a reason.", key="force")
    can_promote = aliases.candidate is not None and not (force and not why.strip())
    with st.container(horizontal=True):
        st.button("Promote the candidate", disabled=not can_promote, icon=":material/upgrade:", on_click=_promote)
        st.button("Roll back", disabled=aliases.active is None, icon=":material/undo:", on_click=_roll_back)
    for key, show in (("said", st.success), ("refused", st.error)):
        if told := st.session_state.pop(key, None):
            show(as_markdown(told))


def _promote() -> None:
    person, models = guard(PROMOTE), default_models()
    why, force = st.session_state["why"], st.session_state["force"]

    def change() -> str:
        candidate = version_called(models, CANDIDATE).name
        if (active := aliases_of(models).active) and not force:
            check_promotable(_compared(active, candidate))
        promote(models, candidate, why=why, forced=force, who=person.name)
        return f"{candidate} is active now."

    _changed(change)


def _roll_back() -> None:
    person, why = guard(ROLL_BACK), st.session_state["why"]

    def change() -> str:
        roll_back(default_models(), why=why, who=person.name)
        return "The version before is active again."

    _changed(change)


def _changed(change: Callable[[], str]) -> None:
    """Makes a change to what is active, of which every page takes note with its next run; what came of it is told below."""
    try:
        st.session_state["said"] = change()
    except OpscopeError as error:
        st.session_state["refused"] = str(error)


def _compared(active: str, candidate: str) -> Comparison:
    models = default_models()
    return _comparison(loaded(models / active), loaded(models / candidate), _reviewed())


def _reviewed() -> tuple[Settled, ...]:
    return settle(open_reviews().verdicts()).settled if reviews_exist() else ()


def _comparison(active: Model, candidate: Model, reviewed: tuple[Settled, ...]) -> Comparison:
    evaluation_set = read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True)
    return compare(active, candidate, evaluation_set, reviewed)


def _show_comparison(found: Comparison) -> None:
    for place, difference in (("On the evaluation set", found.evaluation), ("On your own rows, held out", found.own)):
        if difference:
            st.text(f"{place} ({difference.active.total:,} rows): {difference_in_words(difference)}")
    st.text(f"Of {found.reviewed:,} reviewed activities {len(found.changes):,} change, {found.lost:,} of them for the worse.")
    if found.changes:
        st.dataframe(
            {
                "activity": [change.reviewed.text for change in found.changes],
                "people said": [guide().labels[change.reviewed.label].name for change in found.changes],
                "was": [change.before.decision for change in found.changes],
                "because": [change.reason_before for change in found.changes],
                "would be": [change.after.decision for change in found.changes],
                "for": [change.reason_after for change in found.changes],
            },
            hide_index=True,
            alt="Reviewed activities whose decision changes, with both reasons",
        )
