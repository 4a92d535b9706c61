"""The whole list on a page: is it fit to be tagged, what it holds, how long a review takes, contradictions, shares by a column."""

from collections.abc import Sequence

import streamlit as st

from opscope.budgets import Budget, budget
from opscope.errors import OpscopeError
from opscope.guide import guide
from opscope.lists import CAUTION, GO, STOP, Inconsistency, Preflight, inconsistencies, preflight, scope_shares
from opscope.markdown import as_markdown
from opscope.model import Model
from opscope.pages.shared import COLOUR_OF, active_model
from opscope.pages.signing_in import current_person, guard, served_settings
from opscope.prediction import Prediction
from opscope.reviewing import PASTED, queue_texts
from opscope.reviews import open_reviews
from opscope.roles import REVIEW, may
from opscope.tables import Table
from opscope.tagged_list import Summary, TaggedList
from opscope.wording import as_percent, percent_of

_HOLDS, _TIME = "What it holds", "Time for review"
_QUEUED = "list_queued"
_CONSISTENT, _SHARES = "Contradictions", "Shares by column"
_ASKED = (_HOLDS, _TIME, _CONSISTENT, _SHARES)
_SAID = {
    GO: "Go: this list reads like activities.",
    CAUTION: "Caution: look at these lines first.",
    STOP: "Stop: much of it is no list of activities.",
}
_ICON_OF = {GO: ":material/check_circle:", CAUTION: ":material/warning:", STOP: ":material/dangerous:"}
_MOST_GROUPS = 50


def show_preflight(model: Model, texts: tuple[str, ...], policy: str) -> None:
    """Draws whether the list is fit to be tagged and how long a review takes; what was found is one click away."""
    found = _preflight(model, texts, policy, served_settings().seconds_per_review, model.version)
    with st.expander(f"{_SAID[found.verdict]} {found.lines[-1]}", icon=_ICON_OF[found.verdict]):
        st.text("\n".join(found.lines[:-1]) or "Nothing stands out.")


def show_whole_list(model: Model, tagged: TaggedList) -> None:
    """Draws what the user asks of the whole list; nothing is worked out before it is asked for."""
    texts, found = tagged.texts, tagged.predictions
    asked = st.segmented_control("The whole list", _ASKED, key="asked", persist_state="session")
    if asked == _HOLDS:
        _show_holdings(tagged.summary)
    elif asked == _TIME:
        minutes = st.number_input("Minutes for review", min_value=0, value=45, step=15, key="minutes", persist_state="session")
        seconds = served_settings().seconds_per_review
        _show_budget(_budget(model, texts, float(minutes), seconds, model.version), minutes, seconds, found)
    elif asked == _CONSISTENT:
        _show_inconsistencies(_inconsistencies(model, texts, model.version))
    elif asked == _SHARES:
        _show_shares(tagged.table, found)


@st.cache_resource(scope="session", max_entries=4, show_spinner="Looking at the list")
def _preflight(_model: Model, texts: tuple[str, ...], policy: str, seconds: int, version: str) -> Preflight:
    return preflight(_model.loaded, texts, policy, seconds_a_review=seconds)


@st.cache_resource(scope="session", max_entries=4, show_spinner="Working out the policies")
def _budget(_model: Model, texts: tuple[str, ...], minutes: float, seconds: int, version: str) -> Budget:
    return budget(_model.loaded, texts, minutes, seconds_a_review=seconds)


@st.cache_resource(scope="session", max_entries=4, show_spinner="Comparing the activities")
def _inconsistencies(_model: Model, texts: tuple[str, ...], version: str) -> tuple[Inconsistency, ...]:
    return inconsistencies(_model.loaded, texts)


def _show_holdings(summary: Summary) -> None:
    """Draws how many activities have each label and each function, those that are none left out."""
    functions, names = guide().functions, guide().labels
    _draw_counts("label", [(names[label].name, count, label) for label, count in summary.labels.items() if count])
    counts = [(functions[name].title, count, functions[name].label) for name, count in summary.functions.items() if count]
    _draw_counts("function", counts)
    if none := summary.rows - summary.activities:
        st.caption(f"Lines that read like no activity are left out: {none:,}.")


