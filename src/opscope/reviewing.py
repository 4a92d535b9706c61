"""Reviewing at a screen, what is no drawing: a list is queued, names and verdicts are checked, precedents are found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from opscope.explanation import Explanation
from opscope.model import Model
from opscope.prediction import Prediction
from opscope.reviews import Reviews
from opscope.settling import Settled, Sway
from opscope.similar import Neighbours, Precedents, Similar
from opscope.text import activities_in, clean
from opscope.verdicts import ACCEPT, CANNOT_DECIDE, CHANGE, WITHDRAWN, Queued, Verdict, checked, key_of, problems_with_text

PASTED = "pasted"


@dataclass(frozen=True)
class Added:
    """What became of a pasted list: ``new`` activities, those that were ``there`` already, and why lines were ``left_out``."""

    new: int
    there: int
    left_out: tuple[str, ...]


def queue_paste(reviews: Reviews, model: Model, paste: str) -> Added:
    """Tags the activities of a pasted list, one a line, and queues them."""
    return queue_texts(reviews, model, activities_in(paste), source=PASTED)


def queue_texts(reviews: Reviews, model: Model, texts: Sequence[str], *, source: str) -> Added:
    """Tags activities and queues them; ``source`` says where they come from. Texts that cannot be kept are left out."""
    problems = [problems_with_text(text) for text in texts]
    usable = [text for text, found in zip(texts, problems, strict=True) if not found]
    now = datetime.now(UTC)
    queued = [
        Queued(
            text=told.text,
            added=now,
            source=source,
            predicted_label=told.label,
            predicted_probability=told.probability,
            predicted_decision=told.decision,
            predicted_function=told.function,
            model_version=told.model_version,
        )
        for told in model.predict(usable)
    ]
    new = reviews.put_in_queue(queued)
    return Added(new, len(set(map(key_of, usable))) - new, tuple(problem for found in problems for problem in found))


def checked_reviewer(name: str) -> str:
    """The name in one line without invisible characters; raises DataError when no verdict could be kept under it."""
    name = clean(name)
    checked(Verdict(text="any", verdict=CANNOT_DECIDE, reviewer=name, when=datetime.now(UTC)))
    return name


def verdict_on(
    prediction: Prediction,
    label: str,
    *,
    reviewer: str,
    function: str = "",
    reason: str = "",
    saw_prediction: bool = False,
    adjudicates: bool = False,
) -> Verdict:
    """The verdict of now on the activity that was predicted; without a ``label`` the reviewer cannot decide.

    Raises DataError that lists what is wrong.
    """
    accepted = ACCEPT if label == prediction.label else CHANGE
    return checked(
        Verdict(
            text=prediction.text,
            verdict=accepted if label else CANNOT_DECIDE,
            label=label,
            function=function,
            reason=reason.strip(),
            reviewer=reviewer,
            when=datetime.now(UTC),
            saw_prediction=saw_prediction,
            adjudicates=adjudicates,
            predicted_label=prediction.label,
            predicted_probability=prediction.probability,
            predicted_decision=prediction.decision,
            model_version=prediction.model_version,
            guide_version=prediction.guide_version,
        )
    )


def precedents_of(explanation: Explanation) -> tuple[Similar, ...]:
    """The similar activities that people decided, without this very activity, of which a second reviewer should not know."""
    own = key_of(explanation.prediction.text)
    return tuple(similar for similar in explanation.similar if similar.decided_by and key_of(similar.text) != own)


class Places:
    """Where texts lie among a model's neighbours; each text is placed once, since each verdict asks for all of them again."""

    def __init__(self, neighbours: Neighbours):
        self._neighbours = neighbours
        self._place_of: dict[str, np.ndarray] = {}

    def __call__(self, text: str) -> np.ndarray:
        """The place of a text, as the neighbours give it."""
        if text not in self._place_of:
            self._place_of[text] = self._neighbours.place(text)
        return self._place_of[text]

    def precedents(self, settled: Sequence[Settled]) -> Precedents:
        """Activities that people settled, made ready for ``Model.explain``."""
        return Precedents(tuple(settled), np.array([self(activity.text) for activity in settled], dtype=np.float32))


def withdrawal_of(verdict: Verdict) -> Verdict:
    """The verdict that takes this one back, as of now."""
    return replace(verdict, verdict=WITHDRAWN, label="", function="", reason="", adjudicates=False, when=datetime.now(UTC))


def sway_in_words(sway: Sway) -> str:
    """How often seeing the tag changes the answer, in one sentence."""
    if not sway.blind or not sway.seen:
        return "How often seeing the tag changes the answer is not known yet: it takes verdicts with the tag and without it."
    seen, blind = 100 * sway.seen_equal / sway.seen, 100 * sway.blind_equal / sway.blind
    shares = f"({seen:.1f} % of {sway.seen:,} verdicts with it, {blind:.1f} % of {sway.blind:,} without)"
    if abs(seen - blind) < 0.05:
        return f"Who sees the tag gives its label as often as who does not {shares}."
    return f"Who sees the tag gives its label {abs(seen - blind):.1f} points {'more' if seen > blind else 'less'} often {shares}."
