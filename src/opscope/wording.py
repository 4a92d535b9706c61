"""Reasons and questions: what a prediction rests on in a sentence, and what to find out where opscope does not decide."""

from functools import lru_cache

from opscope.guide import guide
from opscope.languages import language_of
from opscope.text import clean, problem_with, readable
from opscope.topics import topics_in

DECIDED, LEANS, BARE, FORM, UNKNOWN_WORDS, UNREADABLE = range(6)  # why a decision is what it is
_LANGUAGE = "language"
_ENOUGH_UNKNOWN = 0.8  # where more words are known than this, the text is taken for English without a look
_UNREADABLE_QUESTION = "What is done, to what, and where? Write it as an activity in English, one a row."
_UNKNOWN_QUESTION = "What do its unusual words stand for: what is done, to what, and where?"


@lru_cache(10_000)
def decided_reason(label: str, function: str, percent: int) -> str:
    """The reason of a label that opscope gives without a person."""
    return f"It reads as {_title(function)}, which is {_name(label)} ({shown_percent(percent)})."


def undecided_wording(why: int, text: str, label: str, function: str, percent: int, form: str, known: float) -> tuple[str, str]:
    """Reason and question of a text that a person should look at.

    ``form`` is the likeliest form of a text that is no activity, ``known`` the share of words that the model knows.
    """
    if why == UNREADABLE:
        return problem_with(text), _UNREADABLE_QUESTION
    if why == LEANS:
        leaning = f"It leans to {_name(label)} as {_title(function)} ({shown_percent(percent)})"
        return f"{leaning}, too little to decide without a person.", _question(text, function)
    if why == BARE:
        touched = topics_in(text)
        question = touched[0].question if touched else guide().bare_question
        return f"“{clean(text)[:40]}” alone says too little: it is said of both sides.", question
    if (form == _LANGUAGE or known < _ENOUGH_UNKNOWN) and (language := language_of(readable(text))):
        return f"It reads like {language}, and opscope reads English only.", guide().forms[_LANGUAGE].question
    if why == UNKNOWN_WORDS:
        return "Too many of its words are unknown to the model, so its tag would be a guess.", _UNKNOWN_QUESTION
    return guide().forms[form].reason, guide().forms[form].question


def _question(text: str, function: str) -> str:
    """What would settle the label: the question of the contested topic that the text touches, or else of the function."""
    touched = topics_in(text, function)
    return touched[0].question if touched else guide().functions[function].question


def _title(function: str) -> str:
    return guide().functions[function].title.lower()


def _name(label: str) -> str:
    return guide().labels[label].name


def as_percent(probability: float) -> str:
    """A probability for people: whole per cent, never 100 %."""
    return shown_percent(percent_of(probability))


def percent_of(probability: float) -> int:
    """A probability in whole per cent."""
    return round(probability * 100)


def shown_percent(percent: int) -> str:
    """Whole per cent for people; 100 % would claim too much."""
    return "over 99 %" if percent >= 100 else f"{percent} %"
