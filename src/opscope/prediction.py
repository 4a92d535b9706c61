"""From scores to predictions: label, probability, decision, function and the sentence that says why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscope.guide import OPERATIONS, PRODUCTION, guide
from opscope.registry import Version
from opscope.scorer import Scores
from opscope.text import problem_with

REVIEW, UNFAMILIAR = "review", "unfamiliar"
FEWEST_KNOWN = 0.5  # below this share of known words a score rests on too little


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


def predictions(version: Version, texts: Sequence[str], scores: Scores) -> list[Prediction]:
    """A prediction for each text from its scores, in order."""
    return [_prediction(version, text, scores, position) for position, text in enumerate(texts)]


def _prediction(version: Version, text: str, scores: Scores, position: int) -> Prediction:
    score = float(scores.label[position])
    label = PRODUCTION if score > 0 else OPERATIONS
    probability = float(1 / (1 + np.exp(-abs(score))))
    function = _best_function(version, scores.functions[position], label)
    decision, why_not = _decision(version, text, scores, position, label, probability)
    return Prediction(
        text=text,
        label=label,
        probability=probability,
        decision=decision,
        function=function,
        owner=guide().labels[label].owner,
        reason=why_not or _reason(label, function, probability),
        question=None if decision == label else _question(decision, function),
        model_version=version.manifest.version,
        guide_version=version.manifest.guide_version,
    )


def _best_function(version: Version, scores: np.ndarray, label: str) -> str:
    functions = version.scorer.functions
    allowed = [position for position, name in enumerate(functions) if guide().functions[name].label == label]
    return functions[max(allowed, key=lambda position: scores[position])]


def _decision(version: Version, text: str, scores: Scores, position: int, label: str, probability: float) -> tuple[str, str | None]:
    """The decision, and the reason where it is not the label."""
    if problem := problem_with(text):
        return UNFAMILIAR, problem
    if scores.known[position] < FEWEST_KNOWN:
        return UNFAMILIAR, "Most of its words are unknown to the model, so its tag would be a guess."
    if scores.activity[position] < version.manifest.activity_below:
        return UNFAMILIAR, "It does not read like an activity of an organisation."
    if probability < version.manifest.review_below[label]:
        name = guide().labels[label].name
        return REVIEW, f"It leans to {name} ({as_percent(probability)}), too little to decide without a person."
    return label, None


def _reason(label: str, function: str, probability: float) -> str:
    name, title = guide().labels[label].name, guide().functions[function].title
    return f"It reads as {title.lower()}, which is {name} ({as_percent(probability)})."


def _question(decision: str, function: str) -> str:
    if decision == UNFAMILIAR:
        return "What is done, to what, and where? Write it as an activity in English."
    return guide().functions[function].question


def as_percent(probability: float) -> str:
    """A probability for people: whole per cent, never 100 %."""
    return "over 99 %" if probability >= 0.995 else f"{probability * 100:.0f} %"
