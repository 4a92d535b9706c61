"""Thresholds of the decision, chosen on training rows that the scoring model had not seen."""

import warnings
from collections.abc import Sequence

import numpy as np
from mapie.risk_control import BinaryClassificationController

from opscope.guide import LABELS
from opscope.policies import CONFIDENCE, POLICIES

NEVER = 1.1  # no probability reaches it
_TRIED = np.round(np.linspace(0.995, 0.5, 100), 3)
_ENOUGH = 1.5  # times the rows that, all right, would just show that the promise holds


def policy_thresholds(log_odds: np.ndarray, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each policy and label, the lowest probability of the label from which on its promise holds.

    The promise is that among the texts given this label at most the policy's share is wrong; a threshold counts only if a test
    on the rows rejects with CONFIDENCE that it is broken, and those above it too, so that one error rate serves for all
    (Angelopoulos, Bates, Candès, Jordan and Lei, Learn then test, 2021; fixed sequence testing).
    ``log_odds`` (n,) are calibrated, out of fold, of the second of LABELS; ``labels`` (n,) are the right ones.
    """
    second = 1 / (1 + np.exp(-np.asarray(log_odds, dtype=float)))
    probability_of = dict(zip(LABELS, (1 - second, second), strict=True))
    truth = np.asarray(labels)
    return {
        policy: {label: _lowest(probability_of[label], truth == label, error) for label in LABELS}
        for policy, error in POLICIES.items()
    }


def _lowest(probability: np.ndarray, right: np.ndarray, error: float) -> float:
    """The lowest of the thresholds tried that keeps the promise, or NEVER."""
    enough = _ENOUGH * np.log(1 - CONFIDENCE) / np.log(1 - error)
    tried = _TRIED[[(probability >= threshold).sum() >= enough for threshold in _TRIED]]
    if not len(tried):
        return NEVER
    controller = BinaryClassificationController(
        predict_function=lambda given: np.column_stack([1 - given[:, 0], given[:, 0]]),
        risk="precision",
        target_level=1 - error,
        confidence_level=CONFIDENCE,
        list_predict_params=tried,
        fwer_method="fixed_sequence",
    )
    with warnings.catch_warnings():
        # MAPIE warns where all thresholds keep the promise, where none does, and where the error does not fall all the way, which
        # may cost thresholds but breaks no promise.
        warnings.filterwarnings("ignore", message="(All provided|No) predict|Fixed sequence testing", category=UserWarning)
        controller.calibrate(probability[:, None], right.astype(int))
    valid = np.ravel(controller.valid_predict_params)
    return float(valid.min()) if len(valid) else NEVER


def activity_threshold(log_odds: np.ndarray, false_alarms: float) -> float:
    """The log-odds of being an activity below which the share ``false_alarms`` of these activities, (n,) out of fold, lies."""
    return float(np.quantile(log_odds, false_alarms, method="lower"))
