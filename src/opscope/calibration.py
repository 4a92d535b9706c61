"""How far probabilities may be believed: Brier score, log loss, calibration error, and how often labels so sure were right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
_RESAMPLED, _SEED = 1000, 0


@dataclass(frozen=True)
class Bin:
    """Texts of about the same probability: how many, the mean of their probabilities, and how many labels were right."""

    count: int
    probability: float
    right: int

    @property
    def sentence(self) -> str:
        """The bin in words, such as ``of 50 at about 80 %, 39 were right``."""
        return f"of {self.count} at about {self.probability:.1%}, {self.right} were right".replace("%", " %")


@dataclass(frozen=True)
class Calibration:
    """Means over n texts. ``error`` is the expected calibration error, ``interval`` where it lies in 95 % of resampled sets."""

    brier: float
    log_loss: float
    error: float
    interval: tuple[float, float]
    bins: tuple[Bin, ...]


def calibration_of(probabilities: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Calibration of the probabilities, (n,) each 0.5 to 1, that n labels were given with; ``right`` says which were right.

    The expected calibration error (Naeini, Cooper and Hauskrecht, 2015) is the mean gap between probability and share of right
    labels, over bins; its interval comes from resampling the texts (Efron, 1979).
    """
    probability = np.clip(np.asarray(probabilities, dtype=float), 0.5, 1 - 1e-12)
    hit = np.asarray(right, dtype=bool)
    rng = np.random.default_rng(_SEED)
    again = [_error(probability[chosen], hit[chosen]) for chosen in rng.integers(0, len(hit), (_RESAMPLED, len(hit)))]
    return Calibration(
        brier=float(np.mean((probability - hit) ** 2)),
        log_loss=float(-np.mean(np.where(hit, np.log(probability), np.log(1 - probability)))),
        error=_error(probability, hit),
        interval=(float(np.quantile(again, 0.025)), float(np.quantile(again, 0.975))),
        bins=tuple(
            Bin(int(inside.sum()), float(probability[inside].mean()), int(hit[inside].sum()))
            for place in range(len(_EDGES) - 1)
            if (inside := _bin_of(probability) == place).any()
        ),
    )


def _bin_of(probability: np.ndarray) -> np.ndarray:
    return np.clip(np.searchsorted(_EDGES, probability, side="right") - 1, 0, len(_EDGES) - 2)


def _error(probability: np.ndarray, hit: np.ndarray) -> float:
    many = len(_EDGES) - 1
    places = _bin_of(probability)
    gaps = np.bincount(places, probability, many) - np.bincount(places, hit, many)
    return float(np.abs(gaps).sum() / len(hit))
