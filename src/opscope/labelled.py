"""Labelled tables: columns found, labels and functions read in their usual spellings, every row checked."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType

from opscope.dataset import Dataset, Example, NonActivity
from opscope.errors import DataError
from opscope.formats.base import Row, as_text, listed
from opscope.guide import LABELS, OPERATIONS, PRODUCTION, guide
from opscope.settling import Settled
from opscope.tables import MOST_CHARACTERS, find_column, open_table, read_table
from opscope.text import problem_with

REVIEW = "review"  # source of a row that people settled
MOST_ROWS = 100_000  # training on more would take hours, and no more would be learned
OPTIONAL_COLUMNS = ("id", "function", "industry", "style", "source")
_LABEL_NAMES = ("label", "scope", "tag", "class", "category")
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
            "operations scoped",
            "ops",
            "ops wide",
        ),
        OPERATIONS,
    ),
}
# What one part has taken no other gives back: a dollar fits two of them, and trying all ways would take minutes for a long text.
_FORMULA = re.compile(r"=\s*+[-+(]*+[A-Za-z_$.]++[\d$]*+\s*+[(:+\-*/&]")
_LONGEST_SLIP = 60  # characters; who writes more has not mistyped a label or a function
_ALIKE = 0.75  # share of letters in common from which a word is taken for a slip of another


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
    """What a labelled table holds: the rows that can be learned from, and those that cannot; one row may have several faults.

    ``rows`` are the numbers of the dataset's examples in the table, as a spreadsheet counts.
    """

    name: str
    dataset: Dataset
    rows: tuple[int, ...]
    rejected: tuple[Rejected, ...]

    @classmethod
    def empty(cls, name: str) -> "Reading":
        """A table without rows."""
        return cls(name, Dataset(()), (), ())

    @property
    def texts(self) -> dict[int, str]:
        """The text of each row, wrong ones too, by its number."""
        return {fault.row: fault.text for fault in self.rejected} | dict(zip(self.rows, self.dataset.texts, strict=True))

    @property
    def rows_rejected(self) -> int:
        """Number of rows with at least one fault."""
        return len({fault.row for fault in self.rejected})


def read_dataset(
    path: Path, *, text_column: str | None = None, label_column: str | None = None, allow_empty_labels: bool = False
) -> Dataset:
    """Reads a labelled table with the columns text and label, and optionally function, industry, style, source, id.

    Raises DataError that lists every wrong row with its number, the value found and what is allowed. Rows without a label are
    refused unless ``allow_empty_labels``: the evaluation set marks texts that are no activity so.
    """
    columns = {"text_column": text_column, "label_column": label_column}
    found = read_labelled(path, **columns, allow_empty_labels=allow_empty_labels)
    if found.rejected:
        raise DataError(listed([f"{path}, {fault.sentence}" for fault in found.rejected]))
    return found.dataset


def read_labelled(
    path: Path,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    corrected: Mapping[int, str] = MappingProxyType({}),
    allow_empty_labels: bool = False,
) -> Reading:
    """Reads a labelled table as read_dataset does, with wrong rows set apart instead of an error.

    The columns are those named, or found by their usual names. ``corrected`` holds labels to put in the place of what rows say, by
    the numbers of the rows. Raises DataError where the table has no row, more than MOST_ROWS, no text or label column, several of
    them, or numbers for labels.
    """
    with open_table(path) as (table, _):
        text_place = find_column(table.name, table.columns, text_column)
        columns = _columns(table.name, table.columns, label_column)
        _check_single(table.name, table.columns, [text_place, *columns.values()])
        rejected, examples, rows, labels = [], [], [], Counter()
        for row in _rows_within_bounds(table.rows, table.name):
            example, faults = _read_row(row, text_place, columns, corrected.get(row.number), allow_empty_labels)
            labels[example.label] += 1
            rejected += faults
            if not faults:
                examples.append(example)
                rows.append(row.number)
    if not labels:
        raise DataError(f"{table.name} has a header and no rows. Add one activity a row.")
    _check_no_numbers(table.name, table.columns[columns["label"]], labels)
    return Reading(table.name, Dataset(tuple(examples)), tuple(rows), tuple(rejected))


def with_reviewed(reading: Reading, reviewed: Sequence[Settled]) -> Reading:
    """The table followed by activities that people reviewed, in rows of their own; a review stands above a row of the same text."""
    settled = {example.text for example in reviewed}
    kept = [place for place, text in enumerate(reading.dataset.texts) if text not in settled]
    last = max((*reading.rows, *(fault.row for fault in reading.rejected)), default=1)
    return replace(
        reading,
        dataset=Dataset((*(reading.dataset.examples[place] for place in kept), *map(_example_of, reviewed))),
        rows=(*(reading.rows[place] for place in kept), *range(last + 1, last + 1 + len(reviewed))),
    )


def _example_of(activity: Settled) -> Example:
    return Example(activity.text, activity.label, activity.function, source=REVIEW)


def label_of(spelling: str) -> str | None:
    """The label that somebody means who writes it so, such as ``Production-scoped`` or ``Ops``; None where that is not clear."""
    return _LABEL_OF_SPELLING.get(_folded(spelling))


def function_of(spelling: str) -> str | None:
    """The function that somebody means who writes its key or its title, such as ``Quality control``; None for any other."""
    return _function_of_spelling().get(_folded(spelling))


@cache
def _function_of_spelling() -> dict[str, str]:
    return {_folded(name): key for key, function in guide().functions.items() for name in (key, function.title)}


def read_non_activities(path: Path) -> list[NonActivity]:
    """Reads a table of texts that are no activity, with the columns text and kind; raises DataError for a missing column."""
    table = read_table(path)
    text, kind = (find_column(table.path, table.columns, name) for name in ("text", "kind"))
    return [NonActivity(row.values[text], row.values[kind]) for row in table.rows]


def _folded(spelling: str) -> str:
    return " ".join(word for word in re.split(r"[\W_]+", spelling.lower()) if word not in ("", "and"))


def _columns(name: str, columns: tuple[str, ...], wanted: str | None) -> dict[str, int]:
    """Places of the label and of the optional columns, by their names here."""
    lowered = [column.strip().lower() for column in columns]
    label = next((known for known in ([wanted.strip().lower()] if wanted else _LABEL_NAMES) if known in lowered), None)
    if label is None:
        looked_for = f"no column {wanted!r}" if wanted else "no label column"
        raise DataError(
            f"{name} has {looked_for}. Columns are: {', '.join(columns)}. "
            f"Name one of them label and fill it with {' or '.join(LABELS)}, or say which it is with --label-column NAME."
        )
    found = {optional: lowered.index(optional) for optional in OPTIONAL_COLUMNS if optional in lowered}
    return {"label": lowered.index(label), **found}


def _check_single(name: str, columns: tuple[str, ...], used: list[int]) -> None:
    """Raises DataError where a column that is read has the name of another: nobody knows which of them is meant."""
    counts = Counter(column.strip().lower() for column in columns)
    if twice := [columns[place] for place in used if counts[columns[place].strip().lower()] > 1]:
        raise DataError(f"{name} has {counts[twice[0].strip().lower()]} columns named {twice[0]!r}. Rename or delete all but one.")


def _rows_within_bounds(rows: Iterator[Row], name: str) -> Iterator[Row]:
    characters = 0
    for count, row in enumerate(rows, start=1):
        characters += sum(len(value) for value in row.values if isinstance(value, str))
        if characters > MOST_CHARACTERS:
            raise DataError(
                f"{name} has more than {MOST_CHARACTERS:,} characters, the most that are held at once. "
                "Leave out the columns that training does not read, or cut it in parts."
            )
        if count > MOST_ROWS:
            raise DataError(
                f"{name} has more than {MOST_ROWS:,} rows, the most that are trained on: more take hours and teach little. "
                "Train on a sample of them, drawn at random."
            )
        yield row


def _read_row(
    row: Row, text_place: int, columns: dict[str, int], corrected: str | None, allow_empty_labels: bool
) -> tuple[Example, list[Rejected]]:
    values = {name: as_text(row.values[place]).strip() for name, place in columns.items()}
    values["label"] = corrected or label_of(values["label"]) or values["label"]
    if named := values.get("function", ""):
        values["function"] = function_of(named) or named
    function = guide().functions.get(values.get("function", ""))
    if corrected and function and function.label != corrected:
        values["function"] = ""  # it belonged to the label that was corrected
    example = Example(text=as_text(row.values[text_place]).strip(), **values)
    return example, [Rejected(row.number, example.text, *fault) for fault in _faults_of(example, allow_empty_labels)]


def _check_no_numbers(name: str, column: str, labels: Counter) -> None:
    """Raises DataError where all labels are numbers: which of them means what, only their author knows."""
    if all(re.fullmatch(r"[-+]?\d+([.,]\d+)?", label) for label in labels if label) and any(labels):
        shown = ", ".join(sorted(filter(None, labels))[:5])
        raise DataError(
            f"{name}: the column {column!r} holds numbers ({shown}), expected {' or '.join(LABELS)}. "
            "Replace each number by the label it stands for, or name another column with --label-column NAME."
        )


def _faults_of(example: Example, allow_empty_labels: bool) -> Iterator[tuple[str, str, str, str]]:
    """For each fault the column, the value, the problem and what to do."""
    if problem := problem_with(example.text):
        # Texts that are no activity are there to be refused, so only an empty one is a mistake.
        if not (allow_empty_labels and not example.label and example.text):
            problem, _, fix = problem.partition(". ")
            yield "text", example.text, f"text is {_shortened(example.text)}: {problem}.", fix
    elif example.label and _FORMULA.match(example.text):
        problem = f"text is {_shortened(example.text)}, a formula of a spreadsheet."
        yield "text", example.text, problem, "Put the text in its place that it shows, or delete the row."
    if example.label not in LABELS and not (allow_empty_labels and not example.label):
        problem = f"label is {_shortened(example.label)}, expected {' or '.join(LABELS)}."
        yield "label", example.label, problem, _label_fix(example.label)
    if example.function:
        yield from _faults_of_function(example)


def _faults_of_function(example: Example) -> Iterator[tuple[str, str, str, str]]:
    known = guide().functions.get(example.function)
    if known is None:
        named = f"one of the guide's {len(guide().functions)} functions, or nothing"
        problem = f"function is {_shortened(example.function)}, expected {named}."
        yield "function", example.function, problem, _function_fix(example.function)
    elif example.label in LABELS and known.label != example.label:
        problem = f"function {example.function} belongs to {known.label}, the row's label is {example.label}."
        yield "function", example.function, problem, "Correct one of them."


def _label_fix(label: str) -> str:
    alike = _nearest(label, _LABEL_OF_SPELLING)
    return f"Write {_LABEL_OF_SPELLING[alike]} if that is meant, or delete the row." if alike else "Correct it, or delete the row."


def _function_fix(function: str) -> str:
    alike = _nearest(function, _function_of_spelling())
    if alike:
        return f"Write {_function_of_spelling()[alike]} if that is meant, or leave it empty."
    return f"Write one of {', '.join(guide().functions)}, or leave it empty."


def _nearest(spelling: str, known: Mapping[str, str]) -> str | None:
    if len(spelling) > _LONGEST_SLIP:
        return None
    return next(iter(get_close_matches(_folded(spelling), known, n=1, cutoff=_ALIKE)), None)


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
