"""Texts that are the same, or nearly: by the runs of four characters they share."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

RUN = 4
LARGEST_OVERLAP = 0.6
_ROUNDING = 1e-6


def near_duplicates(texts: Sequence[str], *, above: float = LARGEST_OVERLAP) -> Iterator[tuple[int, int, float]]:
    """Positions of two texts and their overlap, for every two whose Jaccard overlap of character 4-grams is ``above`` the bound.

    Case and white space do not count. Of texts that are the same, each further one is paired with the first only.
    """
    first_of: dict[str, int] = {}
    folded = [" ".join(text.lower().split()) for text in texts]
    first = [first_of.setdefault(text, position) for position, text in enumerate(folded)]
    runs = [_runs(text) if first[position] == position else frozenset() for position, text in enumerate(folded)]
    frequency = Counter(run for own in runs for run in own)
    rank = {run: place for place, run in enumerate(sorted(frequency, key=lambda run: (frequency[run], run)))}
    runs = [frozenset(map(rank.__getitem__, own)) for own in runs]  # numbers sort and compare faster than texts
    rests = [math.ceil(above * len(own)) - 1 for own in runs]  # runs of each that are no longer among its rarest
    holders: dict[int, list[int]] = defaultdict(list)
    for position, own in enumerate(runs):
        if first[position] != position:
            yield first[position], position, 1.0
            continue
        # Texts that overlap by the share t have a run in common among the rarest (1 - t) of each (prefix filtering; Bayardo, Ma and
        # Srikant, Scaling up all pairs similarity search, 2007). Of the other runs one text has at most ``rest`` in common with the
        # other, so that a few in common among the rarest rule most texts out.
        many, rest = len(own), rests[position]
        rarest = sorted(own)[: many - rest]
        fewest, most = above * many, many / above  # runs of a text that can overlap so much
        common = Counter(chain.from_iterable(holders[run] for run in rarest))
        for other in sorted(
            other
            for other, found in common.items()
            if fewest < len(runs[other]) < most
            and found + max(rest, rests[other]) >= above / (1 + above) * (many + len(runs[other])) - _ROUNDING
        ):
            shared = len(own & runs[other])
            overlap = shared / (many + len(runs[other]) - shared)
            if overlap > above:
                yield other, position, overlap
        for run in rarest:
            holders[run].append(position)


def _runs(folded: str) -> set[str]:
    return {folded[start : start + RUN] for start in range(len(folded) - RUN + 1)} or {folded}
