import json
import re

import numpy as np

from opscope.display import as_html, as_json, as_text, marked_parts
from opscope.guide import guide
from opscope.policies import POLICIES
from opscope.text import readable


def test_intercept_and_contributions_add_up_to_the_score(model, evaluation_set):
    scorer = model._version.scorer
    scores = scorer.score([readable(text) for text in evaluation_set.texts]).label
    for text, score in zip(evaluation_set.texts, scores, strict=True):
        explained = model.explain(text)
        assert abs(explained.score - score) < 1e-6
        assert abs(explained.intercept + sum(c.value for c in explained.contributions) - score) < 1e-6
        assert explained.intercept == scorer.intercepts[0]
        probability = 1 / (1 + np.exp(-abs(score)))
        assert abs(explained.prediction.probability - probability) < 1e-9


def test_contributions_are_the_words_and_phrases_of_the_text_in_order(model):
    text = "  Grease Böhler-press 7’s chain! "
    explained = model.explain(text)
    assert [text[c.start : c.end] for c in explained.contributions] == [c.word for c in explained.contributions]
    words = [word for c in explained.contributions for word in re.findall(r"[^\W_]+", c.word)]
    assert words == ["Grease", "Böhler", "press", "7", "s", "chain"]
    assert all(a.end <= b.start for a, b in zip(explained.contributions, explained.contributions[1:], strict=False))


def test_words_that_say_more_together_are_one_phrase(model):
    (line,) = (c for c in model.explain("Schedule line 2").contributions if "line" in c.word)
    assert line.word == "line 2"


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


def test_the_terminal_text_shows_every_word_and_part(model):
    shown = as_text(model.explain("Book the carrier for pallets"))
    for word in ("Book", "carrier", "pallets", "intercept", "Function", "Rule", "Similar", "Versions"):
        assert word in shown
    assert "\033[" not in shown
    assert "\033[" in as_text(model.explain("Book the carrier for pallets"), coloured=True)


def test_escapes_in_a_text_do_not_reach_the_terminal(model):
    assert "\033" not in as_text(model.explain("grease \033[31m the chain \u202e of the filler"))


def test_the_json_holds_everything(model):
    told = json.loads(as_json(model.explain("Schedule line 2 and run payroll for the office")))
    assert told["prediction"]["label"] == "operations" and told["mixed"] is True
    assert abs(told["intercept"] + sum(c["value"] for c in told["contributions"]) - told["score"]) < 1e-9
    assert told["functions"][0]["function"] == told["prediction"]["function"]


def test_nothing_in_an_explanation_contradicts_another_part(model, activities, evaluation_set):
    texts = [*evaluation_set.texts, *activities.texts[::40]]
    for policy in POLICIES:
        for text in texts[:: 3 if policy == "balanced" else 12]:
            explained = model.explain(text, policy)
            p = explained.prediction
            assert (explained.score > 0) == (p.label == "production")
            assert explained.functions[0][0] == p.function
            assert sum(share for _, share in explained.functions) <= 1 + 1e-6
            assert [share for _, share in explained.functions] == sorted((s for _, s in explained.functions), reverse=True)
            assert all(guide().functions[name].label == p.label for name, _ in explained.functions)
            assert explained.rule == guide().functions[p.function].definition
            other = "operations-wide" if p.label == "production" else "production-scoped"
            if p.decision == p.label and not explained.mixed:
                assert guide().labels[p.label].name in explained.reason and other not in explained.reason
            if p.decision == "unfamiliar":
                assert explained.counterfactual is None and not explained.clauses
            assert (p.question is None) == (p.decision == p.label)
