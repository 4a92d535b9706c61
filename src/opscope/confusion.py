"""What is taken for what: labels against decisions, and the functions that are mixed up most."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from opscope.dataset import Dataset
from opscope.guide import LABELS, guide
from opscope.prediction import DECISIONS, Prediction

NO_ACTIVITY = ""  # the label of a text that is no activity, as in the table


@dataclass(frozen=True)
class Mixed:
    """Rows of the function ``own`` that were taken for the function ``taken_for``."""

    own: str
    taken_for: str
    times: int


@dataclass(frozen=True)
class Confusion:
    """Counts of rows by their own label and by what the model made of them.

    ``labels``: a row for each of LABELS and for no activity, in this order; ``decisions``: the columns, DECISIONS; ``counts[row]
    [column]``. ``mixed``: the functions that were taken for another, the most frequent first.
    """

    labels: tuple[str, ...]
    decisions: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    mixed: tuple[Mixed, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The counts in words, a sentence for each label that has rows."""
        rows = zip(self.labels, self.counts, strict=True)
        return tuple(_in_words(label, dict(zip(self.decisions, row, strict=True))) for label, row in rows if sum(row))


def confusion_of(dataset: Dataset, predictions: Sequence[Prediction]) -> Confusion:
    """Counts the rows of a dataset with as many predictions, by the policy that these were made with."""
    pairs = list(zip(dataset.examples, predictions, strict=True))
    counts = Counter((example.label, found.decision) for example, found in pairs)
    mixed = Counter(
        (example.function, found.function) for example, found in pairs if example.function and example.function != found.function
    )
    labels = (*LABELS, NO_ACTIVITY)
    return Confusion(
        labels=labels,
        decisions=DECISIONS,
        counts=tuple(tuple(counts[label, decision] for decision in DECISIONS) for label in labels),
        mixed=tuple(Mixed(own, taken_for, times) for (own, taken_for), times in mixed.most_common()),
    )


def _in_words(label: str, counts: dict[str, int]) -> str:
    """``Of 540 production-scoped activities 509 were decided so, 12 were ...``."""
    names = {key: one.name for key, one in guide().labels.items()}
    total, review, unfamiliar = sum(counts.values()), counts["review"], counts["unfamiliar"]
    if label == NO_ACTIVITY:
        decided = ", ".join(f"{counts[other]:,} were taken for {names[other]}" for other in LABELS)
        return (
            f"Of {total:,} texts that are no activity {unfamiliar:,} were recognised, {decided}, and {review:,} went to a person."
        )
    (other,) = set(LABELS) - {label}
    return (
        f"Of {total:,} {names[label]} activities {counts[label]:,} were decided so, {counts[other]:,} as {names[other]}, "
        f"{review:,} went to a person, and {unfamiliar:,} were taken for no activity."
    )
