"""Page: paste or upload activities, see each tagged, filter them, open one to see why, try another wording, download."""

from collections.abc import Sequence

import streamlit as st

from opscope.errors import ModelError
from opscope.evidence import evidence_pack, explained_places
from opscope.exporting import csv_of, workbook
from opscope.guide import LABELS, OPERATIONS, PRODUCTION, guide
from opscope.markdown import as_markdown
from opscope.model import Model
from opscope.pages.explained import show_explanation
from opscope.pages.shared import active_model, kept_for_download, precedents
from opscope.pages.signing_in import guard, served_settings
from opscope.pages.uploading import uploaded_table
from opscope.pages.whole_list import show_preflight, show_whole_list
from opscope.paste import activities_in_paragraph, likeliest_text_column, pasted_table
from opscope.policies import POLICIES
from opscope.prediction import DECISIONS, REVIEW, UNFAMILIAR, Prediction
from opscope.roles import CLASSIFY
from opscope.tables import Table
from opscope.tagged_list import Summary, TaggedList
from opscope.wording import as_percent, percent_of

EXAMPLES = """\
Re-grind the die after the burr complaint from line 2
Renegotiate the resin contract with both suppliers
Monday: swap the filler nozzles before the cream run
Book the carrier for the two late pallets to Lyon
Scrap rate at the trim press up to 4 % since the new coil
Patients wait 40 min in radiology because scanner 2 is down
"""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PASTE, _UPLOAD = "Paste", "Upload a table"


def main() -> None:
    """Draws the page."""
    guard(CLASSIFY)
    st.title("Production-scoped or operations-wide?")
    given, asked = st.columns([13, 8], gap="large")
    with given:
        how = st.segmented_control(
            "Activities", [_PASTE, _UPLOAD], default=_PASTE, key="how", persist_state="session", required=True
        )
        table = _pasted() if how == _PASTE else uploaded_table()
    if table is None or not table.rows:
        st.info("Paste one or more activities above, one a line." if how == _PASTE else "Upload a table with one activity a row.")
        st.stop()
    most = served_settings().most_rows_uploaded
    if len(table.rows) > most:
        st.error(f"The list has {len(table.rows):,} rows; at most {most:,} are taken here. Use opscope predict for longer ones.")
        st.stop()
    try:
        model = active_model()
    except ModelError as error:
        st.error(as_markdown(str(error)))
        st.stop()
    with asked:
        column = _column_of(table)
        policy = _policy()
        texts = tuple(row.values[column] for row in table.rows)
        show_preflight(model, texts, policy)
    content = hash((table.columns, tuple(tuple(row.values) for row in table.rows)))
    tagged = _tagged(model, table, column, policy, model.version, content)
    found = tagged.predictions
    _show_summary(tagged.summary)
    show_whole_list(model, tagged)
    listed, why = st.columns([13, 8], gap="large")
    with listed:
        chosen = _show_table(found)
        _show_downloads(model, tagged)
    with why:
        st.subheader("Why")
        _show_chosen(model, texts[chosen], policy)


def _pasted() -> Table:
    st.session_state.setdefault("paste", EXAMPLES)
    paste = st.text_area(
        "Activities, one a line, or cells copied from a spreadsheet",
        key="paste",
        persist_state="session",
        height=190,
        help="Bullets, numbering and check boxes are taken off; blank lines are left out.",
    )
    is_paragraph = "\t" not in paste and st.checkbox("Split at sentences", help="For a paragraph that tells of several activities.")
    return pasted_table("\n".join(activities_in_paragraph(paste)) if is_paragraph else paste)


def _column_of(table: Table) -> int:
    """Place of the column with the activities; where there are several columns, the user may say which it is."""
    column = likeliest_text_column(table)
    if len(table.columns) > 1:
        column = st.selectbox(
            "Column with the activities", range(len(table.columns)), index=column, format_func=lambda place: table.columns[place]
        )
    return column


def _policy() -> str:
    return st.segmented_control(
        "Policy: how many of the labels given may be wrong",
        list(POLICIES),
        default=served_settings().policy,
        key="policy",
        persist_state="session",
        required=True,
        format_func=lambda name: f"{name}: {percent_of(POLICIES[name])} %",
        help="A stricter policy leaves fewer labels wrong and sends more activities to a person.",
    )


@st.cache_resource(scope="session", max_entries=2, show_spinner="Tagging")
def _tagged(_model: Model, _table: Table, column: int, policy: str, version: str, content: int) -> TaggedList:
    """``content`` is the hash of the table, and tells tables apart sooner than Streamlit would."""
    return TaggedList.of_table(_model, _table, column, policy)


