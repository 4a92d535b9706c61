import re

import joblib
import numpy as np
import pytest

from opscope.classifier import ScopeClassifier
from opscope.compiling import compile_familiarity, compile_scorer
from opscope.dataset import Dataset, Example
from opscope.errors import DataError
from opscope.retraining import _manifest
from opscope.training import fit_model, folds, held_out_scores, number_of_steps


def test_pairs_are_never_split_over_folds(activities):
    groups = np.asarray(activities.groups)
    for train, test in folds(groups, seed=0):
        assert not set(groups[train]) & set(groups[test])
        assert len(train) + len(test) == len(groups)


def test_calibration_lowers_the_loss_of_held_out_scores(small_model):
    truth = small_model.held_out_labels == "production"

    def loss(log_odds):
        return np.mean(np.logaddexp(0, np.where(truth, -log_odds, log_odds)))

    classifier = small_model.classifier
    raw = (small_model.held_out - classifier.offset_) / classifier.slope_
    assert classifier.slope_ > 0
    assert loss(small_model.held_out) < loss(raw)


def test_training_twice_gives_the_same_bytes(tmp_path, few_rows, non_activities):
    rows = Dataset(few_rows.examples[:150])
    for name in ("first", "second"):
        joblib.dump(fit_model(rows, non_activities[:40], jobs=1), tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_progress_tells_every_step(few_rows):
    steps = []
    rows = Dataset(few_rows.examples[:100])
    fit_model(rows, [], jobs=1, on_step=steps.append)
    assert len(steps) == number_of_steps()
    assert steps[-1] == "fitting the functions"


def test_too_few_rows_of_a_label_are_refused(few_rows):
    production = few_rows.only(lambda example: example.label == "production")
    message = "Only 0 rows are labelled operations; training needs at least 20 of each label. Add more rows."
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        fit_model(production, [], jobs=1)


def test_the_same_model_has_the_same_name_whatever_was_done_with_it(small_model, few_rows):
    fresh, used = compile_scorer(small_model, few_rows), compile_scorer(small_model, few_rows)
    used.score(few_rows.texts)
    used.score_one(few_rows.texts[0])
    familiarity = compile_familiarity(small_model, few_rows)
    names = {_manifest(small_model, scorer, familiarity, few_rows, 0).version for scorer in (fresh, used)}
    assert len(names) == 1


def test_rows_of_a_label_that_are_all_alike_are_refused(few_rows):
    others = [example for example in few_rows.examples if example.label == "operations"][:60]
    alike = [Example(f"Grease the chain of the big filler beside the capper on line {n}", "production") for n in range(60)]
    with pytest.raises(DataError, match="^The rows labelled production are nearly the same text, so that none"):
        held_out_scores(Dataset((*others, *alike)), [ScopeClassifier(5.0)], jobs=1)
