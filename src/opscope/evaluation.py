"""How right a model is on labelled rows: measured on the scorer that ships, not on the pipeline behind it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from opscope.calibration import Calibration, calibration_of
from opscope.dataset import Dataset, Example
from opscope.errors import DataError
from opscope.guide import LABELS
from opscope.model import Model
from opscope.policies import BALANCED, POLICIES
from opscope.prediction import UNFAMILIAR, Prediction, functions_of_labels
from opscope.text import readable


@dataclass(frozen=True)
class Share:
    """``right`` of ``total`` rows."""

    right: int
    total: int

    @property
    def value(self) -> float:
        """The share, 0 to 1; not a number when there are no rows."""
        return self.right / self.total if self.total else float("nan")


@dataclass(frozen=True)
class Report:
    """Figures of one model on one dataset.

    ``pairs`` counts minimal pairs with both rows right. ``function_top3`` counts rows whose function is among the best three.
    ``policies`` says for each policy how many of the activities it decides without a person, and how many of those it gets right.
    ``unfamiliar`` counts the texts that are no activity and were recognised; ``false_alarms`` the activities taken for none.
    ``calibration`` is of the activities.
    """

    accuracy: Share
    hard: Share
    pairs: Share
    by_label: dict[str, Share]
    by_style: dict[str, Share]
    by_function: dict[str, Share]
    function: Share
    function_top3: Share
    policies: dict[str, "Decided"]
    unfamiliar: Share
    false_alarms: Share
    calibration: Calibration

    @property
    def decided(self) -> "Decided":
        """What the balanced policy decides."""
        return self.policies[BALANCED]


@dataclass(frozen=True)
class Decided:
    """What a policy decides without a person: ``share`` of the activities, and how many of these are ``right``."""

    share: Share
    right: Share


def evaluate(model: Model, dataset: Dataset) -> Report:
    """Predicts every row and compares; rows without a label count as texts that are no activity.

    Raises DataError when no row has a label.
    """
    predicted = list(zip(dataset.examples, model.predict(dataset.texts), strict=True))
    activities = [(example, p) for example, p in predicted if example.label]
    others = [p for example, p in predicted if not example.label]
    if not activities:
        raise DataError("No row has a label, so there is nothing to compare with. Fill the label column.")
    named = [(example, p) for example, p in activities if example.function]
    return Report(
        accuracy=_share(activities),
        hard=_share(row for row in activities if row[0].is_hard),
        pairs=_pairs(activities),
        by_label=_shares_by(activities, lambda example: example.label),
        by_style=_shares_by(activities, lambda example: example.style),
        by_function=_shares_by(activities, lambda example: example.function),
        function=Share(sum(example.function == p.function for example, p in named), len(named)),
        function_top3=_top3(model, named),
        policies={policy: _decided(model, [example for example, _ in activities], policy) for policy in POLICIES},
        unfamiliar=Share(sum(p.decision == UNFAMILIAR for p in others), len(others)),
        false_alarms=Share(sum(p.decision == UNFAMILIAR for _, p in activities), len(activities)),
        calibration=calibration_of([p.probability for _, p in activities], [_is_right(*row) for row in activities]),
    )


def _decided(model: Model, examples: list[Example], policy: str) -> Decided:
    predicted = model.predict([example.text for example in examples], policy)
    decided = [(example, p) for example, p in zip(examples, predicted, strict=True) if p.decision in LABELS]
    return Decided(Share(len(decided), len(examples)), _share(decided))


def _top3(model: Model, named: list[tuple[Example, Prediction]]) -> Share:
    scorer = model.loaded.scorer
    scores = scorer.score([readable(example.text) for example, _ in named]).functions
    within = 0
    for (example, p), own in zip(named, scores, strict=True):
        of_label = functions_of_labels()[LABELS.index(p.label)]
        best = of_label[np.argsort(-own[of_label], kind="stable")[:3]]
        within += example.function in {scorer.functions[place] for place in best}
    return Share(within, len(named))


def _is_right(example: Example, prediction: Prediction) -> bool:
    return example.label == prediction.label


def _share(rows: Iterable[tuple[Example, Prediction]]) -> Share:
    right = [_is_right(example, prediction) for example, prediction in rows]
    return Share(sum(right), len(right))


def _shares_by(rows, key) -> dict[str, Share]:
    grouped = defaultdict(list)
    for example, prediction in rows:
        if key(example):
            grouped[key(example)].append((example, prediction))
    return {name: _share(grouped[name]) for name in sorted(grouped)}


def _pairs(rows) -> Share:
    right_of = defaultdict(list)
    for example, prediction in rows:
        if example.pair:
            right_of[example.pair].append(_is_right(example, prediction))
    return Share(sum(all(right) for right in right_of.values()), len(right_of))
