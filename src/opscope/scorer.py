"""The scorer: arrays that score texts, without scikit-learn.

A text of n tokens scores ``intercept + (sum of its words' numbers + sum of its neighbouring pairs' numbers) / sqrt(n)``, for the
label, for being an activity at all, and for each function. Words never seen in training score as the mean of their pieces.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

import numpy as np

from opscope.text import NUMBER_TOKEN, token, tokens
from opscope.tokenising import KEY_BYTES, Cut, KeyTable, cut, key_of
from opscope.vectors import split_into_pieces

PAIR_SEPARATOR = " "
LABEL_HEAD, ACTIVITY_HEAD, FIRST_FUNCTION_HEAD = 0, 1, 2
CHUNK = 8192  # texts scored at a time: enough to make the fixed cost of a step small, few enough for the processor's cache
_SPELLINGS_KEPT = 65_536
_GRAIN = 1e9
_FEWEST_AT_A_POSITION = 24  # for fewer texts a step costs more than adding them up one by one
_NO_ROWS = np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class Scores:
    """Scores of n texts.

    ``label``: (n,) calibrated log-odds of production over operations. ``activity``: (n,) log-odds of being an activity.
    ``functions``: (n, number of functions). ``known``: (n,) share of tokens that the model knows. ``lettered``: (n,) whether one of
    these holds a letter.
    """

    label: np.ndarray
    activity: np.ndarray
    functions: np.ndarray
    known: np.ndarray
    lettered: np.ndarray


@dataclass(frozen=True, slots=True)
class OneScore:
    """Scores of one text; each field means what it means in Scores, ``functions`` is (number of functions,)."""

    label: float
    activity: float
    functions: np.ndarray
    known: float
    lettered: bool


@dataclass(frozen=True, eq=False)
class Scorer:
    """Tables of what each word, word piece and pair of neighbours adds to each head.

    ``words`` were seen in training, ``pieces`` are what the word vectors say of any other word or piece of one. ``weights``:
    (words + pieces, 2), for the label and for being an activity. ``function_weights``: (words + pieces, functions), float16.
    ``pair_weights``: (pairs, 2), beyond what their words say. ``intercepts``: (2 + functions,).
    """

    words: tuple[str, ...]
    pieces: tuple[str, ...]
    pairs: tuple[str, ...]
    functions: tuple[str, ...]
    weights: np.ndarray
    function_weights: np.ndarray
    pair_weights: np.ndarray
    intercepts: np.ndarray

    @cached_property
    def _row_of_piece(self) -> dict[str, int]:
        return {piece: row for row, piece in enumerate(self.pieces, start=len(self.words))}

    @cached_property
    def _row_of_word(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    def _row_of(self, token: str) -> int | None:
        """Row of a token that is known as a whole. The pieces, three times as many, are not touched before they are needed."""
        row = self._row_of_word.get(token)
        return self._row_of_piece.get(token) if row is None else row

    @cached_property
    def _row_of_pair(self) -> dict[str, int]:
        return {pair: row for row, pair in enumerate(self.pairs)}

    def __getstate__(self) -> dict:
        """Only the tables: what is made from them is made again where the scorer arrives."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def score(self, texts: Sequence[str]) -> Scores:
        """Scores of the texts, in order."""
        known, lettered = np.empty(len(texts)), np.empty(len(texts), dtype=bool)
        totals, functions = np.empty((len(texts), FIRST_FUNCTION_HEAD)), np.empty((len(texts), len(self.functions)))
        for start in range(0, len(texts), CHUNK):
            for found in cut(texts[start : start + CHUNK]):
                places = found.texts + start
                totals[places], functions[places], known[places], lettered[places] = self._score_cut(found)
        totals = _rounded(totals + self.intercepts[:FIRST_FUNCTION_HEAD])
        functions += self.intercepts[FIRST_FUNCTION_HEAD:]
        return Scores(totals[:, LABEL_HEAD], totals[:, ACTIVITY_HEAD], functions, known, lettered)

    def word(self, word: str) -> np.ndarray | None:
        """What a token adds to label and activity, (2,); the mean of its pieces if it is not known; None if no piece is."""
        rows = self.rows_of(word)
        return self.weights.take(rows, axis=0).mean(axis=0) if rows else None

    def knows(self, word: str) -> bool:
        """Whether the token as a whole was seen in training or has a word vector; what must be pieced together is not known."""
        return self._row_of(word) is not None

    def pair(self, pair: str) -> np.ndarray | None:
        """What two neighbouring tokens add to label and activity, (2,), or None for a pair not seen in training."""
        row = self._row_of_pair.get(pair)
        return None if row is None else self.pair_weights[row]

    def rows_of(self, word: str) -> tuple[int, ...]:
        """The row of a known token, the rows of the pieces of any other."""
        row = self._row_of(word)
        if row is not None:
            return (row,)
        return tuple(self._row_of_piece[piece] for piece in split_into_pieces(word, self._row_of_piece))

    def score_one(self, text: str) -> "OneScore":
        """Scores of one text: what ``score`` gives, in plain numbers, since arrays would take most of the time."""
        found = tokens(text)
        label_weights, activity_weights = self._columns
        row_of_each = list(map(self._row_of, found))
        rows = [row for row in row_of_each if row is not None]
        label, activity = sum(map(label_weights.__getitem__, rows)), sum(map(activity_weights.__getitem__, rows))
        functions = self.function_weights.take(rows or _NO_ROWS, axis=0).sum(axis=0, dtype=np.float32)
        if len(rows) < len(found):
            for word, row in zip(found, row_of_each, strict=True):
                if row is None and (pieces := self.rows_of(word)):
                    label += sum(map(label_weights.__getitem__, pieces)) / len(pieces)
                    activity += sum(map(activity_weights.__getitem__, pieces)) / len(pieces)
                    functions += self.function_weights.take(pieces, axis=0).mean(axis=0, dtype=np.float32)
        for pair in pairs_of(found):
            if (row := self._row_of_pair.get(pair)) is not None:
                label += float(self.pair_weights[row, LABEL_HEAD])
                activity += float(self.pair_weights[row, ACTIVITY_HEAD])
        root = math.sqrt(max(1, len(found)))
        return OneScore(
            label=float(_rounded(label / root + self.intercepts[LABEL_HEAD])),
            activity=float(_rounded(activity / root + self.intercepts[ACTIVITY_HEAD])),
            functions=functions / root + self.intercepts[FIRST_FUNCTION_HEAD:],
            known=len(rows) / max(1, len(found)),
            lettered=any(row is not None and _has_letter(word) for word, row in zip(found, row_of_each, strict=True)),
        )

    def _score_cut(self, found: Cut) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """For each text: sums for label and activity, sums for the functions, the share of known tokens, and lettered."""
        bulk, counts = self._bulk, found.counts
        text_of = np.repeat(np.arange(len(counts)), counts)
        rows = bulk.tokens.rows(found.keys)
        rows[found.ends - found.starts > KEY_BYTES] = -1
        rows[found.digits] = bulk.row_of_number
        missing = np.flatnonzero(rows < 0)
        places = zip(found.starts[missing].tolist(), found.ends[missing].tolist(), strict=True)
        pieces = [bulk.rows_of_spelling(found.joined[start:end]) for start, end in places]
        known = np.fromiter((is_known for is_known, _ in pieces), dtype=bool, count=len(pieces))
        rows[missing[known]] = [pieced[0] for is_known, pieced in pieces if is_known]
        # What is still missing has row -1, the row of zeros at the end of the tables.
        totals, functions = _segment_sums((bulk.weights, bulk.function_weights), rows, counts)
        unknown = text_of[missing[~known]]
        self._add_pieces(totals, functions, unknown, [pieced for is_known, pieced in pieces if not is_known])
        self._add_pairs(totals, text_of, rows)
        lettered = np.zeros(len(counts), dtype=bool)
        lettered[text_of[bulk.lettered.take(rows, mode="wrap")]] = True
        lengths = np.maximum(1, counts)
        roots = np.sqrt(lengths)[:, None]
        return totals / roots, functions / roots, (counts - np.bincount(unknown, minlength=len(counts))) / lengths, lettered

    def _add_pieces(self, totals, functions, text_of: np.ndarray, pieces: Sequence[tuple[int, ...]]) -> None:
        sizes = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
        rows = np.fromiter(chain.from_iterable(pieces), dtype=np.int64, count=sizes.sum())
        shares, places = np.repeat(1 / np.maximum(1, sizes), sizes)[:, None], np.repeat(text_of, sizes)
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        if len(starts):
            texts = places[starts]
            totals[texts] += np.add.reduceat(self._bulk.weights.take(rows, axis=0) * shares, starts)
            functions[texts] += np.add.reduceat(self._bulk.function_weights.take(rows, axis=0) * shares.astype(np.float32), starts)

    def _add_pairs(self, totals: np.ndarray, text_of: np.ndarray, rows: np.ndarray) -> None:
        pairs = self._bulk.pairs.rows(_pair_keys(rows[:-1], rows[1:]))
        found = np.flatnonzero((pairs >= 0) & (text_of[1:] == text_of[:-1]))
        for head, weights in zip(totals.T, self.pair_weights.take(pairs[found], axis=0).T, strict=True):
            head += np.bincount(text_of[found], weights, minlength=len(head))

    @cached_property
    def _columns(self) -> tuple[memoryview, memoryview]:
        """The weights for the label and for being an activity; a memoryview gives a plain number faster than an array."""
        return tuple(memoryview(np.ascontiguousarray(column)) for column in self.weights.T)

    @cached_property
    def _bulk(self) -> "_Bulk":
        return _Bulk(self)


