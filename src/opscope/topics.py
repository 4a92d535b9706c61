"""Which of the guide's contested topics a text touches, by their cues."""

import re
from collections import Counter
from functools import cache

from opscope.guide import Topic, guide


def topics_in(text: str, function: str | None = None) -> tuple[Topic, ...]:
    """The topics that have a cue in the text and bear on the function, if one is given; the one with most cues first."""
    topics = guide().topics
    touched = Counter(
        key
        for cue in _cues().findall(text.lower())
        for key in _topics_of(cue)
        if function is None or function in topics[key].functions
    )
    return tuple(topics[key] for key, _ in sorted(touched.items(), key=lambda entry: (-entry[1], list(topics).index(entry[0]))))


@cache
def _cues() -> re.Pattern:
    """Any cue of any topic, as a whole word."""
    cues = dict.fromkeys(cue for topic in guide().topics.values() for cue in topic.cues)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(_pattern, cues)) + r")(?!\w)")


def _pattern(cue: str) -> str:
    return re.escape(cue[:-1]) + r"\w*" if cue.endswith("*") else re.escape(cue)


@cache
def _topics_of(word: str) -> tuple[str, ...]:
    return tuple(topic.key for topic in guide().topics.values() if any(re.fullmatch(_pattern(cue), word) for cue in topic.cues))
