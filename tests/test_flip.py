import re

import pytest

from opscope.flip import SUREST_NEEDED
from opscope.guide import guide
from opscope.text import readable


@pytest.mark.parametrize(
    "text", ["Track overtime by crew", "Order new rollers for the infeed", "Check the brake pads before the morning run"]
)
def test_the_edited_text_really_gets_the_other_label(model, text):
    before, found = model.predict(text), model.explain(text).counterfactual
    assert found is not None
    after = model.predict(found.text)
    assert after.label == found.label != before.label
    assert after.probability == pytest.approx(found.probability)
    assert found.probability >= SUREST_NEEDED
    assert guide().labels[found.label].name in found.sentence and found.text in found.sentence


def test_one_of_the_fewest_words_is_changed(model):
    found = model.explain("Track overtime by crew").counterfactual
    assert found.facet in guide().facets
    assert len(found.new.split()) <= 3


def test_a_phrase_takes_the_place_of_an_article_too(model, evaluation_set):
    found = [model.explain(text).counterfactual for text in evaluation_set.texts[::5]]
    replaced = [edit for edit in found if edit and edit.old]
    assert len(replaced) > 20 and any(re.match("(the|a|an) ", edit.old) for edit in replaced)
    assert not [edit.text for edit in replaced if re.search(r"\b(the|a|an|our|their) (the|a|an)\b", edit.text, re.IGNORECASE)]


def test_no_flip_of_what_no_edit_flips(model):
    text = "contract invoice budget supplier customer tax audit payroll tender lawsuit shareholder"
    assert model.explain(text).counterfactual is None


def test_all_edits_over_the_evaluation_set_are_verified(model, evaluation_set):
    for text in evaluation_set.texts[::10]:
        explained = model.explain(text)
        if explained.counterfactual:
            after = model.predict(readable(explained.counterfactual.text))
            assert after.label != explained.prediction.label
