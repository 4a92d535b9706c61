"""From labelled rows to a fitted, calibrated scikit-learn estimator.

The models are linear on purpose: what is learned collapses into one number per word and pair (see ``compiling``).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_is_fitted

from opscope.dataset import Dataset
from opscope.errors import DataError
from opscope.features import TextFeatures, vectors_of
from opscope.guide import LABELS, OPERATIONS, PRODUCTION
from opscope.teaching import WEIGHT, Taught, nothing_taught, unseen_rows
from opscope.vectors import WordVectors

FEWEST_PER_LABEL = 20
INVERSE_PENALTIES = (10.0, 30.0, 100.0)
ACTIVITY_C = 30.0
FUNCTION_C = 10.0
FOLDS = 5


class ScopeClassifier(ClassifierMixin, BaseEstimator):
    """Tags texts as production or operations; a scikit-learn classifier over TextFeatures.

    ``C`` is the inverse penalty of the logistic regression; ``vectors`` go to TextFeatures.
    """

    def __init__(self, C: float = 100.0, vectors: WordVectors | None = None):
        self.C = C
        self.vectors = vectors

    def fit(self, texts: Sequence[str], labels: Sequence[str], taught: Taught | None = None) -> "ScopeClassifier":
        """Fits on texts and their labels, and on what a teacher said of other texts."""
        taught = taught or nothing_taught()
        labels = np.asarray(labels)
        self.classes_ = np.unique(labels)
        every_text = [*texts, *taught.texts]
        self.features_ = TextFeatures(vectors=self.vectors).fit(every_text)
        matrix = self.features_.transform(every_text)
        self.model_ = logistic(self.C).fit(*_with_soft_labels(matrix, labels, taught))
        self.slope_, self.offset_ = 1.0, 0.0
        return self

    def calibrate(self, scores: np.ndarray, labels: Sequence[str]) -> "ScopeClassifier":
        """Maps scores to log-odds by the slope and offset that fit held-out ``scores`` (n,) and their labels best (Platt)."""
        fitted = _platt(scores, labels)
        self.slope_, self.offset_ = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
        return self

    def decision_function(self, texts: Sequence[str]) -> np.ndarray:
        """Log-odds of the second of ``classes_``, (n,)."""
        check_is_fitted(self, "model_")
        return self.slope_ * self.model_.decision_function(self.features_.transform(texts)) + self.offset_

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities of ``classes_``, (n, 2)."""
        second = 1 / (1 + np.exp(-self.decision_function(texts)))
        return np.column_stack([1 - second, second])

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """The likelier label of each text, (n,)."""
        return self.classes_[(self.decision_function(texts) > 0).astype(int)]


def _platt(scores: np.ndarray, labels: Sequence[str]) -> LogisticRegression:
    """Slope and offset that turn scores into log-odds; after Platt, Probabilistic outputs for support vector machines, 1999."""
    return logistic(1e6).fit(scores[:, None], labels)


def _with_soft_labels(matrix, labels: np.ndarray, taught: Taught):
    """Rows, labels and weights: labelled rows once, taught texts once for each label, weighted by its probability."""
    own, soft = matrix[: len(labels)], matrix[len(labels) :]
    if not len(taught):
        return own, labels, np.ones(len(labels))
    production, many = taught.probabilities, len(taught)
    return (
        sparse.vstack([own, soft, soft], format="csr"),
        np.concatenate([labels, np.repeat([PRODUCTION, OPERATIONS], many)]),
        np.concatenate([np.ones(len(labels)), WEIGHT * production, WEIGHT * (1 - production)]),
    )


@dataclass(frozen=True)
class TrainedModel:
    """Everything learned: the label's classifier, and a linear model for being an activity and for the functions of each label.

    ``activity`` and ``functions`` work on the columns of ``classifier.features_``; functions leave the pairs out. ``held_out`` are
    the calibrated log-odds, (n,), of the rows of ``held_out_labels`` from models that had not seen them; ``held_out_activity`` the
    same for being an activity, of all activities.
    """

    classifier: ScopeClassifier
    activity: LogisticRegression
    functions: dict[str, LogisticRegression | None]
    held_out: np.ndarray
    held_out_labels: np.ndarray
    held_out_activity: np.ndarray
    settings: dict[str, float]


def logistic(C: float) -> LogisticRegression:
    """The logistic regression used throughout; deterministic."""
    return LogisticRegression(C=C, max_iter=5000)


