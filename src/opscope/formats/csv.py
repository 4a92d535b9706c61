"""CSV and its kin: separator and encoding are found, rows stream through."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import chain
from typing import BinaryIO, NamedTuple

from opscope.errors import DataError
from opscope.formats.base import HALF_REPLACED, LONGEST_ROW, OpenTable, Problems, Row, as_text, check_fields

_SEPARATORS = ",;\t"
_RESULTS_KEPT = 65_536


def _as_windows_1252(error: UnicodeDecodeError) -> tuple[str, int]:
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error("opscope-windows-1252", _as_windows_1252)


def lines_of(stream: io.BufferedReader, name: str) -> Iterator[str]:
    """The lines of a text: UTF-16 where a byte order mark says so, else UTF-8, and what is not UTF-8 is read as Windows-1252.

    Raises DataError for a line of more than LONGEST_ROW characters, before the rest of it is read.
    """
    is_utf_16 = stream.peek(2).startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding, errors = ("utf-16", "replace") if is_utf_16 else ("utf-8-sig", "opscope-windows-1252")
    text = io.TextIOWrapper(stream, encoding, errors, newline="")
    try:
        for number, line in enumerate(iter(partial(text.readline, LONGEST_ROW + 1), ""), start=1):
            if len(line) > LONGEST_ROW:
                raise _too_long(f"{name}, line {number}")
            yield line
    finally:
        with suppress(ValueError):  # the stream belongs to who opened it, and may be closed by now
            text.detach()


def _too_long(where: str) -> DataError:
    return DataError(
        f"{where}: the row is longer than {LONGEST_ROW:,} characters, the most that are read. "
        "Close a quote that was left open, or shorten the text."
    )


def open_table(stream: io.BufferedReader, name: str) -> OpenTable:
    """Reads the header; the rows follow as they are asked for.

    Raises DataError when there is no header, and at the end of the rows one that lists every row with more cells than the header.
    """
    lines = lines_of(stream, name)
    skipped, first = next(((n, line) for n, line in enumerate(lines) if line.strip()), (0, None))
    if first is None:
        raise _empty(name)
    separator = max(_SEPARATORS, key=re.sub(r'"[^"]*"', "", first).count)
    numbered = _numbered(chain([first], lines), skipped, separator, name)
    _, header = next(numbered, (0, None))
    if header is None:
        raise _empty(name)
    return OpenTable(name, tuple(header), _rows(numbered, len(header), separator, name))


def _empty(name: str) -> DataError:
    return DataError(f"{name} is empty. It needs a header row with a text column, and one activity a row.")


def _numbered(lines: Iterator[str], skipped: int, separator: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with their numbers."""
    csv.field_size_limit(LONGEST_ROW)
    length = 0  # of the row so far, which a quote may carry over many lines

    def measured() -> Iterator[str]:
        nonlocal length
        for line in lines:
            length += len(line)
            if length > LONGEST_ROW:
                raise _too_long(f"{name}, line {skipped + 1 + reader.line_num}")
            if "\0" in line:
                raise DataError(f"{name} holds binary data, not a table. Save it as CSV (UTF-8) and try again.")
            yield line

    reader = csv.reader(measured(), delimiter=separator, strict=True)
    try:
        for number, values in enumerate(reader, start=skipped + 1):
            length = 0
            if "".join(values).strip():
                yield number, values
    except csv.Error as error:
        raise DataError(
            f"{name}, line {skipped + reader.line_num}: {error}. A quote is opened and not closed, or closed too early."
        ) from error


def _rows(numbered: Iterator[tuple[int, list[str]]], width: int, separator: str, name: str) -> Iterator[Row]:
    problems = Problems()
    for number, values in numbered:
        if len(values) > width and (extra := [value for value in values[width:] if value.strip()]):
            problems.add(
                f"{name}, row {number}: {len(values)} cells where the header has {width}; "
                f"{extra[0].strip()[:40]!r} belongs to no column. Put quotes around a text that holds {separator!r}."
            )
        elif not problems:  # after a problem the rest is only looked through for more of them
            yield Row(number, values if len(values) == width else [*values[:width], *[""] * (width - len(values))])
    problems.check()


class _Collector(NamedTuple):
    """What csv.writer takes for a file."""

    write: Callable[[str], None]


class Writer:
    """Writes CSV, or what else ``separator`` makes of it, in UTF-8."""

    def __init__(self, handle: BinaryIO, table: OpenTable, added: Mapping[str, type], separator: str = ","):
        """``added`` are the names and types of the columns that follow those of the table."""
        self._handle = io.TextIOWrapper(handle, "utf-8", HALF_REPLACED, newline="")
        self._separator, self._table = separator, table
        quoted = lru_cache(_RESULTS_KEPT)(self._quoted)
        self._as_cells = [repr if kind is float else quoted for kind in added.values()]
        self._handle.write(self._lines([[*table.columns, *added]])[0] + "\n")

    def write(self, rows: Sequence[Row], results: Sequence[Sequence]) -> None:
        """Appends rows, each with its cells of the ``results`` columns.

        Most results are among few texts, so that each of these is put in quotes once only.
        """
        check_fields(rows, self._table)
        values = (map(as_text, row.values) for row in rows) if self._table.typed else (row.values for row in rows)
        own = self._lines([*cells, ""] for cells in values) if self._table.columns else [""] * len(rows)
        new = zip(*map(map, self._as_cells, results), strict=True)
        self._handle.writelines(f"{line}{self._separator.join(cells)}\n" for line, cells in zip(own, new, strict=True))

    def _lines(self, rows: Iterable[Sequence]) -> list[str]:
        """The rows as lines without their ends."""
        lines = []
        # With both characters in the line's end a cell that holds either is put in quotes.
        csv.writer(_Collector(lines.append), delimiter=self._separator, lineterminator="\r\n").writerows(rows)
        return [line[:-2] for line in lines]

    def _quoted(self, cell) -> str:
        # Alone in its row an empty cell would get quotes.
        return self._lines([["", cell]])[0][1:]

    def close(self) -> None:
        """Writes what is left; the handle stays open."""
        self._handle.detach()

    def abandon(self) -> None:
        """Lets go of the handle, which somebody else closes."""
        with suppress(OSError, ValueError):  # what was not written is not wanted
            self._handle.detach()
