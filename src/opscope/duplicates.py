"""Texts that are the same, or nearly: by the runs of four characters they share."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

RUN = 4
LARGEST_OVERLAP = 0.6


def near_duplicates(texts: Sequence[str], *, above: float = LARGEST_OVERLAP) -> Iterator[tuple[int, int, float]]:
    """Positions of two texts and their overlap, for every two whose Jaccard overlap of character 4-grams is ``above`` the bound.

    Case and white space do not count.
    """
    runs = [_runs(text) for text in texts]
    frequency = Counter(run for own in runs for run in own)
    holders = defaultdict(list)
    for position, own in enumerate(runs):
        # Texts that overlap by the share t have a run in common among the rarest (1 - t) of each (prefix filtering).
        rarest = sorted(own, key=lambda run: (frequency[run], run))[: len(own) - math.ceil(above * len(own)) + 1]
        # Neither can they when one has too few runs for the other.
        fewest, most = above * len(own), len(own) / above
        for other in sorted({other for run in rarest for other in holders[run] if fewest < len(runs[other]) < most}):
            shared = len(own & runs[other])
            overlap = shared / (len(own) + len(runs[other]) - shared)
            if overlap > above:
                yield other, position, overlap
        for run in rarest:
            holders[run].append(position)


def _runs(text: str) -> set[str]:
    folded = " ".join(text.lower().split())
    return {folded[start : start + RUN] for start in range(len(folded) - RUN + 1)} or {folded}
