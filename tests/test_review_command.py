import csv
import io
import json
import os
import re

import pytest

from opscope import cli
from opscope.commands import review
from opscope.labelled import read_dataset
from opscope.reviews import open_reviews

TICKETS = """no,Subject
1,Grease the filler bearings on line 2
2,Renegotiate the resin contract with both suppliers
3,
4,GREASE the filler bearings on line 2
5,Book the carrier for the two late pallets
6,"=Polish the mould halves, by hand"
7,Pay the invoice of the haulier
8,Replace the worn belt of the conveyor
9,Forecast the demand of the next quarter
10,Weigh the resin for the first batch
11,Hire two buyers for the head office
12,Set up the press for the next run
13,Answer the complaint of the customer in Lyon
"""
LABELS = """text,label,reviewer,reason,when
Oil the chain,production,Anna,a machine,2026-05-01
Oil the chain,ops,Ben,,2026-05-02
Pay the carrier,operations,Anna,,2026-05-01
Pay the carrier,operations,Ben,,2026-05-02
Clear the yard,cannot decide,Ben,,2026-05-02
"""


@pytest.fixture(autouse=True)
def only_review(monkeypatch):
    monkeypatch.setattr(cli, "_COMMANDS", (review,))


@pytest.fixture
def place(tmp_path):
    return str(tmp_path / "reviews.sqlite")


@pytest.fixture
def tickets(tmp_path):
    path = tmp_path / "tickets.csv"
    path.write_text(TICKETS, encoding="utf-8")
    return str(path)


@pytest.fixture
def reviewed(tmp_path, place, capsys):
    """A place with five verdicts."""
    path = tmp_path / "labels.csv"
    path.write_text(LABELS, encoding="utf-8")
    assert run("import", str(path), place=place) == 0
    capsys.readouterr()
    return place


def run(*arguments, place):
    return cli.main(["review", *arguments, "--reviews", place])


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))


def filled_in(path, labels):
    rows = rows_of(path.read_text(encoding="utf-8-sig"))
    for row in rows:
        row["label"] = next((label for part, label in labels.items() if part in row["text"]), "")
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_list_is_queued_reviewed_and_given_out_for_training(tmp_path, place, tickets, capsys):
    to_review, labels = tmp_path / "to_review.csv", tmp_path / "labels.csv"
    assert run("queue", tickets, "--text-column", "subject", "-o", str(to_review), place=place) == 0
    assert capsys.readouterr().err == (
        f"13 rows read, 1 left out of which nothing can be said; 11 activities are new in the queue at {place}.\n"
        "11 activities to review, 1 of them drawn at random and without their tag.\n"
    )
    (blind,) = [row for row in rows_of(to_review.read_text(encoding="utf-8-sig")) if row["blind"] == "yes"]
    assert blind["predicted_label"] == blind["predicted_probability"] == blind["predicted_decision"] == ""
    filled_in(to_review, {"contract": "Ops", "carrier": "cannot decide", "": "production"})
    assert run("import", str(to_review), "--reviewer", "Anna", place=place) == 0
    assert capsys.readouterr().out == f"11 verdicts added at {place}.\n"
    kept = {verdict.text: verdict for verdict in open_reviews(place).verdicts()}
    assert all(verdict.predicted_label and verdict.predicted_decision and verdict.model_version for verdict in kept.values())
    assert [text for text, verdict in kept.items() if not verdict.saw_prediction] == [blind["text"].removeprefix("'")]
    assert kept["Renegotiate the resin contract with both suppliers"].verdict == "accept"
    assert run("export", "-o", str(labels), place=place) == 0
    assert capsys.readouterr().err == "10 settled labels written; 0 activities are disputed, 1 undecided.\n"
    assert sorted(read_dataset(labels).labels) == ["operations", *["production"] * 9]


def test_the_same_file_taken_in_twice_adds_nothing(tmp_path, place, capsys):
    path = tmp_path / "labels.csv"
    path.write_text("text,label\nOil the chain,production\nPay the carrier,operations\n", encoding="utf-8")
    assert run("import", str(path), "--reviewer", "Anna", place=place) == 0
    assert run("import", str(path), "--reviewer", "Anna", place=place) == 0
    assert capsys.readouterr().out.splitlines()[1] == f"0 verdicts added at {place}; 2 were there already."


