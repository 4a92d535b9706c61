"""A clock that goes back: what came later stays later."""

import dataclasses
import shutil
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from faults.rounds import check_valid
from faults.test_full_disk import said_by
from opscope import aliases, reviewing
from opscope.aliases import active_version, aliases_of, make_candidate, promote, roll_back, versions_by_age
from opscope.cli import main
from opscope.model import load
from opscope.paths import shipped
from opscope.registry import load_version, named_by, save_version
from opscope.reviewing import verdict_on, withdrawal_of
from opscope.reviews import open_reviews
from opscope.settling import settle

TEXT = "Grease the chain of the filler"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """Every look at it finds it a day earlier."""
    days = count()

    class Back(datetime):
        @classmethod
        def now(cls, zone=None):
            return NOON - timedelta(days=next(days))

    for module in (aliases, reviewing):
        monkeypatch.setattr(module, "datetime", Back)


@pytest.fixture
def model():
    return load(active_version(shipped("models")))


@pytest.fixture
def reviews(tmp_path):
    return open_reviews(tmp_path / "reviews.sqlite")


def test_versions_promotions_and_rollbacks_keep_their_order(tmp_path, clock, capsys):
    models = tmp_path / "models"
    shutil.copytree(shipped("models"), models)
    version, names = load_version(active_version(models)), [active_version(models).name]
    for n in range(3):
        name = named_by(date(2026, 11, 20 - n), f"{n}" * 12)
        manifest = dataclasses.replace(version.manifest, version=name)
        save_version(models, dataclasses.replace(version, manifest=manifest), version.neighbours, {})
        make_candidate(models, name)
        promote(models, name)
        names.append(name)
    check_valid(models)
    assert versions_by_age(models) == names
    assert main(["models", "list", "--models", str(models)]) == 0
    assert capsys.readouterr().out.splitlines() == [*names[:-1], f"{names[-1]}  (active)"]
    assert [step.version for step in aliases_of(models).log[-6:]] == [name for name in names[1:] for _ in range(2)]
    assert [roll_back(models) for _ in range(3)] == [names[2], names[1], names[0]]
    check_valid(models)


def test_the_later_verdict_of_a_reviewer_counts(clock, model, reviews):
    told = model.predict(TEXT)
    for label in ("production", "operations", "production", "operations"):
        reviews.add([verdict_on(told, label, reviewer="Anna")])
    (settled,) = settle(reviews.verdicts()).settled
    assert settled.label == "operations"
    times = [verdict.when for verdict in reviews.verdicts()]
    assert times == [NOON + timedelta(microseconds=n) for n in range(4)]


def test_a_verdict_taken_back_is_the_one_given_last(clock, model, reviews):
    told = model.predict(TEXT)
    for label in ("production", "operations"):
        reviews.add([verdict := verdict_on(told, label, reviewer="Anna")])
    reviews.add([withdrawal_of(verdict)])
    assert [settled.label for settled in settle(reviews.verdicts()).settled] == ["production"]
    reviews.add([withdrawal_of(verdict)])
    assert settle(reviews.verdicts()).settled == ()


def test_who_ends_a_dispute_last_ends_it(clock, model, reviews):
    told = model.predict(TEXT)
    for label, reviewer, ends in (("production", "Anna", False), ("operations", "Ben", True), ("production", "Cleo", True)):
        reviews.add([verdict_on(told, label, reviewer=reviewer, adjudicates=ends)])
    (settled,) = settle(reviews.verdicts()).settled
    assert (settled.label, settled.decided_by) == ("production", ("Cleo",))


def test_verdicts_of_one_call_keep_their_order(clock, model, reviews):
    told = model.predict(TEXT)
    assert reviews.add([verdict_on(told, label, reviewer="Anna") for label in ("production", "operations")]) == 2
    assert [settled.label for settled in settle(reviews.verdicts()).settled] == ["operations"]


def test_a_file_keeps_its_times_and_taken_in_again_adds_nothing(tmp_path, model, reviews):
    path, place = tmp_path / "older.csv", ("--reviews", reviews.place)
    reviews.add([verdict_on(model.predict(TEXT), "operations", reviewer="Anna")])
    path.write_text(f"text,label,when\n{TEXT},production,2020-01-01T00:00:00+00:00\n", encoding="utf-8")
    for many in (2, 2):
        assert said_by("review", "import", path, "--reviewer", "Anna", *place) == (0, "")
        assert reviews.count() == many
    assert [settled.label for settled in settle(reviews.verdicts()).settled] == ["operations"]
