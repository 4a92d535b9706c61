"""The sources' own answers, and both sides of every aspect, get the guide's label."""

import tomllib

from conftest import CASES

from opscope.guide import guide
from opscope.labelled import read_dataset
from opscope.paths import shipped


def test_the_sources_own_examples_get_the_guides_label(model):
    rows = read_dataset(CASES / "sources.csv")
    wrong = [
        f"{example.text!r} is {example.label}, got {p.label} ({p.probability:.2f})"
        for example, p in zip(rows.examples, model.predict(rows.texts), strict=True)
        if p.label != example.label
    ]
    assert not wrong


def test_every_answer_and_both_sides_of_every_aspect_are_there():
    rows = read_dataset(CASES / "sources.csv").examples
    answers = tomllib.loads(shipped("data/guide.toml").read_text(encoding="utf-8"))["answers"]
    assert {(a["text"], a["label"]) for a in answers} == {(e.text, e.label) for e in rows if e.source == "answers"}
    for aspect in guide().aspects:
        sides = {e.label for e in rows if e.source == f"aspect:{aspect.key}"}
        assert sides == {"production", "operations"}, aspect.key
