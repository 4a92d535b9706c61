"""From labelled rows to a fitted, calibrated scikit-learn estimator.

The models are linear on purpose: what is learned collapses into one number per word and pair (see ``compiling``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_is_fitted

from opscope.dataset import Dataset
from opscope.errors import DataError
from opscope.features import TextFeatures, vectors_of
from opscope.guide import LABELS
from opscope.vectors import WordVectors

FEWEST_PER_LABEL = 20
INVERSE_PENALTIES = (3.0, 10.0, 30.0, 100.0)
VECTOR_WEIGHTS = (0.7, 1.0)
FOLDS = 5


class ScopeClassifier(ClassifierMixin, BaseEstimator):
    """Tags texts as production or operations; a scikit-learn classifier over TextFeatures.

    ``C`` is the inverse penalty of the logistic regressions, ``vector_weight`` and ``vectors`` go to TextFeatures. With ``calibrate``,
    out-of-fold scores are mapped to log-odds by a slope and an offset (Platt), which are then part of the score.
    """

    def __init__(
        self,
        C: float = 30.0,
        vector_weight: float = 1.0,
        vectors: WordVectors | None = None,
        *,
        calibrate: bool = True,
        seed: int = 0,
    ):
        self.C = C
        self.vector_weight = vector_weight
        self.vectors = vectors
        self.calibrate = calibrate
        self.seed = seed

    def fit(self, texts: Sequence[str], labels: Sequence[str], groups: Sequence | None = None) -> "ScopeClassifier":
        """Fits on texts and their labels; rows of one group stay together when the score is calibrated."""
        labels = np.asarray(labels)
        self.classes_ = np.unique(labels)
        self.features_ = TextFeatures(self.vector_weight, vectors=self.vectors).fit(texts)
        matrix = self.features_.transform(texts)
        self.model_ = logistic(self.C).fit(matrix, labels)
        self.slope_, self.offset_ = 1.0, 0.0
        if self.calibrate:
            scores = self._out_of_fold(texts, labels, groups)
            fitted = logistic(1e6).fit(scores[:, None], labels)
            self.slope_, self.offset_ = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
            self.out_of_fold_ = self.slope_ * scores + self.offset_
        return self

    def decision_function(self, texts: Sequence[str]) -> np.ndarray:
        """Calibrated log-odds of the second of ``classes_``, (n,)."""
        check_is_fitted(self, "model_")
        return self.slope_ * self.model_.decision_function(self.features_.transform(texts)) + self.offset_

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities of ``classes_``, (n, 2)."""
        second = 1 / (1 + np.exp(-self.decision_function(texts)))
        return np.column_stack([1 - second, second])

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """The likelier label of each text, (n,)."""
        return self.classes_[(self.decision_function(texts) > 0).astype(int)]

    def _out_of_fold(self, texts: Sequence[str], labels: np.ndarray, groups: Sequence | None) -> np.ndarray:
        texts = np.asarray(texts, dtype=object)
        scores = np.zeros(len(texts))
        for train, test in folds(labels, groups, self.seed):
            part = ScopeClassifier(self.C, self.vector_weight, self.vectors, calibrate=False)
            scores[test] = part.fit(texts[train], labels[train]).decision_function(texts[test])
        return scores


@dataclass(frozen=True)
class TrainedModel:
    """Everything learned: the label's classifier, and a linear model for being an activity and for the functions of each label.

    ``activity`` and ``functions`` work on the columns of ``classifier.features_``; functions leave the pairs out.
    ``out_of_fold`` holds, for each training row in order, the calibrated log-odds from a model that had not seen it.
    """

    classifier: ScopeClassifier
    activity: LogisticRegression
    functions: dict[str, LogisticRegression]
    out_of_fold: np.ndarray
    out_of_fold_activity: np.ndarray
    settings: dict[str, float]


def logistic(C: float) -> LogisticRegression:
    """The logistic regression used throughout; deterministic."""
    return LogisticRegression(C=C, max_iter=5000)