def test_what_is_reviewed_is_not_queued_again(tmp_path, tickets, place, capsys):
    out = tmp_path / "to_review.csv"
    assert run("queue", tickets, "--text-column", "Subject", "--many", "2", "-o", str(out), place=place) == 0
    first = [row["text"] for row in rows_of(out.read_text(encoding="utf-8-sig"))]
    filled_in(out, dict.fromkeys(first, "production"))
    assert run("import", str(out), "--reviewer", "Anna", place=place) == 0
    capsys.readouterr()
    assert run("queue", place=place) == 0
    rest = [row["text"] for row in rows_of(capsys.readouterr().out)]
    assert (len(first), len(rest), set(first) & set(rest)) == (2, 9, set())


def test_every_verdict_given_out_is_the_same_in_another_database(tmp_path, reviewed, capsys):
    out, other = tmp_path / "verdicts.csv", str(tmp_path / "other.sqlite")
    assert run("export", "--all", "-o", str(out), place=reviewed) == 0
    assert capsys.readouterr().err == "5 verdicts written.\n"
    assert run("import", str(out), place=other) == 0
    assert open_reviews(other).verdicts() == open_reviews(reviewed).verdicts()
    assert run("import", str(out), place=reviewed) == 0
    assert capsys.readouterr().out.endswith(f"0 verdicts added at {reviewed}; 5 were there already.\n")


def test_wrong_rows_keep_a_file_out(tmp_path, place, capsys):
    path = tmp_path / "labels.csv"
    path.write_text("text,label\nOil the chain,production\nPay the carrier,office\n", encoding="utf-8")
    assert run("import", str(path), "--reviewer", "Anna", place=place) == 2
    message = f"opscope: {path}, row 3: label is 'office', expected operations or production. Correct it, or say cannot_decide.\n"
    assert capsys.readouterr().err == message
    assert open_reviews(place).count() == 0


def test_status_tells_how_things_stand(reviewed, capsys):
    assert run("status", place=reviewed) == 0
    assert capsys.readouterr().out == (
        f"Reviews at {reviewed}\n"
        "0 activities queued, 0 of them without a verdict.\n"
        "5 verdicts by 2 reviewers (Anna, Ben).\n"
        "Activities: 1 settled, 1 disputed, 1 that nobody can decide.\n"
        "Two reviewers gave the same label in 1 of 2 pairs (50.0 %), on 2 activities; Cohen's kappa is 0.00.\n"
        "Most often undecided, with the number of verdicts that say so:\n"
        "  1: 'Clear the yard'\n"
    )


def test_status_tells_how_far_the_tag_moves_reviewers(tmp_path, place, capsys):
    path = tmp_path / "labels.csv"
    path.write_text(
        "text,label,reviewer,predicted_label,blind\nOil it,ops,Anna,production,yes\nPay it,ops,Anna,operations,no\n"
        "Book it,ops,Anna,operations,no\nMix it,production,Anna,ops,no\n",
        encoding="utf-8",
    )
    assert run("import", str(path), place=place) == 0
    assert run("status", place=place) == 0
    assert capsys.readouterr().out.splitlines()[5:] == [
        "Agreement is not known yet: no activity has labels from two reviewers.",
        "Without seeing the tag, reviewers gave the label of the tag in 0 of 1 verdicts (0.0 %).",
        "Having seen the tag, reviewers gave the label of the tag in 2 of 3 verdicts (66.7 %).",
    ]


def test_status_as_json(reviewed, tickets, capsys):
    assert run("queue", tickets, "--text-column", "Subject", place=reviewed) == 0
    capsys.readouterr()
    assert run("status", "--json", place=reviewed) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["queued"], told["waiting"], told["verdicts"], told["reviewers"]) == (11, 11, 5, ["Anna", "Ben"])
    assert told["agreement"] == {"activities": 2, "pairs": 2, "equal": 1, "kappa": 0.0, "percent": 50.0}
    assert told["often_undecided"] == [{"text": "Clear the yard", "times": 1}]


def test_what_is_not_a_number_is_null_in_json(place, capsys):
    open_reviews(place)
    assert run("status", "--json", place=place) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["agreement"]["kappa"], told["agreement"]["percent"]) == (None, None)


