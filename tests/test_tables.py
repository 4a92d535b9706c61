import csv
import datetime
import gzip
import json
import os
import re

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from opscope.errors import DataError
from opscope.tables import as_csv, find_column, open_table, read_table, sheets_of, written_table

ROWS = [("7", "grease; the chain"), ("8", "prüfen, “now”")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encoding_and_separator_are_found(tmp_path, encoding, separator):
    path = tmp_path / "list.csv"
    lines = [separator.join(["id", "Text"])] + [separator.join([number, f'"{text}"']) for number, text in ROWS]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    table = read_table(path)
    assert table.columns == ("id", "Text")
    assert [row.values for row in table.rows] == ROWS
    assert find_column(table.path, table.columns, None) == 1


def test_rows_are_numbered_as_in_a_spreadsheet_and_filled_up(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("text,site\n\ngrease the chain\nswap,Lyon\n", encoding="utf-8")
    assert [(row.number, row.values) for row in read_table(path).rows] == [(3, ("grease the chain", "")), (4, ("swap", "Lyon"))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "{path} is empty. It needs a header row with a text column, and one activity a row."),
        (b" \n\n", "{path} is empty. It needs a header row with a text column, and one activity a row."),
        (b"text\x00\x01\x02,b\n", "{path} holds binary data, not a table. Save it as CSV (UTF-8) and try again."),
        (
            b"text,site\na,b,c\n",
            "{path}, row 2: 3 cells where the header has 2; 'c' belongs to no column. Put quotes around a text that holds ','.",
        ),
    ],
)
def test_a_bad_file_says_what_to_do(tmp_path, content, message):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"^{re.escape(message.format(path=path))}$"):
        read_table(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv does not exist\. Check the spelling and the folder you are in\.$"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"is a folder\. Name a file in it\.$"):
        read_table(tmp_path)


def test_a_missing_text_column_lists_the_columns():
    columns = ("code", "site")
    with pytest.raises(DataError, match=r"Columns are: code, site\. Say which holds the activities with --text-column NAME\.$"):
        find_column("list.csv", columns, None)
    with pytest.raises(DataError, match="has no column 'notes'"):
        find_column("list.csv", columns, "notes")
    assert find_column("list.csv", columns, "SITE") == 1


def test_one_column_needs_no_known_name():
    assert find_column("list.csv", ("Was zu tun ist",), None) == 0


def copied(source, target, **options):
    """Reads one table and writes it as another, with a column of text and one of numbers after its own."""
    with open_table(source) as (table, _):
        with written_table(target, table, {"new": str, "share": float}, **options) as writer:
            for row in table.rows:
                writer.write([row], [["added"], [0.5]])


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "tsv.bz2", "jsonl", "jsonl.xz", "parquet", "xlsx"])
def test_every_kind_of_table_gives_back_what_was_written(tmp_path, ending):
    source, target = tmp_path / "in.csv", tmp_path / f"out.{ending}"
    cells = [("1", "=SUM(A1)"), ("2", "line\nbreak, and “quotes”"), ("3", "tab\there"), ("007", " spaces ")]
    with source.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([("id", "text"), *cells])
    copied(source, target)
    table = read_table(target)
    assert table.columns == ("id", "text", "new", "share")
    assert [row.values for row in table.rows] == [(*own, "added", "0.5") for own in cells]
    assert sorted(os.listdir(tmp_path)) == ["in.csv", f"out.{ending}"]


def test_parquet_keeps_its_types(tmp_path):
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    own = pyarrow.table(
        {
            "text": ["grease the chain", None],
            "when": pyarrow.array([0, 86_400], pyarrow.timestamp("s")),
            "ratio": pyarrow.array([0.25, None], pyarrow.float32()),
            "tags": [["a", "b"], []],
        }
    )
    parquet.write_table(own, source)
    copied(source, target)
    assert parquet.read_table(target).select(own.column_names).equals(parquet.read_table(source))


def test_json_lines_keep_their_names_and_a_name_too_many_is_no_column(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "a", "n": {"deep": [1]}}\n\n{"text": "b", "more": null}\n', encoding="utf-8")
    copied(source, tmp_path / "out.jsonl")
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()] == [
        {"text": "a", "n": {"deep": [1]}, "new": "added", "share": 0.5},
        {"text": "b", "more": None, "new": "added", "share": 0.5},
    ]
    with pytest.raises(DataError, match=r"row 3 has 'more', which the first row has not, .* or give every row the same names\.$"):
        copied(source, tmp_path / "out.csv")
    assert sorted(os.listdir(tmp_path)) == ["in.jsonl", "out.jsonl"]


