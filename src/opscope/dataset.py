"""The activities a model learns from or is measured on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from opscope.duplicates import near_duplicates

PAIR_PREFIX, HARD_PREFIX = "pair:", "hard:"


@dataclass(frozen=True)
class Example:
    """One labelled row. ``label`` and ``function`` are empty for a text that is no activity or was not given one."""

    text: str
    label: str
    function: str = ""
    id: str = ""
    industry: str = ""
    style: str = ""
    source: str = ""

    @property
    def pair(self) -> str | None:
        """Name of the minimal pair this row belongs to; the two rows of a pair share it."""
        return self.source.split(":")[1] if self.source.startswith(PAIR_PREFIX) else None

    @property
    def is_hard(self) -> bool:
        """Whether the row was written so that its words point to the other side."""
        return self.source.startswith((PAIR_PREFIX, HARD_PREFIX))


@dataclass(frozen=True)
class NonActivity:
    """A text that is no activity; ``kind`` says what it is instead."""

    text: str
    kind: str


@dataclass(frozen=True)
class Dataset:
    """Labelled examples, in the order of their file."""

    examples: tuple[Example, ...]

    @classmethod
    def of(cls, texts: Sequence[str], labels: Sequence[str]) -> "Dataset":
        """Examples from as many texts as labels."""
        return cls(tuple(Example(text, label) for text, label in zip(texts, labels, strict=True)))

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.examples)

    @property
    def texts(self) -> list[str]:
        """The texts, in order."""
        return [example.text for example in self.examples]

    @property
    def labels(self) -> list[str]:
        """The labels, in order."""
        return [example.label for example in self.examples]

    @cached_property
    def groups(self) -> list[str]:
        """A name for each example that only the rows of one minimal pair, or of texts that are nearly the same, share.

        No fold of cross-validation splits a group: a model must not be measured on what it has all but seen.
        """
        leader = list(range(len(self)))
        first_of_pair: dict[str, int] = {}

        def leader_of(place: int) -> int:
            while leader[place] != place:
                leader[place] = place = leader[leader[place]]
            return place

        for place, example in enumerate(self.examples):
            if example.pair:
                leader[place] = leader_of(first_of_pair.setdefault(example.pair, place))
        for first, second, _ in near_duplicates(self.texts):
            leader[leader_of(second)] = leader_of(first)
        return [f"like row {leader_of(place)}" for place in range(len(self))]

    def only(self, keep) -> "Dataset":
        """The examples for which ``keep(example)`` holds."""
        return Dataset(tuple(example for example in self.examples if keep(example)))
