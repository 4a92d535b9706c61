import numpy as np
import pytest

from opscope.dataset import Dataset, Example, NonActivity
from opscope.errors import ModelError
from opscope.similar import NEAR, load_neighbours, make_neighbours, save_neighbours
from opscope.vectors import shipped_vectors

ROWS = Dataset(
    (
        Example("grease the chain of the filler", "production", "equipment_maintenance"),
        Example("oil the filler's chain\nat noon", "production"),
        Example("grease a chain of a filler", "operations", "service_delivery"),
        Example("pay the carrier's invoice", "operations", "finance"),
    )
)
FUNCTIONS = ("equipment_maintenance", "service_delivery", "finance")


@pytest.fixture(scope="module")
def neighbours():
    return make_neighbours(ROWS, [NonActivity("grease is a film", "fact")], shipped_vectors(), FUNCTIONS)


def test_the_same_text_is_nearest_and_the_last_is_of_the_other_label(neighbours):
    found = neighbours.nearest("grease the chain of the filler", 2)
    assert found[0].text == "grease the chain of the filler"
    assert found[0].similarity == pytest.approx(1, abs=0.01)
    assert (found[0].label, found[0].function) == ("production", "equipment_maintenance")
    assert (found[1].label, found[1].function) == ("operations", "service_delivery")
    assert found[1].similarity >= NEAR


def test_texts_that_are_no_activity_are_never_shown(neighbours):
    assert all(similar.label for similar in neighbours.nearest("grease is a film", 5))


def test_a_text_of_unknown_words_has_no_neighbours(neighbours):
    assert neighbours.nearest("§§ ¶¶") == ()


def test_neighbours_are_read_as_they_were_written(neighbours, tmp_path):
    path = tmp_path / "similar.safetensors"
    save_neighbours(neighbours, path)
    loaded = load_neighbours(path, shipped_vectors(), path.read_bytes())
    assert loaded.texts == neighbours.texts == (*(row.text.replace("\n", " ") for row in ROWS.examples), "grease is a film")
    np.testing.assert_array_equal(loaded.places, neighbours.places)
    assert loaded.nearest("pay the carrier") == neighbours.nearest("pay the carrier")
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ModelError, match=r"cannot be read as labelled neighbours: .*\. Train again or restore it\.$"):
        load_neighbours(path, shipped_vectors(), path.read_bytes())


def test_labelled_rows_find_rows_of_their_label(model, evaluation_set):
    rows = [example for example in evaluation_set.examples if example.label]
    nearest = [model.loaded.neighbours.nearest(example.text, 1)[0].label for example in rows]
    assert np.mean([label == example.label for label, example in zip(nearest, rows, strict=True)]) > 0.8