class _Bulk:
    """What scoring in bulk needs beside the tables of ``scorer``.

    ``tokens`` and ``pairs`` find rows by key. ``weights`` and ``function_weights`` are the tables with a row of zeros at the end,
    ``lettered`` says of each row whether its token holds a letter.
    """

    def __init__(self, scorer: Scorer):
        row_of_token = scorer._row_of_piece | scorer._row_of_word
        rows = {key: row for word, row in row_of_token.items() if (key := key_of(word))}
        self.row_of_number = row_of_token.get(NUMBER_TOKEN, -1)
        keys = np.zeros((2, len(scorer.weights)), dtype=np.uint64)
        keys[:, list(rows.values())] = np.array(list(rows), dtype=np.uint64).reshape(-1, 2).T
        self.tokens = KeyTable(keys, np.array(list(rows.values()), dtype=np.int64))
        words = [[row_of_token[word] for word in pair.split(PAIR_SEPARATOR)] for pair in scorer.pairs]
        first, second = np.array(words, dtype=np.int64).reshape(-1, 2).T
        self.pairs = KeyTable(_pair_keys(first, second), np.arange(len(scorer.pairs)))
        self.weights = np.vstack([scorer.weights, np.zeros(FIRST_FUNCTION_HEAD)])
        self.lettered = np.array([*map(_has_letter, scorer.words), *map(_has_letter, scorer.pieces), False])
        self.function_weights = np.vstack([scorer.function_weights, np.zeros(len(scorer.functions))]).astype(np.float32)

        @lru_cache(_SPELLINGS_KEPT)
        def rows_of_spelling(spelling: str) -> tuple[bool, tuple[int, ...]]:
            """Whether the word written so is known, and the row or the rows of its pieces."""
            word = token(spelling)
            return scorer.knows(word), scorer.rows_of(word)

        self.rows_of_spelling = rows_of_spelling


