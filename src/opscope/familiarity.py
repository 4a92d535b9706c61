"""Is a text an activity at all? A second look at the texts that the words alone do not settle.

The scorer's words tell activities from seven other forms of text. Where that is not certain, the margin counts together with a few
marks of the text: numbers, question and exclamation marks, signs of code, letters beyond ASCII, and who speaks.
"""

import re
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
_CODE = re.compile(r"[{}\[\]()<>=;_/\\|@#$%^&*~`]")
_PERSON = re.compile(r"\b(?:you|your|i|my|me|we)\b", re.IGNORECASE)


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


def margins(forms: np.ndarray) -> np.ndarray:
    """By how much an activity is likelier than all other forms together, in log-odds, (n,), from scores (n, forms) of FORMS."""
    return forms[:, 0] - np.logaddexp.reduce(forms[:, 1:], axis=1)


def features_of(text: str, margin: float) -> list[float]:
    """FEATURES numbers: the margin, and marks of the text."""
    found, length = tokens(text), max(1, len(text))
    return [
        margin,
        found.count(NUMBER_TOKEN) / max(1, len(found)),
        float("?" in text),
        float("!" in text),
        len(_CODE.findall(text)) / length,
        0.0 if text.isascii() else sum(not character.isascii() for character in text) / length,
        float(bool(_PERSON.search(text))),
    ]


def unfamiliar(familiarity: Familiarity | None, texts: Sequence[str], scores: Scores) -> np.ndarray:
    """Which of the texts do not read like an activity, (n,) of bool."""
    found = np.zeros(len(texts), dtype=bool)
    if familiarity is None or not len(texts):
        return found
    margin = margins(scores.forms)
    places = np.flatnonzero(margin < familiarity.certain)
    if len(places):
        measured = [features_of(texts[place], margin[place]) for place in places.tolist()]
        found[places] = familiarity.log_odds(np.array(measured)) < familiarity.threshold
    return found


def is_unfamiliar(familiarity: Familiarity | None, text: str, score: OneScore) -> bool:
    """The same for one text."""
    if familiarity is None:
        return False
    margin = float(margins(score.forms[None])[0])
    if margin >= familiarity.certain:
        return False
    return bool(familiarity.log_odds(np.array([features_of(text, margin)]))[0] < familiarity.threshold)
