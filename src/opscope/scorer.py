"""The scorer: arrays that score texts, without scikit-learn.

A text of n tokens scores ``intercept + (sum of its words' numbers + sum of its neighbouring pairs' numbers) / sqrt(n)`` for the
label, and likewise, without the pairs, for each function and each form of text. Words never seen in training score as the mean of
their pieces.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from opscope.bulk import Bulk
from opscope.text import has_letter, pairs_of, tokens
from opscope.tokenising import cut
from opscope.vectors import split_into_pieces

CHUNK = 8192  # texts scored at a time: enough to make the fixed cost of a step small, few enough for the processor's cache
_GRAIN = 1e9
_UNKNOWN_KEPT = 16_384
_NO_ROWS = np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class Scores:
    """Scores of n texts.

    ``label``: (n,) calibrated log-odds of production over operations. ``functions``: (n, number of functions), and ``forms``:
    (n, number of forms), log-odds up to a number of the text. ``known``: (n,) share of tokens that the model knows. ``lettered``:
    (n,) whether one of these holds a letter. ``lengths``: (n,) number of tokens.
    """

    label: np.ndarray
    functions: np.ndarray
    forms: np.ndarray
    known: np.ndarray
    lettered: np.ndarray
    lengths: np.ndarray


@dataclass(slots=True)  # not frozen, which would take three times as long to make
class OneScore:
    """Scores of one text; each field means what it means in Scores, ``functions`` is (number of functions,), ``forms`` alike."""

    label: float
    functions: np.ndarray
    forms: np.ndarray
    known: float
    lettered: bool
    lengths: int


@dataclass(frozen=True, eq=False)
class Scorer:
    """Tables of what each word, word piece and pair of neighbours adds to each head.

    ``words`` were seen in training, ``pieces`` are what the word vectors say of any other word or piece of one. ``weights``:
    (words + pieces,), for the label, and ``pair_weights``: (pairs,), beyond what their words say. The other heads are the
    ``functions`` and then the ``forms`` of text: ``head_weights``: (words + pieces, heads), int8, each row to be multiplied by its
    number in ``head_scales``, (words + pieces,). ``intercepts``: (1 + heads,). ``opens``: (words,) whether activities begin with
    the word; ``bare``: (words,) whether it says nothing of the label by itself, since it is common on both sides.
    """

    words: tuple[str, ...]
    pieces: tuple[str, ...]
    pairs: tuple[str, ...]
    functions: tuple[str, ...]
    forms: tuple[str, ...]
    weights: np.ndarray
    pair_weights: np.ndarray
    head_weights: np.ndarray
    head_scales: np.ndarray
    intercepts: np.ndarray
    opens: np.ndarray
    bare: np.ndarray

    @cached_property
    def row_of_piece(self) -> dict[str, int]:
        """Row of each piece."""
        return {piece: row for row, piece in enumerate(self.pieces, start=len(self.words))}

    @cached_property
    def row_of_word(self) -> dict[str, int]:
        """Row of each word seen in training."""
        return {word: row for row, word in enumerate(self.words)}

    def _row_of(self, token: str) -> int | None:
        """Row of a token that is known as a whole."""
        row = self.row_of_word.get(token)
        return self.row_of_piece.get(token) if row is None else row

    @cached_property
    def _weight_of_pair(self) -> dict[str, float]:
        return dict(zip(self.pairs, self.pair_weights.tolist(), strict=True))

    @cached_property
    def _head_intercepts(self) -> np.ndarray:
        return self.intercepts[1:].astype(np.float32)

    def __getstate__(self) -> dict:
        """Only the tables: what is made from them is made again where the scorer arrives."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def score(self, texts: Sequence[str]) -> Scores:
        """Scores of the texts, in order."""
        known, lettered, lengths = np.empty(len(texts)), np.empty(len(texts), dtype=bool), np.empty(len(texts), dtype=np.int64)
        label, heads = np.empty(len(texts)), np.empty((len(texts), len(self.functions) + len(self.forms)), dtype=np.float32)
        for start in range(0, len(texts), CHUNK):
            for found in cut(texts[start : start + CHUNK]):
                places = found.texts + start
                label[places], heads[places], known[places], lettered[places] = self._bulk.score(found)
                lengths[places] = found.counts
        heads += self._head_intercepts
        functions, forms = np.split(heads, [len(self.functions)], axis=1)
        return Scores(_rounded(label + self.intercepts[0]), functions, forms, known, lettered, lengths)

    def word(self, word: str) -> float:
        """What a token adds to the label; the mean of its pieces if it is not known; nothing if no piece is."""
        rows = self.rows_of(word)
        return float(self.weights.take(rows).mean()) if rows else 0.0

    def knows(self, word: str) -> bool:
        """Whether the token as a whole was seen in training or has a word vector; what must be pieced together is not known."""
        return self._row_of(word) is not None

    def pair(self, pair: str) -> float:
        """What two neighbouring tokens add to the label beyond what each adds; nothing for a pair not seen in training."""
        return self._weight_of_pair.get(pair, 0.0)

    def is_bare(self, word: str) -> bool:
        """Whether activities begin with the word and it says nothing of the label by itself."""
        row = self.row_of_word.get(word)
        return row is not None and bool(self.bare[row] & self.opens[row])

    def is_opener(self, word: str) -> bool:
        """Whether activities begin with the word."""
        row = self.row_of_word.get(word)
        return row is not None and bool(self.opens[row])

    def rows_of(self, word: str) -> tuple[int, ...]:
        """The row of a known token, the rows of the pieces of any other."""
        row = self._row_of(word)
        return self._rows_of_pieces(word) if row is None else (row,)

    @cached_property
    def _rows_of_pieces(self) -> Callable[[str], tuple[int, ...]]:
        row_of = self.row_of_piece
        # Unknown words are few and come again: names, part numbers, abbreviations.
        return lru_cache(_UNKNOWN_KEPT)(lambda word: tuple(row_of[piece] for piece in split_into_pieces(word, row_of)))

    def score_one(self, text: str) -> "OneScore":
        """Scores of one text: what ``score`` gives, in plain numbers, since arrays would take most of the time."""
        found = tokens(text)
        rows, unknown = list(map(self.row_of_word.get, found)), []
        if None in rows:
            rows, unknown = self._known_and_unknown(found, rows)
        weights = self._plain_weights
        label, heads = sum(map(weights.__getitem__, rows)), self._heads_of(rows or _NO_ROWS)
        for pieces in filter(None, map(self.rows_of, unknown)):
            label += sum(map(weights.__getitem__, pieces)) / len(pieces)
            heads += self._heads_of(pieces) / len(pieces)
        label += sum(filter(None, map(self._weight_of_pair.get, pairs_of(found))))
        root = math.sqrt(len(found) or 1)
        heads = heads / root + self._head_intercepts
        return OneScore(
            label=_rounded_one(label / root + self._plain_intercept),
            functions=heads[: len(self.functions)],
            forms=heads[len(self.functions) :],
            known=len(rows) / (len(found) or 1),
            # The first half settles most texts, and is quick.
            lettered=(not unknown and any(map(str.isalpha, found)))
            or any(has_letter(word) for word in found if word not in unknown),
            lengths=len(found),
        )

    def _heads_of(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """What the rows add to the functions and forms, summed up, (heads,)."""
        return self.head_scales.take(rows) @ self.head_weights.take(rows, axis=0)

    def _known_and_unknown(self, found: Sequence[str], rows: Sequence[int | None]) -> tuple[list[int], list[str]]:
        """Rows of the tokens that are known as a whole, and the tokens that are not; ``rows`` holds those seen in training.

        The pieces, three times as many, are not touched before they are needed.
        """
        rows = [self.row_of_piece.get(word) if row is None else row for word, row in zip(found, rows, strict=True)]
        unknown = [word for word, row in zip(found, rows, strict=True) if row is None]
        return [row for row in rows if row is not None], unknown

    @cached_property
    def _plain_weights(self) -> memoryview:
        """The weights for the label; a memoryview gives a plain number faster than an array."""
        return memoryview(self.weights)

    @cached_property
    def _plain_intercept(self) -> float:
        return float(self.intercepts[0])

    @cached_property
    def _bulk(self) -> Bulk:
        return Bulk(self)


def _rounded(scores):
    """Scores to nine decimals: sums in another order differ in the last bits; rounded, a text scores the same alone and in bulk."""
    return np.rint(scores * _GRAIN) / _GRAIN


def _rounded_one(score: float) -> float:
    """The same for one score in plain numbers, which is several times as fast."""
    return round(score * _GRAIN) / _GRAIN if math.isfinite(score) else score
