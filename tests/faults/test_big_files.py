"""Files that mean harm by their size: each is read in bounded memory and time, or refused with the limit named."""

import gzip
import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pyarrow
import pytest
from pyarrow import parquet

from faults import tries
from faults.fuzz_inputs import zipped
from faults.fuzz_seeds import SHEETS, shared_texts, table_of
from faults.fuzz_targets import TARGETS, refused
from faults.measured import Measured
from opscope.errors import DataError
from opscope.tables import read_table

BIG = tries(40, 100) * 1_000_000  # bytes of a cell
# These take seconds each, and so only the full form tries them.
SLOW = (
    "much text.csv.gz",
    "many cells.csv",
    "many problems.csv",
    "many cells in a row.csv",
    "a long attribute.xlsx",
    "a long line.csv.gz",
    "with a large pivot table.xlsx",
)
NO_DEFINITIONS = "a definition of entities (DOCTYPE), which no spreadsheet writes and which is not read"
SECONDS, MEGABYTES = 60, 1_500  # what any file may take; most take a hundredth
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha">%s]>' % b"".join(
    b'<!ENTITY %c "%s">' % (place, b"&%c;" % (place - 1) * 10) for place in range(ord("b"), ord("j"))
)
ASKED = b"<a>&i;</a>"
OUTSIDE = b'<!DOCTYPE a [<!ENTITY i SYSTEM "file:///etc/hostname">]>'


def measured(path: Path) -> Measured:
    command = [sys.executable, Path(__file__).with_name("measured.py"), path]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS)
    assert done.returncode == 0, done.stderr[-2000:]
    found = Measured(**json.loads(done.stdout))
    assert found.megabytes < MEGABYTES
    return found


def workbook(changes: dict[str, bytes], more: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """A real workbook in which some parts have another content, with ``more`` parts."""
    with zipfile.ZipFile(io.BytesIO(shared_texts())) as archive:
        return zipped({name: changes.get(name, archive.read(name)) for name in archive.namelist()} | dict(more))


def sheet(rows: bytes, before: bytes = b"") -> bytes:
    return b'<?xml version="1.0"?>%s<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (before, SHEETS, rows)


def inline(text: bytes) -> bytes:
    return b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>' % text


def bomb(claimed: int | None = None) -> bytes:
    """A workbook whose sheet is 3 GB of spaces, and says that it is ``claimed`` bytes long."""
    head, block, blocks = sheet(b"").partition(b"</sheetData>")[0], b" " * 10_000_000, 300
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    one = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)  # stands for itself, so that it can be repeated
    packed += one * blocks + packer.flush()
    size = len(head) + blocks * len(block)
    with zipfile.ZipFile(io.BytesIO(shared_texts())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != SHEET}
    name = SHEET.encode()
    fields = (20, 0, 8, 0, 0, 0, len(packed), claimed or size, len(name), 0)
    others = zipped(parts)
    end = others.rindex(b"PK\x05\x06")
    count, length, start = struct.unpack("<HII", others[end + 10 : end + 20])
    entry = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", *fields) + name + packed
    listed = b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, *fields, 0, 0, 0, 0, start) + name
    ending = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count + 1, count + 1, length + len(listed), start + len(entry), 0)
    return others[:start] + entry + others[start : start + length] + listed + ending


def repeated(megabytes: int, rows: int) -> bytes:
    """A Parquet file of some hundred bytes in which every row has the same long text."""
    column = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * rows, pyarrow.int32()), ["x" * megabytes * 1_000_000])
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table({"text": column}), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def endless_lists() -> bytes:
    """A Parquet file with a list of 60 million nothings."""
    values = pyarrow.nulls(60_000_000, pyarrow.int32())
    column = pyarrow.ListArray.from_arrays(pyarrow.array([0, len(values)], pyarrow.int32()), values)
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table({"text": ["a"], "list": column}), sink)
    return sink.getvalue().to_pybytes()


