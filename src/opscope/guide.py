"""The guide: labels, functions, contested topics, boundaries and aspects, read from ``data/guide.toml``.

Whatever the guide says stands in that file only; code asks here.
"""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from opscope.errors import GuideError
from opscope.paths import shipped

PRODUCTION, OPERATIONS = "production", "operations"
_ADVICE = "Correct it there, or restore the guide that opscope ships."
LABELS = (OPERATIONS, PRODUCTION)  # sorted, the order of the columns of every probability table


@dataclass(frozen=True)
class Label:
    """One of the two labels, as shown to people."""

    key: str
    name: str
    meaning: str
    owner: str


@dataclass(frozen=True)
class DecidingStep:
    """A question to ask of an activity, and what its answer says of the label; the guide asks them in order."""

    key: str
    title: str
    rule: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Function:
    """A kind of work; it belongs to one label."""

    key: str
    label: str
    title: str
    definition: str
    sources: tuple[str, ...]
    question: str


@dataclass(frozen=True)
class Topic:
    """A contested topic: the same words serve both labels, or the sources disagree.

    ``cues`` are words that touch it; one that ends in ``*`` stands for every word that begins so.
    """

    key: str
    title: str
    production: str
    operations: str
    disagreement: str
    sources: tuple[str, ...]
    functions: tuple[str, ...]
    cues: tuple[str, ...]
    question: str


@dataclass(frozen=True)
class Facet:
    """One of the things that decide the label, as phrases of the two sides that can stand for each other.

    An activity "would be different if it ``verb`` ..."; a phrase is added to a text behind the ``preposition``.
    """

    key: str
    title: str
    verb: str
    preposition: str
    production: tuple[str, ...]
    operations: tuple[str, ...]

    def phrases(self, label: str) -> tuple[str, ...]:
        """The phrases of one label's side."""
        return self.production if label == PRODUCTION else self.operations


@dataclass(frozen=True)
class Form:
    """A form of text that is no activity: what to say of it, and what to ask."""

    key: str
    title: str
    reason: str
    question: str


@dataclass(frozen=True)
class Boundary:
    """A rule for a kind of activity that lies near the border of the two labels."""

    key: str
    title: str
    rule: str
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Aspect:
    """One aspect along which the sources compare the two, with both sides."""

    key: str
    title: str
    production: str
    operations: str
    sources: tuple[str, ...]
    disagreement: str
    functions: tuple[str, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A text from which the guide was drawn."""

    key: str
    title: str
    note: str


@dataclass(frozen=True)
class Guide:
    """The whole guide; the tables are keyed by name and keep the file's order.

    ``bare_question`` is what to ask about a word that says too little by itself.
    """

    version: str
    bare_question: str
    labels: dict[str, Label]
    steps: tuple[DecidingStep, ...]
    functions: dict[str, Function]
    topics: dict[str, Topic]
    facets: dict[str, Facet]
    forms: dict[str, Form]
    boundaries: dict[str, Boundary]
    aspects: tuple[Aspect, ...]
    sources: dict[str, Source]

    def functions_of(self, label: str) -> tuple[str, ...]:
        """The functions that belong to a label, in the guide's order."""
        return tuple(f.key for f in self.functions.values() if f.label == label)


@cache
def guide() -> Guide:
    """The shipped guide, read once."""
    return read_guide(shipped("data/guide.toml"))


def read_guide(path: Path) -> Guide:
    """Reads a guide; raises GuideError that names everything that does not hold together."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        read = Guide(
            version=_checked("version", raw["version"], str),
            bare_question=_checked("bare_question", raw["bare_question"], str),
            labels=_table(raw["labels"], Label),
            steps=tuple(_table({s["id"]: s for s in raw["steps"]}, DecidingStep).values()),
            functions=_table(raw["functions"], Function),
            topics=_table(raw["topics"], Topic),
            facets=_table(raw["facets"], Facet),
            forms=_table(raw["forms"], Form),
            boundaries=_table(raw["boundaries"], Boundary),
            aspects=tuple(_table({a["id"]: a for a in raw["aspects"]}, Aspect).values()),
            sources=_table({s["id"]: s for s in raw["sources"]}, Source),
        )
    except (OSError, ValueError, RecursionError) as error:  # ValueError: no UTF-8, no TOML, or a number of thousands of digits
        raise GuideError(f"{path} cannot be read as the guide: {error}. {_ADVICE}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise GuideError(f"{path}: a part of the guide is missing or misnamed: {error}. {_ADVICE}") from error
    if problems := list(_problems_in(read)):
        raise GuideError("\n".join(f"{path}: {problem}" for problem in problems))
    return read


def _table(entries: dict, kind: type) -> dict:
    types = {field.name: field.type for field in fields(kind) if field.name != "key"}
    return {
        _checked("id", key, str): kind(key=key, **{name: _checked(f"{key}.{name}", entry[name], of) for name, of in types.items()})
        for key, entry in entries.items()
    }


def _checked(name: str, value, kind: type):
    """The value, a list as a tuple; raises TypeError where it is not a text, or not a list of texts, as the guide has it there."""
    texts = [value] if kind is str else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{name} has to be a {'text' if kind is str else 'list of texts'}")
    return value if kind is str else tuple(value)


def _problems_in(read: Guide):
    if set(read.labels) != set(LABELS):
        yield f"labels are {', '.join(read.labels)}, expected {' and '.join(LABELS)}"
    for function in read.functions.values():
        if function.label not in LABELS:
            yield f"function {function.key} has label {function.label!r}, expected {' or '.join(LABELS)}"
    for entry in (*read.steps, *read.functions.values(), *read.topics.values(), *read.aspects):
        for source in entry.sources:
            if source not in read.sources:
                yield f"{entry.key} names the source {source!r}, known are {', '.join(read.sources)}"
    for entry in (*read.topics.values(), *read.boundaries.values(), *read.aspects):
        for function in entry.functions:
            if function not in read.functions:
                yield f"{entry.key} names the function {function!r}, which the guide does not have"
    for aspect in read.aspects:
        for topic in aspect.topics:
            if topic not in read.topics:
                yield f"{aspect.key} names the topic {topic!r}, which the guide does not have"
