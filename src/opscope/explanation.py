"""Why a text got its tag, exactly: the intercept and the contributions of its words add up to the log-odds."""

from dataclasses import dataclass, field

import numpy as np

from opscope.clauses import clauses
from opscope.flip import Flip, flip
from opscope.guide import LABELS, PRODUCTION, Aspect, Topic, guide
from opscope.policies import STRICT
from opscope.prediction import UNFAMILIAR, Prediction, functions_of_labels, predictions
from opscope.registry import Version
from opscope.scorer import Scorer
from opscope.similar import Neighbours, Precedents, Similar
from opscope.text import clean, readable, spans
from opscope.topics import topics_in
from opscope.wording import as_percent

RUNNERS_UP = 3  # functions named, the best among them
_PHRASE_SHARE = 0.5  # neighbours make a phrase where what they add together is at least this share of what the weaker adds alone
_PHRASE_LEAST = 0.05  # and is at least so much of the log-odds
# Words that tell a reader nothing by themselves; they begin and end no phrase, and the pair with one counts to the other word.
_LINKS = frozenset(
    "a about after against an and are as at before by during for from in into is its of off on onto or our over per that the their "
    "this to under until up via with".split()
)
_WORDS_NAMED = 3  # in a reason
_ASPECTS_SHOWN = 3


@dataclass(frozen=True)
class Contribution:
    """What a word or phrase of the text adds to the log-odds of production; below zero it speaks for operations.

    ``text[start:end]`` of the activity is the word or phrase in its original spelling.
    """

    start: int
    end: int
    word: str
    value: float


@dataclass(frozen=True)
class Explanation:
    """A prediction with its reasons. ``intercept`` plus the values of ``contributions`` is the log-odds ``score``.

    ``functions``: the likeliest functions of the label with their probabilities, the best first. ``rule`` and ``sources``: the
    guide's definition of the function and where it comes from. ``aspects``: where the sources compare production and operations on
    this function. ``contested``: topics that the text touches and the sources disagree on. ``similar``: the precedents that people
    decided, then the nearest labelled activities. ``counterfactual``: the smallest edit that changes the label. ``clauses``:
    predictions of the single activities of a text that tells of several, else empty.
    """

    prediction: Prediction
    score: float
    intercept: float
    contributions: tuple[Contribution, ...]
    functions: tuple[tuple[str, float], ...]
    rule: str
    sources: tuple[str, ...]
    aspects: tuple[Aspect, ...]
    contested: tuple[Topic, ...]
    similar: tuple[Similar, ...]
    counterfactual: Flip | None
    clauses: tuple[Prediction, ...] = field(default=())

    @property
    def p(self) -> Prediction:
        """The prediction."""
        return self.prediction

    @property
    def strongest(self) -> tuple[Contribution, ...]:
        """The contributions, the one that moved the score most first."""
        return tuple(sorted(self.contributions, key=lambda c: (-abs(c.value), c.start)))

    @property
    def mixed(self) -> bool:
        """Whether the text tells of activities with different labels."""
        return len({clause.label for clause in self.clauses}) > 1

    @property
    def reason(self) -> str:
        """One sentence for a manager: the prediction's reason, with the words that spoke most for the label."""
        if self.mixed:
            told = " and ".join(f"“{clean(clause.text)}” is {guide().labels[clause.label].name}" for clause in self.clauses)
            return f"It tells of several activities: {told}. Split it to tag each."
        words = [f"“{clean(c.word)}”" for c in self.speaking_for(self.prediction.label)[:_WORDS_NAMED]]
        if self.prediction.decision != self.prediction.label or not words:
            return self.prediction.reason
        named = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
        function, label = guide().functions[self.prediction.function], guide().labels[self.prediction.label]
        percent = as_percent(self.prediction.probability)
        return f"{named} make it read as {function.title.lower()}, which is {label.name} ({percent})."

    def speaking_for(self, label: str) -> tuple[Contribution, ...]:
        """The contributions that speak for the label, the strongest first."""
        return tuple(c for c in self.strongest if (c.value > 0) == (label == PRODUCTION) and c.value)