REFUSED = {
    "a sheet that unpacks to gigabytes.xlsx": (bomb, "at most 2,000,000,000 are read"),
    "one that says it is small.xlsx": (lambda: bomb(claimed=90), "cannot be read as an Excel workbook"),
    "elements without end.xlsx": (lambda: workbook({SHEET: sheet(b"<a/>" * 5_100_000)}), "more than 5,000,000 elements"),
    "cells without end.xlsx": (
        lambda: workbook({SHEET: sheet(b"<row>%s</row>" % (b"<c/>" * 5_100_000))}),
        "more than 5,000,000 elements",
    ),
    "a long cell.xlsx": (lambda: workbook({SHEET: sheet(inline(b"text") + inline(b"x" * BIG))}), "longer than 16,000,000 bytes"),
    "a long shared text.xlsx": (
        lambda: workbook({STRINGS: b'<sst xmlns="%s"><si><t>%s</t></si></sst>' % (SHEETS, b"x" * BIG)}),
        "longer than 16,000,000 bytes",
    ),
    "a long attribute.xlsx": (lambda: workbook({SHEET: sheet(b'<row a="%s"/>' % (b"x" * BIG))}), "longer than 16,000,000 bytes"),
    "a row far down.xlsx": (
        lambda: workbook({SHEET: sheet(inline(b"text") + b'<row r="999999999999"><c><v>1</v></c></row>')}),
        "more than 1,048,576 rows",
    ),
    "too many columns.xlsx": (
        lambda: workbook({SHEET: sheet(b'<row><c r="A1"><v>1</v></c><c r="ZZZ1"><v>2</v></c></row>')}),
        "at most 16,384 are read",
    ),
    "laughs in a sheet.xlsx": (lambda: workbook({SHEET: sheet(inline(b"&i;"), LAUGHS)}), NO_DEFINITIONS),
    "laughs in the shared texts.xlsx": (lambda: workbook({STRINGS: LAUGHS + ASKED}), NO_DEFINITIONS),
    "laughs in the workbook.xlsx": (
        lambda: workbook({"xl/workbook.xml": LAUGHS + ASKED}),
        NO_DEFINITIONS,
    ),
    "laughs in the list of parts.xlsx": (
        lambda: workbook({"[Content_Types].xml": LAUGHS + ASKED}),
        NO_DEFINITIONS,
    ),
    "laughs in UTF-16.xlsx": (
        lambda: workbook({STRINGS: (LAUGHS + ASKED).decode().encode("utf-16")}),
        NO_DEFINITIONS,
    ),
    "a file of the machine.xlsx": (lambda: workbook({SHEET: sheet(inline(b"&i;"), OUTSIDE)}), NO_DEFINITIONS),
    "a long cell.csv": (lambda: b'text,site\n"' + b"x\n" * (BIG // 2) + b'",a\n', "longer than 16,000,000 characters"),
    "a long line.csv": (lambda: b"text\n" + b"x" * BIG, "longer than 16,000,000 characters"),
    "many cells in a row.csv": (lambda: b"text\n" + b'"\n",' * (BIG // 4), "longer than 16,000,000 characters"),
    "a long line.csv.gz": (
        lambda: gzip.compress(b"text\n") + gzip.compress(b"x" * 10_000_000) * 300,
        "longer than 16,000,000 characters",
    ),
    "much text.csv.gz": (
        lambda: gzip.compress(b"text\n") + gzip.compress((b"x" * 9_999 + b"\n") * 1000) * 300,
        "more than 500,000,000 characters",
    ),
    "many columns.csv": (lambda: b"text" + b",a" * 1_000_000 + b"\na\n" * 1000, "at most 16,384 are read"),
    "many cells.csv": (lambda: b"text" + b"," * 16_000 + b"\n" + b"a\n" * 2_000, "more than 20,000,000 cells"),
    "many problems.csv": (lambda: b"text\n" + b"a,b\n" * 1_000_000, "... and 999950 more problems."),
    "a long cell.jsonl": (lambda: b'{"text": "%s"}' % (b"x" * BIG), "longer than 16,000,000 characters"),
    "many columns.jsonl": (
        lambda: json.dumps({str(n): n for n in range(20_000)}).encode() + b"\n{}" * 10_000,
        "at most 16,384 are read",
    ),
    "deep lists.jsonl": (lambda: b'{"text": %s%s}' % (b"[" * 100_000, b"]" * 100_000), "more than 100 deep"),
    "deep objects.jsonl": (lambda: b'{"text": %s1%s}' % (b'{"a":' * 500, b"}" * 500), "more than 100 deep"),
    "a huge number.jsonl": (lambda: b'{"text": %s}' % (b"9" * 1_000_000), "4300 digits"),
    "a long text.parquet": (lambda: repeated(20, 20_000), "at most 16,000,000 are read"),
    "a text again and again.parquet": (lambda: repeated(1, 1_000_000), "more than 500,000,000 characters"),
    "a list without end.parquet": (endless_lists, "at most 20,000,000 are read"),
}


measures_memory = pytest.mark.skipif(sys.platform == "win32", reason="needs limits of memory, which Windows has not")


@measures_memory
@pytest.mark.parametrize("name", [name for name in REFUSED if tries(name not in SLOW, True)])
def test_it_is_refused_with_the_limit_named(tmp_path, name):
    content, limit = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(content())
    found = measured(path)
    assert limit in found.error
    assert found.error.startswith(str(path))


WIDE = (b"text," + b",".join(b"c%d" % n for n in range(9_999)) + b"\n" + b"Grease it" + b",1" * 9_999 + b"\n") * 2
CLAIM = b'<dimension ref="A1:XFD1048576"/>'
READ = {
    "wide.csv": (lambda: WIDE, 10_000),
    "wide.xlsx": (lambda: table_of("xlsx", [tuple(f"c{n}" for n in range(10_000)), ("Grease it",) * 10_000]), 10_000),
    "wide.parquet": (lambda: table_of("parquet", [tuple(f"c{n}" for n in range(10_000)), ("Grease it",) * 10_000]), 10_000),
    "long.csv": (lambda: b"text\n" + b"x" * 15_000_000, 1),
    "long.jsonl": (lambda: b'{"text": "%s"}' % (b"x" * 15_000_000), 1),
    "with a large pivot table.xlsx": (
        lambda: workbook({}, {"xl/pivotCache/pivotCacheRecords1.xml": b"<a>" + b"<n/>" * 6_000_000 + b"</a>"}),
        1,
    ),
    "claims to be wide.xlsx": (
        lambda: workbook(
            {SHEET: sheet(inline(b"text") * 50_000).replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')}
        ),
        1,
    ),
}


@measures_memory
@pytest.mark.parametrize("name", [name for name in READ if tries(name not in SLOW, True)])
def test_it_is_read_within_the_memory(tmp_path, name):
    content, columns = READ[name]
    path = tmp_path / name
    path.write_bytes(content())
    found = measured(path)
    assert (found.error, found.columns) == ("", columns)
    assert found.rows >= 1


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "cp037", "shift_jis", "utf-7")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\r", "\x0b", "\u2028"])
def test_a_text_in_any_encoding_is_read_or_refused(encoding, end):
    for text in ("text;site\nprüfen “now”;Łódź\n", '{"text": "prüfen \\ud800 \ud83d"}\n{"text": "b"}\n'):
        content = text.replace("\n", end).encode(encoding, "replace")
        for kind in ("csv", "jsonl", "labelled", "verdicts"):
            refused(TARGETS[kind], content)


def test_halves_of_characters_become_one_that_can_be_kept(tmp_path):
    path = tmp_path / "halves.jsonl"
    path.write_bytes(b'{"text": "a\\ud800b", "\\udfff": "\\ud83d\\ude00"}\n')
    table = read_table(path)
    assert table.columns == ("text", "\ufffd")
    assert table.rows[0].values == ("a\ufffdb", "\N{GRINNING FACE}")


def test_a_nul_is_refused(tmp_path):
    path = tmp_path / "nul.csv"
    path.write_bytes(b"text\ngrease\0it\n")
    with pytest.raises(DataError, match=r"nul\.csv holds binary data, not a table\. Save it as CSV \(UTF-8\) and try again\.$"):
        read_table(path)


def test_every_byte_of_a_parquet_footer_may_be_wrong():
    for seed in TARGETS["parquet"].seeds():
        length = struct.unpack("<I", seed[-8:-4])[0]
        for place in range(len(seed) - 8 - length, len(seed), tries(29, 1)):
            for wrong in (0x00, 0x01, 0x7F, 0xFF)[:: tries(3, 1)]:
                refused(TARGETS["parquet"], seed[:place] + bytes([wrong]) + seed[place + 1 :])


def test_a_parquet_footer_of_any_length_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    for length in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
        content = table_of("parquet")
        path.write_bytes(content[:-8] + struct.pack("<I", length) + content[-4:])
        with pytest.raises(
            DataError, match=r"a\.parquet cannot be read as Parquet: .*\. Write the file anew, or save the table as CSV\.$"
        ):
            read_table(path)
