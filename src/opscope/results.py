"""Predictions as columns of a table: the columns that are appended to a user's table, for many rows at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscope.guide import LABELS, guide
from opscope.prediction import DECISIONS, Tags, tag, wording
from opscope.registry import Version
from opscope.text import problem_with

RESULT_COLUMNS = ("label", "probability", "decision", "function", "owner", "reason", "question", "model_version")


@dataclass(frozen=True)
class Coded:
    """A column of few different values: row k holds ``values[codes[k]]``."""

    values: tuple[str | None, ...]
    codes: np.ndarray

    def cells(self) -> list[str | None]:
        """The column written out."""
        return np.array(self.values, dtype=object)[self.codes].tolist()


def result_columns(version: Version, texts: Sequence[str]) -> dict[str, Coded | np.ndarray]:
    """The columns of RESULT_COLUMNS for these texts; ``probability`` is an array of floats, the others are Coded."""
    tags = tag(version, texts)
    reasons, questions = _wordings(texts, tags)
    return {
        "label": Coded(LABELS, tags.labels),
        "probability": tags.probabilities,
        "decision": Coded(DECISIONS, tags.decisions),
        "function": Coded(tuple(guide().functions), tags.functions),
        "owner": Coded(tuple(guide().labels[label].owner for label in LABELS), tags.labels),
        "reason": reasons,
        "question": questions,
        "model_version": Coded((version.manifest.version,), np.zeros(len(texts), dtype=np.int8)),
    }


def _wordings(texts: Sequence[str], tags: Tags) -> tuple[Coded, Coded]:
    """Reasons and questions: each combination of what they depend on is put into words once."""
    functions = tuple(guide().functions)
    shape = (len(functions), len(LABELS), 128, 101)
    combined = np.ravel_multi_index((tags.functions, tags.labels, tags.reasons, tags.percents), shape)
    different, codes = np.unique(combined, return_inverse=True)
    worded = [
        wording(why, LABELS[label], functions[function], percent)
        for function, label, why, percent in zip(*(part.tolist() for part in np.unravel_index(different, shape)), strict=True)
    ]
    reasons, questions = (list(column) for column in zip(*worded, strict=True)) if worded else ([], [])
    reason_codes = codes.copy()
    for position in np.flatnonzero(np.array([reason is None for reason in reasons], dtype=bool)[codes]) if worded else ():
        reason_codes[position] = len(reasons)
        reasons.append(problem_with(texts[position]))
    return Coded(tuple(reasons), reason_codes), Coded(tuple(questions), codes)


def result_names(taken: Sequence[str]) -> list[str]:
    """Names for RESULT_COLUMNS beside the columns there are: one that is taken gets ``opscope_`` in front, again if need be."""
    names = []
    for name in RESULT_COLUMNS:
        while name in taken:
            name = f"opscope_{name}"
        names.append(name)
    return names
