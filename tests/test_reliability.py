import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscope.calibration import calibration_of
from opscope.reliability import reliability_in_words, reliability_of


def calibrated(*bins):
    """A calibration of so many texts at a probability, so many of them right."""
    probabilities = [probability for probability, count, _ in bins for _ in range(count)]
    return calibration_of(probabilities, [place < right for _, count, right in bins for place in range(count)])


def test_points_hold_the_share_right_with_wilsons_interval():
    (point,) = reliability_of(calibrated((0.85, 10, 8)))
    assert (point.probability, point.right, point.count) == (pytest.approx(0.85), 0.8, 10)
    assert (point.low, point.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert point.is_believable


def test_what_chance_explains_is_not_called_off():
    assert reliability_in_words(calibrated((0.65, 20, 13), (0.85, 20, 16))) == (
        "On the average the probabilities are off by 2.5 points. At each height the share of right labels agrees with the "
        "probability, as far as so many texts can tell."
    )


def test_what_chance_does_not_explain_is_named():
    assert reliability_in_words(calibrated((0.65, 200, 130), (0.85, 200, 100))) == (
        "On the average the probabilities are off by 17.5 points. Beyond what chance explains they are off at about 85 % "
        "(50 % were right)."
    )


@given(st.lists(st.tuples(st.floats(0.5, 1), st.booleans()), min_size=1, max_size=60))
def test_intervals_hold_their_share_and_lie_between_none_and_all(texts):
    for point in reliability_of(calibration_of(*zip(*texts, strict=True))):
        assert 0 <= point.low <= point.right <= point.high <= 1
