"""Two versions side by side: on the evaluation set, on the user's own rows, and on every activity that people reviewed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from opscope.dataset import Dataset
from opscope.errors import ModelError
from opscope.evaluation import Share
from opscope.explanation import explanation
from opscope.guide import LABELS, guide
from opscope.model import Model
from opscope.packing import arrays_in, check_array, packed, unpacked
from opscope.policies import BALANCED
from opscope.prediction import Prediction
from opscope.registry import Version, unaltered
from opscope.settling import Settled

HELD_OUT = "held_out.safetensors"
MOST_LOST = 0.05  # share of the reviewed activities that a promotion may decide otherwise than people did, which were right before
_DRAWS, _SEED = 4000, 0


@dataclass(frozen=True)
class Difference:
    """Right labels of both versions on the same rows; ``interval``: 95 % of the difference in shares, by paired bootstrap."""

    active: Share
    candidate: Share
    interval: tuple[float, float]

    @property
    def value(self) -> float:
        """Share right of the candidate less that of the active version."""
        return self.candidate.value - self.active.value

    @property
    def is_worse(self) -> bool:
        """Whether the candidate is worse beyond what chance explains."""
        return self.interval[1] < 0


@dataclass(frozen=True)
class Change:
    """A reviewed activity whose decision changes, with what both versions say of it and why."""

    reviewed: Settled
    before: Prediction
    after: Prediction
    reason_before: str
    reason_after: str

    @property
    def is_lost(self) -> bool:
        """Whether the active version decides as people did, and the candidate no longer does."""
        return self.before.decision == self.reviewed.label


@dataclass(frozen=True)
class Comparison:
    """A candidate against the active version; ``own`` is None where the candidate was not trained on rows of the user's own."""

    active: str
    candidate: str
    evaluation: Difference
    own: Difference | None
    changes: tuple[Change, ...]
    reviewed: int

    @property
    def lost(self) -> int:
        """Number of reviewed activities that the active version decides as people did and the candidate no longer does."""
        return sum(change.is_lost for change in self.changes)


@dataclass(frozen=True)
class HeldOut:
    """The user's own rows with the log-odds, (n,), that models gave them in cross-validation which had not seen them."""

    dataset: Dataset
    log_odds: np.ndarray


def compare(active: Model, candidate: Model, evaluation_set: Dataset, reviewed: Sequence[Settled] = ()) -> Comparison:
    """Compares two versions; ``reviewed`` are activities that people settled."""
    return Comparison(
        active=active.version,
        candidate=candidate.version,
        evaluation=difference_on(active, candidate, evaluation_set),
        own=_on_own_rows(active, candidate),
        changes=_changes(active, candidate, reviewed),
        reviewed=len(reviewed),
    )


def difference_on(active: Model, candidate: Model, dataset: Dataset) -> Difference:
    """The difference of two versions on the rows that have a label."""
    activities = dataset.only(lambda example: example.label)
    return _difference(_right(active, activities), _right(candidate, activities))


def difference_in_words(difference: Difference) -> str:
    """The shares of both versions, the difference, and whether chance explains it."""
    low, high = difference.interval
    told = "worse" if high < 0 else "better" if low > 0 else "no difference beyond chance"
    shares = f"{_percent(difference.candidate)} right, the active version {_percent(difference.active)}"
    return f"{shares}; {told} ({_interval(difference)})"


def check_promotable(found: Comparison) -> None:
    """Raises ModelError where the candidate is worse beyond chance, or goes back on too many reviewed activities."""
    problems = [
        f"on {place} it has {100 * -difference.value:.1f} points fewer right ({_interval(difference)})"
        for place, difference in (("the evaluation set", found.evaluation), ("your own rows", found.own))
        if difference and difference.is_worse
    ]
    if found.lost > MOST_LOST * found.reviewed:
        problems.append(
            f"of {found.reviewed:,} reviewed activities {found.lost:,} would no longer be decided as people did, "
            f"and at most {MOST_LOST:.0%} may".replace("%", " %")
        )
    if problems:
        raise ModelError(
            f"{found.candidate} was not promoted: {'; '.join(problems)}. The active version {found.active} stays. "
            "opscope models compare lists what changes; --force --why REASON promotes all the same."
        )


