import pytest

from opscope.budgets import budget


@pytest.fixture(scope="module")
def texts(evaluation_set):
    return [example.text for example in evaluation_set.examples if example.label][:300]


def test_the_strictest_policy_that_fits_the_time_is_named(model, texts):
    strict, balanced, quick = budget(model.loaded, texts, 0).options
    assert strict.to_review > balanced.to_review >= quick.to_review
    assert strict.expected_wrong < balanced.expected_wrong <= quick.expected_wrong
    assert budget(model.loaded, texts, strict.minutes).fitting == "strict"
    assert budget(model.loaded, texts, balanced.minutes).fitting == "balanced"
    assert budget(model.loaded, texts, quick.minutes - 1).fitting is None


def test_the_queue_fits_the_time_and_begins_with_what_is_not_decided(model, texts):
    _, balanced, _ = budget(model.loaded, texts, 0).options
    found = budget(model.loaded, texts, balanced.minutes + 5)
    assert (found.fitting, found.policy) == ("balanced", "balanced")
    assert len(found.queue) == balanced.to_review + 10  # at half a minute
    predictions = model.predict([texts[place] for place in found.queue])
    asked, decided = predictions[: balanced.to_review], predictions[balanced.to_review :]
    assert {p.decision for p in asked} <= {"review", "unfamiliar"} and {p.decision for p in decided} <= {"production", "operations"}
    for part in (asked, decided):
        assert [p.probability for p in part] == sorted(p.probability for p in part)


def test_what_is_expected_to_stay_wrong_is_what_the_queue_leaves(model, texts):
    minutes = budget(model.loaded, texts, 0).options[1].minutes + 5
    found = budget(model.loaded, texts, minutes)
    left = [texts[place] for place in range(len(texts)) if place not in found.queue]
    assert found.expected_wrong == pytest.approx(sum(1 - p.probability for p in model.predict(left)))
    assert found.expected_wrong < found.options[1].expected_wrong
    assert found.undecided == 0


def test_where_no_policy_fits_it_is_said_how_much_stays_undecided(model, texts):
    found = budget(model.loaded, texts, 1)
    assert (found.fitting, found.policy, len(found.queue)) == (None, "quick", 2)
    assert found.undecided == found.options[-1].to_review - 2


def test_what_holds_no_word_is_in_no_queue(model):
    found = budget(model.loaded, ["", "4711", "Grease the filler bearings on line 2"], 60)
    assert found.queue == (2,) and found.options[0].to_review == 0


def test_an_empty_list_needs_no_time(model):
    found = budget(model.loaded, [], 0)
    assert (found.fitting, found.queue, found.undecided, found.expected_wrong) == ("strict", (), 0, 0)