def test_workbook_values_keep_their_types(tmp_path):
    source, target = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    book = openpyxl.Workbook()
    rows = [
        (None, None, None),
        ("text", "when", "n"),
        ("grease", datetime.datetime(2026, 3, 1, 6, 30), 1.5),
        (None, None, None),
        (7, None, True),
    ]
    for row in rows:
        book.active.append(row)
    book.save(source)
    assert [(row.number, row.values) for row in read_table(source).rows] == [
        (3, ("grease", "2026-03-01T06:30:00", "1.5")),
        (5, ("7", "", "True")),
    ]
    copied(source, target)
    sheet = openpyxl.load_workbook(target).active
    assert list(sheet.iter_rows(values_only=True)) == [
        ("text", "when", "n", "new", "share"),
        ("grease", datetime.datetime(2026, 3, 1, 6, 30), 1.5, "added", 0.5),
        (7, None, True, "added", 0.5),
    ]


BAD_TABLES = [
    ("in.jsonl", b"[1, 2]\n", '{path}, line 1: expected an object such as {{"text": ...}}, got [1, 2].'),
    ("in.jsonl", b'{"text": "a"}\n{"text"\n', "{path}, line 2: this is no JSON (Expecting ':' delimiter"),
    ("in.jsonl", b"\n", "{path} is empty. It needs an object a line, each with a text."),
    ("in.parquet", b"PAR1 and nothing", "{path} cannot be read as Parquet: "),
    ("in.xlsx", b"no workbook", "{path} cannot be read as an Excel workbook: File is not a zip file"),
    ("in.csv.gz", b"text\na\n", "{path} is damaged, or not packed as its name says: Not a gzipped file (b'te'). Pack it again."),
    (
        "in.csv.gz",
        gzip.compress(b"text\n" + bytes(range(32, 127)) * 999)[:-40],
        "{path} is damaged, or not packed as its name says: ",
    ),
    ("in.csv.xz", b"text\na\n", "{path} is damaged, or not packed as its name says: Input format not supported by decoder."),
    ("in.ods", b"", "{path}: .ods files are not read or written. Save the table as csv, tsv, jsonl, parquet, xlsx."),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD_TABLES, ids=[message[:40] for _, _, message in BAD_TABLES])
def test_a_damaged_table_is_named_and_leaves_no_output(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"^{re.escape(message.format(path=path))}"):
        copied(path, tmp_path / "out.csv")
    assert os.listdir(tmp_path) == [name]


def test_bytes_that_are_not_utf_8_are_read_as_windows_1252_and_spoil_no_others(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("text\nprüfen\n".encode() + "größer\n".encode("cp1252"))
    assert [row.values for row in read_table(path).rows] == [("prüfen",), ("größer",)]


def test_rows_stream(tmp_path):
    """The first row comes before a mistake further down is met, and the mistake is still told."""
    path = tmp_path / "list.csv"
    path.write_text("text\nfirst\n" + "fine\n" * 9 + "one,too many\n" + "fine\n" * 9 + "two,too many\n", encoding="utf-8")
    with open_table(path) as (table, _):
        assert next(table.rows).values == ["first"]
        with pytest.raises(DataError, match="(?s)row 12: 2 cells where the header has 1; .*row 22: 2 cells"):
            list(table.rows)


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text\na\n", encoding="utf-8")
    copied(source, target)
    before = target.read_bytes()
    with open_table(source) as (table, _), pytest.raises(DataError, match="^the third row fails$"):
        with written_table(target, table, {"new": str}) as writer:
            writer.write(list(table.rows), [["x"]])
            raise DataError("the third row fails")
    assert target.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "out.csv"]


def test_a_full_disk_and_a_missing_folder_are_named(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("text\na\n", encoding="utf-8")
    message = "/dev/full cannot be written: No space left on device. Make room, or name another file."
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        copied(source, "/dev/full")
    with pytest.raises(DataError, match=r"so out\.csv cannot be written there\. Make it first\.$"):
        copied(source, tmp_path / "none" / "out.csv")


def test_formulas_are_disarmed_for_spreadsheets():
    assert as_csv({"a": ["=1+1", "-2", "@x", "fine"], "n": [1, 2, 3, 4]}).decode("utf-8-sig") == (
        "a,n\n'=1+1,1\n'-2,2\n'@x,3\nfine,4\n"
    )


def test_a_sheet_of_a_workbook_may_be_chosen(tmp_path):
    path, book = tmp_path / "book.xlsx", openpyxl.Workbook()
    for name, text in (("notes", "seen"), ("tasks", "Grease the chain")):
        sheet = book.create_sheet(name)
        sheet.append(["text"])
        sheet.append([text])
    del book["Sheet"]
    book.save(path)
    assert sheets_of(path) == ("notes", "tasks")
    assert [read_table(path, sheet=sheet).rows[0].values for sheet in (None, "tasks")] == [("seen",), ("Grease the chain",)]
    with pytest.raises(DataError, match=r"book\.xlsx has no sheet 'x'\. Sheets are: notes, tasks\.$"):
        read_table(path, sheet="x")
    assert sheets_of("a.csv") == ()
