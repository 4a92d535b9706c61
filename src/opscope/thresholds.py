"""Thresholds of the decision, chosen on training rows that the scoring model had not seen."""

from collections.abc import Sequence

import numpy as np

from opscope.guide import LABELS, OPERATIONS, PRODUCTION

LARGEST_ERROR = 0.05  # of the labels decided, at most this share is wrong on the training rows
FALSE_ALARMS = 0.03  # this share of the activities may be taken for none


def review_thresholds(log_odds: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """For each label, the lowest probability from which on at most 5 % of the rows given this label are wrong.

    ``log_odds`` (n,) are calibrated, out of fold, of production over operations; ``labels`` (n,) are the right ones.
    """
    given = np.where(log_odds > 0, PRODUCTION, OPERATIONS)
    probability = 1 / (1 + np.exp(-np.abs(log_odds)))
    wrong = given != np.asarray(labels)
    return {label: _lowest(probability[given == label], wrong[given == label]) for label in LABELS}


def _lowest(probability: np.ndarray, wrong: np.ndarray) -> float:
    """The lowest of the probabilities, or 0.5 if all may be decided; rows of one probability are decided together."""
    values, counts = np.unique(-probability, return_counts=True)
    wrong_at = np.array([wrong[-probability == value].sum() for value in values])
    error = np.cumsum(wrong_at) / np.cumsum(counts)
    allowed = np.flatnonzero(error <= LARGEST_ERROR)
    if not len(allowed):
        return 1.0
    return 0.5 if allowed[-1] == len(values) - 1 else float(-values[allowed[-1]])


def activity_threshold(scores: np.ndarray) -> float:
    """The activity score that 97 % of the activities reach; ``scores`` (n,) are out of fold, of activities only."""
    return float(np.quantile(scores, FALSE_ALARMS)) if np.isfinite(scores).all() else float("-1e300")