def _show_summary(summary: Summary) -> None:
    """The counts of the decisions with their shares, and how many labels are expected to be wrong."""
    names = {label: guide().labels[label].name for label in LABELS} | {REVIEW: "for a person to review"}
    with st.container(horizontal=True):
        for decision in (PRODUCTION, OPERATIONS, REVIEW, UNFAMILIAR):
            count = summary.decisions[decision]
            share = f"{percent_of(count / summary.rows)} % of the list"
            st.metric(names.get(decision, decision), f"{count:,}", share, delta_color="off", delta_arrow="off", width=170)
        told = "The sum of one less the probability of each label given."
        st.metric(
            "expected wrong",
            f"{summary.expected_wrong:,.1f}",
            "among decided",
            delta_color="off",
            delta_arrow="off",
            help=told,
            width=170,
        )


def _show_table(found: Sequence[Prediction]) -> int:
    """Draws the filters and the table; returns the position of the chosen row, the first shown unless the user chose another."""
    shown = _filtered(found)
    if not shown:
        st.info("No activity fits these filters.")
        return 0
    event = st.dataframe(
        _columns_of([found[place] for place in shown]),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "activity": st.column_config.TextColumn("activity", width=365),
            "decision": st.column_config.TextColumn("decision", width=125),
            "probability": st.column_config.ProgressColumn("probability", min_value=50, max_value=100, format="%d %%", width=120),
            "label": st.column_config.TextColumn("label", width=125, help="What it leans to, also where a person should decide."),
        },
        alt="Each activity with its label, probability, decision and function",
    )
    st.caption(f"{len(shown):,} of {len(found):,} activities. Select a row to see which words spoke for its label.")
    rows = event.selection.rows
    return shown[rows[0] if rows and rows[0] < len(shown) else 0]


def _filtered(found: Sequence[Prediction]) -> list[int]:
    """The positions of the predictions that the filters let through."""
    names, functions = guide().labels, guide().functions
    with st.expander("Filter"):
        decisions = st.pills(
            "Decision", DECISIONS, selection_mode="multi", format_func=lambda d: names[d].name if d in names else d, key="decisions"
        )
        there = sorted({prediction.function for prediction in found}, key=list(functions).index)
        kinds = st.multiselect("Function", there, format_func=lambda name: functions[name].title, key="functions")
        words = st.text_input("Text", type="search", live=True, key="words").casefold().split()
    return [
        place
        for place, prediction in enumerate(found)
        if (not decisions or prediction.decision in decisions)
        and (not kinds or prediction.function in kinds)
        and all(word in prediction.text.casefold() for word in words)
    ]


def _columns_of(found: Sequence[Prediction]) -> dict[str, list]:
    labels, functions = guide().labels, guide().functions
    return {
        "activity": [p.text for p in found],
        "decision": [labels[p.decision].name if p.decision in labels else p.decision for p in found],
        "probability": [min(percent_of(p.probability), 99) for p in found],  # 100 % would claim too much
        "label": [labels[p.label].name for p in found],
        "function": [functions[p.function].title for p in found],
        "owner": [p.owner for p in found],
        "reason": [p.reason for p in found],
        "question": [p.question or "" for p in found],
    }


def _show_downloads(model: Model, tagged: TaggedList) -> None:
    """The list to take along; each file is made when it is asked for."""

    def pack() -> bytes:
        explanations = [model.explain(tagged.texts[place], tagged.policy) for place in explained_places(tagged)]
        return evidence_pack(tagged, explanations).encode()

    kinds = (
        ("CSV", "Every column of yours, and the results.", lambda: csv_of(tagged), "opscope.csv", "text/csv"),
        ("XLSX", "Sheets: results, review, rejected, summary, about.", lambda: workbook(tagged), "opscope.xlsx", _XLSX),
        ("Evidence pack", "One page of HTML to mail or print: every decision with its reason.", pack, "opscope.html", "text/html"),
    )
    for column, (name, what, made, file_name, mime) in zip(st.columns(len(kinds)), kinds, strict=True):
        column.download_button(
            name,
            data=kept_for_download(made, file_name, mime),
            file_name=file_name,
            mime=mime,
            help=what,
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )


def _show_chosen(model: Model, text: str, policy: str) -> None:
    """The explanation of the chosen activity, or of another wording that the user tries."""
    wording = st.text_input("Try another wording", value=text, live=True, help="The tag follows as you type.")
    explained = model.explain(wording, policy, precedents(model))
    if wording != text:
        before = model.predict(text, policy)
        st.caption(f"As it stands: {guide().labels[before.label].name}, {as_percent(before.probability)}.")
    show_explanation(explained)


main()
