"""What a stronger, slower model taught: parts of the labelled texts with the log-odds it gave them.

A sentence encoder, fine-tuned on the labelled rows by ``workshop/make_teacher.py``, reads fragments of the rows and mixtures of
two. From its opinion of them the linear model learns how words count in company. The rows that the teacher never saw stay
honest: settings are chosen and probabilities calibrated on them alone.
"""

import csv
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opscope.dataset import Dataset
from opscope.errors import DataError

TEMPERATURE = 5.0  # the teacher is too sure of itself; its log-odds are divided by this
WEIGHT = 0.15  # of a taught text against a labelled row
_HEADER = ("text", "log_odds", "rows")
_LEARNED_FROM = "rows the teacher learned from"


@dataclass(frozen=True)
class Taught:
    """Texts with the teacher's log-odds of production, (n,), and the ids of the labelled rows each was made of.

    ``learned_from`` are the ids of the labelled rows that the teacher was fine-tuned on.
    """

    texts: tuple[str, ...]
    log_odds: np.ndarray
    rows: tuple[tuple[str, ...], ...]
    learned_from: frozenset[str]

    def __len__(self) -> int:
        """Number of taught texts."""
        return len(self.texts)

    @property
    def probabilities(self) -> np.ndarray:
        """The teacher's softened probabilities of production, (n,)."""
        return 1 / (1 + np.exp(-self.log_odds / TEMPERATURE))

    def without(self, ids: set[str]) -> "Taught":
        """The taught texts that were made of none of these rows."""
        kept = [position for position, made_of in enumerate(self.rows) if ids.isdisjoint(made_of)]
        return Taught(tuple(self.texts[k] for k in kept), self.log_odds[kept], tuple(self.rows[k] for k in kept), self.learned_from)


def nothing_taught() -> Taught:
    """No teacher."""
    return Taught((), np.zeros(0), (), frozenset())


def save_taught(taught: Taught, path: Path) -> None:
    """Writes the taught texts as a gzipped CSV; the first row names the rows learned from.

    The same content gives the same bytes.
    """
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
        lines = [_HEADER, (_LEARNED_FROM, "0", " ".join(sorted(taught.learned_from)))]
        lines += [
            (text, f"{value:.2f}", " ".join(made_of))
            for text, value, made_of in zip(taught.texts, taught.log_odds, taught.rows, strict=True)
        ]
        packed.write("".join(_csv_line(line) for line in lines).encode())


def _csv_line(cells: Sequence[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


def load_taught(path: Path) -> Taught:
    """Reads what save_taught wrote; raises DataError when it is missing or damaged."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
            header, learned_from, *lines = csv.reader(handle)
        if tuple(header) != _HEADER or learned_from[0] != _LEARNED_FROM:
            raise ValueError("its header is another")
        texts, log_odds, rows = zip(*lines, strict=True) if lines else ((), (), ())
        values = np.array(log_odds, dtype=float)
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise DataError(f"{path} cannot be read as taught texts: {error}. Restore it from the release.") from error
    return Taught(texts, values, tuple(tuple(ids.split()) for ids in rows), frozenset(learned_from[2].split()))


def unseen_rows(dataset: Dataset, taught: Taught) -> np.ndarray:
    """Which rows the teacher did not learn from, (n,) of bool; all of them where nothing was taught."""
    return np.array([example.id not in taught.learned_from for example in dataset.examples])
