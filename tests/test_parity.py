"""The scorer and the scikit-learn pipeline give the same scores, one text at a time and in bulk."""

from dataclasses import replace

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opscope.aliases import active_version
from opscope.compiling import check_same
from opscope.errors import ModelError
from opscope.familiarity import FEATURES, Familiarity
from opscope.paths import shipped
from opscope.registry import PIPELINE, load_version
from opscope.scorer_file import load_scorer, save_scorer
from opscope.text import tokens
from opscope.tokenising import cut

WORDS = [
    "maintenance",
    "supplier's",
    "BEARING",
    "re-grind",
    "prüfen",
    "e\u0301tat",
    "cafe\u0301s",
    "line4",
    "x" * 30,
    "m²",
    "İş",
    "ﬁlling",
]
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="abcdefgäß²½٣\u0301\u00ad\u200b _-.\n0123", max_size=60),
    st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=12).map(" ".join),
)


@pytest.fixture(scope="module")
def shipped_pair():
    folder = active_version(shipped("models"))
    return load_version(folder).scorer, joblib.load(folder / PIPELINE)


def test_the_shipped_scorer_equals_its_own_pipeline_on_all_data(shipped_pair, activities, evaluation_set):
    check_same(*shipped_pair, activities.texts + evaluation_set.texts)


def test_the_shipped_scorer_equals_its_own_pipeline_on_any_text(shipped_pair):
    """All texts are compared at once, since the pipeline takes a second whether they are a hundred or many."""
    generated = []

    @settings(max_examples=220, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(TEXTS, min_size=100, max_size=100))
    def collect(texts):
        generated.extend(texts)

    collect()
    assert len(generated) >= 20_000
    check_same(*shipped_pair, generated)


@settings(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=40, max_size=60))
def test_one_at_a_time_and_in_bulk_score_the_same(shipped_pair, texts):
    scorer, _ = shipped_pair
    bulk = scorer.score(texts)
    for position, text in enumerate(texts):
        one = scorer.score_one(text)
        assert one.label == bulk.label[position], text
        measured = (bulk.known[position], bulk.lettered[position], bulk.lengths[position])
        assert (one.known, one.lettered, one.lengths) == measured, text
        np.testing.assert_allclose(one.functions, bulk.functions[position], atol=2e-5)
        np.testing.assert_allclose(one.forms, bulk.forms[position], atol=2e-5)


def test_predictions_one_at_a_time_and_in_bulk_are_the_same(model, activities, evaluation_set):
    texts = [*evaluation_set.texts, *activities.texts, "", "½", "4711", "x" * 30_000, "\ud800", "maintenance " * 3000]
    assert [model.predict(text) for text in texts] == model.predict(texts)


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.lists(TEXTS | st.text(alphabet=st.characters(), max_size=20), max_size=40))
def test_cutting_in_bulk_finds_the_tokens_of_each_text(texts):
    """Characters may be surrogates, which a broken file can hold."""
    found = [[] for _ in texts]
    for part in cut(texts):
        spellings = [part.joined[start:end] for start, end in zip(part.starts, part.ends, strict=True)]
        for place, last, count in zip(part.texts, np.cumsum(part.counts), part.counts, strict=True):
            found[place] = [token for spelling in spellings[last - count : last] for token in tokens(spelling)]
    assert found == [tokens(text) for text in texts]


def test_a_saved_scorer_scores_the_same(tmp_path, small_scorer, few_rows):
    save_scorer(small_scorer, None, tmp_path / "scorer.safetensors")
    loaded, familiarity = load_scorer(tmp_path, (tmp_path / "scorer.safetensors").read_bytes())
    assert familiarity is None
    np.testing.assert_array_equal(loaded.score(few_rows.texts).label, small_scorer.score(few_rows.texts).label)
    assert (loaded.words, loaded.pieces, loaded.pairs) == (small_scorer.words, small_scorer.pieces, small_scorer.pairs)


def test_a_threshold_without_end_is_kept(tmp_path, small_scorer):
    without_end = Familiarity(certain=1.0, threshold=-np.inf, short_threshold=np.inf, intercept=0.0, weights=np.zeros(FEATURES))
    save_scorer(small_scorer, without_end, tmp_path / "scorer.safetensors")
    _, found = load_scorer(tmp_path, (tmp_path / "scorer.safetensors").read_bytes())
    assert (found.threshold, found.short_threshold) == (-np.inf, np.inf)


@pytest.mark.parametrize("array", ["weights", "pair_weights", "head_weights", "head_scales", "intercepts"])
def test_a_scorer_that_differs_is_refused(shipped_pair, few_rows, array):
    scorer, pipeline = shipped_pair
    check_same(scorer, pipeline, few_rows.texts)
    own = getattr(scorer, array)
    nudge = 1e-4 if own.dtype.kind == "f" else 1  # the least that changes a whole number
    with pytest.raises(ModelError, match="The scorer and the pipeline differ by"):
        check_same(replace(scorer, **{array: (own + nudge).astype(own.dtype)}), pipeline, few_rows.texts)


@pytest.mark.parametrize(
    ("array", "change", "message"),
    [
        ("weights", lambda a: a[:-1], r"weights is float64\[\d+\], expected float64\[\d+\]\. Train again or restore it\.$"),
        ("head_weights", lambda a: a[:, :1], r"head_weights is int8\[\d+, 1\], expected int8\[\d+, 34\]\."),
        ("intercepts", lambda a: a[1:], r"intercepts is float64\[34\], expected float64\[35\]\."),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, small_scorer, array, change, message):
    path = tmp_path / "scorer.safetensors"
    save_scorer(replace(small_scorer, **{array: change(getattr(small_scorer, array))}), None, path)
    with pytest.raises(ModelError, match=message):
        load_scorer(path, path.read_bytes())
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelError, match=r"cannot be read as a scorer: .*\. Train again or restore it\.$"):
        load_scorer(path, path.read_bytes())
