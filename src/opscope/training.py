"""From labelled rows to a fitted, calibrated scikit-learn estimator.

The models are linear on purpose: what is learned collapses into one number per word and pair (see ``compiling``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold

from opscope.classifier import ScopeClassifier, platt
from opscope.dataset import Dataset, NonActivity
from opscope.errors import DataError
from opscope.guide import LABELS
from opscope.heads import fit_familiarity, fit_forms, fit_functions
from opscope.vectors import WordVectors

FEWEST_PER_LABEL = 20
INVERSE_PENALTIES = (2.5, 5.0, 10.0)
FOLDS = 5


@dataclass(frozen=True)
class TrainedModel:
    """Everything learned: the label's classifier, and linear models for the form of a text and for the functions of each label.

    ``forms`` and ``functions`` work on the columns of ``classifier.features_`` without the pairs; ``familiarity`` on
    ``familiarity.features_of``. ``held_out`` are the calibrated log-odds, (n,), of the rows from models that had not seen them,
    ``held_out_labels`` their labels; ``held_out_activity`` the log-odds of being an activity, and ``held_out_margins`` the margins,
    of the same rows. ``forms`` and what depends on it are None where no texts that are no activity were given.
    """

    classifier: ScopeClassifier
    forms: LogisticRegression | None
    familiarity: LogisticRegression | None
    functions: dict[str, LogisticRegression | None]
    held_out: np.ndarray
    held_out_labels: np.ndarray
    held_out_activity: np.ndarray | None
    held_out_margins: np.ndarray | None
    settings: dict[str, float]


def folds(groups: Sequence, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train and test rows of each fold; the rows of a group never lie on both sides."""
    splitter = GroupKFold(min(FOLDS, len(set(groups))), shuffle=True, random_state=seed)
    return list(splitter.split(groups, groups=groups))


def fit_model(
    dataset: Dataset,
    non_activities: Sequence[NonActivity],
    *,
    function_rows: Dataset | None = None,
    vectors: WordVectors | None = None,
    seed: int = 0,
    jobs: int = 2,
    on_step: Callable[[str], None] = lambda step: None,
) -> TrainedModel:
    """Chooses the penalty by grouped cross-validation, then fits and calibrates the label, and fits all other heads.

    The functions are learned from ``function_rows``, where given, instead of the dataset. ``on_step`` is called with a short
    description as each step begins. Raises DataError when a label has fewer than 20 rows.
    """
    _check_enough(dataset)
    labels, losses = np.asarray(dataset.labels), {}
    classifiers = [ScopeClassifier(C, vectors) for C in INVERSE_PENALTIES]
    held_out = held_out_scores(dataset, classifiers, seed=seed, jobs=jobs, on_step=on_step)
    for C, scores in held_out.items():
        # The penalty shrinks the scores, which calibration undoes; only what is left after it counts.
        losses[C] = log_loss(labels, platt(scores, labels).predict_proba(scores[:, None]), labels=LABELS)
    C = min(losses, key=losses.get)
    on_step("fitting and calibrating the label")
    classifier = ScopeClassifier(C, vectors).fit(dataset.texts, labels).calibrate(held_out[C], labels)
    on_step("fitting what is an activity")
    forms = familiarity = activity = margins = None
    if non_activities:
        groups = [*dataset.groups, *(f"non-activity {n}" for n in range(len(non_activities)))]
        splits = folds(groups, seed)
        forms, held_out_margins = fit_forms(classifier.features_, dataset.texts, non_activities, splits, jobs)
        familiarity, activity = fit_familiarity(dataset.texts, non_activities, held_out_margins, splits)
        margins = held_out_margins[: len(dataset)]
    on_step("fitting the functions")
    functions = {label: fit_functions(classifier.features_, function_rows or dataset, label) for label in LABELS}
    calibrated = classifier.slope_ * held_out[C] + classifier.offset_
    return TrainedModel(classifier, forms, familiarity, functions, calibrated, labels, activity, margins, {"C": C})


def number_of_steps() -> int:
    """How often ``fit_model`` calls ``on_step``."""
    return len(INVERSE_PENALTIES) * FOLDS + 3


def _check_enough(dataset: Dataset) -> None:
    for label in LABELS:
        count = dataset.labels.count(label)
        if count < FEWEST_PER_LABEL:
            raise DataError(
                f"Only {count} rows are labelled {label}; training needs at least {FEWEST_PER_LABEL} of each label. Add more rows."
            )


def held_out_scores(
    dataset: Dataset,
    classifiers: Sequence[ScopeClassifier],
    *,
    seed: int = 0,
    jobs: int = 2,
    on_step: Callable[[str], None] = lambda step: None,
) -> dict[float, np.ndarray]:
    """For the ``C`` of each classifier the scores of all rows, (n,), each from a model fitted without its fold.

    Raises DataError where the rows of a label are so alike that they cannot be shared out.
    """
    texts, labels = np.asarray(dataset.texts, dtype=object), np.asarray(dataset.labels)
    splits = folds(dataset.groups, seed)
    for train, _ in splits:
        if missing := set(labels) - set(labels[train]):
            raise DataError(
                f"The rows labelled {', '.join(sorted(missing))} are nearly the same text, so that none of them can be held out to "
                "measure with. Add rows that say something else."
            )
    parts = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(fold_scores)(classifier, texts[train], labels[train], texts[test])
        for classifier in classifiers
        for train, test in splits
    )
    scores = {classifier.C: np.zeros(len(texts)) for classifier in classifiers}
    for classifier in classifiers:
        for _, test in splits:
            on_step(f"trying C={classifier.C:g}")
            scores[classifier.C][test] = next(parts)
    return scores


def fold_scores(classifier: ScopeClassifier, texts, labels, held_out) -> np.ndarray:
    """Scores of the ``held_out`` texts, (n,), from a copy of the classifier fitted on the others."""
    return clone(classifier).fit(texts, labels).decision_function(held_out)