def comparison_lines(found: Comparison) -> list[str]:
    """The comparison in words, every change of a reviewed activity included."""
    lines = [f"{found.candidate} against {found.active}, the active version:"]
    for place, difference in (("the evaluation set", found.evaluation), ("your own rows, held out", found.own)):
        if difference:
            lines.append(f"  on {place} ({difference.active.total:,} rows): {difference_in_words(difference)}")
    if found.reviewed:
        lines.append(
            f"  of {found.reviewed:,} reviewed activities {len(found.changes):,} change, {found.lost:,} of them for the worse"
        )
    for change in found.changes:
        lines += [
            f"    {change.reviewed.text!r} (reviewed: {guide().labels[change.reviewed.label].name})",
            f"      was {change.before.decision}: {change.reason_before}",
            f"      now {change.after.decision}: {change.reason_after}",
        ]
    return lines


def _interval(difference: Difference) -> str:
    low, high = (100 * bound for bound in difference.interval)
    return f"difference {100 * difference.value:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}"


def _percent(share: Share) -> str:
    return f"{100 * share.value:.1f} %"


def _right(model: Model, dataset: Dataset) -> np.ndarray:
    return np.array([p.label == label for p, label in zip(model.predict(dataset.texts), dataset.labels, strict=True)])


def _difference(active: np.ndarray, candidate: np.ndarray) -> Difference:
    """The difference of two versions that are right, or not, on the same rows, (n,) of bool each."""
    per_row = candidate.astype(float) - active
    draws = np.random.default_rng(_SEED).multinomial(len(per_row), [1 / len(per_row)] * len(per_row), size=_DRAWS)
    low, high = np.quantile(draws @ per_row / len(per_row), [0.025, 0.975])
    right = [Share(int(found.sum()), len(found)) for found in (active, candidate)]
    return Difference(right[0], right[1], (float(low), float(high)))


def _on_own_rows(active: Model, candidate: Model) -> Difference | None:
    """The difference on the rows of the user's own that neither version had seen when it scored them."""
    held_out = load_held_out(candidate.loaded)
    if held_out is None:
        return None
    seen = set(active.loaded.neighbours.texts)
    unseen = np.array([text not in seen for text in held_out.dataset.texts])
    if not unseen.any():
        return None
    rows = Dataset(tuple(e for e, kept in zip(held_out.dataset.examples, unseen, strict=True) if kept))
    right = np.array([LABELS[int(score > 0)] for score in held_out.log_odds[unseen]]) == np.array(rows.labels)
    return _difference(_right(active, rows), right)


def _changes(active: Model, candidate: Model, reviewed: Sequence[Settled]) -> tuple[Change, ...]:
    texts = [activity.text for activity in reviewed]
    both = zip(reviewed, active.predict(texts), candidate.predict(texts), strict=True)
    return tuple(
        Change(activity, before, after, _reason(active, before), _reason(candidate, after))
        for activity, before, after in both
        if before.decision != after.decision
    )


def _reason(model: Model, prediction: Prediction) -> str:
    return explanation(model.loaded, prediction, BALANCED).reason


def held_out_as_bytes(held_out: HeldOut) -> bytes:
    """The content of a version's file with its held-out rows."""
    labels = np.array([LABELS.index(label) for label in held_out.dataset.labels], dtype=np.int8)
    return save({"texts": packed(held_out.dataset.texts), "labels": labels, "log_odds": held_out.log_odds.astype(np.float32)})


def load_held_out(version: Version) -> HeldOut | None:
    """The held-out rows of a version, None where it has none; raises ModelError when the file is altered or damaged."""
    path: Path = version.folder / HELD_OUT
    if HELD_OUT not in version.manifest.files:
        return None
    try:
        stored = arrays_in(unaltered(path, version.manifest))
        texts, labels, log_odds = unpacked(stored["texts"]), stored["labels"], stored["log_odds"]
    except ModelError:
        raise
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{path} cannot be read as held-out rows: {error}. Train again or restore it.") from error
    check_array(path, "labels", labels, "int8", (len(texts),), range(len(LABELS)))
    check_array(path, "log_odds", log_odds, "float32", (len(texts),))
    return HeldOut(Dataset.of(texts, [LABELS[place] for place in labels.tolist()]), log_odds)