def folds(labels: Sequence[str], groups: Sequence | None, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train and test rows of each fold; the rows of a group lie in one fold."""
    groups = np.arange(len(labels)) if groups is None else np.asarray(groups)
    splitter = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(labels)), labels, groups))


def fit_model(
    dataset: Dataset,
    non_activities: Sequence[str],
    *,
    vectors: WordVectors | None = None,
    seed: int = 0,
    jobs: int = 2,
    on_step: Callable[[str], None] = lambda step: None,
) -> TrainedModel:
    """Chooses the settings by grouped cross-validation, then fits label, activity and functions.

    ``on_step`` is called with a short description as each step begins. Raises DataError when a label has fewer than 20 rows.
    """
    _check_enough(dataset)
    texts, labels = np.asarray(dataset.texts, dtype=object), np.asarray(dataset.labels)
    settings = _best_settings(texts, labels, dataset.groups, vectors, seed, jobs, on_step)
    on_step("fitting and calibrating the label")
    classifier = ScopeClassifier(**settings, vectors=vectors, seed=seed).fit(texts, labels, dataset.groups)
    on_step("fitting what is an activity")
    activity, activity_scores = _fit_activity(classifier, texts, list(non_activities), dataset.groups, seed)
    on_step("fitting the functions")
    functions = {label: _fit_functions(classifier, dataset, label) for label in LABELS}
    return TrainedModel(classifier, activity, functions, classifier.out_of_fold_, activity_scores, settings)


STEPS_AFTER_SETTINGS = 3


def number_of_steps() -> int:
    """How often ``fit_model`` calls ``on_step``."""
    return len(INVERSE_PENALTIES) * len(VECTOR_WEIGHTS) + STEPS_AFTER_SETTINGS


def _check_enough(dataset: Dataset) -> None:
    for label in LABELS:
        count = dataset.labels.count(label)
        if count < FEWEST_PER_LABEL:
            raise DataError(
                f"Only {count} rows are labelled {label}; training needs at least {FEWEST_PER_LABEL} of each label. Add more rows."
            )


def _best_settings(texts, labels, groups, vectors, seed, jobs, on_step) -> dict[str, float]:
    """The setting with the lowest log loss on rows that were held out, pairs kept together."""
    splits, losses = folds(labels, groups, seed), {}
    for weight in VECTOR_WEIGHTS:
        for C in INVERSE_PENALTIES:
            on_step(f"trying C={C:g}, vector weight {weight:g}")
            parts = Parallel(n_jobs=jobs)(
                delayed(_held_out_loss)(texts, labels, train, test, C, weight, vectors) for train, test in splits
            )
            losses[C, weight] = float(np.mean(parts))
    C, weight = min(losses, key=losses.get)
    return {"C": C, "vector_weight": weight}


def _held_out_loss(texts, labels, train, test, C, weight, vectors) -> float:
    part = ScopeClassifier(C, weight, vectors, calibrate=False).fit(texts[train], labels[train])
    return log_loss(labels[test], part.predict_proba(texts[test]), labels=part.classes_)


def _fit_activity(classifier, texts, non_activities, groups, seed) -> tuple[LogisticRegression, np.ndarray]:
    """The model of what is an activity, and its scores on the activities from models that had not seen them."""
    if not non_activities:
        return _always_activity(classifier, texts), np.full(len(texts), np.inf)
    matrix = classifier.features_.transform([*texts, *non_activities])
    is_activity = np.arange(matrix.shape[0]) < len(texts)
    together = [*groups, *(f"non-activity {n}" for n in range(len(non_activities)))]
    scores = np.zeros(len(is_activity))
    for train, test in folds(is_activity, together, seed):
        scores[test] = logistic(classifier.C).fit(matrix[train], is_activity[train]).decision_function(matrix[test])
    return logistic(classifier.C).fit(matrix, is_activity), scores[: len(texts)]


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
    return logistic(classifier.C).fit(matrix, functions)


def columns_without_pairs(features: TextFeatures) -> np.ndarray:
    """Columns of the words and of the vectors."""
    words, pairs = len(features.words_), len(features.pairs_)
    return np.r_[0:words, words + pairs : words + pairs + vectors_of(features).dimensions]
