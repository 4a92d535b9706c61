"""What can be said of a whole list: is it fit to be tagged, does it contradict itself, how production-scoped are its parts."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscope.budgets import SECONDS_A_REVIEW, for_a_person
from opscope.duplicates import near_duplicates
from opscope.guide import LABELS
from opscope.languages import language_of
from opscope.policies import BALANCED
from opscope.prediction import FEWEST_KNOWN, Prediction, Tags, predictions, tag
from opscope.registry import Version
from opscope.similar import NEAR
from opscope.text import readable, tokens
from opscope.wording import BARE, DECIDED, UNREADABLE

GO, CAUTION, STOP = "go", "caution", "stop"
_MOST_COMPARED = 5_000  # texts; more would keep a reader waiting
_MOST_COMPARED_FIRST = 2_000  # before a list is tagged, which nobody asked for; of more, only those that are the same are told
_SAMPLE, _SEED, _AT_ONCE = 300, 0, 50
# Shares of a list that a reader should know of, and those from which its tags say little: judgement, not measurement.
_WORTH_A_WORD, _TOO_MUCH = 0.1, 0.4
_Z = 1.96  # of a 95 % interval


@dataclass(frozen=True)
class Finding:
    """Something about so many texts of a list, in a sentence without its end: ``3 of 40 lines ...``."""

    what: str
    count: int


@dataclass(frozen=True)
class Preflight:
    """Whether a list is fit to be tagged: ``go``, ``caution`` or ``stop``, what was found, and the minutes a review would take."""

    verdict: str
    findings: tuple[Finding, ...]
    to_review: int
    minutes: float
    total: int

    @property
    def lines(self) -> list[str]:
        """The findings in words, and the time."""
        told = [f"{finding.count:,} of {self.total:,} lines {finding.what}." for finding in self.findings]
        return [*told, f"{self.to_review:,} would go to a person{self._time}."]

    @property
    def _time(self) -> str:
        if not self.to_review:
            return ""
        minutes = round(self.minutes)
        return f": about {minutes:,} minute{'s' if minutes > 1 else ''}" if minutes else ": less than a minute"


def preflight(
    version: Version, texts: Sequence[str], policy: str = BALANCED, *, seconds_a_review: float = SECONDS_A_REVIEW
) -> Preflight:
    """Looks at a list before its tags are used; raises InputError for an unknown policy."""
    found = tag(version, texts, policy)
    counts = {
        "are empty or hold no word": int((found.reasons == UNREADABLE).sum()),
        "are a word or two that is said of both sides": int((found.reasons == BARE).sum()),
        "hold mostly unknown words": int(((found.known < FEWEST_KNOWN) & (found.reasons != UNREADABLE)).sum()),
        "do not read like activities": int((found.reasons > BARE).sum()) - int((found.reasons == UNREADABLE).sum()),
        "say what another says": _duplicates(texts),
        "are like nothing the model has learned": _far_away(version, texts),
    }
    languages = Counter(filter(None, (language_of(readable(texts[place])) for place in _doubtful(found))))
    counts |= {f"read like {language}": count for language, count in languages.most_common(3)}
    to_review = int(for_a_person(found).sum())
    told = tuple(Finding(what, count) for what, count in counts.items() if count)
    unfit = int((found.reasons > BARE).sum()) / max(1, len(texts))
    troubled = max((finding.count for finding in told), default=0) / max(1, len(texts))
    verdict = STOP if unfit >= _TOO_MUCH else CAUTION if troubled >= _WORTH_A_WORD else GO
    return Preflight(verdict, told, to_review, to_review * seconds_a_review / 60, len(texts))


def _doubtful(found: Tags) -> list[int]:
    return np.flatnonzero((found.reasons != DECIDED) & (found.known < 1))[:_SAMPLE].tolist()


def _duplicates(texts: Sequence[str]) -> int:
    if len(texts) > _MOST_COMPARED_FIRST:
        return len(texts) - len({" ".join(text.lower().split()) for text in texts})
    return len({second for _, second, _ in near_duplicates(texts) if texts[second].strip()})


def _far_away(version: Version, texts: Sequence[str]) -> int:
    """How many texts have no labelled text near them; of a long list, as many as a sample says."""
    neighbours = version.neighbours
    sample = np.random.default_rng(_SEED).permutation(len(texts))[:_SAMPLE].tolist()
    placed = [neighbours.place(readable(texts[place])) for place in sample if tokens(texts[place])]
    chunks = [np.array(placed[start : start + _AT_ONCE]).T for start in range(0, len(placed), _AT_ONCE)]
    far = sum(int(((neighbours.unit @ chunk).max(axis=0) < NEAR).sum()) for chunk in chunks)
    return round(far / max(1, len(sample)) * len(texts))


@dataclass(frozen=True)
class Inconsistency:
    """Two activities that are nearly the same, or do the same to the same, and are tagged differently."""

    first: Prediction
    second: Prediction
    why: str


def inconsistencies(version: Version, texts: Sequence[str]) -> tuple[Inconsistency, ...]:
    """The pairs of activities that a person should look at together, among the first five thousand of a list."""
    found = predictions(version, texts[:_MOST_COMPARED])
    pairs = {
        (a, b): "nearly the same text"
        for a, b, _ in near_duplicates([prediction.text for prediction in found])
        if found[a].label != found[b].label
    }
    doing: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, prediction in enumerate(found):
        words = tokens(readable(prediction.text))[:3]
        content = [word for word in words[1:] if len(word) > 3]
        if content and version.scorer.is_opener(words[0]):
            doing[words[0], content[0]].append(place)
    for (verb, thing), places in doing.items():
        for b in places[1:]:
            if found[places[0]].label != found[b].label:
                pairs.setdefault((places[0], b), f"“{verb} … {thing}” on both sides")
    return tuple(Inconsistency(found[a], found[b], why) for (a, b), why in sorted(pairs.items()))


@dataclass(frozen=True)
class ScopeShare:
    """How much of a group is production-scoped, 0 to 1, corrected for known error, with a 95 % interval."""

    group: str
    activities: int
    production: float
    low: float
    high: float


def scope_shares(found: Sequence[Prediction], groups: Sequence[str]) -> tuple[ScopeShare, ...]:
    """The share of production-scoped activities in each group, the largest group first; texts that are none are left out.

    The share is the mean of the calibrated probabilities, which counts doubtful tags by their doubt instead of as right (Bella,
    Ferri, Hernández-Orallo and Ramírez-Quintana, Quantification via probability estimators, 2010). The interval holds both the
    doubt about each tag and the chance in which activities the group happens to have.
    """
    members: dict[str, list[float]] = defaultdict(list)
    for prediction, group in zip(found, groups, strict=True):
        if prediction.decision != "unfamiliar":
            first = LABELS.index(prediction.label) == LABELS.index("production")
            members[group].append(prediction.probability if first else 1 - prediction.probability)
    return tuple(_share(group, np.array(own)) for group, own in sorted(members.items(), key=lambda entry: -len(entry[1])))


def _share(group: str, probabilities: np.ndarray) -> ScopeShare:
    """After Wilson (Probable inference, 1927), with the doubt about the tags added to the variance of the share."""
    n, share = len(probabilities), float(probabilities.mean())
    doubt = float((probabilities * (1 - probabilities)).sum()) / n**2
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2) + doubt)
    return ScopeShare(group, n, share, max(0.0, centre - half), min(1.0, centre + half))
