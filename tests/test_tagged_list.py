import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscope.errors import DataError, InputError
from opscope.formats.base import Row
from opscope.guide import LABELS
from opscope.tables import Table
from opscope.tagged_list import Rejected, TaggedList
from opscope.text import MAX_CHARACTERS, problem_with

GREASE = "Re-grind the die after the burr complaint from line 2"
RESIN = "Renegotiate the resin contract with both suppliers"
TOO_LONG = "x" * (MAX_CHARACTERS + 1)
LIST = (GREASE, RESIN, "scrap", "", "=1+1", "Where is the key?", TOO_LONG)


@pytest.fixture(scope="module")
def tagged(model):
    return TaggedList.of_texts(model, LIST)


def test_plain_texts_are_rows_numbered_from_one(model, tagged):
    assert tagged.table.columns == ("text",)
    assert [(row.number, row.values) for row in tagged.table.rows[:2]] == [(1, (GREASE,)), (2, (RESIN,))]
    assert tagged.texts == LIST
    assert [found.label for found in tagged.predictions[:2]] == ["production", "operations"]
    assert (tagged.policy, tagged.model_version, tagged.guide_version) == ("balanced", model.version, "1")


def test_a_table_keeps_its_columns_and_row_numbers(model):
    table = Table("in.csv", ("code", "task"), (Row(3, ("007", RESIN)), Row(5, ("008", GREASE))))
    tagged = TaggedList.of_table(model, table, 1, "strict")
    assert tagged.table is table
    assert tagged.texts == (RESIN, GREASE)
    assert list(tagged.predictions) == model.predict([RESIN, GREASE], "strict")


def test_rows_of_which_nothing_can_be_said_are_rejected_with_reason_and_fix(tagged):
    fix = "Write what is done, to what, and where."
    assert tagged.rejected == (
        Rejected(3, 4, "The text is empty.", fix),
        Rejected(4, 5, "The text holds no word.", fix),
        Rejected(6, 7, "The text has 20,001 characters and at most 20,000 are read.", "Split it into one activity a row."),
    )


def test_what_is_in_review_or_unfamiliar_is_for_a_person_and_what_is_rejected_is_not(tagged):
    assert [LIST[place] for place in tagged.to_review] == ["scrap", "Where is the key?"]
    assert [tagged.predictions[place].decision for place in tagged.to_review] == ["review", "unfamiliar"]


def test_the_summary_counts_all_rows_by_decision_and_activities_by_label_and_function(tagged):
    told = tagged.summary
    assert (told.rows, told.decided, told.to_review, told.rejected, told.activities) == (7, 2, 2, 3, 3)
    assert told.decisions == {"operations": 1, "production": 1, "review": 1, "unfamiliar": 4}
    assert told.labels == {"operations": 1, "production": 2}
    assert {name: count for name, count in told.functions.items() if count} == {
        "equipment_maintenance": 1,
        "production_cost": 1,
        "procurement": 1,
    }
    assert len(told.functions) == 26


def test_expected_wrong_is_what_the_probabilities_of_the_decided_leave(tagged):
    assert tagged.summary.expected_wrong == pytest.approx(sum(1 - found.probability for found in tagged.predictions[:2]))


def test_a_list_without_rows_has_a_summary(model):
    told = TaggedList.of_texts(model, []).summary
    assert (told.rows, told.decided, told.to_review, told.rejected, told.expected_wrong) == (0, 0, 0, 0, 0)
    assert set(told.decisions.values()) == {0}


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(st.characters(), max_size=30), max_size=40))
def test_every_row_is_decided_for_a_person_or_rejected(model, texts):
    tagged = TaggedList.of_texts(model, texts)
    told = tagged.summary
    assert told.decided + told.to_review + told.rejected == told.rows == len(texts)
    assert sum(told.decisions.values()) == told.rows
    assert sum(told.labels.values()) == sum(told.functions.values()) == told.activities
    assert {row.place for row in tagged.rejected} == {place for place, text in enumerate(texts) if problem_with(text)}
    assert all(tagged.predictions[place].decision not in LABELS for place in tagged.to_review)


def test_one_text_is_no_list(model):
    with pytest.raises(InputError, match=r"^Expected a list of texts, got one text\. Put it into a list\.$"):
        TaggedList.of_texts(model, GREASE)


def test_an_unknown_policy_is_refused(model):
    message = "There is no policy 'lax'. Choose one of strict, balanced, quick."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        TaggedList.of_texts(model, [GREASE], "lax")


@pytest.mark.parametrize("column", [-1, 2])
def test_a_column_that_is_not_there_is_refused(model, column):
    table = Table("in.csv", ("code", "task"), (Row(2, ("007", GREASE)),))
    with pytest.raises(DataError, match=rf"^in\.csv has 2 columns and none at {column}\. Name one from 0 to 1\.$"):
        TaggedList.of_table(model, table, column)


def test_rows_and_predictions_must_be_equally_many(tagged):
    with pytest.raises(DataError, match=r"^list has 7 rows and 6 predictions\. Tag the table again\.$"):
        replace(tagged, predictions=tagged.predictions[:-1])
