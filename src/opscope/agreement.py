"""How far two readers agree: share of equal labels, and Cohen's kappa."""

from collections import Counter
from collections.abc import Sequence


def cohens_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Agreement beyond chance, at most 1; not a number when chance alone would agree always.

    After Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    total = len(first)
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / total
    counts, others = Counter(first), Counter(second)
    chance = sum(counts[label] * others[label] for label in counts) / total**2
    return (observed - chance) / (1 - chance) if chance < 1 else float("nan")
