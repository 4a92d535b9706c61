"""A tagged list for spreadsheets: a workbook with sheets for reading, reviewing and checking, or one CSV."""

import re
from collections.abc import Iterator, Sequence

from opscope.about import LIMITS, Fact, expected_wrong_of, meanings, versions_of
from opscope.errors import DataError
from opscope.formats.sheets import PLAIN, SHARE, Column, Sheet
from opscope.guide import LABELS, guide
from opscope.prediction import Prediction
from opscope.results import RESULT_COLUMNS, result_names
from opscope.review_queue import Chosen, queue_columns
from opscope.tables import as_csv, safe_cell
from opscope.tagged_list import TaggedList
from opscope.verdict_tables import REVIEW_SHEET
from opscope.verdicts import CANNOT_DECIDE, Queued

RESULTS, REVIEW, REJECTED, SUMMARY, ABOUT = SHEETS = ("results", REVIEW_SHEET, "rejected", "summary", "about")
_SHORT, _MIDDLE, _LONG, _TEXT = 14, 22, 45, 60  # widths in characters
_WIDTHS = {"function": _MIDDLE, "owner": _MIDDLE, "reason": _LONG, "question": _LONG, "model_version": 26}
_FUNCTION = "function"
_LOOKED_AT = 200  # rows that tell how wide an input column is
_TO_FILL_IN = ("label", "function", "reason", "reviewer")
_NOT_IN_CSV = re.compile("[\x00\ud800-\udfff]")


def csv_of(tagged: TaggedList) -> bytes:
    """Every input column and the results as CSV for a spreadsheet, formulas disarmed.

    A column name that comes twice is numbered, since the columns of a CSV are told apart by their names. Zero bytes and halves of
    characters, which no CSV keeps, become U+FFFD.
    """
    columns = [*_input_cells(tagged), *_result_cells(tagged.predictions)]
    names = _distinct([safe_cell(_kept(name)) for name in _names(tagged)])
    return as_csv({name: [_kept(cell) for cell in cells] for name, cells in zip(names, columns, strict=True)})


def workbook(tagged: TaggedList) -> bytes:
    """The list as an XLSX workbook with the sheets SHEETS; ``opscope review import`` takes it with its sheet ``review`` filled in.

    Raises DataError where it has more rows than a sheet holds, and where openpyxl is not installed.
    """
    try:
        from opscope.formats.workbook import as_xlsx
    except ModuleNotFoundError as error:
        raise DataError(f"For xlsx files {error.name} is needed, which is not installed: pip install 'opscope[files]'") from error
    return as_xlsx([_results(tagged), _review(tagged), _rejected(tagged), _summary(tagged), _about(tagged)])


