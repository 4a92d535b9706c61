"""A tagged list: the table that came in, what opscope says of each of its rows, and the list in numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from opscope.errors import DataError, InputError
from opscope.formats.base import Row
from opscope.guide import LABELS, guide
from opscope.model import Model
from opscope.policies import BALANCED
from opscope.prediction import DECISIONS, REVIEW, UNFAMILIAR, Prediction
from opscope.tables import Table
from opscope.text import checked, problem_with

_NAME = "list"


@dataclass(frozen=True)
class Rejected:
    """A row of which nothing can be said: its ``place`` in the list, its ``number`` in the table, the reason, and the fix."""

    place: int
    number: int
    reason: str
    fix: str


@dataclass(frozen=True)
class Summary:
    """A tagged list in numbers. ``rows`` is the sum of ``decided``, ``to_review`` and ``rejected``.

    ``decisions`` counts all rows, so that the rejected ones are among the unfamiliar. ``labels`` and ``functions`` count the
    ``activities``, which are decided or in review: a text that is no activity has a label too, but it says nothing.
    ``to_review`` are the rows that a person should look at, in review or unfamiliar. ``expected_wrong`` is how many labels of the
    decided ones are wrong on the average, by their probabilities.
    """

    rows: int
    decided: int
    to_review: int
    rejected: int
    expected_wrong: float
    decisions: dict[str, int]
    labels: dict[str, int]
    functions: dict[str, int]

    @property
    def activities(self) -> int:
        """The rows that read like an activity."""
        return self.decided + self.decisions[REVIEW]


@dataclass(frozen=True)
class TaggedList:
    """A table with a prediction for each of its rows; the texts stand in the column at ``column``.

    ``when`` it was tagged is in UTC. Raises DataError where the parts do not fit together.
    """

    table: Table
    column: int
    predictions: tuple[Prediction, ...]
    policy: str
    model_version: str
    guide_version: str
    when: datetime

    def __post_init__(self):
        name, columns, rows = self.table.path, len(self.table.columns), len(self.table.rows)
        if not 0 <= self.column < columns:
            raise DataError(f"{name} has {columns} columns and none at {self.column}. Name one from 0 to {columns - 1}.")
        if len(self.predictions) != rows:
            raise DataError(f"{name} has {rows} rows and {len(self.predictions)} predictions. Tag the table again.")

    @classmethod
    def of_table(cls, model: Model, table: Table, column: int, policy: str = BALANCED) -> "TaggedList":
        """Tags the texts in one column of a table; raises InputError for an unknown policy."""
        texts = [row.values[column] for row in table.rows] if 0 <= column < len(table.columns) else []
        manifest = model.loaded.manifest
        found = tuple(model.predict(texts, policy))
        return cls(table, column, found, policy, manifest.version, manifest.guide_version, datetime.now(UTC))

    @classmethod
    def of_texts(cls, model: Model, texts: Sequence[str], policy: str = BALANCED, *, name: str = _NAME) -> "TaggedList":
        """Tags plain texts, a row each, numbered from 1; raises InputError for anything that is no list of texts."""
        if isinstance(texts, str):
            raise InputError("Expected a list of texts, got one text. Put it into a list.")
        rows = tuple(Row(number, (text,)) for number, text in enumerate(checked(texts), start=1))
        return cls.of_table(model, Table(name, ("text",), rows), 0, policy)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The texts, a row each."""
        return tuple(row.values[self.column] for row in self.table.rows)

    @cached_property
    def rejected(self) -> tuple[Rejected, ...]:
        """The rows whose text is empty, without a word, or far too long."""
        unfamiliar = (place for place, found in enumerate(self.predictions) if found.decision == UNFAMILIAR)
        texts = self.texts
        problems = ((place, problem_with(texts[place])) for place in unfamiliar)
        return tuple(self._rejected(place, problem) for place, problem in problems if problem)

    def _rejected(self, place: int, problem: str) -> Rejected:
        reason, _, fix = problem.partition(". ")
        return Rejected(place, self.table.rows[place].number, f"{reason}.", fix)

    @cached_property
    def to_review(self) -> tuple[int, ...]:
        """Places of the rows that a person should look at: in review or unfamiliar, and not rejected."""
        rejected = {row.place for row in self.rejected}
        return tuple(n for n, found in enumerate(self.predictions) if found.decision not in LABELS and n not in rejected)

    @cached_property
    def summary(self) -> Summary:
        """The list in numbers."""
        decided = [found for found in self.predictions if found.decision in LABELS]
        activities = [found for found in self.predictions if found.decision != UNFAMILIAR]
        return Summary(
            rows=len(self.predictions),
            decided=len(decided),
            to_review=len(self.to_review),
            rejected=len(self.rejected),
            expected_wrong=sum(1 - found.probability for found in decided),
            decisions=_counts(DECISIONS, (found.decision for found in self.predictions)),
            labels=_counts(LABELS, (found.label for found in activities)),
            functions=_counts(guide().functions, (found.function for found in activities)),
        )


def _counts(names, found) -> dict[str, int]:
    """How often each of the names was found, none left out."""
    counts = Counter(found)
    return {name: counts[name] for name in names}
