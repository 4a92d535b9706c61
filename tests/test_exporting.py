import csv
import io
import sys
from datetime import UTC, datetime

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscope.errors import DataError
from opscope.exporting import SHEETS, csv_of, workbook
from opscope.formats.base import Row
from opscope.guide import guide
from opscope.results import RESULT_COLUMNS
from opscope.tables import Table, read_table
from opscope.tagged_list import TaggedList
from opscope.text import MAX_CHARACTERS
from opscope.verdict_tables import read_verdicts

GREASE, RESIN = "Re-grind the die after the burr complaint from line 2", "Renegotiate the resin contract with both suppliers"
COLUMNS = ("code", "task", "label", "=note")
ROWS = (
    ("007", GREASE, "x", "=1+1"),
    ("008", RESIN, "y", "+SUM(A1:A2)"),
    ("1.0", "=scrap", "", "'=kept"),
    ("1e5", "", "", "-"),
    ("TRUE", "=HYPERLINK(7)", "", "@a"),
    ("2026-01-02", "Where is the key?", "", "  spaces  "),
)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def tagged(model):
    return TaggedList.of_table(model, table_of(ROWS), 1)


def table_of(rows, columns=COLUMNS):
    return Table("in/tickets.csv", columns, tuple(Row(number, cells) for number, cells in enumerate(rows, start=2)))


@pytest.fixture(scope="module")
def book(tagged):
    return openpyxl.load_workbook(io.BytesIO(workbook(tagged)))


def cells_of(sheet):
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def columns_of(sheet):
    header, *rows = cells_of(sheet)
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def test_the_workbook_has_its_sheets_in_order(book):
    assert tuple(book.sheetnames) == SHEETS == ("results", "review", "rejected", "summary", "about")


def test_results_hold_every_input_column_untouched_and_then_the_results(book, tagged):
    header, *rows = cells_of(book["results"])
    assert header == [*COLUMNS, "opscope_label", *RESULT_COLUMNS[1:]]
    assert [[cell or "" for cell in row[:4]] for row in rows] == [list(cells) for cells in ROWS]
    first = tagged.predictions[0]
    assert rows[0][4:] == [
        "production", round(first.probability, 6), "production", "equipment_maintenance", "production management", first.reason,
        None, tagged.model_version,
    ]  # fmt: skip


def test_texts_stay_texts_and_no_cell_is_a_formula(book):
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.number_format == "@" or not isinstance(cell.value, str)
    assert [cell.data_type for cell in book["results"]["A"][1:]] == ["s"] * 6


def test_every_sheet_has_a_frozen_header_filters_widths_and_wrapped_text(book):
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert all(8 <= column.width <= 100 for column in sheet.column_dimensions.values())
        assert len(sheet.column_dimensions) == sheet.max_column
        assert all(cell.alignment.wrap_text and cell.font.bold for cell in sheet[1])
        assert all(cell.alignment.wrap_text for row in sheet.iter_rows(min_row=2) for cell in row)


def test_review_holds_what_a_person_should_decide_with_the_question_and_room_to_answer(book, tagged):
    columns = columns_of(book["review"])
    assert columns["row"] == [4, 6, 7]
    assert columns["text"] == ["=scrap", "=HYPERLINK(7)", "Where is the key?"]
    assert columns["question"] == [tagged.predictions[place].question for place in (2, 4, 5)]
    assert columns["predicted_decision"] == ["review", "unfamiliar", "unfamiliar"]
    assert {name: set(columns[name]) for name in ("label", "function", "reason", "reviewer")} == {
        name: {None} for name in ("label", "function", "reason", "reviewer")
    }


def test_review_offers_labels_and_functions(book):
    sheet = book["review"]
    offered = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    assert offered == {"D2:D4": '"operations,production,cannot_decide"', "E2:E4": "summary!$B$12:$B$37"}
    assert [cell.value for (cell,) in book["summary"]["B12:B37"]] == list(guide().functions)


