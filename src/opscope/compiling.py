"""From a trained model to what ships: its linear models collapse into one number per word and pair for each head."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from opscope.dataset import Dataset
from opscope.errors import ModelError
from opscope.familiarity import FORMS, SHORT, Familiarity
from opscope.features import vectors_of
from opscope.guide import LABELS, guide
from opscope.heads import columns_without_pairs, form_scores, matrix_without_pairs
from opscope.scorer import Scorer
from opscope.text import tokens
from opscope.thresholds import activity_threshold
from opscope.training import TrainedModel

TOLERANCE, HEAD_TOLERANCE = 1e-6, 0.1
LARGEST_INT8 = 127
FALSE_ALARMS, FALSE_ALARMS_OF_SHORT = 0.025, 0.05  # this share of the activities may be taken for none
LOOKED_AT_TWICE = 0.15  # share of the activities whose margin does not settle it
FEWEST_OPENED = 4  # a word opens activities that so many rows begin with
FEWEST_OF_BARE, BARE_SHARE = 8, 0.12  # a word is bare that so many rows hold, of which each label has so large a share


def compile_scorer(model: TrainedModel, dataset: Dataset) -> Scorer:
    """The scorer that gives the same scores as the model trained on the dataset."""
    features = model.classifier.features_
    weights, heads, pair_weights, intercepts = _collapsed(model)
    scales = _scales(heads)
    return Scorer(
        words=tuple(features.words_),
        pieces=vectors_of(features).words,
        pairs=tuple(features.pairs_),
        functions=tuple(guide().functions),
        forms=FORMS,
        weights=weights,
        pair_weights=pair_weights,
        head_weights=np.rint(heads / np.maximum(scales, 1e-30)[:, None]).astype(np.int8),
        head_scales=scales.astype(np.float32),
        intercepts=intercepts,
        opens=_opens(features.words_, dataset),
        bare=_bare(features.words_, dataset),
    )


def _opens(words: Sequence[str], dataset: Dataset) -> np.ndarray:
    """Which words activities begin with, (words,) of bool."""
    first = Counter(found[0] for example in dataset.examples if (found := tokens(example.text)))
    return np.array([first[word] >= FEWEST_OPENED for word in words])


def _bare(words: Sequence[str], dataset: Dataset) -> np.ndarray:
    """Which words are common on both sides, (words,) of bool."""
    counts = {label: Counter() for label in LABELS}
    for example in dataset.examples:
        counts[example.label].update(set(tokens(example.text)))
    both = np.array([[counts[label][word] for label in LABELS] for word in words])
    many = both.sum(axis=1)
    return (many >= FEWEST_OF_BARE) & (both.min(axis=1) >= BARE_SHARE * many)


def compile_familiarity(model: TrainedModel, dataset: Dataset) -> Familiarity | None:
    """The weights of the second look, with the thresholds that the held-out activities set.

    Short ones set their own: else the names of activities, which are short, would be most of those taken for none.
    """
    if model.familiarity is None:
        return None
    certain = float(np.quantile(model.held_out_margins, LOOKED_AT_TWICE))
    is_short = np.array([len(tokens(text)) <= SHORT for text in dataset.texts])
    settled = np.where(model.held_out_margins < certain, model.held_out_activity, np.inf)
    return Familiarity(
        certain=certain,
        threshold=activity_threshold(settled[~is_short] if not is_short.all() else settled, FALSE_ALARMS),
        short_threshold=activity_threshold(settled[is_short] if is_short.any() else settled, FALSE_ALARMS_OF_SHORT),
        intercept=float(model.familiarity.intercept_[0]),
        weights=np.ascontiguousarray(model.familiarity.coef_[0]),
    )


def _scales(heads: np.ndarray) -> np.ndarray:
    """For each row what one step of its numbers in 8 bits stands for, (rows,)."""
    return np.abs(heads).max(axis=1) / LARGEST_INT8


def _collapsed(model: TrainedModel) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What each word and piece adds to the label, (rows,), and to the other heads, (rows, heads); each pair; the intercepts."""
    features = model.classifier.features_
    label, heads, intercepts = _coefficients(model)
    words, pairs, runs = len(features.words_), len(features.pairs_), len(features.runs_)
    of_words, of_pairs, of_runs, of_vectors = np.split(label, np.cumsum([words, pairs, runs]))
    heads_of_words, heads_of_runs, heads_of_vectors = np.split(heads, np.cumsum([words, runs]))
    every_row = np.arange(words + len(vectors_of(features).words))
    rows = features.run_table(every_row) @ np.column_stack([of_runs, heads_of_runs])
    rows += features.vector_weight_ * features.vector_table(every_row) @ np.column_stack([of_vectors, heads_of_vectors])
    rows[:words] += np.column_stack([of_words, heads_of_words]) * features.word_weights_[:, None]
    return np.ascontiguousarray(rows[:, 0]), rows[:, 1:], of_pairs * features.pair_weights_, intercepts


