import numpy as np
import pytest

from opscope.dataset import Dataset, Example
from opscope.errors import DataError
from opscope.paths import shipped
from opscope.retraining import taught_for, training_rows
from opscope.teaching import Taught, load_taught, nothing_taught, save_taught, unseen_rows
from opscope.training import ScopeClassifier

TAUGHT = Taught(
    ("grease the", 'pay "all", now', "grease the carrier"),
    np.array([2.5, -4.0, 0.25]),
    (("A1",), ("A2",), ("A1", "A2")),
    frozenset({"A1"}),
)


def test_what_is_saved_is_loaded_and_the_bytes_are_the_same(tmp_path):
    for taught in (TAUGHT, nothing_taught()):
        save_taught(taught, tmp_path / "first")
        save_taught(taught, tmp_path / "second")
        assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
        loaded = load_taught(tmp_path / "first")
        assert (loaded.texts, loaded.rows, loaded.learned_from) == (taught.texts, taught.rows, taught.learned_from)
        np.testing.assert_array_equal(loaded.log_odds, taught.log_odds)


def test_a_damaged_file_is_named(tmp_path):
    save_taught(TAUGHT, tmp_path / "taught")
    (tmp_path / "taught").write_bytes((tmp_path / "taught").read_bytes()[:-20])
    with pytest.raises(DataError, match=r"taught cannot be read as taught texts: .*Restore it from the release\.$"):
        load_taught(tmp_path / "taught")


def test_what_was_made_of_a_row_goes_with_it():
    assert TAUGHT.without({"A1"}).texts == ('pay "all", now',)
    assert TAUGHT.without(set()).texts == TAUGHT.texts


def test_only_rows_that_the_teacher_never_saw_count_as_unseen():
    rows = Dataset(
        (Example("a", "production", id="A1"), Example("b", "production", id="A2"), Example("c", "production", id="own-0"))
    )
    assert list(unseen_rows(rows, TAUGHT)) == [False, True, True]


def test_the_classifier_learns_from_what_was_taught():
    texts = ["grease the chain", "pay the carrier"] * 5
    labels = ["production", "operations"] * 5
    many = Taught(("zorp the blick",) * 20, np.full(20, 9.0), (("A9",),) * 20, frozenset())
    before, after = ScopeClassifier().fit(texts, labels), ScopeClassifier().fit(texts, labels, many)
    assert after.decision_function(["zorp blick"])[0] > before.decision_function(["zorp blick"])[0] + 0.5


def test_own_rows_never_pass_for_shipped_ones(activities):
    first, second, third = activities.examples[:3]
    other = "operations" if second.label == "production" else "production"
    own = Dataset(
        (
            Example(first.text, first.label),
            Example(second.text, other, id=third.id),
            Example("sweep up behind the moulder", "production", id=third.id, source="pair:501:cost"),
        )
    )
    rows = training_rows(own, activities)
    assert rows.examples[0] == first
    assert [example.id for example in rows.examples[1:3]] == ["own-1", "own-2"]
    assert rows.examples[2].pair == "own-501"
    assert len(rows) == len(activities) + 1
    assert second.id not in {example.id for example in rows.examples}
    assert not any(second.id in made_of for made_of in taught_for(rows, activities).rows)


def test_enough_rows_are_left_to_calibrate_on(activities):
    unseen = unseen_rows(activities, load_taught(shipped("data/taught.csv.gz")))
    assert 0.08 < unseen.mean() < 0.5
