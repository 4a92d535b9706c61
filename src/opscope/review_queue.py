"""Which activities to review next: those whose label would teach most, and some drawn at random for honest figures."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from opscope.guide import LABELS
from opscope.verdict_tables import NO, YES, escaped
from opscope.verdicts import Queued, Verdict, key_of

BLOCK = 10  # one activity in so many is drawn at random
_LEAST_UNCERTAINTY = 0.01  # among labels that are all but certain, distance still counts
_CHUNK = 256  # reviewed activities compared at a time


@dataclass(frozen=True)
class Chosen:
    """An activity to review. One drawn ``at_random`` is ``blind``: shown without its tag, so that figures from these are honest."""

    activity: Queued
    at_random: bool

    @property
    def blind(self) -> bool:
        """Whether the reviewer is not shown what the model said."""
        return self.at_random


def queue_order(
    queued: Sequence[Queued],
    reviewed_keys: Collection[str],
    place_of: Callable[[str], np.ndarray],
    *,
    many: int,
    seed: int,
) -> list[Chosen]:
    """At most ``many`` activities without a verdict, in the order in which to review them.

    First come those that the model does not decide, then the others; of these, one after another, the one that is most uncertain
    and farthest in meaning from what is reviewed or chosen. One of every ten, at any place among them, is drawn at random from all.
    ``place_of`` gives the unit vector of a text, (dimensions,), as the place of a model's neighbours does.
    """
    waiting = [activity for activity in queued if key_of(activity.text) not in reviewed_keys]
    many = min(many, len(waiting))
    if many <= 0:
        return []
    random = np.random.default_rng(seed)
    at = [start + int(random.integers(BLOCK)) for start in range(0, many, BLOCK)]
    at = {position for position in at if position < many}
    drawn = random.choice(len(waiting), size=len(at), replace=False).tolist()
    texts = [*(activity.text for activity in waiting), *reviewed_keys]
    vectors = np.array([place_of(text) for text in texts], dtype=np.float32)
    own, reviewed = vectors[: len(waiting)], vectors[len(waiting) :]
    taught = iter(_taught(waiting, own, np.concatenate([reviewed, own[drawn]]), drawn, many - len(drawn)))
    lots = iter(drawn)
    order = [(next(lots), True) if position in at else (next(taught), False) for position in range(many)]
    return [Chosen(waiting[place], at_random) for place, at_random in order]


def second_look(queued: Sequence[Queued], verdicts: Sequence[Verdict], *, reviewer: str, many: int, seed: int) -> list[Chosen]:
    """At most ``many`` activities that one other reviewer has labelled, drawn at random, for this reviewer to label blind."""
    readers: dict[str, set[str]] = {}
    for verdict in verdicts:
        readers.setdefault(key_of(verdict.text), set()).add(key_of(verdict.reviewer))
    own = key_of(reviewer)
    once = [activity for activity in queued if len(readers.get(key_of(activity.text), ())) == 1]
    others = [activity for activity in once if own not in readers[key_of(activity.text)]]
    drawn = np.random.default_rng(seed).permutation(len(others))[:many].tolist()
    return [Chosen(others[place], at_random=True) for place in drawn]


def _taught(waiting: Sequence[Queued], own: np.ndarray, known: np.ndarray, drawn: Sequence[int], many: int) -> list[int]:
    """Places of the ``many`` whose labels would teach most beside what is known, one after another."""
    probabilities = np.array([activity.predicted_probability for activity in waiting])
    uncertainty = np.maximum(2 - 2 * probabilities, _LEAST_UNCERTAINTY)
    # Distances are at most one, so that no decided activity overtakes one that is not.
    undecided = np.array([activity.predicted_decision not in LABELS for activity in waiting]) * 2.0
    nearest = np.zeros(len(waiting), dtype=np.float32)
    for start in range(0, len(known), _CHUNK):
        np.maximum(nearest, (own @ known[start : start + _CHUNK].T).max(axis=1), out=nearest)
    undecided[list(drawn)] = -np.inf
    order = []
    for _ in range(many):
        place = int(np.argmax(undecided + uncertainty * (1 - nearest)))
        order.append(place)
        undecided[place] = -np.inf
        np.maximum(nearest, own @ own[place], out=nearest)
    return order


def queue_columns(chosen: Sequence[Chosen]) -> dict[str, list[str]]:
    """Columns to be filled in; in blind rows what the model said is left out."""
    activities, shown = [one.activity for one in chosen], [not one.blind for one in chosen]
    empty = [""] * len(chosen)

    def told(values: Sequence[str]) -> list[str]:
        return [value if is_shown else "" for value, is_shown in zip(values, shown, strict=True)]

    return {
        "text": escaped(activity.text for activity in activities),
        "label": empty,
        "function": empty,
        "reason": empty,
        "reviewer": empty,
        "predicted_label": told([activity.predicted_label for activity in activities]),
        "predicted_probability": told([f"{activity.predicted_probability:.6f}" for activity in activities]),
        "predicted_decision": told([activity.predicted_decision for activity in activities]),
        "model_version": [activity.model_version for activity in activities],
        "blind": [NO if is_shown else YES for is_shown in shown],
    }
