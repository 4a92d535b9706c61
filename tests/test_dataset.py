import re

import pytest

from opscope.dataset import Dataset, Example
from opscope.errors import DataError
from opscope.labelled import read_dataset


def written(tmp_path, content):
    path = tmp_path / "labels.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_columns_are_found_in_any_order_and_case(tmp_path):
    path = written(tmp_path, "Label,ID,Text,function\nproduction,7,grease the chain,equipment_maintenance\n")
    assert read_dataset(path).examples == (
        Example(text="grease the chain", label="production", function="equipment_maintenance", id="7"),
    )


def test_every_problem_is_listed_with_its_row(tmp_path):
    path = written(
        tmp_path,
        "text,label,function\n"
        "grease the chain,productoin,\n"
        ",operations,\n"
        "pay the carrier,operations,quality_control\n"
        "vet the bank,operations,banking\n"
        "42,production,\n",
    )
    with pytest.raises(DataError, match="row 2: label is") as caught:
        read_dataset(path)
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        f"{path}, row 2: label is 'productoin', expected operations or production. "
        "Write production if that is meant, or delete the row."
    )
    assert lines[1] == f"{path}, row 3: text is '': The text is empty. Write what is done, to what, and where."
    assert lines[2] == (
        f"{path}, row 4: function quality_control belongs to production, the row's label is operations. Correct one of them."
    )
    told = f"{path}, row 5: function is 'banking', expected one of the guide's 26 functions, or nothing. Write one of production_"
    assert lines[3].startswith(told)
    assert lines[4] == f"{path}, row 6: text is '42': The text holds no word. Write what is done, to what, and where."
    assert len(lines) == 5


def test_many_problems_are_counted_not_all_printed(tmp_path):
    path = written(tmp_path, "text,label\n" + "grease the chain,x\n" * 60)
    with pytest.raises(DataError, match="more problems") as caught:
        read_dataset(path)
    assert str(caught.value).splitlines()[-1] == "... and 10 more problems."


def test_a_missing_label_column_is_named(tmp_path):
    path = written(tmp_path, "text,site\ngrease the chain,Lyon\n")
    message = (
        f"{path} has no label column. Columns are: text, site. Name one of them label and fill it with operations or production, "
        "or say which it is with --label-column NAME."
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        read_dataset(path)


def test_a_header_alone_is_no_dataset(tmp_path):
    with pytest.raises(DataError, match=r"has a header and no rows\. Add one activity a row\.$"):
        read_dataset(written(tmp_path, "text,label\n"))


def test_an_empty_label_needs_leave(tmp_path):
    path = written(tmp_path, "text,label\ngood morning,\n4711,\n")
    with pytest.raises(DataError, match="row 2: label is '', expected operations or production"):
        read_dataset(path)
    assert read_dataset(path, allow_empty_labels=True).labels == ["", ""]


def test_the_rows_of_a_pair_form_one_group():
    rows = Dataset(
        tuple(
            Example(f"text {n}", "production", source=source)
            for n, source in enumerate(("pair:12:cost", "plain", "pair:12:cost", "hard:cost"))
        )
    )
    first, second, third, fourth = rows.groups
    assert first == third
    assert len({first, second, fourth}) == 3
    assert [example.is_hard for example in rows.examples] == [True, False, True, True]


def test_near_duplicates_form_one_group_even_through_a_third():
    texts = [
        "grease the long chain of filler 3",
        "grease the long chain of filler 4",
        "pay the carrier",
        "Grease the long chain of a filler",
    ]
    first, second, other, third = Dataset.of(texts, ["production"] * 2 + ["operations", "production"]).groups
    assert first == second == third != other
