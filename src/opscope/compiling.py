"""From a trained model to a Scorer: the linear models collapse into one number per word and pair for each head."""

import numpy as np

from opscope.errors import ModelError
from opscope.features import vectors_of
from opscope.guide import guide
from opscope.scorer import FIRST_FUNCTION_HEAD, Scorer
from opscope.training import TrainedModel, columns_without_pairs
from opscope.vectors import split_into_pieces

TOLERANCE, FUNCTION_TOLERANCE, MEAN_TOLERANCE = 1e-6, 0.02, 3e-5


def compile_scorer(model: TrainedModel) -> Scorer:
    """The scorer that gives the same scores as the trained model."""
    features = model.classifier.features_
    vectors = vectors_of(features)
    coefficients, intercepts = _coefficients(model)
    words, pairs = features.words_, features.pairs_
    of_words, of_pairs, of_vectors = np.split(coefficients, [len(words), len(words) + len(pairs)])
    piece_weights = vectors.table.astype(np.float64) @ of_vectors * features.vector_scale_
    row_of = {piece: row for row, piece in enumerate(vectors.words)}
    meanings = np.zeros_like(of_words)
    for position, word in enumerate(words):
        if rows := [row_of[piece] for piece in split_into_pieces(word, row_of)]:
            meanings[position] = piece_weights[rows].mean(axis=0)
    weights = np.vstack([of_words + meanings, piece_weights])
    return Scorer(
        words=tuple(words),
        pieces=vectors.words,
        pairs=tuple(pairs),
        functions=tuple(guide().functions),
        weights=np.ascontiguousarray(weights[:, :FIRST_FUNCTION_HEAD]),
        function_weights=weights[:, FIRST_FUNCTION_HEAD:].astype(np.float16),
        pair_weights=np.ascontiguousarray(of_pairs[:, :FIRST_FUNCTION_HEAD]),
        intercepts=intercepts,
    )


def _coefficients(model: TrainedModel) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (columns of the features, heads) and intercepts (heads,) of the label, the activity and the functions."""
    label = model.classifier
    size = label.model_.coef_.shape[1]
    columns = [label.slope_ * label.model_.coef_[0], model.activity.coef_[0]]
    intercepts = [label.slope_ * label.model_.intercept_[0] + label.offset_, model.activity.intercept_[0]]
    kept = columns_without_pairs(label.features_)
    for function in guide().functions.values():
        fitted = model.functions[function.label]
        column, intercept = np.zeros(size), -np.inf
        if fitted is not None and function.key in fitted.classes_:
            column[kept], intercept = _of_function(fitted, function.key)
        columns.append(column)
        intercepts.append(intercept)
    return np.column_stack(columns), np.array(intercepts)


def _of_function(fitted, function: str) -> tuple[np.ndarray, float]:
    position = list(fitted.classes_).index(function)
    if len(fitted.classes_) > 2:
        return fitted.coef_[position], fitted.intercept_[position]
    # With two classes scikit-learn keeps one row of coefficients, for the second class.
    return (fitted.coef_[0], fitted.intercept_[0]) if position else (np.zeros_like(fitted.coef_[0]), 0.0)


def check_same(scorer: Scorer, model: TrainedModel, texts: list[str]) -> None:
    """Raises ModelError if scorer and pipeline differ on these texts.

    Scores of the label and of being an activity may differ by 1e-6. Those of the functions, whose weights are kept in half
    precision, may differ by 0.02 on a text, and by 3e-5 on the average of all texts and functions.
    """
    scores, matrix = scorer.score(texts), model.classifier.features_.transform(texts)
    _check_close(scores.label, model.classifier.decision_function(texts), TOLERANCE, texts)
    _check_close(scores.activity, model.activity.decision_function(matrix), TOLERANCE, texts)
    kept, own, other = columns_without_pairs(model.classifier.features_), [], []
    for function, scored in zip(scorer.functions, scores.functions.T, strict=True):
        fitted = model.functions[guide().functions[function].label]
        if fitted is not None and function in fitted.classes_:
            coefficients, intercept = _of_function(fitted, function)
            own.append(scored)
            other.append(matrix[:, kept] @ coefficients + intercept)
            _check_close(own[-1], other[-1], FUNCTION_TOLERANCE, texts)
    if own:
        _check_close(np.array([np.mean(own)]), np.array([np.mean(other)]), MEAN_TOLERANCE, texts)


def _check_close(own: np.ndarray, other: np.ndarray, tolerance: float, texts: list[str]) -> None:
    difference = np.where(own == other, 0.0, np.abs(own - other))
    worst = int(difference.argmax())
    if not difference.max() <= tolerance:  # a number that is none fails too
        raise ModelError(
            f"The scorer and the pipeline differ by {difference[worst]:.2g} on {texts[worst][:60]!r}; nothing was saved. "
            "This is a fault of opscope: please report it with the training file."
        )