def test_a_filled_in_review_sheet_is_taken_as_verdicts_and_no_other_sheet_is(tmp_path, tagged):
    path = tmp_path / "tagged.xlsx"
    path.write_bytes(workbook(tagged))
    assert read_verdicts(path, now=NOW, reviewer="Anna") == []
    book = openpyxl.load_workbook(path)
    sheet = book["review"]
    for cell, value in (("D2", "production"), ("E2", "Cost of making"), ("F2", "one line"), ("G2", "Ben"), ("D4", "cannot_decide")):
        sheet[cell] = value
    book.save(path)
    found = read_verdicts(path, now=NOW, reviewer="Anna")
    assert [(v.text, v.verdict, v.label, v.function, v.reason, v.reviewer) for v in found] == [
        ("=scrap", "accept", "production", "production_cost", "one line", "Ben"),
        ("Where is the key?", "cannot_decide", "", "", "", "Anna"),
    ]
    assert all(v.saw_prediction and v.model_version == tagged.model_version for v in found)
    assert found[0].predicted_probability == pytest.approx(tagged.predictions[2].probability, abs=1e-6)


def test_an_apostrophe_before_a_formula_comes_back_as_it_was(tmp_path, model):
    text = "'=SUM(a) of it"
    path = tmp_path / "tagged.xlsx"
    tagged = TaggedList.of_texts(model, [text])
    assert tagged.to_review == (0,)
    path.write_bytes(workbook(tagged))
    book = openpyxl.load_workbook(path)
    book["review"]["D2"] = "operations"
    book.save(path)
    assert [verdict.text for verdict in read_verdicts(path, now=NOW, reviewer="Anna")] == [text]


def test_rejected_rows_are_told_with_row_reason_and_fix(model):
    tagged = TaggedList.of_texts(model, [GREASE, "", "x" * (MAX_CHARACTERS + 1)])
    (sheet,) = (s for s in openpyxl.load_workbook(io.BytesIO(workbook(tagged))) if s.title == "rejected")
    header, *rows = cells_of(sheet)
    assert header == ["row", "text", "reason", "fix"]
    assert rows[0] == [2, None, "The text is empty.", "Write what is done, to what, and where."]
    assert (rows[1][0], rows[1][2:]) == (
        3,
        ["The text has 20,001 characters and at most 20,000 are read.", "Split it into one activity a row."],
    )


def test_the_summary_sheet_counts_and_gives_shares(book, tagged):
    rows = {(row[0], row[1]): row[3:] for row in cells_of(book["summary"])[1:]}
    told = tagged.summary
    assert rows["rows", "decided"] == [2, 0.333333, "all rows"]
    assert rows["rows", "to_review"] == [3, 0.5, "all rows"]
    assert rows["rows", "rejected"] == [1, 0.166667, "all rows"]
    assert rows["rows", "expected_wrong"][0] == round(told.expected_wrong, 2)
    assert rows["decision", "unfamiliar"] == [3, 0.5, "all rows"]
    assert rows["label", "production"] == [2, 0.666667, "activities, decided or in review"]
    assert rows["function", "procurement"] == [1, 0.333333, "activities, decided or in review"]
    assert {row.number_format for row in book["summary"]["E"][1:]} == {"0.0%"}


def test_the_about_sheet_tells_versions_promise_meanings_and_limits(book, tagged):
    told = dict(cells_of(book["about"])[1:])
    assert told["List"] == "tickets.csv, 6 rows"
    assert told["Model version"] == tagged.model_version
    assert (told["Guide version"], told["Policy"]) == ("1", "balanced")
    assert told["Tagged"] == f"{tagged.when:%Y-%m-%d %H:%M} UTC"
    assert told["What the policy promises"] == (
        "At most 5 % of the labels given without a person are wrong, on activities like those that opscope was tested on "
        "(tested with 90 % confidence). A list of another kind may fare worse: check some of its rows."
    )
    assert {"production (production-scoped)", "operations (operations-wide)", "review", "unfamiliar", "Limit"} <= set(told)


