"""Which words of a text moved its score, exactly: the intercept and the contributions add up to the log-odds."""

from dataclasses import dataclass

import numpy as np

from opscope.guide import Topic, guide
from opscope.prediction import Prediction
from opscope.scorer import LABEL_HEAD, Scorer, pairs_of
from opscope.text import readable, spans


@dataclass(frozen=True)
class Contribution:
    """What one word of the text adds to the log-odds of production; below zero it speaks for operations.

    ``text[start:end]`` of the activity is the word in its original spelling.
    """

    start: int
    end: int
    word: str
    value: float


@dataclass(frozen=True)
class Explanation:
    """A prediction with its reasons. ``intercept`` plus the values of ``contributions`` is the log-odds ``score``."""

    prediction: Prediction
    score: float
    intercept: float
    contributions: tuple[Contribution, ...]
    rule: str
    sources: tuple[str, ...]
    contested: tuple[Topic, ...]

    @property
    def strongest(self) -> tuple[Contribution, ...]:
        """The contributions, the one that moved the score most first."""
        return tuple(sorted(self.contributions, key=lambda c: (-abs(c.value), c.start)))


def explanation(scorer: Scorer, prediction: Prediction) -> Explanation:
    """Explains a prediction that this scorer made."""
    contributions = _contributions(scorer, prediction.text)
    intercept = float(scorer.intercepts[LABEL_HEAD])
    function = guide().functions[prediction.function]
    return Explanation(
        prediction=prediction,
        score=intercept + float(sum(c.value for c in contributions)),
        intercept=intercept,
        contributions=contributions,
        rule=function.definition,
        sources=function.sources,
        contested=_contested(prediction),
    )


def _contributions(scorer: Scorer, text: str) -> tuple[Contribution, ...]:
    """One contribution a word: its own number, and half of each pair that it is part of."""
    found = spans(readable(text))
    if not found:
        return ()
    weights = np.zeros(len(found))
    for position, span in enumerate(found):
        own = scorer.word(span.token)
        weights[position] += 0.0 if own is None else own[LABEL_HEAD]
    for position, pair in enumerate(pairs_of([span.token for span in found])):
        both = scorer.pair(pair)
        if both is not None:
            weights[position : position + 2] += both[LABEL_HEAD] / 2
    weights /= np.sqrt(len(found))
    return tuple(
        Contribution(span.start, span.end, text[span.start : span.end], float(weight))
        for span, weight in zip(found, weights, strict=True)
    )


def _contested(prediction: Prediction) -> tuple[Topic, ...]:
    return tuple(topic for topic in guide().topics.values() if prediction.function in topic.functions)
