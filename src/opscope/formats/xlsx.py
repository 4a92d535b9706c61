"""XLSX: the first sheet of a workbook; values stay, formulas come as the values they last showed."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from types import NoneType
from typing import BinaryIO

import openpyxl
from openpyxl.cell import WriteOnlyCell

from opscope.errors import DataError
from opscope.formats.base import NOT_IN_XML, OpenTable, Problems, Row, as_text, check_fields
from opscope.formats.parts import check_parts
from opscope.formats.written_sheets import begin_sheet, rows_kept

_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767
_LONGEST_REASON = 200
_FIRST_YEAR = 1900  # sheets know no date before
_KEPT = (NoneType, bool, int, float, Decimal, datetime.date, datetime.time, datetime.timedelta)  # datetime is a date


def sheet_names(stream: BinaryIO, name: str) -> tuple[str, ...]:
    """The names of the sheets, in order; raises DataError when the file is no workbook."""
    return tuple(sheet.title for sheet in _workbook(stream, name).worksheets)


def open_table(stream: BinaryIO, name: str, sheet: str | None = None) -> OpenTable:
    """Reads the header of the first sheet, or the one named: the first row with a value. The rows follow as they are asked for.

    Raises DataError when the file is no workbook, has no such sheet, or the sheet is empty, and at the end of the rows one that
    lists every row with a cell under no header.
    """
    sheets = {found.title: found for found in _workbook(stream, name).worksheets}
    if not sheets:
        raise DataError(f"{name} has no sheet with cells. Save the table in one, or as CSV.")
    if sheet and sheet not in sheets:
        raise DataError(f"{name} has no sheet {sheet!r}. Sheets are: {', '.join(sheets)}.")
    chosen = sheets[sheet] if sheet else next(iter(sheets.values()))
    total = chosen.max_row
    chosen.reset_dimensions()  # else every row is filled up to the width that the file claims
    numbered = _numbered(chosen, name)
    _, header = next(numbered, (0, None))
    if header is None:
        raise DataError(
            f"{name}: the sheet {chosen.title!r} is empty. It needs a header row with a text column, and one activity a row."
        )
    width = max(place for place, cell in enumerate(header, start=1) if cell is not None)
    return OpenTable(name, tuple(map(as_text, header[:width])), _rows(numbered, width, name), total=total, typed=True)


def _workbook(stream: BinaryIO, name: str) -> openpyxl.Workbook:
    try:
        check_parts(stream, name)
        return openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except DataError:
        raise
    except Exception as error:  # openpyxl has no errors of its own for most of what can be wrong with a file
        raise _damaged(f"{name} cannot be read as an Excel workbook", error) from error


def _damaged(what: str, error: Exception) -> DataError:
    # What openpyxl wraps an error in names the library's own steps.
    reason = str(error.__cause__ or error).partition("\n")[0].strip(" .")[:_LONGEST_REASON] or type(error).__name__
    return DataError(f"{what}: {reason}. Open it in a spreadsheet and save it anew, or as CSV.")


def _numbered(sheet, name: str) -> Iterator[tuple[int, tuple]]:
    """The rows that hold a value, with their numbers; raises DataError where the sheet is damaged or longer than sheets are."""
    number, shown = 0, f"{name}: the sheet {sheet.title[:60]!r}"
    try:
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > _MOST_ROWS:
                raise DataError(f"{shown} has more than {_MOST_ROWS:,} rows, the most that a sheet has. Save it as CSV or Parquet.")
            if any(cell is not None for cell in row):
                yield number, row
    except DataError:
        raise
    except Exception as error:  # likewise
        raise _damaged(f"{shown} is damaged after row {number}", error) from error


def _rows(numbered: Iterator[tuple[int, tuple]], width: int, name: str) -> Iterator[Row]:
    problems = Problems()
    for number, values in numbered:
        if extra := [value for value in values[width:] if value is not None]:
            problems.add(f"{name}, row {number}: {as_text(extra[0])[:40]!r} stands under no header. Give its column a name.")
        elif not problems:  # after a problem the rest is only looked through for more of them
            yield Row(number, [*values[:width], *[None] * (width - len(values))])
    problems.check()


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
        if (
            isinstance(value, _KEPT)
            and getattr(value, "tzinfo", None) is None
            and getattr(value, "year", _FIRST_YEAR) >= _FIRST_YEAR
        ):
            return value
        value = as_text(value)
        if len(value) > _LONGEST_CELL:
            raise DataError(f"A cell holds at most {_LONGEST_CELL:,} characters and one has {len(value):,}. Write CSV or Parquet.")
        cell = WriteOnlyCell(self._sheet, NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", value))
        cell.data_type = "s"  # else a text that begins with = would become a formula
        return cell

    def close(self) -> None:
        """Writes the workbook; the handle stays open."""
        with rows_kept():
            self._sheet.close()
        self._book.save(self._handle)

    def abandon(self) -> None:
        """Ends the sheet, which lies in a file of its own until the workbook is written, and removes it."""
        with suppress(Exception):  # whatever it was that went wrong before
            self._sheet.close()
            self._sheet._writer.cleanup()
