"""Whether more labels would help, and of which functions: told by what was learned from half of the rows and from all."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from opscope.classifier import ScopeClassifier, platt
from opscope.dataset import Dataset
from opscope.guide import LABELS, guide
from opscope.training import FOLDS, fold_scores, folds

_HELPFUL = 0.02  # gain in log loss, as a share of it, below which labels are better spent elsewhere
_FEWEST_OF_FUNCTION = 20  # rows without which nothing can be said of it
_FUNCTIONS_NAMED = 3
_DRAWS, _SEED = 2000, 0


@dataclass(frozen=True)
class Point:
    """What was right of the user's held-out rows after learning from so many of them: a share, and the log loss."""

    rows: int
    right: float
    log_loss: float


@dataclass(frozen=True)
class LearningCurve:
    """What was learned from none of the rows (or a quarter, where there is little else to learn from), from half, and from all.

    ``gain``: 95 % interval of what all the rows gain over half of them, in log loss. ``thin``: the functions with the largest
    shares of wrong rows: name, share, number of rows.
    """

    points: tuple[Point, ...]
    gain: tuple[float, float]
    thin: tuple[tuple[str, float, int], ...]

    @property
    def sentences(self) -> list[str]:
        """The curve in words."""
        told = ", ".join(f"{100 * point.right:.1f} % from {point.rows:,}" for point in self.points)
        low, high = self.gain
        if low > 0 and low + high > 2 * _HELPFUL * self.points[-1].log_loss:
            verdict = "More labels like these will help"
        elif high < 0 or low + high <= 2 * _HELPFUL * self.points[-1].log_loss:
            verdict = "More labels like these will not help"
        else:
            verdict = "Whether more labels like these will help cannot be told from so few"
        sentences = [f"Of your held-out rows are right: {told} of your rows. {verdict}."]
        if self.thin:
            named = ", ".join(_thin_in_words(*entry) for entry in self.thin)
            sentences.append(f"Rows are needed most of: {named}.")
        return sentences


def _thin_in_words(name: str, wrong: float, rows: int) -> str:
    return f"{guide().functions[name].title.lower()} ({100 * wrong:.0f} % of {rows:,} wrong)"


def learning_curve(
    own: Dataset,
    others: Dataset,
    C: float,
    held_out: np.ndarray,
    *,
    seed: int = 0,
    jobs: int = 2,
    on_step: Callable[[str], None] = lambda step: None,
) -> LearningCurve:
    """Learns from parts of the ``own`` rows, each time together with ``others``, and measures on own rows left out.

    ``C`` is the penalty to learn with, ``held_out`` the calibrated log-odds, (own + others,), after learning from all, in the same
    folds.
    """
    every = Dataset((*own.examples, *others.examples))
    truth = np.array([LABELS.index(label) for label in own.labels])
    draw, is_own = np.random.default_rng(seed).permutation(len(every)) / len(every), np.arange(len(every)) < len(own)
    splits = [(train, test[test < len(own)]) for train, test in folds(every.groups, seed)]
    splits = [(train, test) for train, test in splits if len(test)]
    shares = (0.0, 0.5) if len(others) > len(own) else (0.25, 0.5)
    texts, labels = np.asarray(every.texts, dtype=object), np.asarray(every.labels)
    parts = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(fold_scores)(ScopeClassifier(C), texts[kept], labels[kept], texts[test])
        for share in shares
        for train, test in splits
        for kept in [train[(draw[train] < share) | ~is_own[train]]]
    )
    losses, points = [], []
    for share in shares:
        scores = np.zeros(len(own))
        for _, test in splits:
            on_step(f"learning from {share:.0%} of the rows")
            scores[test] = next(parts)
        losses.append(_losses(scores, truth))
        points.append(_point(round(share * len(own)), scores, truth, losses[-1]))
    losses.append(_losses(held_out[: len(own)], truth))
    points.append(_point(len(own), held_out[: len(own)], truth, losses[-1]))
    return LearningCurve(tuple(points), _interval(losses[-2] - losses[-1]), _thin(every, held_out))


def number_of_steps() -> int:
    """How often ``learning_curve`` calls ``on_step``, at most."""
    return 2 * FOLDS


def _point(rows: int, scores: np.ndarray, truth: np.ndarray, losses: np.ndarray) -> Point:
    return Point(rows, float(np.mean((scores > 0) == truth)), float(losses.mean()))


def _losses(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Log loss of each row, (n,), once the scores are calibrated, since that is what ships."""
    if len(np.unique(truth)) == 2:
        scores = platt(scores, truth).decision_function(scores[:, None])
    return np.logaddexp(0, np.where(truth == 1, -scores, scores))


def _interval(gains: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean, by bootstrap."""
    drawn = np.random.default_rng(_SEED).integers(0, len(gains), (_DRAWS, len(gains)))
    low, high = np.quantile(gains[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _thin(every: Dataset, held_out: np.ndarray) -> tuple[tuple[str, float, int], ...]:
    """The functions with the largest shares of wrong held-out rows, among those with enough rows to tell."""
    wrong: dict[str, list[bool]] = defaultdict(list)
    for example, score in zip(every.examples, held_out.tolist(), strict=True):
        if example.function:
            wrong[example.function].append(LABELS[int(score > 0)] != example.label)
    enough = {name: found for name, found in wrong.items() if len(found) >= _FEWEST_OF_FUNCTION}
    shares = [(name, float(np.mean(found)), len(found)) for name, found in enough.items()]
    return tuple(sorted(shares, key=lambda entry: (-entry[1], entry[0]))[:_FUNCTIONS_NAMED])
