"""XLSX: the first sheet of a workbook; values stay, formulas come as the values they last showed."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.exceptions import InvalidFileException

from opscope.errors import DataError
from opscope.formats.base import OpenTable, Row, as_text, check_fields, listed
from opscope.formats.written_sheets import begin_sheet, rows_kept

_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767


def sheet_names(stream: BinaryIO, name: str) -> tuple[str, ...]:
    """The names of the sheets, in order; raises DataError when the file is no workbook."""
    return tuple(sheet.title for sheet in _workbook(stream, name).worksheets)


def open_table(stream: BinaryIO, name: str, sheet: str | None = None) -> OpenTable:
    """Reads the header of the first sheet, or the one named: the first row with a value. The rows follow as they are asked for.

    Raises DataError when the file is no workbook, has no such sheet, or the sheet is empty, and at the end of the rows one that
    lists every row with a cell under no header.
    """
    sheets = {found.title: found for found in _workbook(stream, name).worksheets}
    if not sheets or (sheet and sheet not in sheets):
        raise DataError(f"{name} has no sheet {sheet!r}. Sheets are: {', '.join(sheets)}.")
    chosen = sheets[sheet] if sheet else next(iter(sheets.values()))
    numbered = ((n, row) for n, row in enumerate(chosen.iter_rows(values_only=True), 1) if any(cell is not None for cell in row))
    _, header = next(numbered, (0, None))
    if header is None:
        raise DataError(
            f"{name}: the sheet {chosen.title!r} is empty. It needs a header row with a text column, and one activity a row."
        )
    width = max(place for place, cell in enumerate(header, start=1) if cell is not None)
    return OpenTable(name, tuple(map(as_text, header[:width])), _rows(numbered, width, name), total=chosen.max_row, typed=True)


def _workbook(stream: BinaryIO, name: str) -> openpyxl.Workbook:
    try:
        return openpyxl.load_workbook(stream, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, IndexError) as error:
        raise DataError(f"{name} cannot be read as an Excel workbook: {error}") from error


def _rows(numbered: Iterator[tuple[int, tuple]], width: int, name: str) -> Iterator[Row]:
    problems = []
    for number, values in numbered:
        if extra := [value for value in values[width:] if value is not None]:
            problems.append(f"{name}, row {number}: {as_text(extra[0])[:40]!r} stands under no header. Give its column a name.")
        elif not problems:  # after a problem the rest is only looked through for more of them
            yield Row(number, [*values[:width], *[None] * (width - len(values))])
    if problems:
        raise DataError(listed(problems))


class Writer:
    """Writes a workbook of one sheet; a text that looks like a formula stays a text."""

    def __init__(self, handle: BinaryIO, table: OpenTable, added: Mapping[str, type]):
        """``added`` are the names and types of the columns that follow those of the table."""
        self._handle, self._table = handle, table
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = begin_sheet(self._book, "activities")
        self._written = 1
        with rows_kept():
            self._sheet.append([self._cell(column) for column in (*table.columns, *added)])

    def write(self, rows: Sequence[Row], results: Sequence[Sequence]) -> None:
        """Appends rows, each with its cells of the ``results`` columns; raises DataError beyond what a sheet can hold."""
        check_fields(rows, self._table)
        self._written += len(rows)
        if self._written > _MOST_ROWS:
            raise DataError(f"A sheet holds at most {_MOST_ROWS:,} rows and this table has more. Write CSV or Parquet.")
        with rows_kept():
            for row, new in zip(rows, zip(*results, strict=True), strict=True):
                self._sheet.append([self._cell(value) for value in (*row.values, *new)])

    def _cell(self, value):
        if isinstance(value, (list, dict, bytes)):
            value = as_text(value)
        if not isinstance(value, str):
            return value
        if len(value) > _LONGEST_CELL:
            raise DataError(f"A cell holds at most {_LONGEST_CELL:,} characters and one has {len(value):,}. Write CSV or Parquet.")
        cell = WriteOnlyCell(self._sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value))
        cell.data_type = "s"  # else a text that begins with = would become a formula
        return cell

    def close(self) -> None:
        """Writes the workbook; the handle stays open."""
        with rows_kept():
            self._sheet.close()
        self._book.save(self._handle)
