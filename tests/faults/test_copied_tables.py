"""What one kind of table holds and another cannot is written in a way that can be read, or refused with nothing left behind."""

import datetime
import tempfile
import time

import pyarrow
import pytest
from pyarrow import parquet

from faults.fuzz_seeds import KINDS, table_of
from opscope.errors import DataError
from opscope.labelled import read_labelled
from opscope.paste import activities_in_paragraph, pasted_table
from opscope.tables import open_table, read_table, written_table
from opscope.verdicts import key_of

PATIENCE = 5  # seconds; each takes a thousandth


def copied(source, goal):
    with open_table(source) as (table, _), written_table(goal, table, {"new": str}) as writer:
        for row in table.rows:
            writer.write([row], [["n"]])
    return read_table(goal)


@pytest.mark.parametrize("goal", KINDS)
def test_numbers_and_truth_of_a_sheet_are_written_in_every_kind(tmp_path, goal):
    source = tmp_path / "from.xlsx"
    source.write_bytes(table_of("xlsx", [("text", "id", "done"), ("Grease it", 7, True), ("Swap it", 7.5, None)]))
    rows = copied(source, tmp_path / f"to.{goal}").rows
    assert [row.values for row in rows] == [("Grease it", "7", "True", "n"), ("Swap it", "7.5", "", "n")]


@pytest.mark.parametrize("goal", KINDS)
def test_moments_with_a_time_zone_and_old_days_are_written_in_every_kind(tmp_path, goal):
    source = tmp_path / "from.parquet"
    moment = datetime.datetime(2026, 5, 1, 14, 30, tzinfo=datetime.UTC)
    parquet.write_table(pyarrow.table({"text": ["a"], "when": [moment], "day": [datetime.date(1815, 12, 10)]}), source)
    (row,) = copied(source, tmp_path / f"to.{goal}").rows
    assert row.values[1].replace(" ", "T") == "2026-05-01T14:30:00+00:00"
    assert row.values[2] == "1815-12-10"


@pytest.mark.parametrize("goal", [kind for kind in KINDS if kind != "jsonl"])
def test_half_a_character_becomes_one_that_says_so(tmp_path, goal):
    source = tmp_path / "from.jsonl"
    source.write_bytes(b'{"text": "a\\ud800b", "half\\udfff": 1}\n')
    table = copied(source, tmp_path / f"to.{goal}")
    assert table.columns[:2] == ("text", "half\ufffd")
    assert table.rows[0].values[0] == "a\ufffdb"


@pytest.mark.parametrize("goal", ["csv", "parquet", "xlsx"])
def test_a_copy_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, goal):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    source = tmp_path / "from.jsonl"
    source.write_bytes(b'{"text": "a"}\nno JSON\n')
    with pytest.raises(DataError, match="line 2: this is no JSON"):
        copied(source, tmp_path / f"to.{goal}")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [source]


@pytest.mark.parametrize(
    "search",
    [
        lambda path: activities_in_paragraph("a" + " " * 300_000 + "b"),
        lambda path: pasted_table("a" + "\u0300\u0316" * 100_000),
        lambda path: pasted_table("\t".join(["text", *map(str, range(50_000))]) + "\n"),
        lambda path: key_of("a" + "\u0300\u0316" * 100_000),
        lambda path: path.write_text("text,label\n=a" + "$" * 19_000 + ",ops\n", encoding="utf-8") and read_labelled(path),
    ],
    ids=["spaces", "accents", "columns", "accents of a key", "dollars"],
)
def test_a_text_is_not_searched_in_all_ways(tmp_path, search):
    began = time.monotonic()
    search(tmp_path / "labelled.csv")
    assert time.monotonic() - began < PATIENCE