def _kept(cell):
    return _NOT_IN_CSV.sub("\N{REPLACEMENT CHARACTER}", cell) if isinstance(cell, str) else cell


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, numbered from the second on where they repeat."""
    found: dict[str, None] = {}
    for name in names:
        number, tried = 1, name
        while tried in found:
            number += 1
            tried = f"{name} ({number})"
        found[tried] = None
    return list(found)


def _names(tagged: TaggedList) -> list[str]:
    return [*tagged.table.columns, *result_names(tagged.table.columns)]


def _input_cells(tagged: TaggedList) -> list[list[str]]:
    return [[row.values[place] for row in tagged.table.rows] for place in range(len(tagged.table.columns))]


def _result_cells(predictions: Sequence[Prediction]) -> list[list]:
    """The cells of RESULT_COLUMNS."""
    return [[_result(prediction, name) for prediction in predictions] for name in RESULT_COLUMNS]


def _result(prediction: Prediction, name: str) -> str | float:
    value = getattr(prediction, name)
    return round(value, 6) if isinstance(value, float) else value or ""


def _results(tagged: TaggedList) -> Sheet:
    inputs, results = _input_cells(tagged), _result_cells(tagged.predictions)
    widths = [_width_of(name, cells) for name, cells in zip(tagged.table.columns, inputs, strict=True)]
    widths[tagged.column] = _TEXT
    widths += [_WIDTHS.get(name, _SHORT) for name in RESULT_COLUMNS]
    columns = zip(_names(tagged), [*inputs, *results], widths, strict=True)
    return Sheet(RESULTS, tuple(Column(name, cells, width) for name, cells, width in columns))


def _width_of(name: str, cells: Sequence[str]) -> int:
    """Wide enough for the first rows, within reason."""
    return min(_LONG, max(8, *(len(cell) + 2 for cell in [name, *cells[:_LOOKED_AT]])))


def _review(tagged: TaggedList) -> Sheet:
    """What a person should decide, to be filled in. Reviewers see the tag, so that the rows are not blind."""
    places = tagged.to_review
    chosen = [Chosen(_queued(tagged, place), at_random=False) for place in places]
    told = [tagged.predictions[place] for place in places]
    queue = queue_columns(chosen)
    columns = {
        "row": [tagged.table.rows[place].number for place in places],
        "text": queue.pop("text"),
        "question": [prediction.question or "" for prediction in told],
        **{name: queue.pop(name) for name in _TO_FILL_IN},
        "why_undecided": [prediction.reason for prediction in told],
        "predicted_function": [prediction.function for prediction in told],
        **queue,
    }
    widths = {"row": 8, "text": _TEXT, "question": _LONG, "why_undecided": _LONG, "predicted_function": _MIDDLE}
    choices = {"label": f'"{",".join((*LABELS, CANNOT_DECIDE))}"', "function": _functions_in_summary(tagged)}
    return Sheet(
        REVIEW,
        tuple(
            Column(
                name,
                cells,
                widths.get(name, _WIDTHS.get(name, _SHORT)),
                to_fill_in=name in _TO_FILL_IN,
                choices=choices.get(name, ""),
            )
            for name, cells in columns.items()
        ),
    )


def _queued(tagged: TaggedList, place: int) -> Queued:
    prediction = tagged.predictions[place]
    return Queued(
        text=tagged.texts[place],
        added=tagged.when,
        source=tagged.table.path,
        predicted_label=prediction.label,
        predicted_probability=prediction.probability,
        predicted_decision=prediction.decision,
        predicted_function=prediction.function,
        model_version=prediction.model_version,
    )


def _rejected(tagged: TaggedList) -> Sheet:
    rows = tagged.rejected
    texts = tagged.texts
    return Sheet(
        REJECTED,
        (
            Column("row", [row.number for row in rows], 8),
            Column("text", [texts[row.place] for row in rows], _TEXT),
            Column("reason", [row.reason for row in rows], _LONG),
            Column("fix", [row.fix for row in rows], _LONG),
        ),
    )


def _summary_rows(tagged: TaggedList) -> Iterator[tuple[str, str, str, int | float, int, str]]:
    """What is counted, key, meaning, how many, of how many, and of what; the functions come last."""
    told, labels, functions = tagged.summary, guide().labels, guide().functions
    every, activities = "all rows", "activities, decided or in review"
    for key, meaning, count in (
        ("decided", "label given without a person", told.decided),
        ("to_review", "for a person to decide", told.to_review),
        ("rejected", "empty, unreadable or too long", told.rejected),
    ):
        yield "rows", key, meaning, count, told.rows, every
    yield "rows", "expected_wrong", expected_wrong_of(told), round(told.expected_wrong, 2), told.decided, "decided rows"
    for key, count in told.decisions.items():
        yield "decision", key, labels[key].name if key in labels else key, count, told.rows, every
    for key, count in told.labels.items():
        yield "label", key, labels[key].name, count, told.activities, activities
    for key, count in told.functions.items():
        yield _FUNCTION, key, functions[key].title, count, told.activities, activities


def _functions_in_summary(tagged: TaggedList) -> str:
    """Where the summary sheet lists the functions."""
    kinds = [row[0] for row in _summary_rows(tagged)]
    first = 2 + kinds.index(_FUNCTION)  # spreadsheets count from 1, and row 1 is the header
    return f"{SUMMARY}!$B${first}:$B${first + kinds.count(_FUNCTION) - 1}"


def _summary(tagged: TaggedList) -> Sheet:
    counted, keys, meant, counts, totals, of = zip(*_summary_rows(tagged), strict=True)
    shares = [round(count / total, 6) if total else 0.0 for count, total in zip(counts, totals, strict=True)]
    return Sheet(
        SUMMARY,
        (
            Column("counted", counted, _SHORT),
            Column("key", keys, 26),
            Column("meaning", meant, _LONG),
            Column("rows", counts, 10, PLAIN),
            Column("share", shares, 10, SHARE),
            Column("of", of, 34),
        ),
    )


def _about(tagged: TaggedList) -> Sheet:
    facts = (*versions_of(tagged), *meanings(), *(Fact("Limit", limit) for limit in LIMITS))
    return Sheet(ABOUT, (Column("about", [fact.title for fact in facts], 34), Column("told", [fact.text for fact in facts], 100)))
