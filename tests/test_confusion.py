from dataclasses import replace

import pytest

from opscope.confusion import Mixed, confusion_of
from opscope.dataset import Dataset, Example

ROWS = Dataset(
    (
        Example("one", "production", "quality_control"),
        Example("two", "production", "quality_control"),
        Example("three", "operations", "finance"),
        Example("four", "operations"),
        Example("five", ""),
        Example("six", ""),
    )
)
DECISIONS = ("production", "operations", "review", "operations", "unfamiliar", "production")
FUNCTIONS = ("finance", "finance", "finance", "procurement", "finance", "finance")


@pytest.fixture
def found(model):
    told = model.predict(ROWS.texts)
    pairs = zip(told, DECISIONS, FUNCTIONS, strict=True)
    return confusion_of(ROWS, [replace(one, decision=decision, function=function) for one, decision, function in pairs])


def test_rows_are_counted_by_label_and_decision(found):
    assert found.labels == ("operations", "production", "")
    assert found.decisions == ("operations", "production", "review", "unfamiliar")
    assert found.counts == ((1, 0, 1, 0), (1, 1, 0, 0), (0, 1, 0, 1))


def test_the_counts_are_told_in_words(found):
    assert found.sentences == (
        "Of 2 operations-wide activities 1 were decided so, 0 as production-scoped, 1 went to a person, and 0 were taken for no "
        "activity.",
        "Of 2 production-scoped activities 1 were decided so, 1 as operations-wide, 0 went to a person, and 0 were taken for no "
        "activity.",
        "Of 2 texts that are no activity 1 were recognised, 0 were taken for operations-wide, 1 were taken for production-scoped, "
        "and 0 went to a person.",
    )


def test_a_label_without_rows_is_not_told(model):
    rows = Dataset(ROWS.examples[:2])
    assert len(confusion_of(rows, model.predict(rows.texts)).sentences) == 1


def test_functions_taken_for_another_are_counted_where_the_row_names_one(found):
    assert found.mixed == (Mixed("quality_control", "finance", 2),)


def test_every_row_is_counted_once(model, evaluation_set):
    counts = confusion_of(evaluation_set, model.predict(evaluation_set.texts)).counts
    assert sum(map(sum, counts)) == len(evaluation_set.texts)
