"""Searching the guide: the entries in which all words of a query occur."""

from dataclasses import dataclass, fields

from opscope.guide import Aspect, Boundary, DecidingStep, Function, Guide, Label, Source, Topic
from opscope.verdicts import key_of

_Entry = Label | DecidingStep | Function | Topic | Boundary | Aspect | Source


@dataclass(frozen=True)
class GuideEntries:
    """Entries of the guide by kind, in the guide's order."""

    labels: tuple[Label, ...]
    steps: tuple[DecidingStep, ...]
    functions: tuple[Function, ...]
    topics: tuple[Topic, ...]
    boundaries: tuple[Boundary, ...]
    aspects: tuple[Aspect, ...]
    sources: tuple[Source, ...]

    @property
    def count(self) -> int:
        """Number of all entries."""
        return sum(len(getattr(self, field.name)) for field in fields(self))


def entries_of(guide: Guide) -> GuideEntries:
    """All entries that people read."""
    return GuideEntries(
        labels=tuple(guide.labels.values()),
        steps=guide.steps,
        functions=tuple(guide.functions.values()),
        topics=tuple(guide.topics.values()),
        boundaries=tuple(guide.boundaries.values()),
        aspects=guide.aspects,
        sources=tuple(guide.sources.values()),
    )


def search_guide(guide: Guide, query: str) -> GuideEntries:
    """The entries in which every word of the query occurs, upper and lower case alike; all of them where the query has no word.

    An entry is searched with the names of its label, functions and topics, under which people look for it.
    """
    words, every = key_of(query).split(), entries_of(guide)
    found = {
        field.name: tuple(entry for entry in getattr(every, field.name) if _has_all(words, _text_of(guide, entry)))
        for field in fields(every)
    }
    return GuideEntries(**found)


def _has_all(words: list[str], text: str) -> bool:
    return all(word in text for word in words)


def _text_of(guide: Guide, entry: _Entry) -> str:
    """Everything that the entry says, folded as the query is."""
    said: list[str] = []
    for field in fields(entry):
        value = getattr(entry, field.name)
        said += [value] if isinstance(value, str) else value
    said += [guide.labels[entry.label].name] if isinstance(entry, Function) else []
    said += [guide.functions[key].title for key in getattr(entry, "functions", ())]
    said += [guide.topics[key].title for key in getattr(entry, "topics", ())]
    return key_of("\n".join(said))
