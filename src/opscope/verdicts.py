"""Verdicts: what people decide about activities, and which of them can be kept."""

import re
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from opscope.errors import DataError
from opscope.formats.base import listed
from opscope.guide import LABELS, guide
from opscope.text import MAX_CHARACTERS, normal, problem_with

ACCEPT, CHANGE, CANNOT_DECIDE, WITHDRAWN = "accept", "change", "cannot_decide", "withdrawn"
VERDICTS = (ACCEPT, CHANGE, CANNOT_DECIDE, WITHDRAWN)
_LONGEST_NAME = 200
# Half a character and control characters but tab and line feed: not every database and no spreadsheet keeps them.
_LOST = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one reviewer says of one activity.

    ``label`` is empty where the reviewer cannot decide, or takes back the last verdict on this activity (``withdrawn``).
    ``function`` is empty or belongs to the label. ``when`` is in UTC. ``saw_prediction`` says whether the reviewer knew the tag,
    which the ``predicted_`` fields hold either way; ``adjudicates`` whether the verdict is meant to end a dispute.
    """

    text: str
    verdict: str
    label: str = ""
    function: str = ""
    reason: str = ""
    reviewer: str
    when: datetime
    saw_prediction: bool = False
    adjudicates: bool = False
    predicted_label: str = ""
    predicted_probability: float | None = None
    predicted_decision: str = ""
    model_version: str = ""
    guide_version: str = ""


@dataclass(frozen=True, kw_only=True)
class Queued:
    """An activity that waits for a verdict: when it came, from which file, and what the model said of it."""

    text: str
    added: datetime
    source: str
    predicted_label: str
    predicted_probability: float
    predicted_decision: str
    predicted_function: str
    model_version: str


def key_of(text: str) -> str:
    """What makes two texts the same activity: letters, case and white space aside."""
    return " ".join(normal(normal(text, "NFKC").casefold(), "NFKC").split())


def checked(verdict: Verdict) -> Verdict:
    """The verdict; raises DataError that lists everything wrong with it."""
    if problems := problems_with(verdict):
        raise DataError(listed(problems))
    return verdict


def problems_with(verdict: Verdict) -> list[str]:
    """Everything wrong with a verdict, each in a sentence that says what to do."""
    problems = [*problems_with_text(verdict.text), *_problems_with_label(verdict)]
    if verdict.verdict not in VERDICTS:
        problems.insert(0, f"verdict is {_shortened(verdict.verdict)}, expected one of {', '.join(VERDICTS)}. Correct it.")
    name = verdict.reviewer
    if not name.strip():
        problems.append("reviewer is empty. Say who decided.")
    elif name != name.strip() or len(name) > _LONGEST_NAME:
        limits = f"expected a name of at most {_LONGEST_NAME} characters, without spaces around it. Correct it."
        problems.append(f"reviewer is {_shortened(name)}, {limits}")
    if verdict.when.utcoffset() != timedelta(0):
        problems.append(f"when is {verdict.when.isoformat()}, expected a time in UTC. Convert it: .astimezone(UTC).")
    if len(verdict.reason) > MAX_CHARACTERS:
        problems.append(f"reason has {len(verdict.reason):,} characters, at most {MAX_CHARACTERS:,} are kept. Shorten it.")
    others = ((f.name, getattr(verdict, f.name)) for f in fields(Verdict) if f.name != "text")
    return problems + [_lost_in(name, value) for name, value in others if isinstance(value, str) and _LOST.search(value)]


def problems_with_text(text: str) -> list[str]:
    """Why this text can get no verdict: problem_with, or characters that would be lost."""
    if problem := problem_with(text):
        return [f"text is {_shortened(text)}: {problem}"]
    return [_lost_in("text", text)] if _LOST.search(text) else []


def _lost_in(name: str, value: str) -> str:
    return f"{name} is {_shortened(value)} with the character U+{ord(_LOST.search(value)[0]):04X}, which cannot be kept. Delete it."


def _problems_with_label(verdict: Verdict) -> list[str]:
    problems, label, function, predicted = [], verdict.label, verdict.function, verdict.predicted_label
    if verdict.verdict in (CANNOT_DECIDE, WITHDRAWN):
        if label or function:
            named = _shortened(label or function)
            problems.append(f"verdict is {verdict.verdict}, yet {named} is named. Delete that, or say {ACCEPT} or {CHANGE}.")
        if verdict.adjudicates:
            problems.append(f"verdict is {verdict.verdict}, which ends no dispute. Give a label, or let adjudicates be false.")
    elif label not in LABELS:
        problems.append(f"label is {_shortened(label)}, expected {' or '.join(LABELS)}. Correct it, or say {CANNOT_DECIDE}.")
    elif function and function not in guide().functions:
        allowed = ", ".join(guide().functions)
        problems.append(
            f"function is {_shortened(function)}, expected one of {allowed}, or nothing. Correct it, or leave it empty."
        )
    elif function and guide().functions[function].label != label:
        own = guide().functions[function].label
        problems.append(f"function {function} belongs to {own}, the verdict's label is {label}. Correct one of them.")
    if predicted and predicted not in LABELS:
        problems.append(f"predicted_label is {_shortened(predicted)}, expected {' or '.join(LABELS)}, or nothing. Correct it.")
    elif verdict.verdict == ACCEPT and predicted and label in LABELS and label != predicted:
        problems.append(f"verdict is {ACCEPT}, yet label is {label} and predicted_label is {predicted}. Say {CHANGE}.")
    if (probability := verdict.predicted_probability) is not None and not 0 <= probability <= 1:
        problems.append(f"predicted_probability is {probability}, expected a number from 0 to 1, or none. Correct it.")
    return problems


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
