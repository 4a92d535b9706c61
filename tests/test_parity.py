"""The scorer and the scikit-learn pipeline give the same scores."""

import random
from dataclasses import replace

import joblib
import numpy as np
import pytest

from opscope.compiling import check_same
from opscope.errors import ModelError
from opscope.paths import shipped
from opscope.registry import PIPELINE, active_version
from opscope.scorer import load_scorer, save_scorer


def random_texts(count: int) -> list[str]:
    rng = random.Random(20)
    alphabets = [
        "abcdefghijklmnopqrstuvwxyz",
        "ABCÄÖÜéßñçß",
        "0123456789",
        " .,;:-/'\n\t",
        "漢字かな한글",
        "مرحبا",
        "🙂\u200b\u0000",
    ]
    weights = [60, 5, 8, 24, 1, 1, 1]
    return ["".join(rng.choice(rng.choices(alphabets, weights)[0]) for _ in range(rng.randrange(0, 80))) for _ in range(count)]


def test_scorer_equals_pipeline_on_labelled_and_random_text(small_model, small_scorer, activities):
    texts = activities.texts[:1500] + random_texts(1500)
    scores = small_scorer.score(texts)
    matrix = small_model.classifier.features_.transform(texts)
    np.testing.assert_allclose(scores.label, small_model.classifier.decision_function(texts), atol=1e-6, rtol=0)
    np.testing.assert_allclose(scores.activity, small_model.activity.decision_function(matrix), atol=1e-6, rtol=0)


def test_functions_rank_as_in_the_pipeline(small_model, small_scorer, few_rows):
    from opscope.training import columns_without_pairs

    features = small_model.classifier.features_
    matrix = features.transform(few_rows.texts)[:, columns_without_pairs(features)]
    scores = small_scorer.score(few_rows.texts).functions
    for model in small_model.functions.values():
        own = [small_scorer.functions.index(name) for name in model.classes_]
        np.testing.assert_allclose(scores[:, own], model.decision_function(matrix), atol=1e-6, rtol=0)


def test_a_saved_scorer_scores_the_same(tmp_path, small_scorer, few_rows):
    save_scorer(small_scorer, tmp_path / "scorer.safetensors")
    loaded = load_scorer(tmp_path / "scorer.safetensors")
    np.testing.assert_array_equal(loaded.score(few_rows.texts).label, small_scorer.score(few_rows.texts).label)
    assert (loaded.words, loaded.pieces, loaded.pairs) == (small_scorer.words, small_scorer.pieces, small_scorer.pairs)


@pytest.mark.parametrize("array", ["word_weights", "intercepts"])
def test_a_scorer_that_differs_is_refused(small_model, small_scorer, few_rows, array):
    nudged = replace(small_scorer, **{array: getattr(small_scorer, array) + 1e-4})
    check_same(small_scorer, small_model, few_rows.texts)
    with pytest.raises(ModelError, match="The scorer and the pipeline differ by"):
        check_same(nudged, small_model, few_rows.texts)


def test_the_shipped_scorer_equals_its_own_pipeline(model, activities):
    pipeline = joblib.load(active_version(shipped("models")) / PIPELINE)
    check_same(model._version.scorer, pipeline, activities.texts + random_texts(500))