def _rounded(scores):
    """Scores to nine decimals: sums in another order differ in the last bits; rounded, a text scores the same alone and in bulk."""
    return np.rint(scores * _GRAIN) / _GRAIN


def _has_letter(word: str) -> bool:
    return any(map(str.isalpha, word))


def _pair_keys(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Rows of two neighbouring tokens as one key, (1, n)."""
    return ((first << 32) | (second & 0xFFFFFFFF)).astype(np.uint64)[None]


def _segment_sums(tables: Sequence[np.ndarray], rows: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """For each table the sums of ``table[rows]`` over consecutive runs of ``counts`` rows, (len(counts), columns).

    Goes through the first tokens of all texts, then the second ones, and so on: adding whole columns is several times faster than
    numpy's reduceat on many columns. The few texts that are longer than all others are added up one by one.
    """
    by_length = np.argsort(-counts, kind="stable")
    firsts, lengths = (np.cumsum(counts) - counts).take(by_length), counts.take(by_length)
    longer_than = np.searchsorted(-lengths, -np.arange(lengths[0]))  # how many texts have a token at each position
    positions = int(np.searchsorted(-longer_than, -_FEWEST_AT_A_POSITION))
    sums = [np.zeros((len(counts), table.shape[1]), dtype=table.dtype) for table in tables]
    taken = [np.empty_like(own) for own in sums]
    for position, many in enumerate(longer_than[:positions].tolist()):
        place = rows.take(firsts[:many] + position)
        for table, own, buffer in zip(tables, sums, taken, strict=True):
            own[:many] += table.take(place, axis=0, out=buffer[:many], mode="wrap")
    for text in range(longer_than[positions] if positions < len(longer_than) else 0):
        place = rows[firsts[text] + positions : firsts[text] + lengths[text]]
        for table, own in zip(tables, sums, strict=True):
            own[text] += table.take(place, axis=0, mode="wrap").sum(axis=0)
    for own, ordered in zip(sums, taken, strict=True):
        ordered[by_length] = own
    return taken


def pairs_of(found: Sequence[str]) -> list[str]:
    """The pairs of neighbouring tokens, in order."""
    return [first + PAIR_SEPARATOR + second for first, second in zip(found, found[1:], strict=False)]
