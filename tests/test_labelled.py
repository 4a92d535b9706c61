import re
import zipfile

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from opscope.errors import DataError
from opscope.labelled import MOST_ROWS, function_of, label_of, read_dataset, read_labelled


def written(tmp_path, content, name="labels.csv"):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("spelling", ["production", "Production-scoped", " PRODUCTION_SCOPED ", "prod.", "Production scope"])
def test_usual_spellings_of_production(spelling):
    assert label_of(spelling) == "production"


@pytest.mark.parametrize("spelling", ["operations", "Operations-wide", "Ops", "operations wide", "OPERATION"])
def test_usual_spellings_of_operations(spelling):
    assert label_of(spelling) == "operations"


@pytest.mark.parametrize("spelling", ["", "0", "1", "plant", "no production", "production and operations", "?"])
def test_what_is_not_clear_is_no_label(spelling):
    assert label_of(spelling) is None


def test_a_function_may_be_written_as_its_title():
    assert function_of("Equipment maintenance") == function_of("equipment-maintenance") == "equipment_maintenance"
    assert function_of("Logistics and Distribution") == function_of("logistics & distribution") == "logistics_distribution"
    assert function_of("maintenance of it all") is None


def test_columns_may_be_chosen(tmp_path):
    path = written(tmp_path, "What;Who decides;text\ngrease the chain;Prod;t1\npay the carrier;Ops;t2\n")
    found = read_labelled(path, text_column="what", label_column="WHO DECIDES")
    assert list(zip(found.dataset.texts, found.dataset.labels, found.rows, strict=True)) == [
        ("grease the chain", "production", 2),
        ("pay the carrier", "operations", 3),
    ]
    with pytest.raises(DataError, match=r"has no column 'scope'\. Columns are: What, Who decides, text\. .*--label-column NAME\.$"):
        read_labelled(path, label_column="scope")


def test_codes_stay_text_in_every_kind_of_table(tmp_path):
    columns = {"id": ["007", "1e3"], "text": ["grease the chain", "pay the carrier"], "label": ["prod", "ops"]}
    book = openpyxl.Workbook()
    for row in zip(*([name, *cells] for name, cells in columns.items()), strict=True):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    written(tmp_path, "id,text,label\n007,grease the chain,prod\n1e3,pay the carrier,ops\n", "a.csv")
    for name in ("a.xlsx", "a.parquet", "a.csv"):
        found = read_dataset(tmp_path / name)
        assert [example.id for example in found.examples] == ["007", "1e3"], name
        assert found.labels == ["production", "operations"]


BAD_TABLES = {
    "no label column": (
        "text,site\ngrease the chain,Lyon\n",
        "has no label column. Columns are: text, site. Name one of them label and fill it with operations or production, "
        "or say which it is with --label-column NAME.",
    ),
    "numbers for labels": (
        "text,label\ngrease the chain,0\npay the carrier,1\n",
        ": the column 'label' holds numbers (0, 1), expected operations or production. "
        "Replace each number by the label it stands for, or name another column with --label-column NAME.",
    ),
    "a column twice": (
        "text,label,Label\ngrease the chain,prod,ops\n",
        " has 2 columns named 'label'. Rename or delete all but one.",
    ),
    "the text twice": (
        "text,label,text\ngrease the chain,prod,a\n",
        " has 2 columns named 'text'. Rename or delete all but one.",
    ),
    "a header alone": ("text,label\n", " has a header and no rows. Add one activity a row."),
}


@pytest.mark.parametrize(("content", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_a_table_that_cannot_be_learned_from_says_what_to_do(tmp_path, content, message):
    path = written(tmp_path, content)
    with pytest.raises(DataError, match=re.escape(message) + "$"):
        read_labelled(path)


def test_two_million_rows_are_refused_at_once(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("w", encoding="utf-8") as handle:
        handle.write("text,label\n")
        for _ in range(20):
            handle.write("Grease the chain of the filler,production\n" * 100_000)
    message = f"has more than {MOST_ROWS:,} rows, the most that are trained on: more take hours and teach little."
    with pytest.raises(DataError, match=re.escape(message)):
        read_labelled(path)


@pytest.mark.parametrize("formula", ["=SUM(A1:A9)", '=HYPERLINK("http://x","y")', "=A1+B2", "= VLOOKUP(A2,B:C,2)"])
def test_a_formula_is_no_activity(tmp_path, formula):
    path = tmp_path / "labels.csv"
    quoted = formula.replace('"', '""')
    path.write_text(f'text,label\n"{quoted}",production\n"= the usual: grease the chain",production\n', encoding="utf-8")
    (fault,) = read_labelled(path).rejected
    assert (fault.row, fault.column) == (2, "text")
    assert fault.problem.endswith("a formula of a spreadsheet.")
    assert fault.fix == "Put the text in its place that it shows, or delete the row."


def test_a_slip_is_answered_with_what_is_meant(tmp_path):
    path = written(tmp_path, "text,label,function\ngrease the chain,Prodcution,\npay the carrier,ops,finnance\nvet it,xyz,qqq\n")
    assert [fault.fix for fault in read_labelled(path).rejected][:3] == [
        "Write production if that is meant, or delete the row.",
        "Write finance if that is meant, or leave it empty.",
        "Correct it, or delete the row.",
    ]


def test_a_corrected_label_takes_the_place_of_the_one_in_the_row(tmp_path):
    path = written(tmp_path, "text,label,function\ngrease the chain,ops,finance\npay the carrier,what,\n")
    found = read_labelled(path, corrected={2: "production", 3: "operations"})
    assert not found.rejected
    assert [(example.label, example.function) for example in found.dataset.examples] == [("production", ""), ("operations", "")]


def test_a_workbook_that_is_none_is_named(tmp_path):
    path = tmp_path / "labels.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.txt", "no sheet")
    with pytest.raises(DataError, match="cannot be read as an Excel workbook"):
        read_labelled(path)
