import csv
import io
import json

import pytest

from opscope.cli import main
from opscope.errors import DataError
from opscope.findings import intake_lines
from opscope.intake import check_trainable, intake_of
from opscope.labelled import read_labelled

ROWS = """text;Scope;function
Grease the chain of the filler on line 2;Production-scoped;equipment_maintenance
Vet the new carrier for the Nordic lanes;Ops;
grease the chain of the filler on line 2;operations wide;
Vet the new carrier for the Nordic lanes;OPERATIONS;
Polish the mould halves by hand;plant;
Renew the cleaning contract of the head office;operations_wide;quality_control
;production;
"""


@pytest.fixture
def reading(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(ROWS, encoding="utf-8")
    return read_labelled(path)


def test_wrong_rows_are_set_apart_with_what_to_do(reading):
    assert reading.dataset.labels == ["production", "operations", "operations", "operations"]
    assert [(fault.row, fault.column, fault.value) for fault in reading.rejected] == [
        (6, "label", "plant"),
        (7, "function", "quality_control"),
        (8, "text", ""),
    ]
    assert reading.rejected[0].fix == "Correct it, or delete the row."
    assert reading.rows_rejected == 3


def test_rows_that_get_in_each_others_way_are_named(reading, evaluation_set):
    found = intake_of(reading, evaluation_set)
    assert [(pair.first_row, pair.second_row) for pair in found.contradictions] == [(2, 4)]
    assert [(pair.first_row, pair.second_row) for pair in found.duplicates] == [(3, 5)]
    assert not found.overlaps
    told = "\n".join(intake_lines(found))
    assert "7 rows, 4 can be learned from, 3 cannot." in told
    assert "1 contradict each other:\n  row 2: 'Grease the chain of the filler on line 2' (production) and row 4: " in told
    assert "1 say the same twice:" in told and "row 6: label is 'plant'" in told


def stolen_rows(evaluation_set, many):
    return [(example.text.upper(), example.label) for example in evaluation_set.examples if example.label][:many]


def table_of(path, rows):
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("text", "label"), *rows])
    return read_labelled(path)


def test_rows_of_the_evaluation_set_are_wrong_rows(tmp_path, evaluation_set):
    rows = [("Grease the chain of the filler on line 2", "production"), *stolen_rows(evaluation_set, 3)]
    found = intake_of(table_of(tmp_path / "labels.csv", rows), evaluation_set)
    assert [(fault.row, fault.column) for fault in found.rejected] == [(3, "text"), (4, "text"), (5, "text")]
    assert found.rejected[0].problem.startswith("text is nearly the evaluation set's ")
    assert found.rejected[0].fix == "Delete the row: a model that learned it would look better than it is."
    assert found.usable.rows == (2,)
    with pytest.raises(DataError, match=r"3 of 4 rows cannot be learned from, as listed, so nothing was trained\. Correct them"):
        check_trainable(found, only=False, skip_rejected=False)
    check_trainable(found, only=False, skip_rejected=True)


def test_the_evaluation_set_itself_is_refused(tmp_path, evaluation_set):
    reading = table_of(tmp_path / "labels.csv", stolen_rows(evaluation_set, 40))
    with pytest.raises(DataError, match="40 of 40 rows are those of the evaluation set, on which versions are compared"):
        intake_of(reading, evaluation_set)


def test_the_rarer_label_is_named(tmp_path, evaluation_set):
    rows = [(f"Grease chain {name} by hand", "production") for name in ("alpha", "bravo", "kilo", "tango", "zulu", "oscar")]
    found = intake_of(table_of(tmp_path / "labels.csv", [*rows, ("Pay the carrier", "ops")]), evaluation_set)
    assert "Labels: 1 operations, 6 production. Only 14 % are operations: it will be learned less well." in intake_lines(found)


def test_a_dry_run_tells_all_and_trains_nothing(tmp_path, reading, capsys):
    out, models = tmp_path / "wrong.csv", tmp_path / "models"
    arguments = ["train", reading.name, "--models", str(models), "--dry-run", "--only"]
    assert main([*arguments, "--json", "--rejected", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["usable"], len(told["rejected"]), told["suspects"]) == (7, 4, 3, None)
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert [(row["row"], row["column"]) for row in rows] == [("6", "label"), ("7", "function"), ("8", "text")]
    assert not models.exists()


def test_json_goes_with_a_dry_run_only(reading, capsys):
    assert main(["train", reading.name, "--json"]) == 2
    assert "--json tells what a table holds, so it goes with --dry-run only." in capsys.readouterr().err


def test_nothing_to_train_on_is_said(capsys):
    assert main(["train"]) == 2
    assert "There is nothing to train on. Name a table, or add --reviews" in capsys.readouterr().err


def test_wrong_rows_may_be_left_out_and_too_few_are_no_training_set_alone(reading, tmp_path, capsys):
    arguments = ["train", reading.name, "--only", "--models", str(tmp_path / "models")]
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert "row 6: label is 'plant'" in shown.out
    assert "3 of 7 rows cannot be learned from, as listed, so nothing was trained." in shown.err
    assert main([*arguments, "--skip-rejected"]) == 2
    assert "3 operations and 1 production rows are too few to be learned from alone: below 50 of each" in capsys.readouterr().err


def test_no_row_at_all_is_said(tmp_path, evaluation_set):
    found = intake_of(table_of(tmp_path / "labels.csv", [("", "production"), ("4711", "ops")]), evaluation_set)
    with pytest.raises(DataError, match=r"no row can be learned from, so nothing was trained\. Correct the rows as listed\.$"):
        check_trainable(found, only=False, skip_rejected=True)
