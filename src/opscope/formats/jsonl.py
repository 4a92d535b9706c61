"""JSON Lines: an object a line; rows may differ in their names, and keep them."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, BinaryIO

from opscope.errors import DataError
from opscope.formats.base import OpenTable, Problems, Row
from opscope.formats.csv import lines_of

_DEEPEST = 100  # Python gives up on a thousand, and so may who writes the table again


def open_table(stream: io.BufferedReader, name: str) -> OpenTable:
    """Reads the first object, which names the columns; the rows follow as they are asked for.

    Raises DataError when there is none, and at the end of the rows one that lists every line that is no object.
    """
    rows = _rows(lines_of(stream, name), name)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{name} is empty. It needs an object a line, each with a text.")
    columns = tuple(first.fields)
    aligned = (Row(row.number, [row.fields.get(column) for column in columns], row.fields) for row in chain([first], rows))
    return OpenTable(name, columns, aligned, typed=True)


def _rows(lines: Iterator[str], name: str) -> Iterator[Row]:
    problems = Problems()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            too_deep = _is_too_deep(fields)
        except RecursionError:
            too_deep = True
        except ValueError as error:
            problems.add(f"{name}, line {number}: this is no JSON ({error}). Write one object a line.")
            continue
        if too_deep:
            problems.add(
                f"{name}, line {number}: lists or objects lie within each other more than {_DEEPEST} deep, the most that are read. "
                "Write the text and what else is needed as values of one object."
            )
        elif not isinstance(fields, dict):
            problems.add(f'{name}, line {number}: expected an object such as {{"text": ...}}, got {line.strip()[:40]}.')
        elif not problems:  # after a problem the rest is only looked through for more of them
            yield Row(number, (), fields)
    problems.check()


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        inner = (outer.values() if isinstance(outer, dict) else outer for outer in level if isinstance(outer, (dict, list)))
        level = list(chain.from_iterable(inner))
        if not level:
            return False
    return True


class Writer:
    """Writes JSON Lines; a row that came as an object keeps its names, and no other."""

    def __init__(self, handle: BinaryIO, table: OpenTable, added: Mapping[str, type]):
        """``added`` are the names and types of the columns that follow those of the table."""
        self._handle, self._columns, self._added = handle, table.columns, tuple(added)

    def write(self, rows: Sequence[Row], results: Sequence[Sequence]) -> None:
        """Appends rows, each with its cells of the ``results`` columns."""
        for row, new in zip(rows, zip(*results, strict=True), strict=True):
            fields = row.fields if row.fields is not None else dict(zip(self._columns, row.values, strict=True))
            line = json.dumps(fields | dict(zip(self._added, new, strict=True)), ensure_ascii=False, default=str)
            self._handle.write(line.encode("utf-8", "surrogatepass") + b"\n")

    def close(self) -> None:
        """Nothing is left to write."""

    abandon = close
