"""From scores to predictions: label, probability, decision, function and the sentence that says why."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from opscope.familiarity import is_unfamiliar, unfamiliar
from opscope.guide import LABELS, guide
from opscope.policies import BALANCED, checked_policy
from opscope.registry import Version
from opscope.scorer import CHUNK
from opscope.text import all_readable, problem_with, readable, tokens
from opscope.wording import BARE, DECIDED, FORM, LEANS, UNKNOWN_WORDS, UNREADABLE, decided_reason, percent_of, undecided_wording

REVIEW, UNFAMILIAR = "review", "unfamiliar"
DECISIONS = (*LABELS, REVIEW, UNFAMILIAR)
_DECISION_OF = {LEANS: DECISIONS.index(REVIEW), BARE: DECISIONS.index(REVIEW)}  # by the reason; all others are unfamiliar
_FEWEST_IN_BULK = 32  # below it the fixed cost of working on columns outweighs what it saves
FEWEST_KNOWN = 0.76  # below this share of known words, one in four unknown, a score rests on too little
_MOST_BARE = 3  # a text of more tokens is not bare
_EMPTY = frozenset("0 a all an and any for in more new of on or other our some that the their these this to with".split())


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
    ``reasons``: (n,) what the decision rests on. ``forms``: (n,) the likeliest form of text but an activity. ``known``: (n,) the
    share of known words.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    decisions: np.ndarray
    functions: np.ndarray
    reasons: np.ndarray
    forms: np.ndarray
    known: np.ndarray

    @property
    def percents(self) -> np.ndarray:
        """The probabilities in whole per cent, (n,)."""
        return np.rint(self.probabilities * 100).astype(np.int8)


def tag(version: Version, texts: Sequence[str], policy: str = BALANCED) -> Tags:
    """Tags of the texts, in order; many texts are shared out among the processor's cores."""
    checked_policy(policy)
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)] or [[]]
    if len(chunks) == 1:
        return _tag(version, texts, policy)
    # One text needs no threads, and should not wait for what they bring along.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tagged = list(pool.map(lambda chunk: _tag(version, chunk, policy), chunks))
    return Tags(*(np.concatenate([getattr(tags, name) for tags in tagged]) for name in Tags.__dataclass_fields__))


def _tag(version: Version, texts: Sequence[str], policy: str) -> Tags:
    read = all_readable(texts)
    scores = version.scorer.score(read)
    labels = (scores.label > 0).astype(np.int8)
    probabilities = 1 / (1 + np.exp(-np.abs(scores.label)))
    thresholds = np.array([version.manifest.policies[policy][label] for label in LABELS])
    reasons = np.where(probabilities < thresholds[labels], LEANS, DECIDED)
    reasons[unfamiliar(version.familiarity, read, scores)] = FORM
    reasons[scores.known < FEWEST_KNOWN] = UNKNOWN_WORDS
    for position in np.flatnonzero(scores.lengths <= _MOST_BARE).tolist():
        if _is_bare(version, read[position]):
            reasons[position] = BARE
    for position in np.flatnonzero(~scores.lettered).tolist():
        if problem_with(texts[position]):
            reasons[position] = UNREADABLE
    decisions = np.select(
        [reasons == DECIDED, (reasons == LEANS) | (reasons == BARE)], [labels, DECISIONS.index(REVIEW)], DECISIONS.index(UNFAMILIAR)
    )
    return Tags(
        labels=labels,
        probabilities=probabilities,
        decisions=decisions.astype(np.int8),
        functions=_best_functions(scores.functions, labels),
        reasons=reasons.astype(np.int8),
        forms=(1 + scores.forms[:, 1:].argmax(axis=1)).astype(np.int8),
        known=scores.known,
    )


def _is_bare(version: Version, text: str) -> bool:
    """Whether the text is a single word, empty ones not counted, that says nothing of the label by itself."""
    words = [word for word in tokens(text) if word not in _EMPTY]
    return len(words) == 1 and version.scorer.is_bare(words[0])


def _best_functions(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The best function of each text among those of its label, (n,)."""
    best = np.zeros(len(labels), dtype=np.int8)
    for label, own in enumerate(functions_of_labels()):
        of_label = np.flatnonzero(labels == label)
        best[of_label] = own[scores[np.ix_(of_label, own)].argmax(axis=1)]
    return best


@cache
def functions_of_labels() -> tuple[np.ndarray, ...]:
    """For each of LABELS the places of its functions among the guide's."""
    functions = list(guide().functions.values())
    return tuple(np.array([place for place, function in enumerate(functions) if function.label == label]) for label in LABELS)


def _tag_one(version: Version, text: str, policy: str) -> tuple[int, float, int, int, int, int, float]:
    """What _tag gives, for one text in plain numbers, in the order of the fields of Tags."""
    read = readable(text)
    score = version.scorer.score_one(read)
    label = int(score.label > 0)
    probability = float(1 / (1 + np.exp(-abs(score.label))))
    own = functions_of_labels()[label]
    function = int(own[score.functions.take(own).argmax()])
    if not score.lettered and problem_with(text):
        reason = UNREADABLE
    elif score.lengths <= _MOST_BARE and _is_bare(version, read):
        reason = BARE
    elif score.known < FEWEST_KNOWN:
        reason = UNKNOWN_WORDS
    elif is_unfamiliar(version.familiarity, read, score):
        reason = FORM
    else:
        reason = LEANS if probability < version.manifest.policies[policy][LABELS[label]] else DECIDED
    if reason == DECIDED:  # then nobody asks for the form, and any will do
        return label, probability, label, function, reason, 1, score.known
    decision = _DECISION_OF.get(reason, DECISIONS.index(UNFAMILIAR))
    return label, probability, decision, function, reason, 1 + int(score.forms[1:].argmax()), score.known


def predictions(version: Version, texts: Sequence[str], policy: str = BALANCED) -> list[Prediction]:
    """A prediction for each text, in order."""
    checked_policy(policy)
    if len(texts) < _FEWEST_IN_BULK:
        return [_prediction(version, text, *_tag_one(version, text, policy)) for text in texts]
    tags = tag(version, texts, policy)
    rows = zip(*(getattr(tags, name).tolist() for name in Tags.__dataclass_fields__), strict=True)
    return [_prediction(version, text, *row) for text, row in zip(texts, rows, strict=True)]


def _prediction(
    version: Version, text: str, label: int, probability: float, decision: int, function: int, why: int, form: int, known: float
) -> Prediction:
    name, function_name, percent = LABELS[label], version.scorer.functions[function], percent_of(probability)
    if why == DECIDED:
        reason, question = decided_reason(name, function_name, percent), None
    else:
        reason, question = undecided_wording(why, text, name, function_name, percent, version.scorer.forms[form], known)
    return Prediction(
        text=text,
        label=name,
        probability=probability,
        decision=DECISIONS[decision],
        function=function_name,
        owner=guide().labels[name].owner,
        reason=reason,
        question=question,
        model_version=version.manifest.version,
        guide_version=version.manifest.guide_version,
    )
