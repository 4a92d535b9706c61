"""How right a model is on labelled rows: measured on the scorer that ships, not on the pipeline behind it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from opscope.dataset import Dataset, Example
from opscope.errors import DataError
from opscope.guide import LABELS, PRODUCTION
from opscope.model import Model
from opscope.prediction import UNFAMILIAR, Prediction


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

    ``pairs`` counts minimal pairs with both rows right.
    ``decided`` are the activities given a label without a person, ``decided_right`` those of them that are right. ``unfamiliar``
    counts the texts that are no activity and were recognised; ``false_alarms`` the activities taken for none. ``brier`` and
    ``log_loss`` (nats) are means over the activities.
    """

    accuracy: Share
    hard: Share
    pairs: Share
    by_label: dict[str, Share]
    by_style: dict[str, Share]
    by_function: dict[str, Share]
    function: Share
    decided: Share
    decided_right: Share
    unfamiliar: Share
    false_alarms: Share
    brier: float
    log_loss: float


def evaluate(model: Model, dataset: Dataset) -> Report:
    """Predicts every row and compares; rows without a label count as texts that are no activity.

    Raises DataError when no row has a label.
    """
    predicted = list(zip(dataset.examples, model.predict(dataset.texts), strict=True))
    activities = [(example, p) for example, p in predicted if example.label]
    others = [p for example, p in predicted if not example.label]
    if not activities:
        raise DataError("No row has a label, so there is nothing to compare with. Fill the label column.")
    decided = [(example, p) for example, p in activities if p.decision in LABELS]
    named = [(example, p) for example, p in activities if example.function]
    truth = np.array([example.label == PRODUCTION for example, _ in activities], dtype=float)
    production = np.clip([_probability_of_production(p) for _, p in activities], 1e-12, 1 - 1e-12)
    return Report(
        accuracy=_share(activities),
        hard=_share(row for row in activities if row[0].is_hard),
        pairs=_pairs(activities),
        by_label=_shares_by(activities, lambda example: example.label),
        by_style=_shares_by(activities, lambda example: example.style),
        by_function=_shares_by(activities, lambda example: example.function),
        function=Share(sum(example.function == p.function for example, p in named), len(named)),
        decided=Share(len(decided), len(activities)),
        decided_right=_share(decided),
        unfamiliar=Share(sum(p.decision == UNFAMILIAR for p in others), len(others)),
        false_alarms=Share(sum(p.decision == UNFAMILIAR for _, p in activities), len(activities)),
        brier=float(np.mean((production - truth) ** 2)),
        log_loss=float(-np.mean(truth * np.log(production) + (1 - truth) * np.log(1 - production))),
    )


def _probability_of_production(prediction: Prediction) -> float:
    return prediction.probability if prediction.label == PRODUCTION else 1 - prediction.probability


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
