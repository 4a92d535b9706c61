"""What all kinds of tables share: rows, an open table, and what to say of too many problems."""

import codecs
import datetime
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from opscope.errors import DataError

MOST_COLUMNS = 16_384  # as many as a sheet of a spreadsheet has
LONGEST_ROW = 16_000_000  # characters; a longer row is a quote that was never closed, or no table
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOST_PROBLEMS_SHOWN = 50


HALF_REPLACED = "opscope-half-replaced"  # for errors= where something is encoded


def _half_replaced(error: UnicodeEncodeError) -> tuple[bytes, int]:
    return "\N{REPLACEMENT CHARACTER}".encode() * (error.end - error.start), error.end


codecs.register_error(HALF_REPLACED, _half_replaced)


class Row(NamedTuple):
    """One row; ``number`` counts as a spreadsheet does, with the header as row 1.

    ``values`` are as many as there are columns. ``fields`` is the whole row by name, where rows may differ in what they hold.
    """

    number: int
    values: Sequence[Any]
    fields: dict[str, Any] | None = None


@dataclass(frozen=True)
class OpenTable:
    """A table being read. ``rows`` can be gone through once; ``total`` is their number where the file tells.

    ``typed`` says whether cells may be other than str; ``schema`` holds the types of the columns where the file has them, for a
    writer that can keep them.
    """

    name: str
    columns: tuple[str, ...]
    rows: Iterator[Row]
    total: int | None = None
    typed: bool = False
    schema: Any = field(default=None, repr=False)


def check_fields(rows: Sequence[Row], table: OpenTable) -> None:
    """Raises DataError when a row holds a field that the table has no column for, so that it would be lost."""
    for row in rows:
        if row.fields is not None and (more := [name for name in row.fields if name not in table.columns]):
            raise DataError(
                f"{table.name}, row {row.number} has {more[0]!r}, which the first row has not, so there is no column for it. "
                "Write JSON Lines, or give every row the same names."
            )


class Problems:
    """Problems found in a file: the first fifty are kept and the others counted, so that it may have any length."""

    def __init__(self):
        self._shown, self._count = [], 0

    def __bool__(self) -> bool:
        return bool(self._count)

    def add(self, problem: str) -> None:
        """Notes one more problem."""
        self._count += 1
        if self._count <= _MOST_PROBLEMS_SHOWN:
            self._shown.append(problem)

    def check(self) -> None:
        """Raises DataError that lists them where there are any."""
        if self._count:
            raise DataError("\n".join([*self._shown, *_more(self._count - len(self._shown))]))


def listed(problems: Sequence[str]) -> str:
    """Problems one a line; beyond the first fifty only their number."""
    shown = list(problems[:_MOST_PROBLEMS_SHOWN])
    return "\n".join([*shown, *_more(len(problems) - len(shown))])


def _more(count: int) -> list[str]:
    return [f"... and {count} more problems."] if count else []


def whole_characters(text: str) -> str:
    """The text with U+FFFD for each half of a character, which JSON may hold and UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", HALF_REPLACED).decode()


def as_text(value: Any) -> str:
    """A cell as text: nothing for a missing one, dates as ISO 8601, nested values as JSON."""
    if isinstance(value, str):
        return value
    if value is None or value != value:  # only a number that is none differs from itself
        return ""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return json.dumps(value, ensure_ascii=False, default=as_text) if isinstance(value, (list, dict)) else str(value)
