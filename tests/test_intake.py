import csv
import io
import json

import pytest

from opscope.cli import main
from opscope.dataset import label_of, read_labelled
from opscope.intake import intake_lines, intake_of

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


@pytest.mark.parametrize("spelling", ["production", "Production-scoped", " PRODUCTION_SCOPED ", "prod.", "Production scope"])
def test_usual_spellings_of_production(spelling):
    assert label_of(spelling) == "production"


@pytest.mark.parametrize("spelling", ["operations", "Operations-wide", "Ops", "operations wide", "OPERATION"])
def test_usual_spellings_of_operations(spelling):
    assert label_of(spelling) == "operations"


@pytest.mark.parametrize("spelling", ["", "0", "1", "plant", "no production", "production and operations", "?"])
def test_what_is_not_clear_is_no_label(spelling):
    assert label_of(spelling) is None


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
    assert [(pair.first_label, pair.second_label) for pair in found.contradictions] == [("production", "operations")]
    assert [pair.first for pair in found.duplicates] == ["Vet the new carrier for the Nordic lanes"]
    assert not found.overlaps
    told = "\n".join(intake_lines(found))
    assert "7 rows, 4 can be learned from, 3 cannot." in told
    assert "1 contradict each other:" in told and "1 say the same twice:" in told and "row 6: label is 'plant'" in told


def test_rows_of_the_evaluation_set_are_found(tmp_path, evaluation_set):
    path = tmp_path / "labels.csv"
    stolen = [example for example in evaluation_set.examples if example.label][:3]
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("text", "label"), *((example.text.upper(), example.label) for example in stolen)])
    found = intake_of(read_labelled(path), evaluation_set)
    assert {pair.first for pair in found.overlaps} >= {example.text for example in stolen}


def test_a_dry_run_tells_all_and_trains_nothing(tmp_path, reading, capsys):
    out, models = tmp_path / "wrong.csv", tmp_path / "models"
    arguments = ["train", reading.name, "--models", str(models), "--dry-run"]
    assert main([*arguments, "--json", "--rejected", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["usable"], len(told["rejected"])) == (7, 4, 3)
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert [(row["row"], row["column"]) for row in rows] == [("6", "label"), ("7", "function"), ("8", "text")]
    assert not models.exists()
    assert main(["train", reading.name, "--models", str(models)]) == 2
    assert "row 6: label is 'plant'" in capsys.readouterr().err


def test_wrong_rows_may_be_left_out_and_too_few_are_no_training_set_alone(reading, tmp_path, capsys):
    arguments = ["train", reading.name, "--only", "--models", str(tmp_path / "models")]
    assert main(arguments) == 2
    assert "row 6: label is 'plant'" in capsys.readouterr().err
    assert main([*arguments, "--skip-rejected"]) == 2
    assert "3 operations and 1 production rows are too few to be learned from alone: below 50 of each" in capsys.readouterr().err


def test_rows_too_many_to_be_compared_are_said_to_be_so(reading, evaluation_set, monkeypatch):
    monkeypatch.setattr("opscope.intake.MOST_COMPARED", 3)
    found = intake_of(reading, evaluation_set)
    assert not found.contradictions and not found.duplicates
    assert intake_lines(found)[-1] == "More than 3 rows: they were not compared with each other."