def _coefficients(model: TrainedModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients of the label, (columns,), of the other heads, (columns without pairs, heads), and intercepts (1 + heads,)."""
    label = model.classifier
    intercepts = [label.slope_ * label.model_.intercept_[0] + label.offset_]
    size, columns = len(columns_without_pairs(label.features_)), []
    fitted_heads = [(model.functions[function.label], function.key) for function in guide().functions.values()]
    for fitted, name in fitted_heads + [(model.forms, form) for form in FORMS]:
        column, intercept = np.zeros(size), -np.inf
        if fitted is not None and name in fitted.classes_:
            column, intercept = _of_class(fitted, name)
        columns.append(column)
        intercepts.append(intercept)
    return label.slope_ * label.model_.coef_[0], np.column_stack(columns), np.array(intercepts)


def _of_class(fitted, name: str) -> tuple[np.ndarray, float]:
    position = list(fitted.classes_).index(name)
    if len(fitted.classes_) > 2:
        return fitted.coef_[position], fitted.intercept_[position]
    # With two classes scikit-learn keeps one row of coefficients, for the second class.
    return (fitted.coef_[0], fitted.intercept_[0]) if position else (np.zeros_like(fitted.coef_[0]), 0.0)


def check_same(scorer: Scorer, model: TrainedModel, texts: list[str]) -> None:
    """Raises ModelError if scorer and pipeline differ.

    On these texts, scores of the label may differ by 1e-6, and those of the other heads by 0.1, since their weights are kept in 8
    bits. Each of these weights may be off by half a step.
    """
    scores = scorer.score(texts)
    _check_close(scores.label, model.classifier.decision_function(texts), TOLERANCE, texts)
    matrix = matrix_without_pairs(model.classifier.features_, texts)
    for function, scored in zip(scorer.functions, scores.functions.T, strict=True):
        fitted = model.functions[guide().functions[function].label]
        if fitted is not None and function in fitted.classes_:
            coefficients, intercept = _of_class(fitted, function)
            _check_close(scored, matrix @ coefficients + intercept, HEAD_TOLERANCE, texts)
    if model.forms is not None:
        for own, other in zip(scores.forms.T, form_scores(model.forms, matrix).T, strict=True):
            _check_close(own, other, HEAD_TOLERANCE, texts)
    _, heads, _, intercepts = _collapsed(model)
    _check_close(scorer.intercepts, intercepts, TOLERANCE, ["the intercepts"] * len(intercepts))
    _check_rounded(scorer, heads)


def _check_rounded(scorer: Scorer, exact: np.ndarray) -> None:
    """Raises ModelError where a head's weight is further from the ``exact`` one, (rows, heads), than rounding takes it."""
    scales, words = np.maximum(_scales(exact), 1e-30), [*scorer.words, *scorer.pieces]
    steps_off = np.abs(scorer.head_weights - exact / scales[:, None]).max(axis=1)
    _check_close(steps_off, np.zeros(len(words)), 0.501, words)
    _check_close(scorer.head_scales / scales, (_scales(exact) > 0).astype(float), TOLERANCE, words)


def _check_close(own: np.ndarray, other: np.ndarray, tolerance: float, texts: Sequence[str]) -> None:
    with np.errstate(invalid="ignore"):
        difference = np.where(own == other, 0.0, np.abs(own - other))
    worst = int(difference.argmax())
    if not difference.max() <= tolerance:  # a number that is none fails too
        raise ModelError(
            f"The scorer and the pipeline differ by {difference[worst]:.2g} on {texts[worst][:60]!r}; nothing was saved. "
            "This is a fault of opscope: please report it with the training file."
        )