def explanation(version: Version, prediction: Prediction, policy: str, precedents: Precedents | None = None) -> Explanation:
    """Explains a prediction that this version made under this policy; similar precedents are named first."""
    scorer, text = version.scorer, readable(prediction.text)
    contributions = contributions_of(scorer, text)
    function, intercept = guide().functions[prediction.function], float(scorer.intercepts[0])
    known = prediction.decision != UNFAMILIAR
    speaking = sorted(
        (c for c in contributions if (c.value > 0) == (prediction.label == PRODUCTION)), key=lambda c: (-abs(c.value), c.start)
    )
    return Explanation(
        prediction=prediction,
        score=intercept + float(sum(c.value for c in contributions)),
        intercept=intercept,
        contributions=contributions,
        functions=_functions(scorer, text, prediction.label),
        rule=function.definition,
        sources=function.sources,
        aspects=tuple(a for a in guide().aspects if function.key in a.functions)[:_ASPECTS_SHOWN],
        contested=topics_in(text, prediction.function),
        similar=_similar(version.neighbours, precedents, text),
        counterfactual=flip(scorer, text, prediction.label, [(c.start, c.end) for c in speaking]) if known else None,
        clauses=_clauses(version, text) if known else (),
    )


def _similar(neighbours: Neighbours, precedents: Precedents | None, text: str) -> tuple[Similar, ...]:
    """The precedents near the text, then the nearest labelled activities that are not among them."""
    if not text.strip():
        return ()
    decided = precedents.nearest(neighbours.place(text)) if precedents else ()
    shown = {clean(similar.text) for similar in decided}
    return (*decided, *(similar for similar in neighbours.nearest(text) if similar.text not in shown))


def _clauses(version: Version, text: str) -> tuple[Prediction, ...]:
    """Predictions of the clauses where they are several and each is decided by itself, with few mistakes; else nothing."""
    parts = clauses(text, version.scorer.is_opener)
    if len(parts) < 2:
        return ()
    found = predictions(version, parts, STRICT)
    return tuple(found) if all(part.decision in LABELS for part in found) else ()


def _functions(scorer: Scorer, text: str, label: str) -> tuple[tuple[str, float], ...]:
    own = functions_of_labels()[LABELS.index(label)]
    scores = scorer.score_one(text).functions.take(own)
    if not np.isfinite(scores).any():
        return ()
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    best = np.argsort(-shares, kind="stable")[:RUNNERS_UP]
    return tuple((scorer.functions[own[place]], float(shares[place])) for place in best)


def contributions_of(scorer: Scorer, text: str) -> tuple[Contribution, ...]:
    """One contribution a word or phrase, in the order of the text.

    Neighbours whose pair says much beyond the two words are one phrase; other pairs count half to each of their words, or whole to
    the one that is no mere link such as “the”.
    """
    found = spans(text)
    if not found:
        return ()
    root = np.sqrt(len(found))
    words = np.array([scorer.word(span.token) for span in found]) / root
    pairs = np.array([scorer.pair(f"{a.token} {b.token}") for a, b in zip(found, found[1:], strict=False)]) / root
    values = words.copy()
    is_link = np.array([span.token in _LINKS for span in found])
    first_share = (1 + is_link[1:] - is_link[:-1].astype(float)) / 2
    values[:-1] += pairs * first_share
    values[1:] += pairs * (1 - first_share)
    weaker = np.minimum(np.abs(words[:-1]), np.abs(words[1:]))
    joined = (np.abs(pairs) >= _PHRASE_LEAST) & (np.abs(pairs) >= _PHRASE_SHARE * weaker) & ~is_link[:-1] & ~is_link[1:]
    starts = np.flatnonzero(np.append(True, ~joined))
    totals = np.add.reduceat(values, starts)
    ends = [*(starts[1:] - 1).tolist(), len(found) - 1]
    return tuple(
        Contribution(found[first].start, found[last].end, text[found[first].start : found[last].end], float(value))
        for first, last, value in zip(starts.tolist(), ends, totals, strict=True)
    )
