"""What all kinds of tables share: rows, an open table, and what to say of too many problems."""

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from opscope.errors import DataError

_MOST_PROBLEMS_SHOWN = 50


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


def listed(problems: Sequence[str]) -> str:
    """Problems one a line; beyond the first fifty only their number."""
    shown = list(problems[:_MOST_PROBLEMS_SHOWN])
    if len(problems) > len(shown):
        shown.append(f"... and {len(problems) - len(shown)} more problems.")
    return "\n".join(shown)


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
