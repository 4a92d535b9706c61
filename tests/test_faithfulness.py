"""The words that explanations name are those that the label rests on, as much as those that LIME names.

Comprehensiveness: how far the label's probability falls without the words named. Sufficiency: how far with these words alone.
Both after DeYoung and others, ERASER, 2020.
"""

import re

import joblib
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from opscope.aliases import active_version
from opscope.paths import shipped
from opscope.registry import PIPELINE

WORD = re.compile(r"[^\W_]+")
NAMED, TEXTS, SAMPLES, KERNEL_WIDTH = 3, 40, 600, 25.0


@pytest.fixture(scope="module")
def explained_texts(model, evaluation_set):
    """Texts of the evaluation set with their label and the places of the words that opscope names."""
    found = []
    for example in evaluation_set.examples:
        explained = model.explain(example.text)
        label = explained.prediction.label
        named = explained.speaking_for(label)[:NAMED]
        if example.label and len(explained.contributions) >= 5 and named:
            places = [m.span() for c in named for m in WORD.finditer(example.text, c.start, c.end)]
            found.append((example.text, label, places))
    return found


@pytest.fixture(scope="module")
def pipeline():
    return joblib.load(active_version(shipped("models")) / PIPELINE).classifier


def test_deleting_the_words_named_lowers_the_probability(model, explained_texts):
    drops, kept = faithfulness(
        lambda texts: 1 / (1 + np.exp(-model.loaded.scorer.score(texts).label)),
        explained_texts[:250],
        [places for _, _, places in explained_texts[:250]],
    )
    assert np.mean(drops) > 0.3
    assert np.mean(kept) < 0.02


def test_the_words_named_are_at_least_as_faithful_as_those_that_lime_names(pipeline, explained_texts):
    """On the scikit-learn pipeline itself, which LIME asks 600 times a text; each names as many reasons."""

    def production(texts):
        return pipeline.predict_proba(texts)[:, 1]

    chosen = explained_texts[:: len(explained_texts) // TEXTS][:TEXTS]
    own = faithfulness(production, chosen, [places for _, _, places in chosen])
    limes = faithfulness(production, chosen, [lime_places(production, text, label, seed=0) for text, label, _ in chosen])
    assert np.mean(own[0]) >= np.mean(limes[0]) - 0.01
    assert np.mean(own[1]) <= np.mean(limes[1]) + 0.01


def test_lime_names_other_words_when_asked_again_which_opscope_never_does(model, pipeline, explained_texts):
    chosen = [row for row in explained_texts if len(row[0].split()) > 20][:5]

    def production(texts):
        return pipeline.predict_proba(texts)[:, 1]

    assert any(lime_places(production, *row[:2], seed=1) != lime_places(production, *row[:2], seed=2) for row in chosen)
    for text, _, _ in chosen:
        assert model.explain(text) == model.explain(text)


def faithfulness(production, rows, places_of_rows) -> tuple[list[float], list[float]]:
    """How far the label's probability falls without the words at the places, and how far with these alone."""
    drops, kept = [], []
    for (text, label, _), places in zip(rows, places_of_rows, strict=True):
        places = sorted(places)
        rest = text
        for start, end in reversed(places):
            rest = rest[:start] + rest[end:]
        alone = " ".join(text[start:end] for start, end in places)
        whole, without, only = production([text, rest, alone])
        sign = 1 if label == "production" else -1
        drops.append(sign * (whole - without))
        kept.append(sign * (whole - only))
    return drops, kept


def lime_places(production, text, label, seed) -> list[tuple[int, int]]:
    """Places of the NAMED words that LIME finds to speak most for the label.

    The method of Ribeiro, Singh and Guestrin, "Why should I trust you?", 2016, as its authors' library sets it up: words deleted at
    random, texts weighed by their cosine to the whole one, a ridge regression on the probability. Written out here, since that
    library is not kept up any more and brings image processing along; ``make bench-quality`` measures against the library itself.
    """
    spans = [m.span() for m in WORD.finditer(text)]
    rng = np.random.default_rng(seed)
    masks = np.ones((SAMPLES, len(spans)), dtype=bool)
    for mask in masks[1:]:
        mask[rng.choice(len(spans), rng.integers(1, len(spans) + 1), replace=False)] = False
    texts = [" ".join(text[start:end] for (start, end), is_kept in zip(spans, mask, strict=True) if is_kept) for mask in masks]
    distances = 100 * (1 - np.sqrt(masks.mean(axis=1)))
    weights = np.sqrt(np.exp(-(distances**2) / KERNEL_WIDTH**2))
    towards = Ridge(alpha=1.0).fit(masks, production(texts), weights).coef_ * (1 if label == "production" else -1)
    best = np.argsort(-towards)[:NAMED]
    return sorted(spans[place] for place in best)
