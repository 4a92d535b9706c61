import math

import pytest

from opscope.dataset import Dataset, Example
from opscope.errors import DataError
from opscope.evaluation import Decided, Share, evaluate


class FixedModel:
    """Answers with a given label and probability per text."""

    def __init__(self, model, answers):
        self.model, self.answers = model, answers

    @property
    def loaded(self):
        return self.model.loaded

    def predict(self, texts, policy="balanced"):
        from dataclasses import replace

        found = self.model.predict(texts)
        return [
            replace(p, label=label, probability=probability, decision=decision)
            for p, (label, probability, decision) in zip(found, (self.answers[text] for text in texts), strict=True)
        ]


def test_figures_are_counted_from_the_rows(model):
    rows = Dataset(
        (
            Example("one", "production", "quality_control", style="todo", source="pair:1:cost"),
            Example("two", "operations", "finance", style="todo", source="pair:1:cost"),
            Example("three", "production", style="long", source="hard:cost"),
            Example("four", "operations", style="long", source="plain"),
            Example("five", ""),
        )
    )
    answers = {
        "one": ("production", 0.9, "production"),
        "two": ("production", 0.6, "review"),
        "three": ("production", 0.8, "production"),
        "four": ("production", 0.7, "production"),
        "five": ("operations", 0.5, "unfamiliar"),
    }
    report = evaluate(FixedModel(model, answers), rows)
    assert report.accuracy == Share(2, 4)
    assert report.pairs == Share(0, 1)
    assert report.hard == Share(2, 3)
    assert report.by_style == {"long": Share(1, 2), "todo": Share(1, 2)}
    assert report.by_label == {"operations": Share(0, 2), "production": Share(2, 2)}
    assert report.policies["strict"] == report.decided == Decided(Share(3, 4), Share(2, 3))
    assert report.unfamiliar == Share(1, 1)
    assert report.false_alarms == Share(0, 4)
    assert report.calibration.brier == pytest.approx((0.1**2 + 0.6**2 + 0.2**2 + 0.7**2) / 4)
    assert report.calibration.log_loss == pytest.approx(-(math.log(0.9) + math.log(0.4) + math.log(0.8) + math.log(0.3)) / 4)


def test_rows_without_any_label_cannot_be_measured(model):
    with pytest.raises(DataError, match=r"^No row has a label, so there is nothing to compare with\. Fill the label column\.$"):
        evaluate(model, Dataset((Example("good morning", ""),)))
