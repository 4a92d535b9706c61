"""A text that tells of several activities, taken apart into clauses."""

import re
from collections.abc import Callable, Iterator

_FEWEST_WORDS = 2  # a clause of one word is too bare to be tagged by itself
# After these a new clause begins; after the weak ones only if a verb follows, since "nuts and bolts" is one thing.
_STRONG = re.compile(r"[.!?;]\s+|\s[/|•]\s|\s[-–—]\s|;\s*|\bthen\s+", re.IGNORECASE)
_WEAK = re.compile(r",?\s+(?:and|plus|as well as)\s+(?:also\s+|then\s+)?|\s[&+]\s|,\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def clauses(text: str, is_verb: Callable[[str], bool]) -> list[str]:
    """The clauses of a text in order; the whole text alone where it cannot be taken apart.

    ``is_verb`` says of a lower-cased word whether an activity may begin with it.
    """
    found = [clause for part in _STRONG.split(text) for clause in _at_verbs(part, is_verb)]
    found = [clause.strip(" \t.,;:!?") for clause in found]
    found = [clause for clause in found if len(_WORD.findall(clause)) >= _FEWEST_WORDS]
    return found if len(found) > 1 else [text]


def _at_verbs(part: str, is_verb: Callable[[str], bool]) -> Iterator[str]:
    """The part, cut where a joining word is followed by a verb and something was said before it."""
    start = 0
    for match in _WEAK.finditer(part):
        following, before = _WORD.match(part, match.end()), _WORD.findall(part[start : match.start()])
        if following and len(before) >= _FEWEST_WORDS and is_verb(following.group().lower()):
            yield part[start : match.start()]
            start = match.end()
    yield part[start:]
