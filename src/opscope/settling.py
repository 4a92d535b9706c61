"""What verdicts come to when several people decide: settled labels, disputes, and how far the reviewers agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from opscope.agreement import cohens_kappa
from opscope.verdicts import WITHDRAWN, Verdict, key_of


@dataclass(frozen=True)
class Settled:
    """An activity with the label that its verdicts agree on. ``function`` is empty where those that name one differ."""

    text: str
    label: str
    function: str
    decided_by: tuple[str, ...]
    reason: str
    when: datetime


@dataclass(frozen=True)
class Dispute:
    """An activity with the verdicts that contradict each other, in order of time."""

    text: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Settlement:
    """What the verdicts come to. ``undecided`` are the activities of which all reviewers say that they cannot decide."""

    settled: tuple[Settled, ...]
    disputed: tuple[Dispute, ...]
    undecided: tuple[str, ...]


@dataclass(frozen=True)
class Agreement:
    """How far reviewers agree who labelled the same ``activities``: of all ``pairs`` of their labels so many are ``equal``.

    ``kappa`` is Cohen's, over these pairs with the earlier verdict first; not a number where there are none.
    """

    activities: int
    pairs: int
    equal: int
    kappa: float

    @property
    def percent(self) -> float:
        """Per cent of the pairs that are equal; not a number where there are none."""
        return 100 * self.equal / self.pairs if self.pairs else float("nan")


@dataclass(frozen=True)
class Sway:
    """How often reviewers gave the label of the tag, of so many verdicts without seeing it (``blind``) and with (``seen``)."""

    blind: int
    blind_equal: int
    seen: int
    seen_equal: int


def settle(verdicts: Sequence[Verdict]) -> Settlement:
    """What the verdicts come to, activity by activity in the order in which they appear first.

    A reviewer's latest verdict counts; one that is withdrawn does not, so that the one before it counts again. The latest one that
    adjudicates settles alone. Else all labels given must be equal; saying that one cannot decide disputes no label.
    """
    settled, disputed, undecided = [], [], []
    for standing in filter(None, _standing(verdicts).values()):
        current = _latest(standing)
        deciding = [v for v in current if v.adjudicates][-1:] or [v for v in current if v.label]
        if not deciding:
            undecided.append(standing[0].text)
        elif len({v.label for v in deciding}) == 1:
            settled.append(_settled(standing[0].text, deciding))
        else:
            disputed.append(Dispute(standing[0].text, tuple(deciding)))
    return Settlement(tuple(settled), tuple(disputed), tuple(undecided))


def reviewed_keys(verdicts: Sequence[Verdict]) -> frozenset[str]:
    """The keys of the activities that have a verdict which was not taken back."""
    return frozenset(key for key, standing in _standing(verdicts).items() if standing)


def agreement_of(verdicts: Sequence[Verdict]) -> Agreement:
    """How far the reviewers agree; verdicts that adjudicate do not count, since they know the others."""
    labels = [[v.label for v in own] for own in _independent(verdicts) if len(own) > 1]
    pairs = [pair for own in labels for pair in combinations(own, 2)]
    kappa = cohens_kappa(*zip(*pairs, strict=True)) if pairs else float("nan")
    return Agreement(len(labels), len(pairs), sum(a == b for a, b in pairs), kappa)


def sway_of(verdicts: Sequence[Verdict]) -> Sway:
    """How far seeing the tag moves the reviewers; verdicts that adjudicate do not count."""
    tagged = [v for own in _independent(verdicts) for v in own if v.predicted_label]
    blind, seen = ([v for v in tagged if v.saw_prediction is saw] for saw in (False, True))
    equal = (sum(v.label == v.predicted_label for v in some) for some in (blind, seen))
    return Sway(len(blind), next(equal), len(seen), next(equal))


def _settled(text: str, deciding: list[Verdict]) -> Settled:
    functions = {v.function for v in deciding if v.function}
    reasons = [v.reason for v in deciding if v.reason]
    return Settled(
        text=text,
        label=deciding[0].label,
        function=functions.pop() if len(functions) == 1 else "",
        decided_by=tuple(v.reviewer for v in deciding),
        reason=reasons[-1] if reasons else "",
        when=deciding[-1].when,
    )


def _standing(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """By key the verdicts that were not taken back, in order of time; the keys in the order in which they appear first."""
    keyed = [(key_of(verdict.text), verdict) for verdict in verdicts]
    standing = {key: [] for key, _ in keyed}
    for key, verdict in sorted(keyed, key=lambda pair: pair[1].when):
        if verdict.verdict != WITHDRAWN:
            standing[key].append(verdict)
            continue
        own = [place for place, other in enumerate(standing[key]) if key_of(other.reviewer) == key_of(verdict.reviewer)]
        if own:
            del standing[key][own[-1]]
    return standing


def _latest(standing: Sequence[Verdict]) -> list[Verdict]:
    """Each reviewer's latest verdict, in order of time."""
    latest = {}
    for verdict in standing:
        latest.pop(key_of(verdict.reviewer), None)
        latest[key_of(verdict.reviewer)] = verdict
    return list(latest.values())


def _independent(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """For each activity the labels that reviewers gave by themselves, in order of time."""
    by_themselves = ([v for v in standing if not v.adjudicates] for standing in _standing(verdicts).values())
    return [[v for v in _latest(own) if v.label] for own in by_themselves]
