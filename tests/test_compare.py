import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest

from opscope.aliases import active_version, aliases_of
from opscope.cli import main
from opscope.compare import (
    HELD_OUT,
    HeldOut,
    check_promotable,
    compare,
    comparison_lines,
    held_out_as_bytes,
    load_held_out,
)
from opscope.dataset import Dataset
from opscope.errors import ModelError
from opscope.model import Model, load
from opscope.paths import shipped
from opscope.registry import load_version, save_version
from opscope.settling import Settled


def settled(text, label):
    return Settled(text, label, "", ("Ana",), "", datetime(2026, 5, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The shipped version as the active one, and one that says the opposite of everything as the candidate."""
    folder = tmp_path_factory.mktemp("models")
    active = load_version(active_version(shipped("models")))
    own = Dataset.of(["Grease chain 4 of the rinser", "Pay the Lyon carrier"], ["production", "operations"])
    held_out = held_out_as_bytes(HeldOut(own, np.array([3.0, 2.0])))
    for name, sign, files in (("2026-01-01-good", 1, {}), ("2026-02-01-bad", -1, {HELD_OUT: held_out})):
        scorer = dataclasses.replace(
            active.scorer,
            weights=sign * active.scorer.weights,
            pair_weights=sign * active.scorer.pair_weights,
            intercepts=active.scorer.intercepts * np.where(np.arange(len(active.scorer.intercepts)) == 0, sign, 1),
        )
        manifest = dataclasses.replace(active.manifest, version=name)
        version = dataclasses.replace(active, manifest=manifest, scorer=scorer)
        save_version(folder, version, active.neighbours, {"card.md": f"# {name}\n".encode()} | files)
    assert main(["models", "promote", "2026-01-01-good", "--models", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def pair(models):
    return load(models / "2026-01-01-good"), load(models / "2026-02-01-bad")


@pytest.fixture(scope="module")
def comparison(pair, evaluation_set):
    reviewed = [
        settled("Re-grind the die after the burr complaint from line 2", "production"),
        settled("Renegotiate the resin contract with both suppliers", "production"),
    ]
    return compare(*pair, evaluation_set, reviewed)


def test_a_version_against_itself_differs_in_nothing(pair, evaluation_set):
    good, _ = pair
    found = compare(good, good, evaluation_set, [settled("Grease the chain of the filler", "operations")])
    assert found.evaluation.value == 0 and found.evaluation.interval == (0, 0)
    assert not found.changes and found.own is None
    check_promotable(found)


def test_a_worse_candidate_is_found_and_refused(comparison):
    assert comparison.evaluation.candidate.right + comparison.evaluation.active.right == comparison.evaluation.active.total
    low, high = comparison.evaluation.interval
    assert low < comparison.evaluation.value < high < -0.8
    with pytest.raises(ModelError, match=r"was not promoted: on the evaluation set it has 9\d\.\d points fewer .*--force --why"):
        check_promotable(comparison)


def test_the_interval_is_that_of_the_normal_approximation(comparison):
    difference, n = comparison.evaluation.value, comparison.evaluation.active.total
    half = 1.96 * np.sqrt((1 - difference**2) / n)
    np.testing.assert_allclose(comparison.evaluation.interval, (difference - half, difference + half), atol=0.005)


def test_every_change_of_a_reviewed_activity_is_listed_with_both_reasons(comparison):
    lost, won = comparison.changes
    assert (lost.before.decision, lost.after.decision, lost.is_lost) == ("production", "operations", True)
    assert (won.before.decision, won.after.decision, won.is_lost) == ("operations", "production", False)
    assert "“die”" in lost.reason_before and "production-scoped" in lost.reason_before
    assert "operations-wide" in lost.reason_after
    told = "\n".join(comparison_lines(comparison))
    assert "of 2 reviewed activities 2 change, 1 of them for the worse" in told
    assert lost.reason_before in told and won.reason_after in told


def test_too_many_lost_reviews_alone_stop_a_promotion(comparison):
    as_good = dataclasses.replace(
        comparison, evaluation=dataclasses.replace(comparison.evaluation, interval=(-0.01, 0.01)), own=None
    )
    with pytest.raises(
        ModelError, match=r"of 2 reviewed activities 1 would no longer be decided as people did, and at most 5 % may"
    ):
        check_promotable(as_good)
    check_promotable(dataclasses.replace(as_good, reviewed=20))


def test_own_rows_are_compared_where_neither_model_had_seen_them(comparison, models):
    assert (comparison.own.active.right, comparison.own.candidate.right, comparison.own.active.total) == (2, 1, 2)
    held_out = load_held_out(load_version(models / "2026-02-01-bad"))
    assert held_out.dataset.labels == ["production", "operations"]
    path = models / "2026-02-01-bad" / HELD_OUT
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\0")
    with pytest.raises(ModelError, match=r"held_out\.safetensors is not the file that was saved with this version\."):
        load_held_out(load_version(models / "2026-02-01-bad"))
    path.write_bytes(content)


def test_rows_that_the_active_version_was_trained_on_do_not_count(pair, evaluation_set, activities):
    good, bad = pair
    seen = HeldOut(Dataset(activities.examples[:5]), np.ones(5))
    folder = bad.loaded.folder.parent
    manifest = dataclasses.replace(bad.loaded.manifest, version="2026-03-01-seen")
    version = dataclasses.replace(bad.loaded, manifest=manifest)
    saved = save_version(folder, version, bad.loaded.neighbours, {HELD_OUT: held_out_as_bytes(seen)})
    assert compare(good, Model(load_version(saved)), evaluation_set).own is None


def test_the_command_refuses_and_only_force_with_a_reason_gets_past_it(models, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "none.sqlite"))
    arguments = ["models", "promote", "bad", "--models", str(models)]
    assert main(arguments) == 2
    assert "2026-02-01-bad was not promoted: on the evaluation set it has" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 2
    assert "--force needs a reason for the log: add --why REASON." in capsys.readouterr().err
    assert aliases_of(models).active == "2026-01-01-good"
    assert main([*arguments, "--force", "--why", "a test"]) == 0
    assert aliases_of(models).log[-1].forced and aliases_of(models).log[-1].why == "a test"
    assert main(["models", "rollback", "--models", str(models)]) == 0
    assert aliases_of(models).active == "2026-01-01-good"
    assert main(["models", "list", "--log", "--models", str(models)]) == 0
    assert "promoted 2026-02-01-bad (forced): a test" in capsys.readouterr().out
    assert main(["models", "compare", "bad", "--models", str(models)]) == 0
    assert "on the evaluation set (1,040 rows): " in capsys.readouterr().out
    assert main(["models", "show", "bad", "--models", str(models)]) == 0
    assert capsys.readouterr().out == "# 2026-02-01-bad\n"
