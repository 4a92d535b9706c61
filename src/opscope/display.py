"""Predictions and explanations for people: sentences, marked words, terminal and JSON. Shared by command line and app."""

import html
import json
from dataclasses import asdict, dataclass

from opscope.explanation import Explanation
from opscope.guide import OPERATIONS, PRODUCTION, guide
from opscope.prediction import Prediction
from opscope.text import clean
from opscope.visible import visible_json
from opscope.wording import as_percent

FAINTEST_SHOWN = 0.05  # share of the strongest contribution below which a word is left unmarked
_COLOURS = {PRODUCTION: "\033[33m", OPERATIONS: "\033[34m"}
_BOLD, _PLAIN = "\033[1m", "\033[0m"
_WIDEST = 40  # a longer phrase is cut in a terminal


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
    """The whole text, cut where words and phrases begin and end, each with the side it speaks for."""
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
    """The text as HTML in one line, its words marked by label; ``--strength`` (0 to 1) lets a style sheet deepen the colour.

    Control and invisible characters are left out, and so is what turns the order of letters round. They go only here, since marks
    go by place. Nothing is composed as ``clean`` does: an accent behind a tag would turn its bracket into another character.
    """
    return "".join(_html_of(part) for part in marked_parts(explanation))


def _html_of(part: MarkedPart) -> str:
    escaped = html.escape("".join(c if c.isprintable() else " " if c.isspace() else "" for c in part.text))
    if part.label is None:
        return escaped
    name = guide().labels[part.label].name
    return f'<mark class="opscope-{part.label}" style="--strength:{part.strength:.2f}" title="speaks for {name}">{escaped}</mark>'


def as_json(explanation: Explanation) -> str:
    """An explanation as JSON, one object with everything in it."""
    told = asdict(explanation)
    told["functions"] = [{"function": name, "probability": share} for name, share in explanation.functions]
    told |= {"reason": explanation.reason, "mixed": explanation.mixed}
    if explanation.counterfactual:
        told["counterfactual"]["sentence"] = explanation.counterfactual.sentence
    return visible_json(json.dumps(told, ensure_ascii=False, indent=2))


def as_text(explanation: Explanation, *, coloured: bool = False) -> str:
    """An explanation for a terminal; without colour each word says by its sign which side it speaks for."""
    p, paint = explanation.prediction, _painter(coloured)
    lines = [paint(_headline(p), _BOLD), _safe(explanation.reason)]
    lines += [p.question] if p.question else []
    lines += ["", "".join(paint(_safe(part.text), _COLOURS.get(part.label, "")) for part in marked_parts(explanation)).strip()]
    lines += ["", f"log-odds {explanation.score:+.3f} = intercept {explanation.intercept:+.3f}, and"]
    width = min(_WIDEST, max((len(_safe(c.word)) for c in explanation.contributions), default=0))
    for c in explanation.strongest:
        side = PRODUCTION if c.value > 0 else OPERATIONS
        lines.append(paint(f"  {_safe(c.word)[:_WIDEST]:<{width}} {c.value:+.3f}", _COLOURS[side]))
    for heading, told in _sections(explanation):
        lines += ["", paint(heading, _BOLD), *(f"  {line}" for line in told)]
    return "\n".join(lines)


def _headline(p: Prediction) -> str:
    name = f"{guide().labels[p.label].name} ({as_percent(p.probability)})"
    return name if p.decision == p.label else f"{p.decision}: leans to {name}"


def _sections(explanation: Explanation) -> list[tuple[str, list[str]]]:
    """Headings with their lines; a section that has nothing to say is left out."""
    sections = [
        ("Several activities", [f"{_headline(clause)}: {_safe(clause.text)}" for clause in explanation.clauses]),
        ("Function", [f"{guide().functions[name].title} ({as_percent(share)})" for name, share in explanation.functions]),
        ("Rule", [f"{explanation.rule} ({', '.join(explanation.sources)})"]),
        ("Where the sources compare the two", [line for aspect in explanation.aspects for line in _aspect_lines(aspect)]),
        ("Contested", [line for topic in explanation.contested for line in _topic_lines(topic)]),
        ("Similar", [_similar_line(similar) for similar in explanation.similar]),
        ("What would change it", [_safe(explanation.counterfactual.sentence)] if explanation.counterfactual else []),
        ("Versions", [f"model {explanation.prediction.model_version}, guide {explanation.prediction.guide_version}"]),
    ]
    return [(heading, told) for heading, told in sections if told]


def _aspect_lines(aspect) -> list[str]:
    sides = f"production: {aspect.production} operations: {aspect.operations} ({', '.join(aspect.sources)})"
    return [f"{aspect.title}: {sides}"]


def _topic_lines(topic) -> list[str]:
    rule = f"{topic.title}: production-scoped when: {topic.production} Operations-wide when: {topic.operations}"
    return [rule, f"  The sources: {topic.disagreement}"]


def _similar_line(similar) -> str:
    name = guide().labels[similar.label].name if similar.label else "no activity"
    line = f"{similar.similarity:.2f} {name}: {_safe(similar.text)}"
    if not similar.decided_by:
        return line
    why = f": {_safe(similar.reason)}" if similar.reason else ""
    return f"{line} (decided by {', '.join(map(_safe, similar.decided_by))}{why})"


def _safe(text: str) -> str:
    """The text in one line, without characters that would steer a terminal."""
    return clean(text) if text.strip() else " "


def _painter(coloured: bool):
    return (lambda text, colour: f"{colour}{text}{_PLAIN}" if colour else text) if coloured else (lambda text, colour: text)
