"""What a labelled table holds, before anything is learned from it: counts, wrong rows, and rows that get in each other's way."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from opscope.dataset import Dataset
from opscope.duplicates import near_duplicates
from opscope.errors import DataError
from opscope.guide import LABELS
from opscope.labelled import Reading, Rejected
from opscope.tables import as_csv

FEWEST_ALONE = 50  # rows of each label without which nothing can be said of a model trained on them alone
_STOLEN, _FEWEST_STOLEN = 0.5, 10  # with so large a share of its rows in the evaluation set, and so many, a table is that set


@dataclass(frozen=True)
class Twins:
    """Two texts that are the same or nearly; ``overlap`` is how near, 0 to 1.

    ``first_row`` and ``second_row`` are their rows in the table; None for a text that lies elsewhere.
    """

    first: str
    second: str
    first_label: str
    second_label: str
    first_row: int | None
    second_row: int | None
    overlap: float

    @property
    def sentence(self) -> str:
        """Both texts with rows and labels, for people."""
        sides = ((self.first_row, self.first, self.first_label), (self.second_row, self.second, self.second_label))
        return " and ".join(f"{f'row {row}: ' if row else ''}{text!r} ({label or 'no activity'})" for row, text, label in sides)


@dataclass(frozen=True)
class Intake:
    """What a table holds. ``duplicates`` have one label, ``contradictions`` two; ``overlaps`` are with the evaluation set."""

    reading: Reading
    duplicates: tuple[Twins, ...]
    contradictions: tuple[Twins, ...]
    overlaps: tuple[Twins, ...]

    @cached_property
    def rejected(self) -> tuple[Rejected, ...]:
        """The faults of the table, rows that lie in the evaluation set among them, in the order of the rows."""
        fix = "Delete the row: a model that learned it would look better than it is."
        stolen = (
            Rejected(pair.second_row, pair.second, "text", pair.second, f"text is nearly the evaluation set's {pair.first!r}.", fix)
            for pair in self.overlaps
        )
        return tuple(sorted((*self.reading.rejected, *stolen), key=lambda fault: fault.row))

    @property
    def rows_rejected(self) -> int:
        """Number of rows with at least one fault."""
        return len({fault.row for fault in self.rejected})

    @cached_property
    def usable(self) -> Reading:
        """The table without the rows at fault."""
        faulty, found = {fault.row for fault in self.rejected}, self.reading
        kept = [place for place, row in enumerate(found.rows) if row not in faulty]
        examples = tuple(found.dataset.examples[place] for place in kept)
        return Reading(found.name, Dataset(examples), tuple(found.rows[place] for place in kept), self.rejected)

    @property
    def labels(self) -> dict[str, int]:
        """Number of usable rows of each label."""
        return {label: self.usable.dataset.labels.count(label) for label in LABELS}

    @property
    def functions(self) -> dict[str, int]:
        """Number of usable rows of each function that is named, the most frequent first."""
        named = Counter(example.function for example in self.usable.dataset.examples)
        return {name: count for name, count in named.most_common() if name}


def intake_of(reading: Reading, evaluation_set: Dataset) -> Intake:
    """Compares the rows of a table with each other and with the evaluation set.

    The rows of one minimal pair are alike on purpose and are left alone. Raises DataError where the table is the evaluation set.
    """
    compared = list(_twins(reading, evaluation_set))
    overlaps = {pair.second_row: pair for pair in compared if pair.first_row is None}
    if len(overlaps) >= max(_FEWEST_STOLEN, _STOLEN * len(reading.rows)):
        raise DataError(
            f"{reading.name}: {len(overlaps):,} of {len(reading.rows):,} rows are those of the evaluation set, on which versions "
            "are compared, so it is never trained on. Train on other rows; opscope evaluate measures a model on these."
        )
    twins = [pair for pair in compared if pair.first_row is not None]
    return Intake(
        reading=reading,
        duplicates=tuple(pair for pair in twins if pair.first_label == pair.second_label),
        contradictions=tuple(pair for pair in twins if pair.first_label != pair.second_label),
        overlaps=tuple(overlaps.values()),
    )


def _twins(reading: Reading, evaluation_set: Dataset) -> Iterator[Twins]:
    own, others = reading.dataset.examples, evaluation_set.examples
    examples, rows = (*others, *own), (*[None] * len(others), *reading.rows)
    for first, second, overlap in near_duplicates([example.text for example in examples]):
        a, b = examples[first], examples[second]
        if rows[second] is not None and not (a.pair and a.pair == b.pair and rows[first] is not None):
            yield Twins(a.text, b.text, a.label, b.label, rows[first], rows[second], overlap)


def check_trainable(found: Intake, *, only: bool, skip_rejected: bool) -> None:
    """Raises DataError where wrong rows are to be corrected first, or rows are too few to be learned from alone."""
    if found.rejected and not skip_rejected:
        rows = found.rows_rejected + len(found.usable.rows)
        raise DataError(
            f"{found.reading.name}: {found.rows_rejected:,} of {rows:,} rows cannot be learned from, as listed, so nothing was "
            "trained. Correct them, or leave them out with --skip-rejected."
        )
    if not found.usable.rows:
        raise DataError(f"{found.reading.name}: no row can be learned from, so nothing was trained. Correct the rows as listed.")
    if only and min(found.labels.values()) < FEWEST_ALONE:
        told = " and ".join(f"{count} {label}" for label, count in found.labels.items())
        raise DataError(
            f"{told} rows are too few to be learned from alone: below {FEWEST_ALONE} of each label, thresholds and figures are "
            "guesses. Add rows, or leave --only away, so that the shipped rows are used too."
        )


def rejected_csv(found: Intake) -> bytes:
    """The faults as CSV for a spreadsheet, one a line, with the number of the row and what to do."""
    names = ("row", "column", "value", "problem", "fix", "text")
    return as_csv({name: [getattr(fault, name) for fault in found.rejected] for name in names})
