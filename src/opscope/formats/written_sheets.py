"""Sheets written a row at a time: the rows wait in a temporary file, which the next run removes where this one is killed."""

import openpyxl
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import ALL_TEMP_FILES, WorksheetWriter

from opscope.disk import scratch_file

_PREFIX = "opscope-sheet-"


class _Sheet(WriteOnlyWorksheet):
    """openpyxl would take a file that nobody removes after a kill."""

    def _get_writer(self) -> None:
        if self._writer is None:
            path = str(scratch_file(_PREFIX, self))
            ALL_TEMP_FILES.append(path)  # removed when the book is saved, or the process ends
            self._writer = WorksheetWriter(self, path)
            self._writer.write_top()


def begin_sheet(book: openpyxl.Workbook, title: str) -> WriteOnlyWorksheet:
    """A new sheet at the end of a workbook that is only written."""
    sheet = _Sheet(book, title)
    book._add_sheet(sheet)
    return sheet
