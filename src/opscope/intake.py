"""What a labelled table holds, before anything is learned from it: counts, wrong rows, and rows that get in each other's way."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from opscope.dataset import Dataset, Reading
from opscope.duplicates import near_duplicates
from opscope.guide import LABELS, guide
from opscope.tables import as_csv

MOST_COMPARED = 50_000  # rows; comparing more with each other would take minutes
_FEWEST_OF_FUNCTION = 20
_MOST_SHOWN = 20


@dataclass(frozen=True)
class Twins:
    """Two texts that are the same or nearly; ``overlap`` is the share of their runs of four characters in common, 0 to 1."""

    first: str
    second: str
    first_label: str
    second_label: str
    overlap: float


@dataclass(frozen=True)
class Intake:
    """What a table holds. ``duplicates`` have one label, ``contradictions`` two; ``overlaps`` are with the evaluation set."""

    reading: Reading
    labels: dict[str, int]
    functions: dict[str, int]
    duplicates: tuple[Twins, ...]
    contradictions: tuple[Twins, ...]
    overlaps: tuple[Twins, ...]
    is_compared: bool


def intake_of(reading: Reading, evaluation_set: Dataset) -> Intake:
    """Counts the rows of a table, and compares them with each other and with the evaluation set.

    The rows of one minimal pair are alike on purpose and are left alone. Beyond MOST_COMPARED rows nothing is compared.
    """
    own, is_compared = reading.dataset, len(reading.dataset) <= MOST_COMPARED
    examples = (*evaluation_set.examples, *own.examples) if is_compared else ()
    twins, overlaps = [], []
    for first, second, overlap in near_duplicates([example.text for example in examples]):
        a, b = examples[first], examples[second]
        if second < len(evaluation_set) or (a.pair and a.pair == b.pair):
            continue
        found = Twins(a.text, b.text, a.label, b.label, overlap)
        (overlaps if first < len(evaluation_set) else twins).append(found)
    return Intake(
        reading=reading,
        labels={label: own.labels.count(label) for label in LABELS},
        functions={name: count for name, count in Counter(e.function for e in own.examples).most_common() if name},
        duplicates=tuple(pair for pair in twins if pair.first_label == pair.second_label),
        contradictions=tuple(pair for pair in twins if pair.first_label != pair.second_label),
        overlaps=tuple(overlaps),
        is_compared=is_compared,
    )


def intake_lines(found: Intake) -> list[str]:
    """The findings for a terminal."""
    reading, usable, rejected = found.reading, len(found.reading.dataset), found.reading.rows_rejected
    lines = [
        f"{reading.name}: {usable + rejected:,} rows, {usable:,} can be learned from, {rejected:,} cannot.",
        "Labels: " + ", ".join(f"{count:,} {label}" for label, count in found.labels.items()) + ".",
    ]
    if found.functions:
        thin = [name for name in guide().functions if found.functions.get(name, 0) < _FEWEST_OF_FUNCTION]
        named = sum(found.functions.values())
        lines.append(f"Functions: named in {named:,} rows; fewer than {_FEWEST_OF_FUNCTION} rows of {', '.join(thin) or 'none'}.")
    lines += _shown("cannot be learned from", [fault.sentence for fault in reading.rejected])
    lines += _shown("contradict each other", [_told(pair) for pair in found.contradictions])
    lines += _shown("say the same twice", [_told(pair) for pair in found.duplicates])
    lines += _shown(
        "are nearly those of the evaluation set, whose figures would be too good", [_told(pair) for pair in found.overlaps]
    )
    if not found.is_compared:
        lines.append(f"More than {MOST_COMPARED:,} rows: they were not compared with each other.")
    return lines


def _told(pair: Twins) -> str:
    return f"{pair.first!r} ({pair.first_label or 'no activity'}) and {pair.second!r} ({pair.second_label})"


def _shown(what: str, found: Sequence[str]) -> list[str]:
    if not found:
        return []
    more = [f"  ... and {len(found) - _MOST_SHOWN:,} more"] if len(found) > _MOST_SHOWN else []
    return [f"{len(found):,} {what}:", *(f"  {line}" for line in found[:_MOST_SHOWN]), *more]


def intake_json(found: Intake) -> str:
    """Everything found, as JSON."""
    told = {
        "name": found.reading.name,
        "rows": len(found.reading.dataset) + found.reading.rows_rejected,
        "usable": len(found.reading.dataset),
        "labels": found.labels,
        "functions": found.functions,
        "rejected": [asdict(fault) for fault in found.reading.rejected],
        **{name: [asdict(pair) for pair in getattr(found, name)] for name in ("duplicates", "contradictions", "overlaps")},
        "compared": found.is_compared,
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def rejected_csv(reading: Reading) -> bytes:
    """The faults as CSV for a spreadsheet, one a line, with the number of the row and what to do."""
    names = ("row", "column", "value", "problem", "fix", "text")
    return as_csv({name: [getattr(fault, name) for fault in reading.rejected] for name in names})
