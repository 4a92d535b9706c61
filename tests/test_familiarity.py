from dataclasses import replace

import joblib
import numpy as np
import pytest

from opscope.aliases import active_version
from opscope.compiling import FALSE_ALARMS, FALSE_ALARMS_OF_SHORT, compile_familiarity
from opscope.familiarity import FEATURES, FORM_OF_KIND, FORMS, SHORT, features_of, is_unfamiliar, margins, unfamiliar
from opscope.guide import guide
from opscope.labelled import read_dataset
from opscope.paths import shipped
from opscope.registry import PIPELINE
from opscope.retraining import guide_rows, training_rows
from opscope.text import tokens


def test_the_guide_says_what_to_tell_of_every_form(non_activities):
    assert set(guide().forms) == set(FORMS[1:]) == set(FORM_OF_KIND.values())
    assert {other.kind for other in non_activities} == set(FORM_OF_KIND)


def test_the_compiled_second_look_equals_the_fitted_one(small_model, few_rows):
    compiled = compile_familiarity(small_model, few_rows)
    measured = np.random.default_rng(0).normal(size=(50, FEATURES))
    np.testing.assert_allclose(compiled.log_odds(measured), small_model.familiarity.decision_function(measured), atol=1e-9)


def test_the_margin_is_the_log_odds_of_an_activity_against_all_else():
    scores = np.log(np.array([[0.6, 0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.02]]))
    assert margins(scores)[0] == pytest.approx(np.log(0.6 / 0.4))


def test_features_count_marks_not_words():
    assert features_of("grease the chain", 2.0) == [2.0, 0, 0, 0, 0, 0, 0]
    assert features_of("é? 4!", 0.0)[1:] == [0.5, 1.0, 1.0, 0.0, pytest.approx(0.2), 0.0]
    assert features_of("my {x}", 0.0)[4] > 0 and features_of("my {x}", 0.0)[6] == 1.0


def test_texts_that_are_no_activity_are_mostly_found_and_activities_seldom_taken_for_none(model):
    rows = read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True)
    found = [p.decision == "unfamiliar" for p in model.predict(rows.texts)]
    others = [is_found for is_found, example in zip(found, rows.examples, strict=True) if not example.label]
    activities = [is_found for is_found, example in zip(found, rows.examples, strict=True) if example.label]
    assert np.mean(others) > 0.9
    assert np.mean(activities) <= 0.03


def test_in_bulk_and_one_by_one_the_same_texts_are_unfamiliar(model, evaluation_set, non_activities):
    texts = [*evaluation_set.texts, *(other.text for other in non_activities), "", "é!", "{}"]
    familiarity, scorer = model.loaded.familiarity, model.loaded.scorer
    bulk = unfamiliar(familiarity, texts, scorer.score(texts))
    assert bulk.tolist() == [is_unfamiliar(familiarity, text, scorer.score_one(text)) for text in texts]
    assert 0 < bulk.sum() < len(texts)


def test_texts_of_up_to_three_words_have_a_threshold_of_their_own(model):
    never_short = replace(model.loaded.familiarity, certain=np.inf, threshold=np.inf, short_threshold=-np.inf)
    texts, scorer = ["Blend syrup", "Blend the syrup", "Blend the syrup again"], model.loaded.scorer
    expected = [False, False, True]
    assert unfamiliar(never_short, texts, scorer.score(texts)).tolist() == expected
    assert [is_unfamiliar(never_short, text, scorer.score_one(text)) for text in texts] == expected


def test_each_threshold_lets_its_share_of_the_held_out_activities_be_taken_for_none(activities):
    fitted, rows = joblib.load(active_version(shipped("models")) / PIPELINE), training_rows(activities, guide_rows())
    compiled = compile_familiarity(fitted, rows)
    is_short = np.array([len(tokens(text)) <= SHORT for text in rows.texts])
    doubted = fitted.held_out_margins < compiled.certain
    for chosen, threshold, share in (
        (is_short, compiled.short_threshold, FALSE_ALARMS_OF_SHORT),
        (~is_short, compiled.threshold, FALSE_ALARMS),
    ):
        lost = (doubted & (fitted.held_out_activity < threshold))[chosen].mean()
        assert share - 1 / chosen.sum() - 1e-9 <= lost <= share
