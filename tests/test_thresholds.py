import numpy as np
import pytest

from opscope.policies import POLICIES
from opscope.thresholds import NEVER, activity_threshold, policy_thresholds


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    scores = rng.normal(0, 4, 8000)
    labels = np.where(rng.random(8000) < 1 / (1 + np.exp(-scores)), "production", "operations")
    return scores, labels


@pytest.mark.parametrize("policy", POLICIES)
def test_decided_rows_are_wrong_at_most_as_the_policy_says(rows, policy):
    scores, labels = rows
    for label, threshold in policy_thresholds(scores, labels)[policy].items():
        probability = 1 / (1 + np.exp(-scores if label == "production" else scores))
        decided = probability >= threshold
        wrong = (labels[decided] != label).mean()
        assert 0.5 * POLICIES[policy] < wrong < POLICIES[policy]
        assert 0.5 < threshold < 1


def test_the_promise_holds_on_fresh_rows_nine_times_in_ten():
    """The thresholds are chosen on one set of rows and must keep their promise on all rows of the kind."""
    rng, kept = np.random.default_rng(1), []
    for _ in range(20):
        scores = rng.normal(0, 4, 3000)
        labels = np.where(rng.random(3000) < 1 / (1 + np.exp(-scores)), "production", "operations")
        threshold = policy_thresholds(scores, labels)["balanced"]["production"]
        fresh = rng.normal(0, 4, 200_000)
        probability = 1 / (1 + np.exp(-fresh))
        kept.append((1 - probability[probability >= threshold]).mean() <= POLICIES["balanced"])
    assert sum(kept) >= 18


def test_a_stricter_policy_asks_for_more(rows):
    found = policy_thresholds(*rows)
    for label in ("production", "operations"):
        assert found["strict"][label] > found["balanced"][label] > found["quick"][label]


def test_a_model_that_is_never_wrong_reviews_nothing_and_a_hopeless_one_everything():
    scores = np.r_[np.full(500, 2.0), np.full(500, -2.0)]
    right = ["production"] * 500 + ["operations"] * 500
    assert policy_thresholds(scores, right)["strict"] == {"operations": 0.5, "production": 0.5}
    assert policy_thresholds(scores, right[::-1])["quick"] == {"operations": NEVER, "production": NEVER}


def test_two_per_cent_of_the_activities_may_be_taken_for_none():
    assert activity_threshold(np.arange(101.0), 0.02) == pytest.approx(2.0)
