"""Seeds of the fuzzing: small real files of every kind that a reader takes."""

import bz2
import gzip
import io
import json
import lzma
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow
from pyarrow import parquet

from faults.fuzz_inputs import zipped
from opscope.familiarity import FEATURES, FORMS, Familiarity
from opscope.guide import guide
from opscope.paths import shipped
from opscope.registry import SCORER
from opscope.scorer import Scorer
from opscope.scorer_file import save_scorer
from opscope.tables import as_csv
from opscope.verdict_tables import verdict_columns
from opscope.verdicts import Verdict

SHEETS = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
KINDS = ("csv", "tsv", "jsonl", "parquet", "xlsx")
PACKED = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
_MEMORY = Path("/dev/shm")  # files in memory make the tries several times as fast
_ROWS = [
    ("text", "label", "function", "id"),
    ("Grease the chain of the filler", "production", "equipment_maintenance", "007"),
    ("Renegotiate the resin contract; with “both” suppliers", "Ops", "", "8"),
    ('Swap the 12" nozzles, line 2', "production", "", ""),
]


@contextmanager
def file_of(content: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="opscope-fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def table_of(kind: str, rows: list[tuple] = _ROWS) -> bytes:
    """A small real table of this kind."""
    if kind in ("csv", "tsv"):
        separator = "," if kind == "csv" else "\t"
        quoted = (['"' + str(cell).replace('"', '""') + '"' for cell in row] for row in rows)
        return "\n".join(map(separator.join, quoted)).encode()
    if kind == "jsonl":
        return "\n".join(json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]).encode()
    buffer = io.BytesIO()
    if kind == "parquet":
        table = pyarrow.table({name: list(cells) for name, *cells in zip(*rows, strict=True)})
        parquet.write_table(table, buffer)
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.create_sheet("review").append(("text", "label"))
        book.save(buffer)
    return buffer.getvalue()


def texts() -> list[bytes]:
    plain = 'text;site\r\nGrease the chain;Łódź\r\n\r\n"Swap\nboth";\n'
    encoded = [plain.encode(encoding, "replace") for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "cp1252")]
    return [table_of("csv"), table_of("tsv"), *encoded, b"text\nprobl\xe8me, \x93now\x94\n", b"\n,,\na,b,c\n"]


def jsons() -> list[bytes]:
    odd = '{"text": "a", "n": 1e999, "deep": [[{"x": [null, true]}]], "big": 123456789012345678901, "half": "\\ud800"}\n{}\n'
    return [table_of("jsonl"), odd.encode(), odd.encode("utf-16")]


