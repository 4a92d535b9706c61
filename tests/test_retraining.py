"""Training from a table to a saved version, beside a small set of shipped rows."""

import csv
from datetime import UTC, datetime

import pytest

from opscope import labelled, retraining, training
from opscope.aliases import aliases_of
from opscope.cli import main
from opscope.compare import HELD_OUT
from opscope.dataset import Dataset
from opscope.registry import load_version, version_folder, version_names
from opscope.reviews import open_reviews
from opscope.verdicts import Verdict


@pytest.fixture(scope="module")
def small(activities, evaluation_set):
    """Training takes seconds: there are few shipped rows, and few to measure on."""
    own, held_out = Dataset(activities.examples[5000:5300]), Dataset(evaluation_set.examples[:150])
    with pytest.MonkeyPatch.context() as patched:
        for module in (retraining, labelled):
            patched.setattr(module, "read_dataset", lambda path, **keywords: own if path.name == "activities.csv" else held_out)
        patched.setattr(training, "INVERSE_PENALTIES", (5.0,))
        read = retraining.read_non_activities
        patched.setattr(retraining, "read_non_activities", lambda path: read(path)[:60])
        yield own


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


def table_of(path, examples):
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("text", "label"), *((example.text, example.label) for example in examples)])
    return str(path)


@pytest.fixture(scope="module")
def first(small, models, tmp_path_factory, activities):
    """Trains once, on rows of the user's own beside the shipped ones, and promotes: there is nothing to compare with."""
    path = table_of(tmp_path_factory.mktemp("own") / "labels.csv", activities.examples[:120])
    assert main(["train", path, "--models", str(models), "--jobs", "1"]) == 0
    (name,) = version_names(models)
    assert (aliases_of(models).active, aliases_of(models).candidate) == (None, name)
    assert main(["models", "promote", "--models", str(models)]) == 0
    return path, name


def test_the_manifest_says_what_it_was_made_of(first, models):
    manifest = load_version(version_folder(models, first[1])).manifest
    assert manifest.own_rows == 120
    assert manifest.rows > 420
    assert manifest.author and manifest.created.startswith(first[1][:10])
    assert {len(sha256) for sha256 in (manifest.data_sha256, manifest.guide_sha256, manifest.evaluation_sha256)} == {64}
    assert set(manifest.files) >= {"scorer.safetensors", "similar.safetensors", "pipeline.joblib", "card.md", HELD_OUT}


def test_the_card_has_a_front_page_and_technical_ones(first, models):
    card = (version_folder(models, first[1]) / "card.md").read_text(encoding="utf-8")
    for part in (
        "**What it is for.**", "**What it is not for.**", "120 of them given by the user", "**Agreement.** Of the shipped rows ",
        "**How good.**", "**Limits.**", "**Changes.** There was no active version", "## Would more labels help?", "## Technical",
    ):  # fmt: skip
        assert part in card


def test_the_same_rows_give_the_same_version(first, models, capsys):
    path, name = first
    assert main(["train", path, "--models", str(models), "--jobs", "1"]) == 0
    assert "This is the active version already: the same rows give the same model." in capsys.readouterr().out
    assert version_names(models) == [name]


def test_a_second_version_becomes_the_candidate_and_is_compared(first, models, tmp_path, activities, capsys):
    _, before = first
    place = tmp_path / "reviews.sqlite"
    said = {"reviewer": "Ana", "when": datetime(2026, 5, 1, tzinfo=UTC), "verdict": "change"}
    texts = {"Polish the big drum of the mill": "operations", "Oil the small drum": "production"}
    open_reviews(place).add([Verdict(text=text, label=label, **said) for text, label in texts.items()])
    path = table_of(tmp_path / "labels.csv", activities.examples[200:320])
    assert main(["train", path, "--models", str(models), "--jobs", "1", "--reviews", str(place)]) == 0
    (name,) = set(version_names(models)) - {before}
    aliases = aliases_of(models)
    assert (aliases.active, aliases.candidate) == (before, name)
    manifest = load_version(version_folder(models, name)).manifest
    assert manifest.own_rows == 122
    told = capsys.readouterr().out
    assert f"{name} against {before}, the active version:" in told
    assert "on the evaluation set (" in told and "on your own rows, held out (122 rows)" in told
    assert "of 2 reviewed activities" in told
    assert f"The active version stays. To use the new one: opscope models promote {name} --models {models}" in told
    assert f"The active version was {before}, trained on" in (models / name / "card.md").read_text(encoding="utf-8")
    assert main(["models", "list", "--models", str(models)]) == 0
    assert capsys.readouterr().out.splitlines() == sorted([f"{before}  (active)", f"{name}  (candidate)"])
    assert main(["predict", "Grease the filler bearings", "--models", str(models), "--model", "candidate"]) == 0


def test_accepted_fixes_are_made_before_training(first, tmp_path, activities, capsys):
    examples = activities.examples[:60]
    path = table_of(tmp_path / "labels.csv", examples)
    other = "production" if examples[3].label == "operations" else "operations"
    fixes = tmp_path / "fixes.csv"
    with fixes.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("row", "text", "proposed", "accept"), (5, examples[3].text, other, "yes")])
    assert main(["train", path, "--only", "--dry-run", "--accept-fixes", str(fixes)]) == 0
    shown = capsys.readouterr()
    assert f"1 labels changed as accepted in {fixes}." in shown.err
    labels = [example.label for place, example in enumerate(examples) if place != 3] + [other]
    assert f"Labels: {labels.count('operations')} operations, {labels.count('production')} production." in shown.out
