"""What people paste: a list one a line, cells copied from a spreadsheet, or a paragraph to be split into activities."""

import csv
import re
from collections.abc import Sequence

from opscope.formats.base import Row
from opscope.tables import TEXT_NAMES, Table
from opscope.text import activities_in, clean

PASTE = "paste"
# Spaces before a semicolon are taken off later: to look for it from each of thousands of spaces would take minutes.
_ENDS = re.compile(r"(?<=[.!?;])\s+(?=[\"'“(]?[A-Z0-9])|;\s+|\n+")
_FEWEST_WORDS = 2


def pasted_table(text: str) -> Table:
    """A paste as a table: cells copied from a spreadsheet keep their columns, a list has the column ``text`` alone.

    Bullets, numbering and check boxes of a list are taken off and blank lines are left out.
    """
    rows = _cells(text)
    if not rows:
        lines = activities_in(text)
        return Table(PASTE, ("text",), tuple(Row(number, (line,)) for number, line in enumerate(lines, start=1)))
    width = len(rows[0])
    has_header = any(clean(cell).lower() in TEXT_NAMES for cell in rows[0])
    names = _distinct(rows[0]) if has_header else tuple(f"column {place}" for place in range(1, width + 1))
    body = rows[1:] if has_header else rows
    return Table(PASTE, names, tuple(Row(number, tuple(cells)) for number, cells in enumerate(body, start=1 + has_header)))


def likeliest_text_column(table: Table) -> int:
    """Place of the column that holds the activities: one with a usual name, else the one with most letters."""
    lowered = [name.strip().lower() for name in table.columns]
    if named := [lowered.index(name) for name in TEXT_NAMES if name in lowered]:
        return named[0]
    letters = [sum(map(str.isalpha, "".join(row.values[place] for row in table.rows[:200]))) for place in range(len(lowered))]
    return letters.index(max(letters))


def activities_in_paragraph(text: str) -> list[str]:
    """The sentences of a paragraph, and what semicolons part, as activities of their own; single words stay with what is before."""
    found: list[str] = []
    for part in filter(None, (clean(part.strip(" ;")) for part in _ENDS.split(text))):
        if found and len(part.split()) < _FEWEST_WORDS:
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return found


def _cells(text: str) -> list[list[str]]:
    """The cells of a paste from a spreadsheet; nothing where its lines do not have the same tabs."""
    if "\t" not in text:
        return []
    try:
        rows = [row for row in csv.reader(text.splitlines(keepends=True), delimiter="\t", strict=True) if any(map(str.strip, row))]
    except csv.Error:
        rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    width = max(map(len, rows), default=0)
    if width < 2 or sum(len(row) == width for row in rows) < len(rows) / 2:
        return []
    return [[*row, *[""] * (width - len(row))] for row in rows]


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names, numbered where they are empty or repeat."""
    found: dict[str, None] = {}
    for place, name in enumerate(map(clean, names), start=1):
        name = name or f"column {place}"
        while name in found:
            name = f"{name} {place}"
        found[name] = None
    return tuple(found)
