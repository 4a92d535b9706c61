"""From scores to predictions: label, probability, decision, function and the sentence that says why."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from opscope.guide import LABELS, guide
from opscope.registry import Version
from opscope.scorer import CHUNK
from opscope.text import problem_with, readable

REVIEW, UNFAMILIAR = "review", "unfamiliar"
DECISIONS = (*LABELS, REVIEW, UNFAMILIAR)
_FEWEST_IN_BULK = 32  # below it the fixed cost of working on columns outweighs what it saves
FEWEST_KNOWN = 0.5  # below this share of known words a score rests on too little
_DECIDED, _LEANS, _NO_ACTIVITY, _UNKNOWN_WORDS, _UNREADABLE = range(5)  # why a decision is what it is


@dataclass(frozen=True)
class Prediction:
    """What opscope says of one text.

    ``label`` is the better label and is always given; ``probability`` is its calibrated probability, 0.5 to 1; ``decision`` is the
    label where opscope decides, else ``review`` or ``unfamiliar``, and then ``question`` says what to find out.
    """

    text: str
    label: str
    probability: float
    decision: str
    function: str
    owner: str
    reason: str
    question: str | None
    model_version: str
    guide_version: str


@dataclass(frozen=True)
class Tags:
    """Predictions for n texts as columns of numbers.

    ``labels``, ``decisions``, ``functions``: (n,) places in LABELS, DECISIONS and the guide's functions. ``probabilities``: (n,).
    ``reasons``: (n,) what the decision rests on; with label, function and per cent it goes to ``wording``.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    decisions: np.ndarray
    functions: np.ndarray
    reasons: np.ndarray

    @property
    def percents(self) -> np.ndarray:
        """The probabilities in whole per cent, (n,)."""
        return np.rint(self.probabilities * 100).astype(np.int8)


def tag(version: Version, texts: Sequence[str]) -> Tags:
    """Tags of the texts, in order; many texts are shared out among the processor's cores."""
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)] or [[]]
    if len(chunks) == 1:
        return _tag(version, texts)
    # One text needs no threads, and should not wait for what they bring along.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tagged = list(pool.map(lambda chunk: _tag(version, chunk), chunks))
    return Tags(*(np.concatenate([getattr(tags, name) for tags in tagged]) for name in Tags.__dataclass_fields__))


def _tag(version: Version, texts: Sequence[str]) -> Tags:
    scores = version.scorer.score([readable(text) for text in texts])
    manifest = version.manifest
    labels = (scores.label > 0).astype(np.int8)
    probabilities = 1 / (1 + np.exp(-np.abs(scores.label)))
    thresholds = np.array([manifest.review_below[label] for label in LABELS])
    reasons = np.where(probabilities < thresholds[labels], _LEANS, _DECIDED)
    reasons[scores.activity < manifest.activity_below] = _NO_ACTIVITY
    reasons[scores.known < FEWEST_KNOWN] = _UNKNOWN_WORDS
    for position in np.flatnonzero(~scores.lettered):
        if problem_with(texts[position]):
            reasons[position] = _UNREADABLE
    decisions = np.select([reasons == _DECIDED, reasons == _LEANS], [labels, DECISIONS.index(REVIEW)], DECISIONS.index(UNFAMILIAR))
    return Tags(
        labels, probabilities, decisions.astype(np.int8), _best_functions(scores.functions, labels), reasons.astype(np.int8)
    )


def _best_functions(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The best function of each text among those of its label, (n,)."""
    best = np.zeros(len(labels), dtype=np.int8)
    for label, own in enumerate(_functions_of_labels()):
        of_label = np.flatnonzero(labels == label)
        best[of_label] = own[scores[np.ix_(of_label, own)].argmax(axis=1)]
    return best


@cache
def _functions_of_labels() -> tuple[np.ndarray, ...]:
    """For each of LABELS the places of its functions among the guide's."""
    functions = list(guide().functions.values())
    return tuple(np.array([place for place, function in enumerate(functions) if function.label == label]) for label in LABELS)


def _tag_one(version: Version, text: str) -> tuple[int, float, int, int, int]:
    """What _tag gives, for one text in plain numbers: label, probability, decision, function, reason."""
    score, manifest = version.scorer.score_one(readable(text)), version.manifest
    label = int(score.label > 0)
    probability = float(1 / (1 + np.exp(-abs(score.label))))
    own = _functions_of_labels()[label]
    function = int(own[score.functions.take(own).argmax()])
    if not score.lettered and problem_with(text):
        reason = _UNREADABLE
    elif score.known < FEWEST_KNOWN:
        reason = _UNKNOWN_WORDS
    elif score.activity < manifest.activity_below:
        reason = _NO_ACTIVITY
    else:
        reason = _LEANS if probability < manifest.review_below[LABELS[label]] else _DECIDED
    decision = {_DECIDED: label, _LEANS: DECISIONS.index(REVIEW)}.get(reason, DECISIONS.index(UNFAMILIAR))
    return label, probability, decision, function, reason


def predictions(version: Version, texts: Sequence[str]) -> list[Prediction]:
    """A prediction for each text, in order."""
    if len(texts) < _FEWEST_IN_BULK:
        return [_prediction(version, text, *_tag_one(version, text)) for text in texts]
    tags = tag(version, texts)
    columns = (tags.labels, tags.probabilities, tags.decisions, tags.functions, tags.reasons)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [_prediction(version, text, *row) for text, row in zip(texts, rows, strict=True)]


def _prediction(
    version: Version, text: str, label: int, probability: float, decision: int, function: int, reason: int
) -> Prediction:
    name, function_name = LABELS[label], version.scorer.functions[function]
    why, question = wording(reason, name, function_name, _percent(probability))
    return Prediction(
        text=text,
        label=name,
        probability=probability,
        decision=DECISIONS[decision],
        function=function_name,
        owner=guide().labels[name].owner,
        reason=why or problem_with(text),
        question=question,
        model_version=version.manifest.version,
        guide_version=version.manifest.guide_version,
    )


@lru_cache(10_000)
def wording(why: int, label: str, function: str, percent: int) -> tuple[str | None, str | None]:
    """Reason and question; no reason where ``problem_with(text)`` has it."""
    name, title = guide().labels[label].name, guide().functions[function].title
    if why == _DECIDED:
        return f"It reads as {title.lower()}, which is {name} ({_shown(percent)}).", None
    if why == _LEANS:
        reason = f"It leans to {name} ({_shown(percent)}), too little to decide without a person."
        return reason, guide().functions[function].question
    reasons = {
        _NO_ACTIVITY: "It does not read like an activity of an organisation.",
        _UNKNOWN_WORDS: "Most of its words are unknown to the model, so its tag would be a guess.",
        _UNREADABLE: None,
    }
    return reasons[why], "What is done, to what, and where? Write it as an activity in English."


def as_percent(probability: float) -> str:
    """A probability for people: whole per cent, never 100 %."""
    return _shown(_percent(probability))


def _percent(probability: float) -> int:
    return round(probability * 100)


def _shown(percent: int) -> str:
    return "over 99 %" if percent >= 100 else f"{percent} %"
