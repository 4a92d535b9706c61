"""Labelled tables: the activities a model learns from or is measured on, checked row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opscope.errors import DataError
from opscope.formats.base import listed
from opscope.guide import LABELS, guide
from opscope.tables import Table, find_column, read_table
from opscope.text import problem_with

LABEL_NAMES = ("label", "scope", "tag")
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


def read_dataset(path: Path, *, allow_empty_labels: bool = False) -> Dataset:
    """Reads a labelled table with the columns text and label, and optionally function, industry, style, source, id.

    Raises DataError that lists every wrong row with its number, the value found and what is allowed. Rows without a label are
    refused unless ``allow_empty_labels``: the evaluation set marks texts that are no activity so.
    """
    table = read_table(path)
    text_column, columns = find_column(table.path, table.columns, None), _columns(table)
    problems, examples = [], []
    for row in table.rows:
        values = {name: row.values[position].strip() for name, position in columns.items()}
        found = Example(text=row.values[text_column].strip(), **values)
        problems += [f"{path}, row {row.number}: {problem}" for problem in _problems_in(found, allow_empty_labels)]
        examples.append(found)
    if not examples:
        problems.append(f"{path} has a header and no rows. Add one activity a row.")
    if problems:
        raise DataError(listed(problems))
    return Dataset(tuple(examples))


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


def _problems_in(example: Example, allow_empty_labels: bool) -> Iterator[str]:
    if problem := problem_with(example.text):
        # Texts that are no activity are there to be refused, so only an empty one is a mistake.
        if not (allow_empty_labels and not example.label and example.text):
            yield f"text is {_shortened(example.text)}: {problem}"
    if example.label not in LABELS and not (allow_empty_labels and not example.label):
        yield f"label is {example.label!r}, expected {' or '.join(LABELS)}. Correct it, or delete the row."
    if example.function:
        yield from _function_problems(example)


def _function_problems(example: Example) -> Iterator[str]:
    known = guide().functions.get(example.function)
    if known is None:
        allowed = ", ".join(guide().functions)
        yield f"function is {example.function!r}, expected one of {allowed}, or nothing."
    elif example.label in LABELS and known.label != example.label:
        yield f"function {example.function} belongs to {known.label}, the row's label is {example.label}. Correct one of them."


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
