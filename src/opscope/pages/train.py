"""Page: look into a labelled table, accept proposed labels, train while doing something else, compare, promote or go back."""

import csv
import io
import json
import tempfile
from pathlib import Path

import streamlit as st

from opscope.aliases import ACTIVE, CANDIDATE, aliases_of, promote, roll_back, version_called
from opscope.compare import Comparison, check_promotable, compare, difference_in_words
from opscope.errors import OpscopeError
from opscope.guide import guide
from opscope.jobs import Job, JobState, start_job
from opscope.labelled import read_dataset
from opscope.markdown import as_markdown
from opscope.model import Model, load
from opscope.pages.signing_in import guard
from opscope.paths import shipped
from opscope.registry import default_models
from opscope.reviews import open_reviews
from opscope.reviews_place import reviews_exist
from opscope.roles import PROMOTE, ROLL_BACK, TRAIN
from opscope.settling import Settled, settle

TABLES = ["csv", "tsv", "xlsx", "parquet", "jsonl"]
_LOOK, _TRAIN = "look", "train"


def jobs() -> dict[str, Job]:
    """The last look and the last training of this user: they go on when the page is left, and nobody else sees what they print."""
    return st.session_state.setdefault("jobs", {})


@st.cache_resource
def _all_jobs() -> list[Job]:
    """The jobs of all who use this server, so that they do not slow each other down."""
    return []


def _start(name: str, arguments: list[str]) -> None:
    jobs()[name] = start_job(arguments, user=guard(TRAIN).name)
    _all_jobs()[:] = [job for job in _all_jobs() if job.state().is_running] + [jobs()[name]]


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
        _show_versions()
    except OpscopeError as error:
        st.error(as_markdown(str(error)))


def _is_busy() -> bool:
    return any(job.state().is_running for job in _all_jobs())


def _show_upload() -> None:
    if _is_busy() and not any(job.state().is_running for job in jobs().values()):
        st.info("Somebody else is training on this server. You can begin when that has ended.")
    given = st.file_uploader("Labelled table", type=TABLES, help="CSV, TSV, XLSX, Parquet or JSON Lines; codes stay text.")
    columns = st.columns(3, vertical_alignment="bottom")
    text_column = columns[0].text_input("Text column", placeholder="found by its name")
    label_column = columns[1].text_input("Label column", placeholder="found by its name")
    only = columns[2].checkbox("Leave the shipped rows out", help="Needs at least 50 rows of each label.")
    if st.button("Look into it", disabled=given is None or _is_busy(), type="primary"):
        folder = Path(tempfile.mkdtemp(prefix="opscope-table-"))
        path = folder / f"table.{given.name.rpartition('.')[2].lower()}"
        path.write_bytes(given.getvalue())
        arguments = ["train", str(path), *_named("--text-column", text_column), *_named("--label-column", label_column)]
        arguments += ["--only"] if only else []
        _start(_LOOK, [*arguments, "--dry-run", "--json", "--fixes", str(folder / "fixes.csv")])
        st.rerun()


def _named(option: str, value: str) -> list[str]:
    return [option, value.strip()] if value.strip() else []


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
    if st.button("Train", type="primary", disabled=_is_busy() or not found["usable"] or (bool(found["rejected"]) and not skip)):
        _start_training(look, accepted, skip)
        st.rerun()


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


def _show_versions() -> None:
    """The active version and the candidate side by side, and the steps that change which is active."""
    models = default_models()
    aliases = aliases_of(models)
    st.subheader("Versions")
    st.text(f"Active: {aliases.active or 'none'}. Candidate: {aliases.candidate or 'none'}.")
    if aliases.active and aliases.candidate and aliases.candidate != aliases.active:
        _show_comparison(_compared(aliases.active, aliases.candidate))
    why = st.text_input("Reason", placeholder="kept in the log", key="why")
    force = st.checkbox("Promote even if it is worse", help="Needs a reason.")
    columns = st.columns(2)
    can_promote = aliases.candidate is not None and not (force and not why.strip())
    if columns[0].button("Promote the candidate", disabled=not can_promote, icon=":material/upgrade:"):
        _changed(lambda: _promote(models, why, force), f"{aliases.candidate} is active now.")
    if columns[1].button("Roll back", disabled=aliases.active is None, icon=":material/undo:"):
        _changed(lambda: roll_back(models, why=why, who=guard(ROLL_BACK).name), "The version before is active again.")
    if said := st.session_state.pop("said", None):
        st.success(as_markdown(said))


def _promote(models: Path, why: str, force: bool) -> None:
    person = guard(PROMOTE)
    if aliases_of(models).active and not force:
        active, candidate = (version_called(models, alias).name for alias in (ACTIVE, CANDIDATE))
        check_promotable(_compared(active, candidate))
    promote(models, CANDIDATE, why=why, forced=force, who=person.name)


def _changed(change, said: str) -> None:
    """Makes a change to what is active; pages take the version that is active with their next run."""
    try:
        change()
    except OpscopeError as error:
        st.error(as_markdown(str(error)))
        return
    st.session_state["said"] = said
    st.rerun()


def _compared(active: str, candidate: str) -> Comparison:
    models = default_models()
    return _comparison(load(models / active), load(models / candidate), _reviewed())


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


main()
