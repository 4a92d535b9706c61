import time
from datetime import UTC, datetime

import numpy as np
import pytest

from opscope.review_queue import Chosen, queue_columns, queue_order
from opscope.verdicts import Queued, key_of

NOON = datetime(2026, 5, 1, tzinfo=UTC)


def waiting(text, probability=0.9, decision="production"):
    return Queued(
        text=text, added=NOON, source="a.csv", predicted_label="production", predicted_probability=probability,
        predicted_decision=decision, predicted_function="quality_control", model_version="m1",
    )  # fmt: skip


def apart(text):
    """Texts lie together where their first letters are equal, and far apart otherwise."""
    return np.eye(26)[ord(text[0].lower()) - ord("a")]


def taught(chosen):
    return [one.activity.text for one in chosen if not one.at_random]


def order(queued, reviewed=(), place_of=apart, many=None, seed=0):
    return queue_order(queued, reviewed, place_of, many=many or len(queued), seed=seed)


@pytest.fixture
def many():
    return [waiting(f"{chr(ord('a') + n % 26)} {n}", 0.5 + n % 50 / 100, ("production", "review")[n % 7 == 0]) for n in range(300)]


def test_what_is_not_decided_comes_first_and_the_least_certain_of_it():
    queued = [waiting("a", 0.6), waiting("b", 0.95, "review"), waiting("c", 0.99, "unfamiliar"), waiting("d", 0.7, "review")]
    lots = {one.activity.text for one in order(queued) if one.at_random}
    assert taught(order(queued)) == [text for text in ("d", "b", "c", "a") if text not in lots]
    assert len(lots) <= 1


def test_what_is_near_to_the_reviewed_or_the_chosen_waits():
    queued = [
        waiting("a 1", 0.6),
        waiting("a 2", 0.61),
        waiting("b", 0.7),
        waiting("c", 0.55),
        *(waiting("z", 1.0) for _ in range(50)),
    ]
    seed = next(seed for seed in range(50) if all("z" in one.activity.text for one in order(queued, seed=seed) if one.at_random))
    assert taught(order(queued, many=10, seed=seed))[:3] == ["c", "a 1", "b"]
    assert taught(order(queued, [key_of("C of old")], many=10, seed=seed))[:2] == ["a 1", "b"]


def test_what_is_reviewed_is_not_asked_again(many):
    reviewed = [key_of(activity.text.upper()) for activity in many[:290]]
    assert {one.activity.text for one in order(many, reviewed)} == {activity.text for activity in many[290:]}
    assert order(many[:290], reviewed) == []


def test_nobody_is_asked_the_same_twice(many):
    texts = [one.activity.text for one in order(many)]
    assert sorted(texts) == sorted(activity.text for activity in many)


def test_one_of_every_ten_is_drawn_at_random_and_blind(many):
    found = order(many, many=200)
    assert len(found) == 200
    assert [sum(one.at_random for one in found[start : start + 10]) for start in range(0, 200, 10)] == [1] * 20
    assert all(one.blind is one.at_random for one in found)
    assert len({position % 10 for position, one in enumerate(found) if one.at_random}) > 3


def test_the_random_ones_are_a_fair_sample_of_all():
    queued = [waiting(f"a {n}", 0.51, "review") if n < 50 else waiting(f"b {n}", 0.999) for n in range(100)]
    drawn = [one for seed in range(200) for one in order(queued, many=10, seed=seed) if one.at_random]
    assert len(drawn) == 200
    share = sum(one.activity.predicted_decision == "production" for one in drawn) / 200
    assert 0.4 < share < 0.6


def test_the_same_seed_gives_the_same_order_and_another_one_another(many):
    assert order(many, many=100, seed=3) == order(many, many=100, seed=3)
    assert order(many, many=100, seed=3) != order(many, many=100, seed=4)


def test_more_than_there_are_is_all_there_are(many):
    assert len(order(many, many=1_000)) == 300
    assert order([], many=5) == []


def test_thousands_are_ordered_in_seconds():
    queued = [waiting(f"a {n}", 0.5 + n % 50 / 100) for n in range(20_000)]
    places = np.random.default_rng(0).normal(size=(20_000, 128)).astype(np.float32)
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    reviewed = [f"b {n}" for n in range(3_000)]
    began = time.process_time()
    assert len(order(queued, reviewed, lambda text: places[int(text[2:])], many=200)) == 200
    assert time.process_time() - began < 10


def test_places_of_a_model_tell_what_is_near_in_meaning(model):
    queued = [waiting("Grease the filler bearings", 0.6), waiting("Pay the carrier's invoice", 0.6)]
    place_of = model.loaded.neighbours.place
    for reviewed, first in (("oil the bearings of the mixer", 1), ("pay the invoice of the haulier", 0)):
        found = [order(queued, [reviewed], place_of, many=1, seed=seed) for seed in range(20)]
        assert {one.activity for (one,) in found if not one.at_random} == {queued[first]}


def test_blind_rows_keep_back_what_the_model_said():
    columns = queue_columns([Chosen(waiting("=Oil it", 0.75, "review"), False), Chosen(waiting("Pay it"), True)])
    assert list(columns) == [
        "text", "label", "function", "reason", "reviewer", "predicted_label", "predicted_probability", "predicted_decision",
        "model_version", "blind",
    ]  # fmt: skip
    assert list(zip(*columns.values(), strict=True)) == [
        ("=Oil it", "", "", "", "", "production", "0.750000", "review", "m1", "no"),
        ("Pay it", "", "", "", "", "", "", "", "m1", "yes"),
    ]
