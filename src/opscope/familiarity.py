"""Is a text an activity at all? A second look at the texts that the words alone do not settle.

The scorer's words tell activities from seven other forms of text. Where that is not certain, the margin counts together with a few
marks of the text: numbers, question and exclamation marks, signs of code, letters beyond ASCII, and who speaks.
"""

import math
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
SHORT = 3  # tokens; so few words say little of the form, and a threshold of their own keeps names of activities from being lost
_CODE = "{}[]()<>=;_/\\|@#$%^&*~`"
_CODE_BYTES, _CODE_DELETED = _CODE.encode(), dict.fromkeys(map(ord, _CODE))
_OF_TOKENS, _OF_MARKS = [1, 6], [2, 3, 4, 5]  # features that need the tokens of a text, and those that do not
_PERSONS = frozenset(("you", "your", "i", "my", "me", "we"))


@dataclass(frozen=True, eq=False)
class Familiarity:
    """Weighs ``features_of`` a text, and says where that is needed.

    A text whose margin reaches ``certain`` is an activity without a second look; one whose log-odds, ``intercept`` plus ``weights``
    (FEATURES,) times the features, lie below ``threshold``, or below ``short_threshold`` if it has at most SHORT tokens, is none.
    """

    certain: float
    threshold: float
    short_threshold: float
    intercept: float
    weights: np.ndarray

    def log_odds(self, measured: np.ndarray) -> np.ndarray:
        """Log-odds of being an activity, (n,), from the features of n texts, (n, FEATURES)."""
        return self.intercept + measured @ self.weights

    def thresholds(self, lengths: np.ndarray) -> np.ndarray:
        """The threshold for texts of so many tokens, (n,)."""
        return np.where(lengths <= SHORT, self.short_threshold, self.threshold)


def margins(forms: np.ndarray) -> np.ndarray:
    """By how much an activity is likelier than all other forms together, in log-odds, (n,), from scores (n, forms) of FORMS."""
    with np.errstate(over="ignore", divide="ignore"):  # beyond what numbers can hold the margin is infinite
        return -np.log(np.exp(forms[:, 1:] - forms[:, :1]).sum(axis=1))


def features_of(text: str, margin: float) -> list[float]:
    """FEATURES numbers: the margin, and marks of the text, each 0 to 1."""
    question, exclamation, code, beyond = _marks_of(text)
    found = tokens(text)
    numbers, persons = found.count(NUMBER_TOKEN) / max(1, len(found)), float(not _PERSONS.isdisjoint(found))
    return [margin, numbers, question, exclamation, code, beyond, persons]


def _marks_of(text: str) -> tuple[float, float, float, float]:
    """The features that need no tokens."""
    if text.isascii():  # bytes are several times as fast to go through
        beyond, codeless = 0, len(text.encode().translate(None, _CODE_BYTES))
    else:
        beyond, codeless = len(text) - len(text.encode("ascii", "ignore")), len(text.translate(_CODE_DELETED))
    length = len(text) or 1
    return float("?" in text), float("!" in text), (len(text) - codeless) / length, beyond / length


def unfamiliar(familiarity: Familiarity | None, texts: Sequence[str], scores: Scores) -> np.ndarray:
    """Which of the texts do not read like an activity, (n,) of bool.

    Goes from cheap to dear: the margin settles most texts, marks of the text most others, and few are cut into tokens.
    """
    found = np.zeros(len(texts), dtype=bool)
    if familiarity is None or not len(texts):
        return found
    margin, thresholds, weights = margins(scores.forms), familiarity.thresholds(scores.lengths), familiarity.weights
    places = np.flatnonzero(margin < familiarity.certain)
    below = familiarity.intercept + weights[0] * margin[places] - thresholds[places]
    hopeless = below + np.maximum(weights[1:], 0).sum() < 0
    found[places[hopeless]] = True
    places, below = places[~hopeless], below[~hopeless]
    if len(places):
        below += np.array([_marks_of(texts[place]) for place in places.tolist()]) @ weights[_OF_MARKS]
        found[places] = below < 0
        of_tokens = weights[_OF_TOKENS]
        is_open = (below + np.minimum(of_tokens, 0).sum() < 0) & (below + np.maximum(of_tokens, 0).sum() >= 0)
        places = places[is_open]
    if len(places):
        measured = [features_of(texts[place], margin[place]) for place in places.tolist()]
        found[places] = familiarity.log_odds(np.array(measured)) < thresholds[places]
    return found


def is_unfamiliar(familiarity: Familiarity | None, text: str, score: OneScore) -> bool:
    """The same for one text."""
    if familiarity is None:
        return False
    activity, *others = score.forms.tolist()
    likeliest = max(others)
    margin = activity - likeliest - math.log(sum(math.exp(other - likeliest) for other in others))
    if margin >= familiarity.certain:
        return False
    threshold = familiarity.short_threshold if score.lengths <= SHORT else familiarity.threshold
    return bool(familiarity.log_odds(np.array([features_of(text, margin)]))[0] < threshold)
