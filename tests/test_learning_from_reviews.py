"""What people decide comes back: as precedents of an explanation, and as rows of a training."""

from datetime import UTC, datetime

import pytest

from opscope.cli import main
from opscope.dataset import Example
from opscope.labelled import Reading, read_labelled, with_reviewed
from opscope.reviews import open_reviews
from opscope.settling import Settled
from opscope.verdicts import Verdict

WHEN = datetime(2026, 5, 1, tzinfo=UTC)


def settled(text, label, reason=""):
    return Settled(text, label, "", ("Ana", "Ben"), reason, WHEN)


@pytest.fixture
def place(tmp_path):
    where = tmp_path / "reviews.sqlite"
    tag = {"reviewer": "Ana", "when": WHEN, "reason": "our own drum"}
    open_reviews(where).add([Verdict(text="Polish the big drum of the mill", verdict="change", label="production", **tag)])
    return where


def test_a_precedent_comes_before_the_labelled_texts_with_who_and_why(model):
    drum = settled("Polish the big drum of the mill", "production", "it never leaves the mill")
    precedents = model.precedents([drum, settled("Pay tax", "operations")])
    first, *others = model.explain("Polish the drum of the big mill", precedents=precedents).similar
    assert (first.text, first.label, first.decided_by, first.reason) == (
        "Polish the big drum of the mill", "production", ("Ana", "Ben"), "it never leaves the mill",
    )  # fmt: skip
    assert first.similarity == pytest.approx(1, abs=1e-3)
    assert others and not any(other.decided_by for other in others)
    none = model.precedents([])
    assert model.explain("Polish the drum", precedents=none).similar == model.explain("Polish the drum").similar


def test_a_precedent_that_is_a_training_row_too_is_named_once(model, activities):
    text = activities.texts[0]
    precedents = model.precedents([settled(text, activities.labels[0])])
    assert [similar.text for similar in model.explain(text, precedents=precedents).similar].count(text) == 1


def test_the_command_names_precedents(place, capsys, monkeypatch):
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(place))
    assert main(["explain", "Polish the drum of the big mill"]) == 0
    assert "Polish the big drum of the mill (decided by Ana: our own drum)" in capsys.readouterr().out


def test_without_a_database_nothing_is_made(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "none.sqlite"))
    assert main(["explain", "Polish the drum of the big mill"]) == 0
    assert not list(tmp_path.iterdir())
    assert main(["explain", "Polish the drum", "--reviews", str(tmp_path / "none.sqlite")]) == 2
    assert "There are no reviews at " in capsys.readouterr().err


def test_a_review_stands_above_a_row_of_the_same_text(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("text,label\nPay tax,production\n,ops\nOil the chain,production\n", encoding="utf-8")
    found = with_reviewed(read_labelled(path), [settled("Pay tax", "operations"), settled("Weigh the resin", "production")])
    assert found.rows == (4, 5, 6)
    assert found.dataset.examples == (
        Example("Oil the chain", "production"),
        Example("Pay tax", "operations", source="review"),
        Example("Weigh the resin", "production", source="review"),
    )
    assert with_reviewed(Reading.empty("the reviews"), [settled("Pay tax", "operations")]).rows == (2,)


def test_reviews_alone_can_be_looked_into(place, capsys):
    assert main(["train", "--reviews", str(place), "--only", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("the reviews: 1 rows, 1 can be learned from, 0 cannot.")
