"""The smallest edit of a text, along the guide's facets, that changes its label: what a person would ask about first."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from opscope.guide import LABELS, OPERATIONS, PRODUCTION, Facet, guide
from opscope.scorer import Scorer
from opscope.text import tokens

SUREST_NEEDED = 0.6  # an edit after which the label is still in doubt explains nothing
_WORDS_REPLACED = 3  # so many of the words that speak most for the label are tried
_ARTICLES = re.compile(r"\b(?:the|a|an|our|their|his|her|its|this|that)\s+$", re.IGNORECASE)
# What a word must be followed by to end a noun phrase, so that another can stand for it.
_PHRASE_ENDS = re.compile(
    r"\s*(?:$|[.,;:!?)]|(?:and|or|in|on|at|for|with|from|to|of|by|after|before|as|is|are|was|were|until|per|into|so)\b)",
    re.IGNORECASE,
)
_OWN_ARTICLE = re.compile(r"^(?:the|a|an)\s+")


@dataclass(frozen=True)
class Flip:
    """An edit that changes the label of a text to ``label``, with the ``probability`` that scoring the edited ``text`` gave.

    ``new`` is put in the place of ``old``, or added where ``old`` is empty; ``facet`` is the key of the guide's facet.
    """

    text: str
    label: str
    probability: float
    facet: str
    old: str
    new: str

    @property
    def sentence(self) -> str:
        """The edit as a sentence."""
        facet, name = guide().facets[self.facet], guide().labels[self.label].name
        instead = f" instead of “{self.old}”" if self.old else " too"
        return f"It would be {name} if it {facet.verb} {self.new}{instead}: “{self.text}”"


def flip(scorer: Scorer, text: str, label: str, strongest: Sequence[tuple[int, int]]) -> Flip | None:
    """The smallest edit that changes ``label``, verified by scoring the edited text; None where none of those tried does.

    ``strongest`` are the places (start, end) of the words that speak for the label, the strongest first. Of two edits that change
    as many words the surer one counts.
    """
    other = PRODUCTION if label == OPERATIONS else OPERATIONS
    candidates = list(dict.fromkeys(_edits(text, label, other, strongest)))
    if not candidates:
        return None
    scores = scorer.score([candidate.text for candidate in candidates]).label
    probabilities = 1 / (1 + np.exp(-scores if other == LABELS[1] else scores))
    flipped = [
        (_words_changed(candidate), -probability, place)
        for place, (candidate, probability) in enumerate(zip(candidates, probabilities.tolist(), strict=True))
        if probability >= SUREST_NEEDED
    ]
    if not flipped:
        return None
    _, probability, place = min(flipped)
    found = candidates[place]
    return Flip(found.text, other, -probability, found.facet, found.old, found.new)


def _words_changed(edit: Flip) -> int:
    return max(len(tokens(edit.old)), len(tokens(edit.new)))


def _edits(text: str, label: str, other: str, strongest: Sequence[tuple[int, int]]) -> Iterator[Flip]:
    for facet in guide().facets.values():
        for phrase in facet.phrases(label):
            for match in _mentions(phrase, text):
                yield from _replacements(text, match.span(), facet, other)
    what = guide().facets["what"]
    for start, end in strongest[:_WORDS_REPLACED]:
        if text[:start].strip() and _PHRASE_ENDS.match(text, end):  # the first word is mostly a verb
            yield from _replacements(text, (start, end), what, other)
    trimmed = text.rstrip().rstrip(".!?")
    for facet in guide().facets.values():
        for phrase in facet.phrases(other):
            yield Flip(f"{trimmed} {facet.preposition} {phrase}", other, 0.0, facet.key, "", phrase)


def _mentions(phrase: str, text: str) -> Iterator[re.Match]:
    """Where the text has the phrase, without its article and with any number."""
    words = _OWN_ARTICLE.sub("", phrase).split()
    pattern = r"\s+".join(r"\d+" if word.isdigit() else re.escape(word) for word in words)
    return re.finditer(rf"\b{pattern}\b", text, re.IGNORECASE)


def _replacements(text: str, place: tuple[int, int], facet: Facet, other: str) -> Iterator[Flip]:
    start, end = place
    if article := _ARTICLES.search(text[:start]):  # “the die” becomes “the contract”, and “the office” becomes “line 2”
        start = article.start()
    for phrase in facet.phrases(other):
        yield Flip(f"{text[:start]}{phrase}{text[end:]}", other, 0.0, facet.key, text[start:end], phrase)
