import numpy as np
import pytest

from opscope.calibration import calibration_of


def test_probabilities_that_hold_have_no_error_and_boasts_have():
    rng = np.random.default_rng(0)
    probability = rng.uniform(0.5, 1, 20_000)
    right = rng.random(20_000) < probability
    honest, boast = calibration_of(probability, right), calibration_of(np.full(20_000, 0.999), right)
    assert honest.error < 0.01 < 0.2 < boast.error
    assert honest.interval[0] <= honest.interval[1] < 0.02
    assert honest.brier == pytest.approx(np.mean((probability - right) ** 2))
    assert honest.log_loss < boast.log_loss


def test_a_bin_is_told_in_words():
    (only,) = calibration_of([0.84] * 50, [True] * 39 + [False] * 11).bins
    assert only.sentence == "of 50 at about 84.0 %, 39 were right"
