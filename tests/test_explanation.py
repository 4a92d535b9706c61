import numpy as np

from opscope.display import as_html, as_text, marked_parts
from opscope.guide import guide
from opscope.scorer import LABEL_HEAD
from opscope.text import readable


def test_intercept_and_contributions_add_up_to_the_score(model, evaluation_set):
    scorer = model._version.scorer
    scores = scorer.score([readable(text) for text in evaluation_set.texts]).label
    for text, score in zip(evaluation_set.texts, scores, strict=True):
        explained = model.explain(text)
        assert abs(explained.score - score) < 1e-6
        assert abs(explained.intercept + sum(c.value for c in explained.contributions) - score) < 1e-6
        assert explained.intercept == scorer.intercepts[LABEL_HEAD]
        probability = 1 / (1 + np.exp(-abs(score)))
        assert abs(explained.prediction.probability - probability) < 1e-9


def test_contributions_are_the_words_of_the_text_in_order(model):
    text = "  Grease Böhler-press 7’s chain! "
    explained = model.explain(text)
    assert [text[c.start : c.end] for c in explained.contributions] == ["Grease", "Böhler", "press", "7", "s", "chain"]
    assert [c.word for c in explained.contributions] == ["Grease", "Böhler", "press", "7", "s", "chain"]


def test_the_same_text_has_the_same_explanation(model):
    text = "Audit the freight forwarder's cold chain"
    assert model.explain(text) == model.explain(text)


def test_the_rule_is_that_of_the_function(model):
    explained = model.explain("Replace the worn bearing on the filler drive")
    function = guide().functions[explained.prediction.function]
    assert explained.rule == function.definition
    assert explained.sources == function.sources


def test_marked_parts_give_the_text_back_and_escape_it(model):
    text = 'grease <b>the</b> chain & "belt"'
    explained = model.explain(text)
    assert "".join(part.text for part in marked_parts(explained)) == text
    assert "<b>" not in as_html(explained)
    assert "&lt;" in as_html(explained) and "&amp;" in as_html(explained)


def test_an_empty_text_has_no_contributions(model):
    explained = model.explain("")
    assert explained.contributions == ()
    assert explained.score == explained.intercept


def test_the_terminal_text_shows_every_word(model):
    shown = as_text(model.explain("Book the carrier for pallets"))
    for word in ("Book", "carrier", "pallets", "intercept"):
        assert word in shown