def test_disputes_tell_who_said_what(reviewed, capsys):
    assert run("disputes", place=reviewed) == 0
    assert capsys.readouterr().out == (
        "'Oil the chain'\n  production (2026-05-01, Anna): 'a machine'\n  operations (2026-05-02, Ben)\n"
    )
    assert run("disputes", "--json", place=reviewed) == 0
    (dispute,) = json.loads(capsys.readouterr().out)
    assert [(said["reviewer"], said["label"], said["when"]) for said in dispute["verdicts"]] == [
        ("Anna", "production", "2026-05-01 00:00:00+00:00"),
        ("Ben", "operations", "2026-05-02 00:00:00+00:00"),
    ]


def test_no_dispute_is_said_to_be_none(place, capsys):
    open_reviews(place)
    assert run("disputes", place=place) == 0
    assert capsys.readouterr().out == "Nothing is disputed.\n"


@pytest.mark.parametrize("action", [["export"], ["status"], ["disputes"], ["queue"]], ids=" ".join)
def test_where_no_reviews_are_none_are_made(action, place, capsys):
    assert run(*action, place=place) == 2
    captured = capsys.readouterr()
    advice = "Begin with opscope review queue FILE, or name their place with --reviews or OPSCOPE_REVIEWS."
    assert (captured.out, captured.err) == ("", f"opscope: There are no reviews at {place}. {advice}\n")
    assert not os.path.exists(place)


def test_fewer_than_one_cannot_be_chosen(tickets, place, capsys):
    assert run("queue", tickets, "--many", "0", place=place) == 2
    assert capsys.readouterr().err == "opscope: --many is 0, expected a number from 1 on. Leave it out for 200.\n"
    assert not os.path.exists(place)


@pytest.mark.parametrize("action", ["queue", "import", "export", "status", "disputes"])
def test_every_action_has_examples_in_its_help(action, capsys):
    with pytest.raises(SystemExit, match="^0$"):
        cli.main(["review", action, "--help"])
    assert re.search(r"examples:\n  opscope review " + action, capsys.readouterr().out)


def test_a_second_reviewer_gets_what_one_other_has_labelled_and_no_tags(tmp_path, tickets, place, capsys):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    assert run("queue", tickets, "--many", "6", "-o", str(first), place=place) == 0
    filled = [row | {"label": "ops", "reviewer": "Anna"} for row in rows_of(first.read_text(encoding="utf-8"))]
    with first.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, filled[0])
        writer.writeheader()
        writer.writerows(filled)
    assert run("import", str(first), place=place) == 0
    assert run("queue", "--second", "Ben", "-o", str(second), place=place) == 0
    rows = rows_of(second.read_text(encoding="utf-8"))
    assert {row["text"] for row in rows} == {row["text"] for row in filled}
    assert {(row["blind"], row["predicted_label"], row["label"]) for row in rows} == {("yes", "", "")}
    assert run("queue", "--second", "anna", "-o", str(second), place=place) == 0
    assert not rows_of(second.read_text(encoding="utf-8"))


def test_disputes_are_written_out_and_end_with_the_labels_filled_in(tmp_path, reviewed, capsys):
    out = tmp_path / "disputes.csv"
    assert run("disputes", "-o", str(out), place=reviewed) == 0
    (row,) = rows_of(out.read_text(encoding="utf-8"))
    assert (row["text"], row["said"]) == ("Oil the chain", "Anna: production (a machine); Ben: operations")
    out.write_text("text,label,reason\nOil the chain,production,the guide says so\n", encoding="utf-8")
    assert run("import", str(out), "--reviewer", "Cleo", "--adjudicate", place=reviewed) == 0
    assert run("disputes", place=reviewed) == 0
    assert capsys.readouterr().out.endswith("Nothing is disputed.\n")
    assert run("export", place=reviewed) == 0
    settled = {row["text"]: (row["label"], row["reviewer"], row["reason"]) for row in rows_of(capsys.readouterr().out)}
    assert settled["Oil the chain"] == ("production", "Cleo", "the guide says so")


def test_a_file_that_is_not_there_makes_no_database(tmp_path, place, capsys):
    assert run("import", str(tmp_path / "none.csv"), place=place) == 2
    assert "does not exist" in capsys.readouterr().err
    assert not os.path.exists(place)
