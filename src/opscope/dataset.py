"""Labelled tables: the activities a model learns from or is measured on, checked row by row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opscope.errors import DataError
from opscope.formats.base import listed
from opscope.guide import LABELS, OPERATIONS, PRODUCTION, guide
from opscope.tables import Table, find_column, read_table
from opscope.text import problem_with

LABEL_NAMES = ("label", "scope", "tag")
# How people write the labels, in lower case and with single spaces between the words.
_LABEL_OF_SPELLING = {
    **dict.fromkeys(
        ("production", "production scoped", "production scope", "production management", "prod", "in production"), PRODUCTION
    ),
    **dict.fromkeys(
        (
            "operations",
            "operations wide",
            "operation wide",
            "operation",
            "operations management",
            "operations scope",
            "ops",
            "ops wide",
        ),
        OPERATIONS,
    ),
}
OPTIONAL_COLUMNS = ("id", "function", "industry", "style", "source")
PAIR_PREFIX, HARD_PREFIX = "pair:", "hard:"


@dataclass(frozen=True)
class Example:
    """One labelled row. ``label`` and ``function`` are empty for a text that is no activity or was not given one."""

    text: str
    label: str
    function: str = ""
    id: str = ""
    industry: str = ""
    style: str = ""
    source: str = ""

    @property
    def pair(self) -> str | None:
        """Name of the minimal pair this row belongs to; the two rows of a pair share it."""
        return self.source.split(":")[1] if self.source.startswith(PAIR_PREFIX) else None

    @property
    def is_hard(self) -> bool:
        """Whether the row was written so that its words point to the other side."""
        return self.source.startswith((PAIR_PREFIX, HARD_PREFIX))


@dataclass(frozen=True)
class NonActivity:
    """A text that is no activity; ``kind`` says what it is instead."""

    text: str
    kind: str


@dataclass(frozen=True)
class Dataset:
    """Labelled examples, in the order of their file."""

    examples: tuple[Example, ...]

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.examples)

    @property
    def texts(self) -> list[str]:
        """The texts, in order."""
        return [example.text for example in self.examples]

    @property
    def labels(self) -> list[str]:
        """The labels, in order."""
        return [example.label for example in self.examples]

    @property
    def groups(self) -> list[str]:
        """A name for each example that only the rows of one minimal pair, or of one text, share; no fold splits a group."""
        return [f"pair {example.pair}" if example.pair else f"text {example.text}" for example in self.examples]

    def only(self, keep) -> "Dataset":
        """The examples for which ``keep(example)`` holds."""
        return Dataset(tuple(example for example in self.examples if keep(example)))


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be learned from: its number as a spreadsheet counts, the column and value at fault, why, and what to do."""

    row: int
    text: str
    column: str
    value: str
    problem: str
    fix: str

    @property
    def sentence(self) -> str:
        """The problem with its place, for people."""
        return f"row {self.row}: {self.problem} {self.fix}"


@dataclass(frozen=True)
class Reading:
    """What a labelled table holds: the rows that can be learned from, and those that cannot; one row may have several faults."""

    name: str
    dataset: Dataset
    rejected: tuple[Rejected, ...]

    @property
    def rows_rejected(self) -> int:
        """Number of rows with at least one fault."""
        return len({fault.row for fault in self.rejected})


def read_dataset(path: Path, *, allow_empty_labels: bool = False) -> Dataset:
    """Reads a labelled table with the columns text and label, and optionally function, industry, style, source, id.

    Raises DataError that lists every wrong row with its number, the value found and what is allowed. Rows without a label are
    refused unless ``allow_empty_labels``: the evaluation set marks texts that are no activity so.
    """
    found = read_labelled(path, allow_empty_labels=allow_empty_labels)
    if found.rejected:
        raise DataError(listed([f"{path}, {fault.sentence}" for fault in found.rejected]))
    return found.dataset


def read_labelled(path: Path, *, allow_empty_labels: bool = False) -> Reading:
    """Reads a labelled table as read_dataset does, with wrong rows set apart instead of an error.

    Raises DataError where the table has no row, no text column or no label column.
    """
    table = read_table(path)
    text_column, columns = find_column(table.path, table.columns, None), _columns(table)
    rejected, examples = [], []
    for row in table.rows:
        values = {name: row.values[position].strip() for name, position in columns.items()}
        values["label"] = label_of(values["label"]) or values["label"]
        found = Example(text=row.values[text_column].strip(), **values)
        faults = [Rejected(row.number, found.text, *fault) for fault in _faults_of(found, allow_empty_labels)]
        rejected += faults
        if not faults:
            examples.append(found)
    if not table.rows:
        raise DataError(f"{path} has a header and no rows. Add one activity a row.")
    return Reading(table.path, Dataset(tuple(examples)), tuple(rejected))


def label_of(spelling: str) -> str | None:
    """The label that somebody means who writes it so, such as ``Production-scoped`` or ``Ops``; None where that is not clear."""
    return _LABEL_OF_SPELLING.get(" ".join(re.split(r"[\W_]+", spelling.lower())).strip())


def read_non_activities(path: Path) -> list[NonActivity]:
    """Reads a table of texts that are no activity, with the columns text and kind; raises DataError for a missing column."""
    table = read_table(path)
    text, kind = (find_column(table.path, table.columns, name) for name in ("text", "kind"))
    return [NonActivity(row.values[text], row.values[kind]) for row in table.rows]


def _columns(table: Table) -> dict[str, int]:
    lowered = [name.strip().lower() for name in table.columns]
    label = next((name for name in LABEL_NAMES if name in lowered), None)
    if label is None:
        raise DataError(
            f"{table.path} has no label column. Columns are: {', '.join(table.columns)}. "
            f"Name one of them label and fill it with {' or '.join(LABELS)}."
        )
    found = {name: lowered.index(name) for name in OPTIONAL_COLUMNS if name in lowered}
    return {"label": lowered.index(label), **found}


def _faults_of(example: Example, allow_empty_labels: bool) -> Iterator[tuple[str, str, str, str]]:
    """For each fault the column, the value, the problem and what to do."""
    if problem := problem_with(example.text):
        # Texts that are no activity are there to be refused, so only an empty one is a mistake.
        if not (allow_empty_labels and not example.label and example.text):
            problem, _, fix = problem.partition(". ")
            yield "text", example.text, f"text is {_shortened(example.text)}: {problem}.", fix
    if example.label not in LABELS and not (allow_empty_labels and not example.label):
        problem = f"label is {_shortened(example.label)}, expected {' or '.join(LABELS)}."
        yield "label", example.label, problem, "Correct it, or delete the row."
    if example.function:
        yield from _faults_of_function(example)


def _faults_of_function(example: Example) -> Iterator[tuple[str, str, str, str]]:
    known = guide().functions.get(example.function)
    if known is None:
        allowed = ", ".join(guide().functions)
        problem = f"function is {_shortened(example.function)}, expected one of {allowed}, or nothing."
        yield "function", example.function, problem, "Correct it, or leave it empty."
    elif example.label in LABELS and known.label != example.label:
        problem = f"function {example.function} belongs to {known.label}, the row's label is {example.label}."
        yield "function", example.function, problem, "Correct one of them."


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
