"""What is learned beside the label: the form of a text, whether it is an activity, and the functions of each label."""

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression

from opscope.dataset import Dataset, NonActivity
from opscope.familiarity import ACTIVITY, FORM_OF_KIND, FORMS, features_of, margins
from opscope.features import TextFeatures, vectors_of

FORM_C, FUNCTION_C, FAMILIAR_C = 10.0, 10.0, 10.0
Splits = Sequence[tuple[np.ndarray, np.ndarray]]


def columns_without_pairs(features: TextFeatures) -> np.ndarray:
    """Columns of the words, the runs and the vectors."""
    words, rest = len(features.words_), len(features.runs_) + vectors_of(features).dimensions
    return np.r_[0:words, words + len(features.pairs_) : words + len(features.pairs_) + rest]


def matrix_without_pairs(features: TextFeatures, texts: Sequence[str]):
    """Features of the texts without the pairs, (n, words + runs + dimensions)."""
    return features.transform(texts)[:, columns_without_pairs(features)]


def fit_forms(
    features: TextFeatures, activities: Sequence[str], non_activities: Sequence[NonActivity], splits: Splits, jobs: int
) -> tuple[LogisticRegression, np.ndarray]:
    """A model of the form of a text, and the margins of all texts, (n,), from models that had not seen them."""
    matrix = matrix_without_pairs(features, [*activities, *(other.text for other in non_activities)])
    forms = np.array([ACTIVITY] * len(activities) + [FORM_OF_KIND[other.kind] for other in non_activities])
    held_out = np.zeros(len(forms))
    parts = Parallel(n_jobs=jobs)(delayed(_held_out_margins)(matrix[train], forms[train], matrix[test]) for train, test in splits)
    for (_, test), part in zip(splits, parts, strict=True):
        held_out[test] = part
    return _slim(_logistic(FORM_C).fit(matrix, forms)), held_out


def _held_out_margins(matrix, forms: np.ndarray, held_out) -> np.ndarray:
    return margins(form_scores(_logistic(FORM_C).fit(matrix, forms), held_out))


def form_scores(model: LogisticRegression, matrix) -> np.ndarray:
    """Scores of FORMS, (n, forms); minus infinity for a form that the model has not seen."""
    scores = np.full((matrix.shape[0], len(FORMS)), -np.inf)
    found = model.decision_function(matrix)
    if found.ndim == 1:  # with two classes scikit-learn keeps one score, of the second
        found = np.column_stack([np.zeros(len(found)), found])
    scores[:, [FORMS.index(form) for form in model.classes_]] = found
    return scores


def fit_familiarity(
    activities: Sequence[str], non_activities: Sequence[NonActivity], held_out_margins: np.ndarray, splits: Splits
) -> tuple[LogisticRegression, np.ndarray]:
    """A model over ``features_of`` the texts, and the log-odds of the activities, (n,), from models that had not seen them."""
    texts = [*activities, *(other.text for other in non_activities)]
    measured = np.array([features_of(text, margin) for text, margin in zip(texts, held_out_margins, strict=True)])
    is_activity = np.arange(len(texts)) < len(activities)
    held_out = np.zeros(len(texts))
    for train, test in splits:
        held_out[test] = _logistic(FAMILIAR_C).fit(measured[train], is_activity[train]).decision_function(measured[test])
    return _logistic(FAMILIAR_C).fit(measured, is_activity), held_out[: len(activities)]


def fit_functions(features: TextFeatures, dataset: Dataset, label: str) -> LogisticRegression | None:
    """A model over the functions of one label; None if the rows name fewer than two of them."""
    named = dataset.only(lambda example: example.label == label and example.function)
    functions = [example.function for example in named.examples]
    if len(set(functions)) < 2:
        return None
    return _slim(_logistic(FUNCTION_C).fit(matrix_without_pairs(features, named.texts), functions))


def _slim(model: LogisticRegression) -> LogisticRegression:
    """The model with its weights in half the bytes, which are most of what a saved pipeline weighs."""
    model.coef_ = model.coef_.astype(np.float32)
    return model


def _logistic(C: float) -> LogisticRegression:
    return LogisticRegression(C=C, max_iter=5000)
