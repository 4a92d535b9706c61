"""The whole list on a page: is it fit to be tagged, what it holds, how long a review takes, contradictions, shares by a column."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from opscope.guide import OPERATIONS, PRODUCTION, guide
from opscope.lists import CAUTION, GO, STOP, Budget, Inconsistency, Preflight, budget, inconsistencies, preflight, scope_shares
from opscope.model import Model
from opscope.prediction import Prediction
from opscope.tables import Table

_FIT, _HOLDS, _TIME = "Fit for tagging", "What it holds", "Time for review"
_CONSISTENT, _SHARES = "Contradictions", "Shares by column"
_ASKED = (_FIT, _HOLDS, _TIME, _CONSISTENT, _SHARES)
_COLOUR_OF = {PRODUCTION: "#E69F00", OPERATIONS: "#0072B2"}
_SAID = {
    GO: "Go: this list reads like activities.",
    CAUTION: "Caution: look at these lines first.",
    STOP: "Stop: much of it is no list of activities.",
}
_MOST_GROUPS = 50


def show_whole_list(model: Model, table: Table, texts: tuple[str, ...], found: Sequence[Prediction]) -> None:
    """Draws what the user asks of the whole list; nothing is worked out before it is asked for."""
    asked = st.segmented_control(
        "The whole list", [_FIT, _HOLDS, _TIME, _CONSISTENT, _SHARES], key="asked", persist_state="session"
    )
    if asked == _FIT:
        _show_preflight(_preflight(model, texts, model.version))
    elif asked == _HOLDS:
        _show_holdings(found)
    elif asked == _TIME:
        minutes = st.number_input("Minutes for review", min_value=0, value=45, step=15, key="minutes", persist_state="session")
        _show_budget(_budget(model, texts, float(minutes), model.version), minutes)
    elif asked == _CONSISTENT:
        _show_inconsistencies(_inconsistencies(model, texts, model.version))
    elif asked == _SHARES:
        _show_shares(table, found)


@st.cache_resource(max_entries=8, ttl="1h", show_spinner="Looking at the list")
def _preflight(_model: Model, texts: tuple[str, ...], version: str) -> Preflight:
    return preflight(_model.loaded, texts)


@st.cache_resource(max_entries=8, ttl="1h", show_spinner="Working out the policies")
def _budget(_model: Model, texts: tuple[str, ...], minutes: float, version: str) -> Budget:
    return budget(_model.loaded, texts, minutes)


@st.cache_resource(max_entries=8, ttl="1h", show_spinner="Comparing the activities")
def _inconsistencies(_model: Model, texts: tuple[str, ...], version: str) -> tuple[Inconsistency, ...]:
    return inconsistencies(_model.loaded, texts)


def _show_preflight(found: Preflight) -> None:
    {GO: st.success, CAUTION: st.warning, STOP: st.error}[found.verdict](_SAID[found.verdict])
    for line in found.lines:
        st.text(line)


def _show_holdings(found: Sequence[Prediction]) -> None:
    counts, functions, names = Counter(prediction.function for prediction in found), guide().functions, guide().labels
    st.vega_lite_chart(
        {
            "function": [functions[name].title for name in counts],
            "activities": list(counts.values()),
            "label": [names[functions[name].label].name for name in counts],
        },
        {
            "mark": "bar",
            "encoding": {
                "y": {"field": "function", "type": "nominal", "sort": "-x", "title": None, "axis": {"labelLimit": 240}},
                "x": {"field": "activities", "type": "quantitative", "axis": {"tickMinStep": 1}},
                "color": {
                    "field": "label",
                    "type": "nominal",
                    "scale": {"domain": [names[label].name for label in _COLOUR_OF], "range": list(_COLOUR_OF.values())},
                    "legend": {"orient": "bottom", "title": None},
                },
            },
            "height": {"step": 22},
        },
    )


def _show_budget(found: Budget, minutes: float) -> None:
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
    st.caption("At half a minute for each activity.")


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
