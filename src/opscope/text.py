"""Texts: from a paste to activities, from an activity to tokens.

The only tokeniser of the project: training and scoring both call it, so they cannot differ.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from opscope.errors import InputError

MAX_CHARACTERS = 20_000

# Runs of letters, or runs of digits; all else separates. Soft hyphens, joiners and combining accents do not end a word.
LETTER, DIGIT, WITHIN = r"[^\W\d_]", r"\d", "[\u00ad\u200b-\u200d\u2060\ufeff\u0300-\u036f]"
_TOKEN = re.compile(f"(?:{LETTER}{WITHIN}*)+|{DIGIT}+")
_ASCII_TOKEN = re.compile("[a-z]+|0+")
_ZERO = b"0"
_INVISIBLE_WITHIN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_BULLET = re.compile(
    r"^\s*(?:[-+–—]\s+|[*•◦▪‣·●○■□☐☑☒✓✔]\s*)?(?:\[[ xX]?\]\s*)?(?:\(?\d{1,3}(?:\.\d{1,3})*[.):]\s+|\(?[a-z][.)]\s+)?"
)
_MOST_MARKS = 30  # on one letter, as in Unicode's stream-safe text; no language has more, and sorting thousands takes minutes
_RUN = re.compile(f"[^\\w\\s\\x00-\u02ff]{{{_MOST_MARKS + 1},}}")  # every mark is among these, and nothing common is
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
PAIR_SEPARATOR = " "
_FOLDED = bytes(  # letters in lower case, every digit as zero, a space for all else
    ord(c.lower()) if c.isalpha() and c.isascii() else ord("0") if c.isdigit() and c.isascii() else ord(" ")
    for c in map(chr, range(256))
)
NUMBER_TOKEN = "0"  # every number counts as the same word: "line 4" and "line 7" say the same of the scope


@dataclass(frozen=True)
class Span:
    """A token and where it stands: ``text[start:end]`` is its original spelling."""

    start: int
    end: int
    token: str


def checked(texts) -> list[str]:
    """The texts as a list, each of them a str.

    Raises InputError that names the position and what was found there.
    """
    if isinstance(texts, (bytes, bytearray)) or not hasattr(texts, "__iter__"):
        raise InputError(f"Expected a text or a list of texts, got {_named(texts)}. Pass a str, or list of str.")
    texts = list(texts)
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(
                f"Text {position} is {_named(text)}, expected a str. "
                "Leave the row out, or turn it into text first (for bytes: .decode())."
            )
    return texts


def _named(value) -> str:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else shown[:37] + "..."
    return "None" if value is None else f"{shown} ({type(value).__name__})"


def problem_with(text: str) -> str | None:
    """Why nothing can be said of this text, or None: empty, without a letter, or far too long."""
    if len(text) > MAX_CHARACTERS:
        return f"The text has {len(text):,} characters and at most {MAX_CHARACTERS:,} are read. Split it into one activity a row."
    if not clean(text):
        return "The text is empty. Write what is done, to what, and where."
    if not any(character.isalpha() for character in text):
        return "The text holds no word. Write what is done, to what, and where."
    return None


def readable(text: str) -> str:
    """The text, or nothing where it is far too long: a megabyte of letters is not worth scoring."""
    return text if len(text) <= MAX_CHARACTERS else ""


def all_readable(texts: Sequence[str]) -> Sequence[str]:
    """Each text as ``readable`` gives it."""
    return texts if max(map(len, texts), default=0) <= MAX_CHARACTERS else [readable(text) for text in texts]


def clean(text: str) -> str:
    """The text in one line, without control and invisible characters."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    kept = (" " if c.isspace() else "" if unicodedata.category(c) in _INVISIBLE else c for c in normal(text))
    return " ".join("".join(kept).split())


def normal(text: str, form: str = "NFC") -> str:
    """The text in a normal form of Unicode, without the marks on a letter beyond the thirtieth."""
    return text if text.isascii() else unicodedata.normalize(form, _RUN.sub(_few_marks, text))


def _few_marks(run: re.Match) -> str:
    kept, marks = [], 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def spans(text: str) -> list[Span]:
    """Tokens of a text with their places, in order; lower-cased, numbers all alike."""
    return [Span(m.start(), m.end(), token(m.group())) for m in _TOKEN.finditer(text)]


def tokens(text: str) -> list[str]:
    """Tokens of a text, in order; lower-cased, numbers all alike."""
    if text.isascii():  # the same, several times as fast
        folded = text.encode().translate(_FOLDED)
        if _ZERO not in folded:
            return folded.decode().split()
        return [word if word >= "a" else NUMBER_TOKEN for word in _ASCII_TOKEN.findall(folded.decode())]
    return [token(word) for word in _TOKEN.findall(text)]


def token(word: str) -> str:
    """The token that a word as it is written stands for."""
    if word[0].isdigit():
        return NUMBER_TOKEN
    return word.lower() if word.isascii() else normal(_INVISIBLE_WITHIN.sub("", word)).lower()


def pairs_of(found: Sequence[str]) -> list[str]:
    """The pairs of neighbouring tokens, in order."""
    return list(map(PAIR_SEPARATOR.join, zip(found, found[1:], strict=False)))


def has_letter(word: str) -> bool:
    """Whether a token holds a letter."""
    return any(map(str.isalpha, word))


def activities_in(paste: str) -> list[str]:
    """The activities of a pasted list: one a line, bullets, numbers and check boxes taken off, blank lines dropped."""
    lines = (clean(_BULLET.sub("", line, count=1)) for line in paste.splitlines())
    return [line for line in lines if line]
