"""A review budget: which policy fits the time there is, what to review first, and how many labels are expected to stay wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscope.guide import LABELS
from opscope.policies import POLICIES
from opscope.prediction import Tags, tag
from opscope.registry import Version
from opscope.wording import UNREADABLE

SECONDS_A_REVIEW = 30


@dataclass(frozen=True)
class Option:
    """What a policy would mean for a list: activities to review, minutes, and wrong labels expected among those it decides."""

    policy: str
    to_review: int
    minutes: float
    expected_wrong: float


@dataclass(frozen=True)
class Budget:
    """How to spend the minutes there are on a list.

    ``options`` are the policies, the strictest first; ``fitting`` is the strictest that leaves no more to review than there is
    time for, None where none does. ``policy`` is that one, or else the one with the least to review. ``queue`` holds places of the
    list in the order to review them, as many as there is time for: first what that policy does not decide, then the decided ones
    that are most likely wrong. Beyond the queue ``undecided`` activities and ``expected_wrong`` wrong labels are left.
    """

    options: tuple[Option, ...]
    fitting: str | None
    policy: str
    queue: tuple[int, ...]
    undecided: int
    expected_wrong: float


def for_a_person(found: Tags) -> np.ndarray:
    """Which texts a person should look at, (n,): all that are not decided, but for those of which nobody can say anything."""
    return (found.decisions >= len(LABELS)) & (found.reasons != UNREADABLE)


def budget(version: Version, texts: Sequence[str], minutes: float, *, seconds_a_review: float = SECONDS_A_REVIEW) -> Budget:
    """How to spend so many minutes on a list, at so many seconds for each activity."""
    tags = {policy: tag(version, texts, policy) for policy in POLICIES}
    options = tuple(_option(policy, found, seconds_a_review) for policy, found in tags.items())
    fitting = next((option.policy for option in options if option.minutes <= minutes), None)
    policy = fitting or min(options, key=lambda option: option.to_review).policy
    found, waits = tags[policy], for_a_person(tags[policy])
    decided = found.decisions < len(LABELS)
    doubts = np.where(decided, 1 - found.probabilities, 0)
    order = np.lexsort((found.probabilities, ~waits))  # the last key counts first
    queue = order[(waits | decided)[order]][: int(minutes * 60 / seconds_a_review)]
    left = np.ones(len(texts), dtype=bool)
    left[queue] = False
    return Budget(options, fitting, policy, tuple(queue.tolist()), int((waits & left).sum()), float(doubts[left].sum()))


def _option(policy: str, found: Tags, seconds_a_review: float) -> Option:
    to_review, decided = int(for_a_person(found).sum()), found.decisions < len(LABELS)
    return Option(policy, to_review, to_review * seconds_a_review / 60, float((1 - found.probabilities[decided]).sum()))