def parquets() -> list[bytes]:
    odd = pyarrow.table(
        {
            "text": pyarrow.array(["a", None, "b"]).dictionary_encode(),
            "nested": [[1], [], None],
            "price": [Decimal("1.50"), None, Decimal("-2.00")],
            "day": [date(2026, 5, 1), None, date(1, 1, 1)],
            "when": pyarrow.array([datetime(2026, 5, 1, tzinfo=UTC)] * 3, pyarrow.timestamp("ns", "Europe/Warsaw")),
            "map": pyarrow.array([[("a", 1)], None, []], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
            "raw": [b"\xff", b"", None],
            "took": pyarrow.array([1, 2, None], pyarrow.duration("us")),
        }
    )
    files = [table_of("parquet")]
    for options in ({"compression": "none"}, {"compression": "zstd", "data_page_version": "2.0"}):
        buffer = io.BytesIO()
        parquet.write_table(odd, buffer, row_group_size=2, **options)
        files.append(buffer.getvalue())
    return files


def workbooks() -> list[bytes]:
    odd = [
        ("text", date(2026, 5, 1), None, 1.5),
        ("=A1", True, datetime(2026, 5, 1, 12), -1),
        (None, None, None, None),
        ("x", "#N/A"),
    ]
    return [table_of("xlsx"), table_of("xlsx", odd), shared_texts()]


def shared_texts() -> bytes:
    """A workbook as Excel writes it, with its texts in a part of their own."""
    with zipfile.ZipFile(io.BytesIO(table_of("xlsx"))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    rows = b'<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row>'
    parts["xl/worksheets/sheet1.xml"] = b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (SHEETS, rows)
    texts = b"<si><t>text</t></si><si><r><t>Grease</t></r><r><t>it</t></r></si>"
    parts["xl/sharedStrings.xml"] = b'<sst xmlns="%s">%s</sst>' % (SHEETS, texts)
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    listed = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", listed)
    return zipped(parts)


def labelled_tables() -> list[bytes]:
    return [table_of("csv"), b"id,Description,Scope\n1,Grease it,Production-scoped\n2,,opps\n"]


def copies() -> list[bytes]:
    files = [[table_of("csv")], [table_of("tsv")], jsons()[:2], parquets()[:2], workbooks()]
    return [bytes((kind, goal)) + file for kind, found in enumerate(files) for file in found for goal in range(len(KINDS))]


def verdicts() -> list[bytes]:
    moment = datetime(2026, 5, 1, 14, 30, tzinfo=UTC)
    verdict = Verdict(text="Grease it", verdict="accept", label="production", reviewer="Ada", when=moment, reason="'=A1")
    table = as_csv(verdict_columns([verdict, replace(verdict, predicted_probability=0.93)]))
    return [table_of("csv"), table, b"text,label\nGrease it,cannot decide\nSwap it,\n"]


def version_files(name: str) -> Callable[[], list[bytes]]:
    """The files of this name in the shipped models folder."""
    return lambda: [path.read_bytes() for path in sorted(shipped("models").rglob(name))]


def scorers() -> list[bytes]:
    words, pieces, functions, forms = ("grease", "chain"), ("##s",), tuple(guide().functions), FORMS
    rows, heads = len(words) + len(pieces), len(functions) + len(forms)
    scorer = Scorer(
        words, pieces, ("grease chain",), functions, forms, np.ones(rows), np.ones(1), np.ones((rows, heads), "int8"),
        np.ones(rows, "float32"), np.ones(1 + heads), np.zeros(2, bool), np.zeros(2, bool),
    )  # fmt: skip
    found = []
    for familiarity in (None, Familiarity(1.0, 2.0, 3.0, 4.0, np.ones(FEATURES))):
        with file_of(b"", SCORER) as path:
            save_scorer(scorer, familiarity, path)
            found.append(path.read_bytes())
    return found


def guides() -> list[bytes]:
    """A guide of the first entry of each table of the shipped one with short texts, which names no others."""
    raw = tomllib.loads(shipped("data/guide.toml").read_text(encoding="utf-8"))
    return [_as_toml({name: _first(entries, 2 if name == "labels" else 1) for name, entries in raw.items()}).encode()]


def _first(value, many: int):
    if isinstance(value, dict):
        return {key: _shortened(entry) for key, entry in list(value.items())[:many]}
    return [_shortened(entry) for entry in value[:many]] if isinstance(value, list) else value


def _shortened(entry: dict) -> dict:
    kept = ("label", "id")
    short = {name: value[:8] if isinstance(value, str) and name not in kept else value for name, value in entry.items()}
    return {
        name: [] if isinstance(value, list) and name in ("sources", "functions", "topics") else value
        for name, value in short.items()
    }


def _as_toml(value, depth: int = 0) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {_as_toml(inner, depth + 1)}" for key, inner in value.items())
        return "{" + ", ".join(pairs) + "}" if depth else "\n".join(pairs)
    return "[" + ", ".join(_as_toml(inner, depth + 1) for inner in value) + "]" if isinstance(value, list) else json.dumps(value)


def settings_files() -> list[bytes]:
    return [
        b'models = "m"\nreviews = "sqlite:///r"\npolicy = "strict"\nuser = "Ada"\nmost_rows_uploaded = 7\nsign_in = true\n'
        b'seconds_per_review = 20\nroles_claim = "groups"\ndefault_role = "viewer"\n[role_of]\n"plant" = "approver"\n',
        b"user = 1979-05-27T07:32:00Z\nmost_rows_uploaded = 0x_f\nrole_of = {a = {b = 1}}\npolicy = [1.5, inf]\n",
    ]


def pastes() -> list[bytes]:
    return [
        "• Grease the chain\n 1.2) Swap it; then\tsweep\n[x] “Done”.  Next Step ; more\n".encode(),
        b'text\tsite\nGrease it\tLyon\n"Swap\nboth"\tLyon\n\t\n',
    ]
