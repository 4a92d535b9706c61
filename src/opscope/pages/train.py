"""Page: look into a labelled table, accept proposed labels, train while doing something else, compare, promote or go back."""

import csv
import io
import json
import tempfile
from pathlib import Path

import streamlit as st

from opscope.errors import OpscopeError
from opscope.guide import guide
from opscope.jobs import Job, JobState, start_job
from opscope.markdown import as_markdown
from opscope.pages.shared import jobs_of_all
from opscope.pages.signing_in import guard
from opscope.pages.versions import show_versions
from opscope.registry import default_models
from opscope.roles import TRAIN

TABLES = ["csv", "tsv", "xlsx", "parquet", "jsonl"]
_LOOK, _TRAIN = "look", "train"


def jobs() -> dict[str, Job]:
    """The last look and the last training of this user: they go on when the page is left, and nobody else sees what they print."""
    return st.session_state.setdefault("jobs", {})


def _start(name: str, arguments: list[str]) -> None:
    jobs()[name] = start_job(arguments, user=guard(TRAIN).name)
    every = jobs_of_all()
    every[:] = [job for job in every if job.state().is_running] + [jobs()[name]]


def main() -> None:
    """Draws the page."""
    guard(TRAIN)
    st.title("Train on your own labels")
    st.markdown(
        "Upload a table with the columns **text** and **label** (production or operations). Nothing is changed or taken up "
        "without you: the table is looked into first, and a new version only becomes a candidate."
    )
    _show_upload()
    look = jobs().get(_LOOK)
    if look:
        _watch(_LOOK, "Looking into the table")
        if look.state().status == 0:
            _show_findings(look)
    if jobs().get(_TRAIN):
        st.divider()
        _watch(_TRAIN, "Training")
    st.divider()
    try:
        show_versions()
    except OpscopeError as error:
        st.error(as_markdown(str(error)))


def _is_busy() -> bool:
    return any(job.state().is_running for job in jobs_of_all())


def _show_upload() -> None:
    if _is_busy() and not any(job.state().is_running for job in jobs().values()):
        st.info("Somebody else is training on this server. You can begin when that has ended.")
    kinds = "CSV, TSV, XLSX, Parquet or JSON Lines; codes stay text."
    given = st.file_uploader("Labelled table", type=TABLES, help=kinds, key="labelled_table")
    columns = st.columns(3, vertical_alignment="bottom")
    columns[0].text_input("Text column", placeholder="found by its name", key="text_column")
    columns[1].text_input("Label column", placeholder="found by its name", key="label_column")
    columns[2].checkbox("Leave the shipped rows out", help="Needs at least 50 rows of each label.", key="only_own_rows")
    st.button("Look into it", disabled=given is None or _is_busy(), type="primary", on_click=_look)


def _look() -> None:
    """Begins to look into the table that is uploaded; as a callback, so that no click on another page can overtake it."""
    guard(TRAIN)
    given = st.session_state.get("labelled_table")
    if given is None or _is_busy():
        return
    folder = Path(tempfile.mkdtemp(prefix="opscope-table-"))
    path = folder / f"table.{given.name.rpartition('.')[2].lower()}"
    path.write_bytes(given.getvalue())
    arguments = ["train", str(path), *_named("--text-column", "text_column"), *_named("--label-column", "label_column")]
    arguments += ["--only"] if st.session_state["only_own_rows"] else []
    _start(_LOOK, [*arguments, "--dry-run", "--json", "--fixes", str(folder / "fixes.csv")])


def _named(option: str, key: str) -> list[str]:
    value = st.session_state[key].strip()
    return [option, value] if value else []


def _watch(name: str, title: str) -> None:
    """Shows progress once a second while the job runs, and draws the whole page anew when it has ended."""
    running = jobs()[name].state().is_running

    @st.fragment(run_every=1 if running else None)
    def shown() -> None:
        guard(TRAIN)
        state = jobs()[name].state()
        if running and not state.is_running:
            st.rerun()
        _show_state(name, title, state)

    shown()


