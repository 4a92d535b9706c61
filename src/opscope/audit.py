"""Labels that are likely wrong, told by a model that had not seen the row and by the labels of the texts nearest in meaning."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from cleanlab.filter import find_label_issues

from opscope.classifier import ScopeClassifier, logistic
from opscope.dataset import Dataset
from opscope.guide import LABELS
from opscope.intake import Twins
from opscope.labelled import Reading
from opscope.similar import make_neighbours
from opscope.training import FEWEST_PER_LABEL, FOLDS, held_out_scores
from opscope.vectors import shipped_vectors

# A stiff model, since one that may bend learns the wrong labels too: with 10 % of the shipped labels turned round, C=0.3 finds 87 %
# of them, and 78 % of those it names are; C=5, the best for clean labels, 83 and 71 %.
_STIFFNESS = 0.3
_VOTERS = 20
_NEARNESS = 4  # power of the cosine by which a voter counts
_SAME_MEANING = 0.95
_BLOCK = 500  # texts compared with all others at a time
_NEVER = 0.02  # the share of votes that none stands for, so that its log-odds stay finite


@dataclass(frozen=True)
class Suspect:
    """A row whose label is likely wrong: the label proposed, its probability, and the nearest labelled text that bears it."""

    row: int
    text: str
    label: str
    proposed: str
    probability: float
    nearest: str


@dataclass(frozen=True)
class Audit:
    """What was found in the labels of a table: the surest suspects first, and texts of one meaning with two labels.

    ``agreement`` is the share of all labels that the model which looked gave too, of rows it had not seen.
    """

    suspects: tuple[Suspect, ...]
    contradictions: tuple[Twins, ...]
    agreement: float


def audit(
    reading: Reading, others: Dataset, *, seed: int = 0, jobs: int = 2, on_step: Callable[[str], None] = lambda step: None
) -> Audit:
    """Looks through the labels of a table, learning from it together with the rows of ``others``; nothing is changed.

    Both must hold rows of both labels between them.
    """
    own = reading.dataset
    known = {example.text for example in own.examples}
    every = Dataset((*own.examples, *(example for example in others.examples if example.text not in known)))
    truth = np.array([LABELS.index(label) for label in every.labels])
    (scores,) = held_out_scores(every, [ScopeClassifier(_STIFFNESS)], seed=seed, jobs=jobs, on_step=on_step).values()
    on_step("comparing with similar texts")
    neighbours = make_neighbours(every, (), shipped_vectors(), ())
    votes, nearest, similarity = _neighbourhood(neighbours.unit, truth)
    evidence = np.column_stack([scores, np.log((votes + _NEVER) / (1 - votes + _NEVER))])
    probabilities = logistic(1e6).fit(evidence, truth).predict_proba(evidence)
    found = np.flatnonzero(find_label_issues(truth, probabilities, n_jobs=1)[: len(own)])
    found = found[np.argsort(probabilities[found, truth[found]], kind="stable")]
    return Audit(
        suspects=tuple(
            Suspect(
                row=reading.rows[place],
                text=own.examples[place].text,
                label=LABELS[truth[place]],
                proposed=LABELS[1 - truth[place]],
                probability=float(probabilities[place, 1 - truth[place]]),
                nearest=every.examples[nearest[place]].text,
            )
            for place in found.tolist()
        ),
        contradictions=tuple(_contradictions(reading, every, nearest, similarity)),
        agreement=float(np.mean(probabilities.argmax(axis=1) == truth)),
    )


def is_possible(reading: Reading, others: Dataset) -> bool:
    """Whether there are enough rows of each label to learn from."""
    labels = [*reading.dataset.labels, *others.labels]
    return bool(reading.rows) and min(labels.count(label) for label in LABELS) >= FEWEST_PER_LABEL


def number_of_steps() -> int:
    """How often ``audit`` calls ``on_step``."""
    return FOLDS + 1


def _neighbourhood(unit: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each text the share of its nearest others with the second label, the nearest with the other label, and how near, (n,)."""
    votes, nearest, similarity = np.zeros(len(unit)), np.zeros(len(unit), dtype=int), np.zeros(len(unit))
    voters = min(_VOTERS, len(unit) - 1)
    for start in range(0, len(unit), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(unit)))
        cosines = unit[block] @ unit.T
        cosines[np.arange(len(block)), block] = -1
        best = np.argpartition(-cosines, voters - 1, axis=1)[:, :voters]
        weights = np.take_along_axis(cosines, best, axis=1).clip(1e-6) ** _NEARNESS
        votes[block] = (weights * truth[best]).sum(axis=1) / weights.sum(axis=1)
        of_other_label = np.where(truth[None, :] != truth[block][:, None], cosines, -1)
        nearest[block] = of_other_label.argmax(axis=1)
        similarity[block] = of_other_label.max(axis=1)
    return votes, nearest, similarity


def _contradictions(reading: Reading, every: Dataset, nearest: np.ndarray, similarity: np.ndarray) -> Sequence[Twins]:
    """The rows of the table with a text of the same meaning and the other label, each two once; pairs differ on purpose."""
    seen = set()
    for place, row in enumerate(reading.rows):
        other = int(nearest[place])
        a, b = every.examples[place], every.examples[other]
        if similarity[place] < _SAME_MEANING or (a.pair and a.pair == b.pair) or (other, place) in seen:
            continue
        seen.add((place, other))
        other_row = reading.rows[other] if other < len(reading.rows) else None
        yield Twins(a.text, b.text, a.label, b.label, row, other_row, min(1.0, float(similarity[place])))
