import re

import pytest

from opscope.errors import InputError
from opscope.guide import guide
from opscope.strongest import strongest_of_function, strongest_of_label


@pytest.fixture(scope="module")
def scorer(model):
    return model.loaded.scorer


@pytest.mark.parametrize("label, sign", [("production", 1), ("operations", -1)])
def test_words_of_a_label_are_those_that_move_a_text_most(scorer, label, sign):
    found = strongest_of_label(scorer, label, 20)
    assert len(found) == 20
    assert [one.weight for one in found] == sorted((sign * scorer.word(one.word) for one in found), reverse=True)
    assert found[0].weight == max(sign * scorer.word(word) for word in scorer.words)


def test_words_of_a_function_are_those_that_raise_its_score_most(scorer):
    place = scorer.functions.index("information_systems")
    found = strongest_of_function(scorer, "information_systems", 5)
    bare = scorer.intercepts[1 + place]
    for one in found:
        assert scorer.score_one(one.word).functions[place] - bare == pytest.approx(one.weight, abs=1e-4)
    assert {"software", "database"} & {one.word for one in found}


def test_only_words_that_speak_for_it_are_named(scorer):
    for function in guide().functions:
        found = strongest_of_function(scorer, function, len(scorer.words))
        assert 0 < len(found) < len(scorer.words)
        assert min(one.weight for one in found) > 0


def test_what_there_is_none_of_is_refused(scorer):
    with pytest.raises(InputError, match=r"^label is 'plant', expected operations or production\. Correct it\.$"):
        strongest_of_label(scorer, "plant", 3)
    message = f"function is 'welding', expected one of {', '.join(guide().functions)}. Correct it."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        strongest_of_function(scorer, "welding", 3)