def _draw_counts(what: str, counts: Sequence[tuple[str, int, str]]) -> None:
    """Draws a bar for each name with its count and share, in the colour of its label, the longest first."""
    names, total = guide().labels, sum(count for _, count, _ in counts)
    data = {
        what: [name for name, _, _ in counts],
        "activities": [count for _, count, _ in counts],
        "share": [f"{count:,} ({percent_of(count / total)} %)" for _, count, _ in counts],
        "side": [names[label].name for _, _, label in counts],
    }
    legend = {"orient": "bottom", "title": None} if what == "function" else None  # labels stand beside their bars
    colours = {"domain": [names[label].name for label in COLOUR_OF], "range": list(COLOUR_OF.values())}
    spec = {
        "encoding": {
            "y": {"field": what, "type": "nominal", "sort": "-x", "title": None, "axis": {"labelLimit": 240}},
            "x": {"field": "activities", "type": "quantitative", "axis": {"tickMinStep": 1}},
        },
        "layer": [
            {
                "mark": "bar",
                "encoding": {"color": {"field": "side", "type": "nominal", "scale": colours, "legend": legend}},
            },
            {"mark": {"type": "text", "align": "left", "dx": 4, "color": "gray"}, "encoding": {"text": {"field": "share"}}},
        ],
        "height": {"step": 22},
    }
    st.vega_lite_chart(data, spec, alt=f"How many activities have each {what}")


def _show_budget(found: Budget, minutes: float, seconds: int, tagged: Sequence[Prediction]) -> None:
    if found.fitting:
        st.success(f"The policy {found.fitting} fits {minutes:g} minutes.")
    else:
        st.warning(f"No policy fits {minutes:g} minutes; the quickest needs {found.options[-1].minutes:,.0f}.")
    st.dataframe(
        {
            "policy": [option.policy for option in found.options],
            "to review": [option.to_review for option in found.options],
            "minutes": [round(option.minutes) for option in found.options],
            "expected wrong among decided": [round(option.expected_wrong, 1) for option in found.options],
        },
        hide_index=True,
        alt="For each policy how many activities go to a person, how long that takes, and how many labels are expected to be wrong",
    )
    st.caption(f"At {seconds} seconds for each activity.")
    _show_queue(found, tagged)


def _show_queue(found: Budget, tagged: Sequence[Prediction]) -> None:
    """Draws what to review in the time there is, what stays wrong after that, and lets it be queued by who may review."""
    if not found.queue:
        return
    first, names = [tagged[place] for place in found.queue], guide().labels
    st.markdown(f"**Review these {len(first):,}, in this order**")
    st.dataframe(
        {
            "activity": [prediction.text for prediction in first],
            "leans to": [names[prediction.label].name for prediction in first],
            "probability": [as_percent(prediction.probability) for prediction in first],
            "question": [prediction.question or "" for prediction in first],
        },
        hide_index=True,
        alt="The activities to review in the time there is, the most urgent first",
    )
    undecided = f" and {found.undecided:,} stay undecided" if found.undecided else ""
    st.text(f"After that {found.expected_wrong:,.1f} labels of the whole list are expected to be wrong{undecided}.")
    if may(current_person().role, REVIEW):
        st.button(
            "Put them into the review queue",
            on_click=_queue,
            args=([prediction.text for prediction in first],),
            icon=":material/playlist_add:",
        )
    if said := st.session_state.pop(_QUEUED, None):
        st.success(said)


def _queue(texts: list[str]) -> None:
    guard(REVIEW)
    try:
        added = queue_texts(open_reviews(), active_model(), texts, source=PASTED)
    except OpscopeError as error:
        st.error(as_markdown(str(error)))
        return
    there = f", {added.there:,} were there already" if added.there else ""
    st.session_state[_QUEUED] = f"{added.new:,} activities are new in the queue of the Review page{there}."


def _show_inconsistencies(found: Sequence[Inconsistency]) -> None:
    if not found:
        st.success("No two activities of this list contradict each other.")
        return
    names = guide().labels
    st.dataframe(
        {
            "activity": [pair.first.text for pair in found],
            "label": [names[pair.first.label].name for pair in found],
            "other activity": [pair.second.text for pair in found],
            "its label": [names[pair.second.label].name for pair in found],
            "why": [pair.why for pair in found],
        },
        hide_index=True,
        alt="Pairs of activities that are tagged differently, though they are nearly the same or do the same to the same",
    )


def _show_shares(table: Table, found: Sequence[Prediction]) -> None:
    if len(table.columns) < 2:
        st.info("The list has one column only. Upload or paste a table with a column such as department or site.")
        return
    column = st.selectbox("Column", range(len(table.columns)), format_func=lambda place: table.columns[place], key="share_column")
    shares = scope_shares(found, [row.values[column] for row in table.rows])
    if len(shares) > _MOST_GROUPS:
        st.warning(f"The column has {len(shares):,} values; the {_MOST_GROUPS} most frequent are shown.")
    shown = shares[:_MOST_GROUPS]
    st.dataframe(
        {
            table.columns[column] or "group": [share.group for share in shown],
            "activities": [share.activities for share in shown],
            "production-scoped, %": [round(100 * share.production) for share in shown],
            "from, %": [round(100 * share.low) for share in shown],
            "to, %": [round(100 * share.high) for share in shown],
        },
        hide_index=True,
        alt="For each value of the column the share of production-scoped activities with its interval",
    )
    st.caption("Corrected for the doubt about each tag, with a 95 % interval: small groups have wide ones.")
