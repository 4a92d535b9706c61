"""Predictions as columns of a table: the columns that are appended to a user's table, for many rows at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscope.guide import LABELS, guide
from opscope.policies import BALANCED
from opscope.prediction import DECISIONS, Tags, tag
from opscope.registry import Version
from opscope.wording import DECIDED, decided_reason, undecided_wording

RESULT_COLUMNS = ("label", "probability", "decision", "function", "owner", "reason", "question", "model_version")


@dataclass(frozen=True)
class Coded:
    """A column of few different values: row k holds ``values[codes[k]]``."""

    values: tuple[str | None, ...]
    codes: np.ndarray

    def cells(self) -> list[str | None]:
        """The column written out."""
        return np.array(self.values, dtype=object)[self.codes].tolist()


def result_columns(version: Version, texts: Sequence[str], policy: str = BALANCED) -> dict[str, Coded | np.ndarray]:
    """The columns of RESULT_COLUMNS for these texts; ``probability`` is an array of floats, the others are Coded."""
    tags = tag(version, texts, policy)
    reasons, questions = _wordings(version, texts, tags)
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


def _wordings(version: Version, texts: Sequence[str], tags: Tags) -> tuple[Coded, Coded]:
    """Reasons and questions. Those of a decided text depend on its function and per cent only and are put into words once."""
    functions = tuple(guide().functions)
    combined = tags.functions.astype(np.int64) * 101 + tags.percents
    decided = tags.reasons == DECIDED
    different, codes = np.unique(np.where(decided, combined, -1), return_inverse=True)
    reasons: list[str | None] = [
        decided_reason(guide().functions[functions[key // 101]].label, functions[key // 101], key % 101) if key >= 0 else None
        for key in different.tolist()
    ]
    questions, question_codes = [None], np.zeros(len(texts), dtype=np.int64)
    reason_codes = codes.astype(np.int64)
    columns = (tags.reasons, tags.labels, tags.functions, tags.percents, tags.forms, tags.known)
    for place in np.flatnonzero(~decided).tolist():
        why, label, function, percent, form, known = (column[place].item() for column in columns)
        names = LABELS[label], functions[function], percent, version.scorer.forms[form], known
        reason, question = undecided_wording(why, texts[place], *names)
        reason_codes[place], question_codes[place] = len(reasons), len(questions)
        reasons.append(reason)
        questions.append(question)
    return Coded(tuple(reasons), reason_codes), Coded(tuple(questions), question_codes)


def result_names(taken: Sequence[str]) -> list[str]:
    """Names for RESULT_COLUMNS beside the columns there are: one that is taken gets ``opscope_`` in front, again if need be."""
    names = []
    for name in RESULT_COLUMNS:
        while name in taken:
            name = f"opscope_{name}"
        names.append(name)
    return names
