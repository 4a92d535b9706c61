"""Predictions and explanations for people: sentences, marked words. Shared by command line and app."""

import html
from dataclasses import dataclass

from opscope.explanation import Explanation
from opscope.guide import OPERATIONS, PRODUCTION, guide
from opscope.prediction import Prediction, as_percent

FAINTEST_SHOWN = 0.05  # share of the strongest contribution below which a word is left unmarked


@dataclass(frozen=True)
class MarkedPart:
    """A stretch of the activity; ``label`` is the side it speaks for, None if neither; ``strength`` 0 to 1."""

    text: str
    label: str | None
    strength: float


def as_sentence(prediction: Prediction) -> str:
    """A prediction in one or two sentences."""
    name = guide().labels[prediction.label].name
    if prediction.decision == prediction.label:
        return f"{name} ({as_percent(prediction.probability)}): {prediction.reason}"
    return f"{prediction.decision}: {prediction.reason} {prediction.question}"


def marked_parts(explanation: Explanation) -> list[MarkedPart]:
    """The whole text, cut where words begin and end, each word with the side it speaks for."""
    text, parts, end = explanation.prediction.text, [], 0
    strongest = max((abs(c.value) for c in explanation.contributions), default=0.0)
    for contribution in explanation.contributions:
        parts.append(MarkedPart(text[end : contribution.start], None, 0.0))
        strength = abs(contribution.value) / strongest if strongest else 0.0
        side = PRODUCTION if contribution.value > 0 else OPERATIONS
        parts.append(MarkedPart(contribution.word, side if strength >= FAINTEST_SHOWN else None, strength))
        end = contribution.end
    return [part for part in (*parts, MarkedPart(text[end:], None, 0.0)) if part.text]


def as_html(explanation: Explanation) -> str:
    """The text as HTML, its words marked by label; ``--strength`` (0 to 1) lets a style sheet deepen the colour."""
    return "".join(_html_of(part) for part in marked_parts(explanation))


def _html_of(part: MarkedPart) -> str:
    escaped = html.escape(part.text)
    if part.label is None:
        return escaped
    name = guide().labels[part.label].name
    return f'<mark class="opscope-{part.label}" style="--strength:{part.strength:.2f}" title="speaks for {name}">{escaped}</mark>'


def as_text(explanation: Explanation) -> str:
    """An explanation for a terminal, without colour."""
    function = guide().functions[explanation.prediction.function]
    lines = [as_sentence(explanation.prediction), "", f"log-odds {explanation.score:+.3f} = intercept {explanation.intercept:+.3f}"]
    width = max((len(c.word) for c in explanation.contributions), default=0)
    lines += [f"  {c.word:<{width}} {c.value:+.3f}" for c in explanation.strongest]
    lines += ["", f"{function.title}: {explanation.rule} ({', '.join(explanation.sources)})"]
    return "\n".join(lines)
