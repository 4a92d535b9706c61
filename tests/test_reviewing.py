import re
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscope.errors import DataError
from opscope.reviewing import (
    Added,
    Places,
    checked_reviewer,
    precedents_of,
    queue_paste,
    sway_in_words,
    verdict_on,
    withdrawal_of,
)
from opscope.reviews import open_reviews
from opscope.settling import Settled, Sway, settle
from opscope.verdicts import WITHDRAWN, problems_with

OIL = "Oil the chain of line 2"


@pytest.fixture
def reviews(tmp_path):
    return open_reviews(tmp_path / "reviews.sqlite")


def refused(message):
    return pytest.raises(DataError, match=f"^{re.escape(message)}$")


def test_a_paste_is_tagged_and_queued_once(reviews, model):
    assert queue_paste(reviews, model, f"- {OIL}\n\n2. Pay the carrier\n{OIL.upper()}") == Added(2, 0, ())
    assert queue_paste(reviews, model, f"{OIL}\nCount the drums") == Added(1, 1, ())
    first = reviews.queued()[0]
    told = model.predict(OIL)
    assert (first.text, first.source, first.predicted_label) == (OIL, "pasted", told.label)
    assert (first.predicted_probability, first.model_version) == (told.probability, model.version)


def test_lines_of_which_nothing_can_be_said_are_left_out_with_the_reason(reviews, model):
    added = queue_paste(reviews, model, f"{OIL}\n12345")
    assert added == Added(1, 0, ("text is '12345': The text holds no word. Write what is done, to what, and where.",))


def test_an_empty_paste_queues_nothing(reviews, model):
    assert queue_paste(reviews, model, " \n") == Added(0, 0, ())


@pytest.mark.parametrize("given, kept", [("  Anna \n Bell ", "Anna Bell"), ("Zoë\u200b", "Zoë")])
def test_a_name_is_kept_in_one_line(given, kept):
    assert checked_reviewer(given) == kept


@pytest.mark.parametrize("name", ["", "  ", "\u200b\n"])
def test_an_empty_name_is_refused(name):
    with refused("reviewer is empty. Say who decided."):
        checked_reviewer(name)


def test_a_name_without_end_is_refused():
    with pytest.raises(DataError, match="expected a name of at most 200 characters"):
        checked_reviewer("x" * 201)


@given(st.text(max_size=30))
def test_whatever_is_typed_becomes_a_name_that_verdicts_keep_or_is_refused(typed):
    try:
        name = checked_reviewer(typed)
    except DataError:
        return
    assert name == checked_reviewer(name) and name == name.strip() != ""


def test_a_verdict_accepts_or_changes_the_tag_and_holds_it(model):
    told = model.predict(OIL)
    accepted = verdict_on(told, "production", reviewer="Anna", function="equipment_maintenance", reason=" chain ")
    changed = verdict_on(told, "operations", reviewer="Anna", saw_prediction=True)
    assert (accepted.verdict, changed.verdict) == ("accept", "change")
    assert (accepted.reason, accepted.saw_prediction, changed.saw_prediction) == ("chain", False, True)
    assert (accepted.predicted_label, accepted.predicted_probability) == (told.label, told.probability)
    assert (accepted.model_version, accepted.guide_version) == (told.model_version, told.guide_version)
    assert accepted.when.utcoffset() == datetime.now(UTC).utcoffset()


def test_without_a_label_the_reviewer_cannot_decide(model):
    assert verdict_on(model.predict(OIL), "", reviewer="Anna").verdict == "cannot_decide"


def test_a_function_of_the_other_label_is_refused(model):
    with refused("function finance belongs to operations, the verdict's label is production. Correct one of them."):
        verdict_on(model.predict(OIL), "production", reviewer="Anna", function="finance")


def test_a_withdrawal_takes_the_verdict_back(model):
    verdict = verdict_on(model.predict(OIL), "production", reviewer="Anna", function="quality_control", adjudicates=True)
    withdrawal = withdrawal_of(verdict)
    assert withdrawal.verdict == WITHDRAWN and not problems_with(withdrawal)
    assert settle([verdict, withdrawal]).settled == ()


def test_precedents_leave_the_activity_itself_out(model):
    now = datetime.now(UTC)
    settled = [Settled(text, "production", "", ("Anna",), "", now) for text in (OIL, "Oil the chain of line 7 on Monday")]
    explained = model.explain(OIL.upper(), precedents=Places(model.loaded.neighbours).precedents(settled))
    assert [similar.text for similar in precedents_of(explained)] == ["Oil the chain of line 7 on Monday"]
    assert any(not similar.decided_by for similar in explained.similar)


def test_places_are_those_of_the_model_and_found_once(model):
    neighbours, settled = model.loaded.neighbours, [Settled(OIL, "production", "", ("Anna",), "", datetime.now(UTC))]
    places = Places(neighbours)
    expected = model.precedents(settled)
    np.testing.assert_array_equal(places.precedents(settled).places, expected.places)
    assert places(OIL) is places(OIL)
    assert places.precedents([]).settled == ()


@pytest.mark.parametrize(
    "sway, told",
    [
        (
            Sway(blind=0, blind_equal=0, seen=9, seen_equal=9),
            "How often seeing the tag changes the answer is not known yet: it takes verdicts with the tag and without it.",
        ),
        (
            Sway(blind=10, blind_equal=8, seen=1000, seen_equal=950),
            "Who sees the tag gives its label 15.0 points more often (95.0 % of 1,000 verdicts with it, 80.0 % of 10 without).",
        ),
        (
            Sway(blind=4, blind_equal=3, seen=2, seen_equal=1),
            "Who sees the tag gives its label 25.0 points less often (50.0 % of 2 verdicts with it, 75.0 % of 4 without).",
        ),
        (
            Sway(blind=2, blind_equal=1, seen=4, seen_equal=2),
            "Who sees the tag gives its label as often as who does not (50.0 % of 4 verdicts with it, 50.0 % of 2 without).",
        ),
    ],
)
def test_how_far_the_tag_moves_people_is_told_in_a_sentence(sway, told):
    assert sway_in_words(sway) == told
