"""A workbook of several sheets for people: header frozen, filters on, texts wrapped, and nothing in it that runs."""

import io
from collections.abc import Sequence

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, NamedStyle, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from opscope.errors import DataError
from opscope.formats.base import NOT_IN_XML
from opscope.formats.sheets import Column, Sheet
from opscope.formats.written_sheets import begin_sheet, rows_kept

_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767
_MOST_COLUMNS = 16_384
_TEXT_FORMAT = "@"  # a text that is edited stays a text: 007 keeps its zeros, and =A1 does not become a formula
_HEADER, _TEXT, _FILL_IN = "opscope header", "opscope text", "opscope to fill in"


def as_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """The workbook. Characters that no spreadsheet keeps become U+FFFD, and a longer text than a cell holds is cut and says so.

    Raises DataError where a sheet has more rows or columns than a workbook holds.
    """
    book = openpyxl.Workbook(write_only=True)
    for style in _styles():
        book.add_named_style(style)
    buffer = io.BytesIO()
    with rows_kept():
        for sheet in sheets:
            _check_size(sheet)
            _write(begin_sheet(book, sheet.title), sheet)
        book.save(buffer)
    return buffer.getvalue()


def _styles() -> tuple[NamedStyle, ...]:
    wrapped = Alignment(wrap_text=True, vertical="top")
    grey, yellow = (PatternFill("solid", start_color=colour) for colour in ("FFD9E1E8", "FFFFF7D6"))
    return (
        NamedStyle(_HEADER, font=Font(bold=True), fill=grey, alignment=wrapped, number_format=_TEXT_FORMAT),
        NamedStyle(_TEXT, alignment=wrapped, number_format=_TEXT_FORMAT),
        NamedStyle(_FILL_IN, fill=yellow, alignment=wrapped, number_format=_TEXT_FORMAT),
    )


def _check_size(sheet: Sheet) -> None:
    rows = 1 + len(sheet.columns[0].cells)
    for what, many, most in (("rows", rows, _MOST_ROWS), ("columns", len(sheet.columns), _MOST_COLUMNS)):
        if many > most:
            raise DataError(f"A sheet holds at most {most:,} {what} and {sheet.title} has {many:,}. Download CSV instead.")


def _write(target, sheet: Sheet) -> None:
    rows = len(sheet.columns[0].cells)
    # Widths, panes and filters stand before the rows in the file, so they come first.
    for place, column in enumerate(sheet.columns, start=1):
        letter = get_column_letter(place)
        target.column_dimensions[letter].width = column.width
        if column.choices and rows:
            offered = DataValidation("list", formula1=column.choices, allow_blank=True, sqref=f"{letter}2:{letter}{rows + 1}")
            target.data_validations.append(offered)
    target.freeze_panes = "A2"
    target.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns))}{rows + 1}"
    target.append([_text(target, column.name, _HEADER) for column in sheet.columns])
    for cells in zip(*(column.cells for column in sheet.columns), strict=True):
        target.append([_cell(target, value, column) for value, column in zip(cells, sheet.columns, strict=True)])


def _cell(target, value: str | int | float, column: Column) -> WriteOnlyCell:
    if isinstance(value, str):
        return _text(target, value, _FILL_IN if column.to_fill_in else _TEXT)
    cell = WriteOnlyCell(target, value)
    cell.style = _TEXT
    cell.number_format = column.number_format
    return cell


def _text(target, value: str, style: str) -> WriteOnlyCell:
    kept = NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", value)
    if len(kept) > _LONGEST_CELL:
        told = f" … (cut here: the text has {len(kept):,} characters)"
        kept = kept[: _LONGEST_CELL - len(told)] + told
    cell = WriteOnlyCell(target, kept)
    cell.data_type = "s"  # else a text that begins with = would become a formula
    cell.style = style
    return cell