def test_a_list_without_rows_gives_a_workbook(model):
    book = openpyxl.load_workbook(io.BytesIO(workbook(TaggedList.of_texts(model, []))))
    assert cells_of(book["results"]) == [["text", *RESULT_COLUMNS]]
    assert "No label was given without a person." in [row[2] for row in cells_of(book["summary"])]


def test_a_text_longer_than_a_cell_is_cut_and_says_so(model):
    tagged = TaggedList.of_texts(model, ["x" * 40_000])
    (cell,) = columns_of(openpyxl.load_workbook(io.BytesIO(workbook(tagged)))["results"])["text"]
    assert len(cell) == 32_767
    assert cell.endswith("x … (cut here: the text has 40,000 characters)")


def test_characters_that_no_workbook_keeps_are_replaced(model):
    tagged = TaggedList.of_table(model, table_of([("\x00\x0b\ud800\uffff\t", "Grease\x1b the chain")], ("\x07code", "task")), 1)
    header, row = cells_of(openpyxl.load_workbook(io.BytesIO(workbook(tagged)))["results"])
    assert header[0] == "\ufffdcode"
    assert row[:2] == ["\ufffd" * 4 + "\t", "Grease\ufffd the chain"]


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(st.characters(), max_size=40), min_size=1, max_size=5))
def test_any_text_is_a_text_in_the_workbook(model, texts):
    tagged = TaggedList.of_table(model, table_of([(text, text) for text in texts], (texts[0], "task")), 1)
    for sheet in openpyxl.load_workbook(io.BytesIO(workbook(tagged))):
        assert all(cell.data_type in ("s", "n", "inlineStr") for row in sheet.iter_rows() for cell in row)
    found = list(csv.reader(io.StringIO(csv_of(tagged).decode("utf-8-sig"), newline="")))
    assert len(found) == 1 + len(texts)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in found for cell in row)


def test_a_sheet_that_would_be_too_long_is_refused(monkeypatch, tagged):
    monkeypatch.setattr("opscope.formats.workbook._MOST_ROWS", 6)
    with pytest.raises(DataError, match=r"^A sheet holds at most 6 rows and results has 7\. Download CSV instead\.$"):
        workbook(tagged)


def test_a_missing_library_is_named(monkeypatch, tagged):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    monkeypatch.delitem(sys.modules, "opscope.formats.workbook", raising=False)
    message = r"^For xlsx files openpyxl is needed, which is not installed: pip install 'opscope\[files\]'$"
    with pytest.raises(DataError, match=message):
        workbook(tagged)


def test_csv_holds_the_same_with_formulas_disarmed(tmp_path, tagged):
    path = tmp_path / "tagged.csv"
    path.write_bytes(csv_of(tagged))
    table = read_table(path)
    assert table.columns == ("code", "task", "label", "'=note", "opscope_label", *RESULT_COLUMNS[1:])
    assert [row.values[:4] for row in table.rows[:3]] == [
        ("007", GREASE, "x", "'=1+1"),
        ("008", RESIN, "y", "'+SUM(A1:A2)"),
        ("1.0", "'=scrap", "", "'=kept"),
    ]
    assert table.rows[0].values[4] == "production"


def test_csv_keeps_columns_of_the_same_name(tmp_path, model):
    tagged = TaggedList.of_table(model, table_of([("a", GREASE, "b", "c")], ("site", "task", "site", "site (2)")), 1)
    path = tmp_path / "tagged.csv"
    path.write_bytes(csv_of(tagged))
    table = read_table(path)
    assert table.columns[:4] == ("site", "task", "site (2)", "site (2) (2)")
    assert table.rows[0].values[:4] == ("a", GREASE, "b", "c")


def test_characters_that_no_csv_keeps_are_replaced(tmp_path, model):
    path = tmp_path / "tagged.csv"
    path.write_bytes(csv_of(TaggedList.of_table(model, table_of([("\x00\ud800\x07", GREASE)], ("\udfffcode", "task")), 1)))
    table = read_table(path)
    assert (table.columns[0], table.rows[0].values[0]) == ("\ufffdcode", "\ufffd\ufffd\x07")