def folds(groups: Sequence, seed: int, held_out: np.ndarray | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train and test rows of each fold; the rows of a group never lie on both sides.

    Where ``held_out``, (n,) of bool, is given, only those rows are tested, in as few folds as leave at least 80 % of all rows in
    training.
    """
    groups = np.asarray(groups)
    places = np.arange(len(groups)) if held_out is None else np.flatnonzero(held_out)
    many = math.ceil(FOLDS * len(places) / len(groups))
    if many == 1:
        tests = [places]
    else:
        splitter = GroupKFold(many, shuffle=True, random_state=seed)
        tests = [places[test] for _, test in splitter.split(places, groups=groups[places])]
    return [(np.flatnonzero(~np.isin(groups, groups[test])), test) for test in tests]


def fit_model(
    dataset: Dataset,
    non_activities: Sequence[str],
    *,
    taught: Taught | None = None,
    function_rows: Dataset | None = None,
    vectors: WordVectors | None = None,
    seed: int = 0,
    jobs: int = 2,
    on_step: Callable[[str], None] = lambda step: None,
) -> TrainedModel:
    """Chooses the penalty by grouped cross-validation, then fits and calibrates the label, and fits activity and functions.

    Held-out scores count only for rows that the teacher did not see. The functions are learned from ``function_rows``, where
    given, instead of the dataset. ``on_step`` is called with a short description as each step begins. Raises DataError when a
    label has fewer than 20 rows.
    """
    _check_enough(dataset)
    taught = taught or nothing_taught()
    unseen = unseen_rows(dataset, taught)
    labels, losses = np.asarray(dataset.labels), {}
    held_out = _held_out_scores(dataset, taught, [ScopeClassifier(C, vectors) for C in INVERSE_PENALTIES], seed, jobs, on_step)
    for C, scores in held_out.items():
        # The penalty shrinks the scores, which calibration undoes; only what is left after it counts.
        losses[C] = log_loss(labels[unseen], _platt(scores, labels[unseen]).predict_proba(scores[:, None]), labels=LABELS)
    C = min(losses, key=losses.get)
    on_step("fitting and calibrating the label")
    classifier = ScopeClassifier(C, vectors).fit(dataset.texts, labels, taught).calibrate(held_out[C], labels[unseen])
    on_step("fitting what is an activity")
    activity, activity_scores = _fit_activity(classifier, dataset, list(non_activities), seed)
    on_step("fitting the functions")
    functions = {label: _fit_functions(classifier, function_rows or dataset, label) for label in LABELS}
    calibrated = classifier.slope_ * held_out[C] + classifier.offset_
    return TrainedModel(classifier, activity, functions, calibrated, labels[unseen], activity_scores, {"C": C})


def number_of_steps(dataset: Dataset, taught: Taught | None = None) -> int:
    """How often ``fit_model`` calls ``on_step``."""
    return len(INVERSE_PENALTIES) * len(_label_folds(dataset, taught or nothing_taught(), seed=0)) + 3


def _check_enough(dataset: Dataset) -> None:
    for label in LABELS:
        count = dataset.labels.count(label)
        if count < FEWEST_PER_LABEL:
            raise DataError(
                f"Only {count} rows are labelled {label}; training needs at least {FEWEST_PER_LABEL} of each label. Add more rows."
            )


def _label_folds(dataset: Dataset, taught: Taught, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return folds(dataset.groups, seed, unseen_rows(dataset, taught))


def _held_out_scores(
    dataset: Dataset,
    taught: Taught,
    classifiers: Sequence[ScopeClassifier],
    seed: int,
    jobs: int,
    on_step: Callable[[str], None],
) -> dict[float, np.ndarray]:
    """For the ``C`` of each classifier the scores of all rows that the teacher did not see.

    Each comes from a model fitted without its fold, and without what was taught from its fold.
    """
    texts, labels = np.asarray(dataset.texts, dtype=object), np.asarray(dataset.labels)
    ids = np.asarray([example.id for example in dataset.examples], dtype=object)
    splits = _label_folds(dataset, taught, seed)
    parts = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_fold_scores)(classifier, texts[train], labels[train], taught.without(set(ids[test])), texts[test])
        for classifier in classifiers
        for train, test in splits
    )
    scores = {classifier.C: np.zeros(len(texts)) for classifier in classifiers}
    for classifier in classifiers:
        for _, test in splits:
            on_step(f"trying C={classifier.C:g}")
            scores[classifier.C][test] = next(parts)
    return {C: found[unseen_rows(dataset, taught)] for C, found in scores.items()}


def _fold_scores(classifier: ScopeClassifier, texts, labels, taught: Taught, held_out) -> np.ndarray:
    return clone(classifier).fit(texts, labels, taught).decision_function(held_out)


def _fit_activity(
    classifier: ScopeClassifier, dataset: Dataset, non_activities: list[str], seed: int
) -> tuple[LogisticRegression, np.ndarray]:
    """The model of what is an activity, and its scores on the activities from models that had not seen them."""
    texts = dataset.texts
    if not non_activities:
        return _always_activity(classifier, texts), np.full(len(texts), np.inf)
    matrix = classifier.features_.transform([*texts, *non_activities])
    is_activity = np.arange(matrix.shape[0]) < len(texts)
    groups = [*dataset.groups, *(f"non-activity {n}" for n in range(len(non_activities)))]
    scores = np.zeros(len(is_activity))
    for train, test in folds(groups, seed):
        scores[test] = logistic(ACTIVITY_C).fit(matrix[train], is_activity[train]).decision_function(matrix[test])
    return logistic(ACTIVITY_C).fit(matrix, is_activity), scores[: len(texts)]


def _always_activity(classifier: ScopeClassifier, texts) -> LogisticRegression:
    model = logistic(1.0)
    model.classes_ = np.array([False, True])
    model.coef_ = np.zeros((1, classifier.features_.transform(texts[:1]).shape[1]))
    model.intercept_ = np.array([np.inf])
    return model


def _fit_functions(classifier: ScopeClassifier, dataset: Dataset, label: str) -> LogisticRegression | None:
    """A model over the functions of one label, without the pairs; None if the rows name fewer than two of them."""
    named = dataset.only(lambda example: example.label == label and example.function)
    functions = [example.function for example in named.examples]
    if len(set(functions)) < 2:
        return None
    matrix = classifier.features_.transform(named.texts)[:, columns_without_pairs(classifier.features_)]
    return logistic(FUNCTION_C).fit(matrix, functions)


def columns_without_pairs(features: TextFeatures) -> np.ndarray:
    """Columns of the words and of the vectors."""
    words, pairs = len(features.words_), len(features.pairs_)
    return np.r_[0:words, words + pairs : words + pairs + vectors_of(features).dimensions]
