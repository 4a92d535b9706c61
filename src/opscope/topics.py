"""Which of the guide's contested topics a text touches, by their cues."""

import re
from collections import Counter
from functools import cache, lru_cache

from opscope.guide import Topic, guide

_WORDS = re.compile(r"\w+(?:-\w+)*")


def topics_in(text: str, function: str | None = None) -> tuple[Topic, ...]:
    """The topics that have a cue in the text and bear on the function, if one is given; the one with most cues first."""
    topics = guide().topics
    touched = Counter(
        key
        for word in _WORDS.findall(text.lower())
        for key in _topics_of(word)
        if function is None or function in topics[key].functions
    )
    return tuple(topics[key] for key, _ in sorted(touched.items(), key=lambda entry: (-entry[1], list(topics).index(entry[0]))))


@lru_cache(65_536)
def _topics_of(word: str) -> tuple[str, ...]:
    """The topics of which the word is a cue, or else those of its parts, where it has hyphens."""
    found = tuple(key for key, cues in _cues().items() if cues.fullmatch(word))
    if found or "-" not in word:
        return found
    return tuple(key for part in word.split("-") for key in _topics_of(part))


@cache
def _cues() -> dict[str, re.Pattern]:
    """For each topic any of its cues."""
    return {topic.key: re.compile("|".join(map(_pattern, topic.cues))) for topic in guide().topics.values()}


def _pattern(cue: str) -> str:
    return re.escape(cue[:-1]) + r"\w*" if cue.endswith("*") else re.escape(cue)
