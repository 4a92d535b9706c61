"""Verdicts as tables: out for training and for keeping; in from these, from a filled-in queue, or from any labelled list."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opscope.errors import DataError
from opscope.formats.base import Row, listed
from opscope.guide import guide
from opscope.labelled import function_of, label_of
from opscope.settling import Settlement
from opscope.tables import Table, find_column, read_table, safe_cell, sheets_of
from opscope.verdicts import ACCEPT, CANNOT_DECIDE, CHANGE, Queued, Verdict, key_of, problems_with

SOURCE = "review"
REVIEW_SHEET = "review"  # of a workbook with several sheets, the one that reviewers fill in
YES, NO = "yes", "no"


def settled_columns(settlement: Settlement) -> dict[str, list[str]]:
    """The settled labels as columns, in the way that training takes them."""
    settled = settlement.settled
    return {
        "text": escaped(s.text for s in settled),
        "label": [s.label for s in settled],
        "function": [s.function for s in settled],
        "reviewer": escaped(", ".join(s.decided_by) for s in settled),
        "reason": escaped(s.reason for s in settled),
        "when": [s.when.isoformat() for s in settled],
        "source": [SOURCE] * len(settled),
    }


def verdict_columns(verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    """Verdicts with all their fields as columns; read_verdicts gives back the same verdicts."""
    names = [field.name for field in fields(Verdict)]
    return {name: escaped(_cell(getattr(verdict, name)) for verdict in verdicts) for name in names}


def escaped(cells: Iterable[str]) -> list[str]:
    """Cells in which an apostrophe that stands before a formula is doubled, to tell it from the one that disarms a formula."""
    return ["'" + cell if _has_apostrophes(cell) else cell for cell in cells]


def _unescaped(cell: str) -> str:
    return cell[1:] if _has_apostrophes(cell) else cell


def _has_apostrophes(cell: str) -> bool:
    formula = cell.lstrip("'")
    return formula != cell and safe_cell(formula) != formula


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def read_verdicts(path: Path | str, *, now: datetime, reviewer: str = "", queued: Sequence[Queued] = ()) -> list[Verdict]:
    """Reads verdicts from a table with the columns text and label, and optionally any field of Verdict.

    A row that names no verdict accepts the predicted label or changes it; ``cannot decide`` may stand for the label. A row with
    neither is skipped: nobody has reviewed it yet. Of a workbook the sheet ``review`` is read, or the first where none is called
    so. ``now`` and ``reviewer`` stand in where a row has none; ``queued`` tells what the model said where the file keeps it back.
    Raises DataError that lists every wrong row.
    """
    table = read_table(path, sheet=REVIEW_SHEET if REVIEW_SHEET in sheets_of(path) else None)
    rows = _Rows(_columns_of(table), now, reviewer, {key_of(waiting.text): waiting for waiting in queued})
    verdicts, problems = [], []
    for row in filter(rows.is_reviewed, table.rows):
        verdict, faults = rows.read(row)
        verdicts.append(verdict)
        problems += [f"{table.path}, row {row.number}: {fault}" for fault in faults]
    if problems:
        raise DataError(listed(problems))
    return verdicts


def _columns_of(table: Table) -> dict[str, int]:
    """Places of the columns by their names in lower case; that of the activities is called text."""
    lowered = [name.strip().lower() for name in table.columns]
    if "label" not in lowered:
        columns = ", ".join(table.columns)
        raise DataError(f"{table.path} has no column 'label'. Columns are: {columns}. Give the one with the labels this name.")
    known = {"text", "blind", *(field.name for field in fields(Verdict))}
    if twice := [name for name, count in Counter(lowered).items() if count > 1 and name in known]:
        raise DataError(f"{table.path} has several columns named {twice[0]!r}. Rename or delete all but one.")
    places = {name: place for place, name in enumerate(lowered)}
    return places | {"text": find_column(table.path, table.columns, None)}


def _moment(cell: str) -> datetime:
    found = datetime.fromisoformat(cell)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


_TRUTH_OF = {YES: True, "true": True, "1": True, NO: False, "false": False, "0": False}
_TRUTH: tuple[Callable[[str], Any], str] = lambda cell: _TRUTH_OF[cell.lower()], f"{YES} or {NO}"
# Columns that are no text: how a cell is read, and what is allowed.
_TYPED: dict[str, tuple[Callable[[str], Any], str]] = {
    "when": (_moment, "a date and time such as 2026-05-01T14:30:00+00:00"),
    "predicted_probability": (float, "a number from 0 to 1"),
    "saw_prediction": _TRUTH,
    "adjudicates": _TRUTH,
    "blind": _TRUTH,
}


@dataclass(frozen=True)
class _Rows:
    """Reads the rows of one table."""

    places: Mapping[str, int]
    now: datetime
    reviewer: str
    queued: Mapping[str, Queued]

    def is_reviewed(self, row: Row) -> bool:
        """Whether the row names a label or a verdict."""
        return any(row.values[self.places[name]].strip() for name in ("label", "verdict") if name in self.places)

    def read(self, row: Row) -> tuple[Verdict, list[str]]:
        """The verdict of a row, and what is wrong with it."""
        cells = {name: _unescaped(_one_line_end(row.values[place])) for name, place in self.places.items()}
        typed, problems = _typed(cells)
        label, function = cells["label"].strip(), cells.get("function", "").strip()
        kind = _folded(cells.get("verdict", ""))
        if not kind and _folded(label) == CANNOT_DECIDE:
            label, kind = "", CANNOT_DECIDE
        label = label_of(label) or label
        predicted = label_of(cells.get("predicted_label", "")) or cells.get("predicted_label", "").strip()
        saw = typed["saw_prediction"]
        if saw is None:
            saw = bool(predicted) if typed["blind"] is None else not typed["blind"]
        told = self._told(cells, typed, predicted)
        verdict = Verdict(
            text=cells["text"],
            verdict=kind or (ACCEPT if label == told["predicted_label"] else CHANGE),
            label=label,
            function=function_of(function) or function,
            reason=cells.get("reason", ""),
            reviewer=cells.get("reviewer", "").strip() or self.reviewer,
            when=typed["when"] or self.now,
            saw_prediction=saw,
            adjudicates=bool(typed["adjudicates"]),
            guide_version=cells.get("guide_version", guide().version),
            **told,
        )
        return verdict, problems + problems_with(verdict)

    def _told(self, cells: dict[str, str], typed: dict[str, Any], predicted: str) -> dict[str, Any]:
        """What the model said: from the row, or from the queue unless the row is one that was exported with all it has."""
        waiting = self.queued.get(key_of(cells["text"]))
        names = ("predicted_label", "predicted_probability", "predicted_decision", "model_version")
        if waiting and not predicted and "saw_prediction" not in self.places:
            return {name: getattr(waiting, name) for name in names}
        texts = {name: cells.get(name, "") for name in ("predicted_decision", "model_version")}
        return {"predicted_label": predicted, "predicted_probability": typed["predicted_probability"], **texts}


def _typed(cells: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The cells of the columns that are no text, None for an empty one, and what is wrong with them."""
    typed, problems = dict.fromkeys(_TYPED), []
    for name, (read, allowed) in _TYPED.items():
        if cell := cells.get(name, "").strip():
            try:
                typed[name] = read(cell)
            except (ValueError, KeyError, OverflowError):
                problems.append(f"{name} is {cell[:40]!r}, expected {allowed}. Correct it, or leave it empty.")
    return typed, problems


def _one_line_end(cell: str) -> str:
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def _folded(spelling: str) -> str:
    return "_".join(filter(None, re.split(r"[\W_]+", spelling.lower())))
