"""The words that speak most strongly for a label or a function, whatever text they stand in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscope.errors import InputError
from opscope.guide import LABELS, PRODUCTION
from opscope.scorer import Scorer


@dataclass(frozen=True)
class WeighedWord:
    """A word seen in training, and the log-odds that it would add to a text of it alone; never below zero."""

    word: str
    weight: float


def strongest_of_label(scorer: Scorer, label: str, many: int) -> tuple[WeighedWord, ...]:
    """At most ``many`` words that speak for the label, the strongest first; raises InputError for another label."""
    if label not in LABELS:
        raise InputError(f"label is {label!r}, expected {' or '.join(LABELS)}. Correct it.")
    weights = scorer.weights[: len(scorer.words)]
    return _strongest(scorer.words, weights if label == PRODUCTION else -weights, many)


def strongest_of_function(scorer: Scorer, function: str, many: int) -> tuple[WeighedWord, ...]:
    """At most ``many`` words that speak for the function against the others, the strongest first.

    Raises InputError for a function that the scorer does not have.
    """
    if function not in scorer.functions:
        raise InputError(f"function is {function!r}, expected one of {', '.join(scorer.functions)}. Correct it.")
    seen = slice(0, len(scorer.words))
    weights = scorer.head_weights[seen, scorer.functions.index(function)] * scorer.head_scales[seen]
    return _strongest(scorer.words, weights, many)


def _strongest(words: Sequence[str], weights: np.ndarray, many: int) -> tuple[WeighedWord, ...]:
    order = np.argsort(-weights, kind="stable")[:many].tolist()
    return tuple(WeighedWord(words[row], float(weights[row])) for row in order if weights[row] > 0)
