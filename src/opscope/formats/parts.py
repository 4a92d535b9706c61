"""The parts of a packed workbook looked through before they are read: a few bytes may stand for more than any memory holds."""

import re
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO
from xml.parsers import expat

from opscope.errors import DataError
from opscope.formats.base import LONGEST_ROW

MOST_UNPACKED = 2_000_000_000  # bytes of all parts together; a full sheet of ten columns of short texts has a quarter
MOST_ELEMENTS = 50_000_000  # of XML in all parts together; a cell has two or three
MOST_WAITING = 5_000_000  # elements outside of rows and shared texts, or in one of them: all these are in memory at once
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_CLEARED = {f"{_SHEETS} row", f"{_SHEETS} si"}  # elements that readers forget when they have read them
# Parts that hold an element for each formula or each row of a pivot table's source; no reader of tables opens them.
_LONG_PARTS = re.compile(r"calcChain\.xml$|(^|/)pivotCache/")
_CHUNK = 1 << 16


def check_parts(stream: BinaryIO, name: str) -> None:
    """Raises DataError where the parts of a workbook are too large to be read, or define words of their own.

    Parts that are damaged or no XML are left to who reads them. The stream is put back to its beginning.
    """
    with zipfile.ZipFile(stream) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MOST_UNPACKED:
            raise DataError(
                f"{name} unpacks to {unpacked:,} bytes, at most {MOST_UNPACKED:,} are read. Save the sheet alone, or as CSV."
            )
        watch = _Watch(name)
        for part in archive.infolist():
            try:
                with archive.open(part) as unpacking:
                    watch.look_through(unpacking, part.filename)
            except DataError:
                raise
            except Exception:  # a picture may be damaged; who reads this part meets the same
                continue
    stream.seek(0)


class _Watch:
    """Counts what a parser would have to hold."""

    def __init__(self, name: str):
        self._name, self._part = name, ""
        self._elements = self._waiting = self._bytes = self._most_waiting = 0

    def look_through(self, unpacking: BinaryIO, part: str) -> None:
        """Parses one part, holding nothing; raises DataError beyond the limits, and what else goes wrong as it comes."""
        self._part, self._waiting, self._bytes = part, 0, 0
        self._most_waiting = MOST_ELEMENTS if _LONG_PARTS.search(part) else MOST_WAITING
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._started
        parser.StartDoctypeDeclHandler = self._defined
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        while chunk := unpacking.read(_CHUNK):
            self._bytes += len(chunk)
            if self._bytes > LONGEST_ROW:
                raise self._beyond(f"a text longer than {LONGEST_ROW:,} bytes")
            parser.Parse(chunk)

    def _started(self, tag: str, _: dict) -> None:
        self._bytes = 0
        self._elements += 1
        self._waiting = 0 if tag in _CLEARED else self._waiting + 1
        if self._waiting > self._most_waiting:
            raise self._beyond(f"more than {MOST_WAITING:,} elements that belong to no row or to one")
        if self._elements > MOST_ELEMENTS:
            raise self._beyond(f"more than {MOST_ELEMENTS:,} elements")

    def _defined(self, *_) -> None:
        raise self._beyond("a definition of entities (DOCTYPE)", "which no spreadsheet writes and which is not read")

    def _beyond(self, what: str, limit: str = "more than is read") -> DataError:
        part = PurePosixPath(self._part).name[:60]
        return DataError(f"{self._name}: the part {part!r} of the workbook holds {what}, {limit}. Save the sheet anew, or as CSV.")
