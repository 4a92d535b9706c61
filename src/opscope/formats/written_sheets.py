"""Sheets written a row at a time: the rows wait in a temporary file, which the next run removes where this one is killed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import openpyxl
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import ALL_TEMP_FILES, WorksheetWriter

from opscope.disk import scratch_file, why_not
from opscope.errors import DataError

_PREFIX = "opscope-sheet-"


class _Sheet(WriteOnlyWorksheet):
    """openpyxl would take a file that nobody removes after a kill."""

    def _get_writer(self) -> None:
        if self._writer is None:
            path = str(scratch_file(_PREFIX, self))
            ALL_TEMP_FILES.append(path)  # removed when the book is saved, or the process ends
            self._writer = WorksheetWriter(self, path)
            self._writer.write_top()


@contextmanager
def rows_kept() -> Iterator[None]:
    """Raises DataError where rows that are appended, or the end of a sheet, cannot be kept until the book is saved."""
    try:
        yield
    except OSError as error:
        why = why_not(error, "name another one by the variable TMPDIR")
        raise DataError(f"The folder for temporary files, {tempfile.gettempdir()}, cannot be written: {why}") from error


def begin_sheet(book: openpyxl.Workbook, title: str) -> WriteOnlyWorksheet:
    """A new sheet at the end of a workbook that is only written."""
    sheet = _Sheet(book, title)
    book._add_sheet(sheet)
    return sheet
