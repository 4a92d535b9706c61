"""How often labels given with a probability were right, as points to draw, with what chance alone would explain."""

from dataclasses import dataclass
from math import sqrt

from opscope.calibration import Calibration

_Z = 1.959964  # of a normal distribution 95 % lie within so many standard deviations


@dataclass(frozen=True)
class ReliabilityPoint:
    """Texts of about one probability: its mean, the share of right labels with its 95 % interval, and the number of texts."""

    probability: float
    right: float
    low: float
    high: float
    count: int

    @property
    def is_believable(self) -> bool:
        """Whether the probability lies within the interval, so that chance explains the gap."""
        return self.low <= self.probability <= self.high


def reliability_of(calibration: Calibration) -> tuple[ReliabilityPoint, ...]:
    """A point for each bin that holds a text, from the lowest probability to the highest."""
    return tuple(
        ReliabilityPoint(part.probability, part.right / part.count, *_interval(part.right, part.count), part.count)
        for part in calibration.bins
    )


def reliability_in_words(calibration: Calibration) -> str:
    """One sentence on how far the probabilities may be believed."""
    points = reliability_of(calibration)
    off = [point for point in points if not point.is_believable]
    average = f"On the average the probabilities are off by {100 * calibration.error:.1f} points."
    if not off:
        return f"{average} At each height the share of right labels agrees with the probability, as far as so many texts can tell."
    named = ", ".join(f"about {100 * point.probability:.0f} % ({100 * point.right:.0f} % were right)" for point in off)
    return f"{average} Beyond what chance explains they are off at {named}."


def _interval(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share, after Wilson, Probable inference, the law of succession, and statistical inference, 1927."""
    share, spread = right / count, _Z**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))  # rounding must not leave the share outside
