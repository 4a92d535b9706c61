"""Where the reviews stand: counts, how far reviewers agree, and how far seeing the tag moves them."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isnan

from opscope.settling import Agreement, Dispute, Sway, agreement_of, reviewed_keys, settle, sway_of
from opscope.verdict_tables import escaped
from opscope.verdicts import CANNOT_DECIDE, Queued, Verdict, key_of
from opscope.visible import visible_json, visible_line

_MOST_SHOWN = 5


@dataclass(frozen=True)
class OftenUndecided:
    """An activity of which reviewers said that they cannot decide, and how often."""

    text: str
    times: int


@dataclass(frozen=True)
class Status:
    """Where the reviews at a place stand; ``waiting`` are the queued activities without a verdict."""

    place: str
    queued: int
    waiting: int
    verdicts: int
    reviewers: tuple[str, ...]
    settled: int
    disputed: int
    undecided: int
    agreement: Agreement
    sway: Sway
    often_undecided: tuple[OftenUndecided, ...]


def status_of(place: str, verdicts: Sequence[Verdict], queued: Sequence[Queued]) -> Status:
    """Counts what is there."""
    settlement, reviewed = settle(verdicts), reviewed_keys(verdicts)
    spelling = {key_of(verdict.text): verdict.text for verdict in reversed(verdicts)}
    undecided = Counter(key_of(verdict.text) for verdict in verdicts if verdict.verdict == CANNOT_DECIDE)
    return Status(
        place=place,
        queued=len(queued),
        waiting=sum(key_of(activity.text) not in reviewed for activity in queued),
        verdicts=len(verdicts),
        reviewers=tuple(sorted({verdict.reviewer for verdict in verdicts})),
        settled=len(settlement.settled),
        disputed=len(settlement.disputed),
        undecided=len(settlement.undecided),
        agreement=agreement_of(verdicts),
        sway=sway_of(verdicts),
        often_undecided=tuple(OftenUndecided(spelling[key], times) for key, times in undecided.most_common(_MOST_SHOWN)),
    )


def status_lines(status: Status) -> list[str]:
    """The status for a terminal."""
    reviewers = (
        f"{len(status.reviewers)} reviewer{'s' * (len(status.reviewers) > 1)} ({', '.join(map(visible_line, status.reviewers))})"
        if status.reviewers
        else "no reviewer yet"
    )
    lines = [
        f"Reviews at {status.place}",
        f"{status.queued:,} activities queued, {status.waiting:,} of them without a verdict.",
        f"{status.verdicts:,} verdicts by {reviewers}.",
        f"Activities: {status.settled:,} settled, {status.disputed:,} disputed, {status.undecided:,} that nobody can decide.",
        _agreement_line(status.agreement),
        *_sway_lines(status.sway),
    ]
    if status.often_undecided:
        lines.append("Most often undecided, with the number of verdicts that say so:")
        lines += [f"  {one.times:,}: {one.text!r}" for one in status.often_undecided]
    return lines


def _agreement_line(agreement: Agreement) -> str:
    if not agreement.pairs:
        return "Agreement is not known yet: no activity has labels from two reviewers."
    kappa = "not defined, since all gave one label" if isnan(agreement.kappa) else f"{agreement.kappa:.2f}"
    return (
        f"Two reviewers gave the same label in {agreement.equal:,} of {agreement.pairs:,} pairs ({agreement.percent:.1f} %), on "
        f"{agreement.activities:,} activities; Cohen's kappa is {kappa}."
    )


def _sway_lines(sway: Sway) -> list[str]:
    return [
        f"{how}, reviewers gave the label of the tag in {equal:,} of {many:,} verdicts ({100 * equal / many:.1f} %)."
        for how, equal, many in (
            ("Without seeing the tag", sway.blind_equal, sway.blind),
            ("Having seen the tag", sway.seen_equal, sway.seen),
        )
        if many
    ]


def status_json(status: Status) -> str:
    """The status as JSON; what is not a number is null."""
    told = asdict(status)
    for name in ("percent", "kappa"):
        value = getattr(status.agreement, name)
        told["agreement"][name] = None if isnan(value) else value
    return visible_json(json.dumps(told, ensure_ascii=False, indent=2))


def dispute_lines(disputed: Sequence[Dispute]) -> list[str]:
    """The disputes for a terminal: who said what, and why."""
    lines = []
    for dispute in disputed:
        lines.append(repr(dispute.text))
        lines += [
            f"  {verdict.label} ({verdict.when:%Y-%m-%d}, {visible_line(verdict.reviewer)})"
            + (f": {verdict.reason!r}" if verdict.reason else "")
            for verdict in dispute.verdicts
        ]
    return lines or ["Nothing is disputed."]


def dispute_columns(disputed: Sequence[Dispute]) -> dict[str, list[str]]:
    """Columns to be filled in by whoever ends the disputes; ``said`` tells who said what."""
    empty = [""] * len(disputed)
    told = ["; ".join(map(_said, one.verdicts)) for one in disputed]
    texts = escaped(one.text for one in disputed)
    return {"text": texts, "said": told, "label": empty, "function": empty, "reason": empty, "reviewer": empty}


def _said(verdict: Verdict) -> str:
    return f"{verdict.reviewer}: {verdict.label}" + (f" ({verdict.reason})" if verdict.reason else "")


def disputes_json(disputed: Sequence[Dispute]) -> str:
    """The disputes as JSON, with all fields of their verdicts."""
    return visible_json(json.dumps([asdict(dispute) for dispute in disputed], ensure_ascii=False, indent=2, default=str))
