import time

import numpy as np
import pytest

from opscope.lists import CAUTION, GO, STOP, inconsistencies, preflight, scope_shares

GOOD = [
    "Grease the filler bearings on line 2",
    "Pay the carrier invoice for the Lyon pallets",
    "Re-grind the die after the burr complaint",
    "Renegotiate the resin contract with both suppliers",
]


def told(found):
    return {finding.what: finding.count for finding in found.findings}


def test_a_good_list_may_go(model):
    found = preflight(model.loaded, GOOD)
    assert (found.verdict, found.findings, found.to_review) == (GO, (), 0)
    assert found.lines == ["0 would go to a person."]


def test_what_is_wrong_with_a_list_is_counted(model):
    texts = [
        *GOOD,
        "",
        "4711",
        "maintenance",
        "grease the  filler bearings on line 2",
        "Bitte die Rechnung des Spediteurs prüfen und bezahlen",
    ]
    found = preflight(model.loaded, texts, seconds_a_review=60)
    counts = told(found)
    assert counts["are empty or hold no word"] == 2
    assert counts["are a word or two that is said of both sides"] == 1
    assert counts["say what another says"] == 1
    assert counts["read like German"] == 1
    assert found.verdict == CAUTION
    assert found.to_review == 2 and found.minutes == 2  # the bare word and the German line
    assert found.lines[-1] == "2 would go to a person: about 2 minutes."
    assert preflight(model.loaded, ["maintenance"]).lines[-1] == "1 would go to a person: less than a minute."
    assert preflight(model.loaded, ["maintenance"], seconds_a_review=60).lines[-1] == "1 would go to a person: about 1 minute."
    assert "1 of 9 lines read like German." in found.lines


def test_a_list_of_anything_else_is_stopped(model):
    assert preflight(model.loaded, ["qwertz uiop", "x7 x8", "", "Guten Morgen zusammen", *GOOD]).verdict == STOP
    assert preflight(model.loaded, []).verdict == GO


def test_fifty_thousand_lines_take_seconds(model, activities):
    texts = (activities.texts * 3)[:50_000]
    began = time.process_time()
    assert told(preflight(model.loaded, texts))["say what another says"] >= 29_000
    assert time.process_time() - began < 20


def test_the_same_tagged_differently_is_listed(model):
    texts = ["Inspect pump housings at station 4 after machining", "Inspect pump supplier's site before the contract", *GOOD]
    labels = [p.label for p in model.predict(texts)]
    assert labels[0] != labels[1]
    (found,) = inconsistencies(model.loaded, texts)
    assert (found.first.text, found.second.text, found.why) == (texts[0], texts[1], "“inspect … pump” on both sides")
    assert inconsistencies(model.loaded, GOOD) == ()


def test_shares_are_corrected_for_known_error(model, evaluation_set):
    rows = [example for example in evaluation_set.examples if example.label]
    found = model.predict([example.text for example in rows])
    groups = ["plant" if example.label == "production" else "office" for example in rows]
    office, plant = sorted(scope_shares(found, groups), key=lambda share: share.group)
    assert plant.low < plant.production < plant.high and plant.production > 0.93
    assert office.production < 0.07
    whole, truth = scope_shares(found, ["all"] * len(rows))[0], np.mean([example.label == "production" for example in rows])
    assert whole.low <= truth <= whole.high
    assert whole.activities == sum(p.decision != "unfamiliar" for p in found)


def test_a_small_group_has_a_wide_interval(model):
    (share,) = scope_shares(model.predict(GOOD[:1]), ["A"])
    assert share.production == pytest.approx(1, abs=0.02)
    assert share.low < 0.4
