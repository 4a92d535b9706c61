import numpy as np
import pytest

from opscope.thresholds import activity_threshold, review_thresholds


def log_odds(probability):
    return np.log(probability / (1 - probability))


def test_decided_rows_are_wrong_at_most_five_per_cent():
    rng = np.random.default_rng(3)
    scores = rng.normal(0, 2, 4000)
    labels = np.where(rng.random(4000) < 1 / (1 + np.exp(-scores)), "production", "operations")
    for label, threshold in review_thresholds(scores, labels).items():
        given = (scores > 0) == (label == "production")
        decided = given & (1 / (1 + np.exp(-np.abs(scores))) >= threshold)
        assert 0.04 < (labels[decided] != label).mean() <= 0.05
        assert 0.5 < threshold < 1


def test_a_model_that_is_never_wrong_reviews_nothing_and_a_hopeless_one_everything():
    scores = log_odds(np.array([0.9, 0.8, 0.7, 0.1, 0.2, 0.3]))
    right = ["production"] * 3 + ["operations"] * 3
    assert review_thresholds(scores, right) == {"operations": 0.5, "production": 0.5}
    assert review_thresholds(scores, right[::-1]) == {"operations": 1.0, "production": 1.0}


def test_rows_of_one_probability_share_their_fate():
    scores = np.r_[np.full(50, log_odds(0.9)), np.full(50, log_odds(0.8)), np.full(10, -1.0)]
    labels = ["production"] * 50 + ["production"] * 10 + ["operations"] * 50
    assert review_thresholds(scores, labels)["production"] == pytest.approx(0.9)


def test_three_per_cent_of_the_activities_may_be_taken_for_none():
    assert activity_threshold(np.arange(101.0)) == pytest.approx(3.0)
    assert activity_threshold(np.full(3, np.inf)) < -1e200
