"""Texts in bulk: many texts to tokens at once, as ``text.tokens`` cuts them one by one.

A batch is joined into one run of bytes, one byte a character, and cut with numpy where the kind of character changes. A token
becomes a key of two integers, made of its lower-cased letters, by which ``KeyTable`` finds its row.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from opscope.text import DIGIT, LETTER, NUMBER_TOKEN, WITHIN

KEY_BYTES = 24  # longer tokens have no key
_SEPARATOR, _LETTER, _DIGIT, _WITHIN = range(4)
_FOREIGN, _JOINER = 0xFF, 0xFE  # bytes that stand for a letter beyond ASCII, and for what may stand within a word
_PADDING = b"\n" * KEY_BYTES
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(9)], dtype=np.uint64)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd numbers without a pattern, as multiplicative hashing wants them
_REST = {8: np.uint64(0xC2B2AE3D27D4EB4F), 16: np.uint64(0x165667B19E3779F9)}


@dataclass(frozen=True)
class Cut:
    """The tokens of some texts, in order.

    ``joined`` holds the texts, ``joined[starts[k]:ends[k]]`` is token k as it is written. ``counts``: (texts,) tokens a text.
    ``keys``: (2, tokens). ``digits``: (tokens,) whether a token is a number. ``texts``: (texts,) their places in the batch.
    """

    texts: np.ndarray
    joined: str
    starts: np.ndarray
    ends: np.ndarray
    counts: np.ndarray
    keys: np.ndarray
    digits: np.ndarray


def cut(texts: Sequence[str]) -> Iterator[Cut]:
    """The texts cut into tokens: at most one Cut of those in ASCII and one of the others."""
    ascii_only = np.fromiter(map(str.isascii, texts), dtype=bool, count=len(texts))
    for places, folded in ((np.flatnonzero(ascii_only), _folded_ascii), (np.flatnonzero(~ascii_only), _folded)):
        if len(places):
            chosen = texts if len(places) == len(texts) else [texts[place] for place in places]
            yield _cut(places, chosen, folded)


def _cut(places: np.ndarray, texts: Sequence[str], folded) -> Cut:
    joined = "\n".join(texts)
    lowered = folded(joined)
    kinds = np.frombuffer(b"\0" + lowered.translate(_kinds_of_bytes()) + b"\0", dtype=np.uint8)
    if _JOINER in lowered:
        kinds = _joined_up(kinds)
    changes = np.flatnonzero(kinds[1:] != kinds[:-1])
    kind = kinds[1:].take(changes)
    begins = np.flatnonzero(kind)
    starts, ends = changes.take(begins), changes.take(begins + 1)
    text_ends = np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1)
    before = np.searchsorted(starts, text_ends)
    return Cut(places, joined, starts, ends, np.diff(before, prepend=0), _keys(lowered, starts, ends), kind.take(begins) == _DIGIT)


def _joined_up(kinds: np.ndarray) -> np.ndarray:
    """Kinds in which what may stand within a word counts as a letter after a letter, and as a separator elsewhere."""
    last = np.maximum.accumulate(np.where(kinds == _WITHIN, 0, np.arange(len(kinds))))
    return np.where(kinds == _WITHIN, np.where(kinds[last] == _LETTER, _LETTER, _SEPARATOR), kinds)


def _keys(lowered: bytes, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """For each token its first eight bytes as an integer, and its other bytes mixed into another, zero where there are none."""
    windows = np.ndarray((len(lowered) + len(_PADDING) - 7,), dtype="<u8", buffer=lowered + _PADDING, strides=(1,))
    lengths, keys = ends - starts, np.zeros((2, len(starts)), dtype=np.uint64)
    np.bitwise_and(windows[starts], _MASKS.take(lengths, mode="clip"), out=keys[0])
    longer = np.flatnonzero(lengths > 8)
    for skipped, factor in _REST.items():
        longer = longer.compress(lengths.take(longer) > skipped)
        kept = _MASKS.take(lengths.take(longer) - skipped, mode="clip")
        keys[1, longer] += (windows[starts.take(longer) + skipped] & kept) * factor
    return keys


def key_of(token: str) -> tuple[int, int] | None:
    """The key of a token; None where it has none, being longer than KEY_BYTES or not in ASCII."""
    if len(token) > KEY_BYTES or not token.isascii():
        return None
    padded = token.encode().ljust(KEY_BYTES, b"\0")
    first, *rest = (int.from_bytes(padded[start : start + 8], "little") for start in range(0, KEY_BYTES, 8))
    return first, sum(part * int(factor) for part, factor in zip(rest, _REST.values(), strict=True)) % 2**64


def _folded_ascii(joined: str) -> bytes:
    return joined.lower().encode("ascii")


def _folded(joined: str) -> bytes:
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return _byte_of_character().take(codes).tobytes()


@cache
def _byte_of_character() -> np.ndarray:
    """For every code point its byte: ASCII letters in lower case, digits, or what else it counts as in a token."""
    found = np.full(0x110000, ord(" "), dtype=np.uint8)
    every_character = "".join(map(chr, range(len(found))))
    for pattern, byte in ((LETTER, _FOREIGN), (DIGIT, ord(NUMBER_TOKEN)), (WITHIN, _JOINER)):
        for run in re.finditer(f"{pattern}+", every_character):
            found[run.start() : run.end()] = byte
    for code in range(128):
        if found[code] == _FOREIGN:
            found[code] = ord(chr(code).lower())
    return found


@cache
def _kinds_of_bytes() -> bytes:
    kinds = np.full(256, _SEPARATOR, dtype=np.uint8)
    for character in map(chr, range(128)):
        kinds[ord(character)] = _LETTER if character.isalpha() else _DIGIT if character.isdigit() else _SEPARATOR
    kinds[_FOREIGN], kinds[_JOINER] = _LETTER, _WITHIN
    return kinds.tobytes()


class KeyTable:
    """Finds rows by keys: an open-addressing hash table, read a whole column at a time."""

    def __init__(self, keys: np.ndarray, rows: np.ndarray):
        """``keys``: (parts, n). ``rows``: those of the n that can be found; no two of them have the same key."""
        self._keys = np.ascontiguousarray(keys)
        self._bits = max(4, int(np.ceil(np.log2(max(1, len(rows))))) + 2)
        self._longest_probe = 0
        self._slots = np.full(1 << self._bits, -1, dtype=np.int32)
        waiting, probe = rows.astype(np.int32), 0
        while len(waiting):
            wanted = self._slots_of(keys[:, waiting], probe)
            free = self._slots[wanted] < 0
            self._slots[wanted[free]] = waiting[free]  # of two that want one slot the later stays
            waiting = waiting[self._slots[wanted] != waiting]
            self._longest_probe, probe = probe, probe + 1

    def rows(self, keys: np.ndarray) -> np.ndarray:
        """Row of each key, (n,), -1 where there is none; ``keys`` is (parts, n)."""
        rows, goes_on = self._probed(keys, 0)
        places = np.flatnonzero(goes_on)
        for probe in range(1, self._longest_probe + 1):
            if not len(places):
                break
            rows[places], goes_on = self._probed(keys[:, places], probe)
            places = places[goes_on]
        return rows

    def _probed(self, keys: np.ndarray, probe: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows found in the slots of this probe, -1 for none, and where the slot holds another key, so that the search goes on."""
        there = self._slots.take(self._slots_of(keys, probe))
        same = self._keys[0].take(there, mode="clip") == keys[0]
        for own, wanted in zip(self._keys[1:], keys[1:], strict=True):
            same &= own.take(there, mode="clip") == wanted
        same &= there >= 0
        return np.where(same, there, -1).astype(np.int64), ~same & (there >= 0)

    def _slots_of(self, keys: np.ndarray, probe: int) -> np.ndarray:
        mixed = keys[0] >> np.uint64(29)
        mixed ^= keys[0]
        mixed *= _FACTOR
        for part in keys[1:]:
            mixed += part
        mixed >>= np.uint64(64 - self._bits)
        slots = mixed.view(np.int64)
        return (slots + probe) & (len(self._slots) - 1) if probe else slots
