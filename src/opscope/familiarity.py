"""Is a text an activity at all? A second look at the texts that the words alone do not settle.

The scorer's words tell activities from seven other forms of text. Where that is not certain, the margin counts together with a few
marks of the text: numbers, question and exclamation marks, signs of code, letters beyond ASCII, and who speaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opscope.scorer import OneScore, Scores
from opscope.text import NUMBER_TOKEN, tokens

ACTIVITY = "activity"
# What the kinds of ``data/non_activities.csv`` have in common; few forms are learned better than many, and cost less.
FORM_OF_KIND = {
    "other_language": "language",
    "question": "talk",
    "steering": "talk",
    "small_talk": "talk",
    "fact": "facts",
    "definition": "facts",
    "household": "private",
    "sport": "private",
    "product_name": "name",
    "word": "name",
    "advert": "advert",
    "code": "machine",
    "log": "machine",
    "url": "machine",
    "number": "machine",
    "noise": "machine",
}
FEATURES = 7
FORMS = (ACTIVITY, *dict.fromkeys(FORM_OF_KIND.values()))
_CODE = "{}[]()<>=;_/\\|@#$%^&*~`"
_CODE_BYTES, _CODE_DELETED = _CODE.encode(), dict.fromkeys(map(ord, _CODE))
_RARER_MARKS = _CODE_BYTES + b"!"
_COMMON = [1, 2, 6]  # features of plain texts: numbers, a question mark, persons
_PERSONS = frozenset(("you", "your", "i", "my", "me", "we"))


@dataclass(frozen=True, eq=False)
class Familiarity:
    """Weighs ``features_of`` a text, and says where that is needed.

    A text whose margin reaches ``certain`` is an activity without a second look; one whose log-odds, ``intercept`` plus ``weights``
    (FEATURES,) times the features, lie below ``threshold`` is none.
    """

    certain: float
    threshold: float
    intercept: float
    weights: np.ndarray

    def log_odds(self, measured: np.ndarray) -> np.ndarray:
        """Log-odds of being an activity, (n,), from the features of n texts, (n, FEATURES)."""
        return self.intercept + measured @ self.weights

    def bounds(self, margin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The least log-odds of a plain text of this margin, (n,), and the largest of any text of it: all marks are 0 to 1."""
        own = self.intercept + self.weights[0] * margin
        return own + np.minimum(self.weights[_COMMON], 0).sum(), own + np.maximum(self.weights[1:], 0).sum()


def margins(forms: np.ndarray) -> np.ndarray:
    """By how much an activity is likelier than all other forms together, in log-odds, (n,), from scores (n, forms) of FORMS."""
    return forms[:, 0] - np.logaddexp.reduce(forms[:, 1:], axis=1)


def features_of(text: str, margin: float) -> list[float]:
    """FEATURES numbers: the margin, and marks of the text."""
    found, length = tokens(text), max(1, len(text))
    if text.isascii():  # bytes are several times as fast to go through
        beyond, codeless = 0, len(text.encode().translate(None, _CODE_BYTES))
    else:
        beyond, codeless = len(text) - len(text.encode("ascii", "ignore")), len(text.translate(_CODE_DELETED))
    return [
        margin,
        found.count(NUMBER_TOKEN) / max(1, len(found)),
        float("?" in text),
        float("!" in text),
        (len(text) - codeless) / length,
        beyond / length,
        float(not _PERSONS.isdisjoint(found)),
    ]


def unfamiliar(familiarity: Familiarity | None, texts: Sequence[str], scores: Scores) -> np.ndarray:
    """Which of the texts do not read like an activity, (n,) of bool."""
    found = np.zeros(len(texts), dtype=bool)
    if familiarity is None or not len(texts):
        return found
    margin = margins(scores.forms)
    places = np.flatnonzero(margin < familiarity.certain)
    lowest, highest = familiarity.bounds(margin[places])
    found[places] = highest < familiarity.threshold
    open_ones = zip(
        places.tolist(), (lowest >= familiarity.threshold).tolist(), (highest < familiarity.threshold).tolist(), strict=True
    )
    rest = [place for place, is_safe, is_below in open_ones if not (is_below or (is_safe and _is_plain(texts[place])))]
    if rest:
        measured = [features_of(texts[place], margin[place]) for place in rest]
        found[rest] = familiarity.log_odds(np.array(measured)) < familiarity.threshold
    return found


def _is_plain(text: str) -> bool:
    """Whether the text has none of the rarer marks: only ASCII, no exclamation mark, no sign of code."""
    return text.isascii() and len(text.encode().translate(None, _RARER_MARKS)) == len(text)


def is_unfamiliar(familiarity: Familiarity | None, text: str, score: OneScore) -> bool:
    """The same for one text."""
    if familiarity is None:
        return False
    margin = float(margins(score.forms[None])[0])
    if margin >= familiarity.certain:
        return False
    return bool(familiarity.log_odds(np.array([features_of(text, margin)]))[0] < familiarity.threshold)