def _show_state(name: str, title: str, state: JobState) -> None:
    if state.is_running:
        st.progress(state.share, text=f"{title}: {state.part or 'reading'}{', ' + state.step if state.step else ''}")
        st.button("Cancel", key=f"cancel_{name}", on_click=_cancel, args=(name,), icon=":material/cancel:")
    elif state.status:
        said = [line for line in state.errors.splitlines() if line.startswith("opscope: ")]
        st.error(as_markdown(said[-1].removeprefix("opscope: ")) if said else f"{title} was stopped.")
    elif name == _TRAIN:
        st.success("Training has ended. The new version is the candidate.")
        with st.expander("What it printed"):
            st.code(state.output, language=None, wrap_lines=True)


def _cancel(name: str) -> None:
    guard(TRAIN)
    jobs()[name].cancel()


def _show_findings(look: Job) -> None:
    found = json.loads(look.state().output)
    columns = st.columns(4)
    columns[0].metric("rows", found["rows"])
    columns[1].metric("can be learned from", found["usable"])
    for column, (label, count) in zip(columns[2:], found["labels"].items(), strict=True):
        column.metric(guide().labels[label].name, count)
    _show_rows("Rows that cannot be learned from", found["rejected"], ("row", "text", "problem", "fix"))
    pairs = ("first_row", "first", "first_label", "second_row", "second", "second_label")
    _show_rows("Rows that contradict each other", found["contradictions"], pairs)
    _show_rows("Rows that say the same twice", found["duplicates"], pairs)
    accepted = _show_proposals(found["suspects"] or [])
    skip = bool(found["rejected"]) and st.checkbox("Train without the rows that cannot be learned from")
    cannot = _is_busy() or not found["usable"] or (bool(found["rejected"]) and not skip)
    st.button("Train", type="primary", disabled=cannot, on_click=_start_training, args=(look, accepted, skip))


def _show_rows(title: str, rows: list[dict], names: tuple[str, ...]) -> None:
    if rows:
        st.markdown(f"**{title}** ({len(rows):,})")
        st.dataframe({name.replace("_", " "): [row[name] for row in rows] for name in names}, hide_index=True, alt=title)


def _show_proposals(suspects: list[dict]) -> list[int]:
    """Draws the labels that are likely wrong; gives the rows whose proposed label the user accepts."""
    if not suspects:
        st.success("No label looks wrong.")
        return []
    st.markdown(f"**Labels that are likely wrong** ({len(suspects):,}). Accept those whose proposal is right.")
    names = ("row", "text", "label", "proposed", "nearest")
    edited = st.data_editor(
        {"accept": [False] * len(suspects)} | {name: [suspect[name] for suspect in suspects] for name in names},
        hide_index=True,
        disabled=list(names),
        key="proposals",
    )
    return [row for row, is_accepted in zip(edited["row"], edited["accept"], strict=True) if is_accepted]


def _start_training(look: Job, accepted: list[int], skip: bool) -> None:
    guard(TRAIN)
    if _is_busy():
        return
    path, proposals = Path(look.arguments[1]), Path(look.arguments[1]).with_name("fixes.csv")
    arguments = [part for part in look.arguments if part not in ("--dry-run", "--json", "--fixes", str(proposals))]
    if accepted:
        rows = list(csv.DictReader(io.StringIO(proposals.read_text(encoding="utf-8-sig"))))
        reviewed = path.with_name("accepted.csv")
        with reviewed.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, rows[0])
            writer.writeheader()
            writer.writerows(row | {"accept": "yes" if int(row["row"]) in accepted else ""} for row in rows)
        arguments += ["--accept-fixes", str(reviewed)]
    _start(_TRAIN, [*arguments, *(["--skip-rejected"] if skip else []), "--models", str(default_models())])


main()
