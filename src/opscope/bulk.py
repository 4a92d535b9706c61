"""Scoring in bulk: thousands of texts at once, with their tokens cut, looked up and summed up in arrays."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from opscope.text import NUMBER_TOKEN, PAIR_SEPARATOR, has_letter, token
from opscope.tokenising import KEY_BYTES, Cut, KeyTable, key_of

if TYPE_CHECKING:
    from opscope.scorer import Scorer

_SPELLINGS_KEPT = 65_536
_FEWEST_AT_A_POSITION = 24  # for fewer texts a step costs more than adding them up one by one


class Bulk:
    """What scoring in bulk needs beside the tables of ``scorer``.

    ``tokens`` and ``pairs`` find rows by key; ``begins_pair`` and ``ends_pair`` say of each row whether any pair does. ``weights``
    and ``head_weights`` are the tables with a row of zeros at the end, for tokens that are not known; ``letterless`` says of
    each row whether its token holds no letter.
    """

    def __init__(self, scorer: "Scorer"):
        row_of_token = scorer.row_of_piece | scorer.row_of_word
        rows = {key: row for word, row in row_of_token.items() if (key := key_of(word))}
        self.row_of_number = row_of_token.get(NUMBER_TOKEN, -1)
        keys = np.zeros((2, len(scorer.weights)), dtype=np.uint64)
        keys[:, list(rows.values())] = np.array(list(rows), dtype=np.uint64).reshape(-1, 2).T
        self.tokens = KeyTable(keys, np.array(list(rows.values()), dtype=np.int64))
        words = [[row_of_token[word] for word in pair.split(PAIR_SEPARATOR)] for pair in scorer.pairs]
        first, second = np.array(words, dtype=np.int64).reshape(-1, 2).T
        self.pairs = KeyTable(_pair_keys(first, second), np.arange(len(scorer.pairs)))
        self.begins_pair, self.ends_pair = (np.isin(np.arange(len(scorer.weights) + 1), side) for side in (first, second))
        self.pair_weights = scorer.pair_weights
        self.weights = np.append(scorer.weights, 0.0)
        self.letterless = ~np.array([*map(has_letter, scorer.words), *map(has_letter, scorer.pieces), False])
        self.head_weights = np.zeros((len(scorer.weights) + 1, scorer.head_weights.shape[1]), dtype=np.float32)
        np.multiply(scorer.head_weights, scorer.head_scales[:, None], out=self.head_weights[:-1])

        @lru_cache(_SPELLINGS_KEPT)
        def rows_of_spelling(spelling: str) -> tuple[bool, tuple[int, ...]]:
            """Whether the word written so is known, and the row or the rows of its pieces."""
            word = token(spelling)
            return scorer.knows(word), scorer.rows_of(word)

        self.rows_of_spelling = rows_of_spelling

    def score(self, found: Cut) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """For each text: its score for the label and for the heads, the share of known tokens, and lettered."""
        counts = found.counts
        text_of = np.repeat(np.arange(len(counts)), counts)
        rows = self.tokens.rows(found.keys)
        rows[found.ends - found.starts > KEY_BYTES] = -1
        rows[found.digits] = self.row_of_number
        missing = np.flatnonzero(rows < 0)
        places = zip(found.starts[missing].tolist(), found.ends[missing].tolist(), strict=True)
        pieces = [self.rows_of_spelling(found.joined[start:end]) for start, end in places]
        known = np.fromiter((is_known for is_known, _ in pieces), dtype=bool, count=len(pieces))
        rows[missing[known]] = [pieced[0] for is_known, pieced in pieces if is_known]
        # What is still missing has row -1, the row of zeros at the end of the tables.
        label, heads = segment_sums((self.weights, self.head_weights), rows, counts)
        unknown = text_of[missing[~known]]
        self._add_pieces(label, heads, unknown, [pieced for is_known, pieced in pieces if not is_known])
        label += self._pairs(text_of, rows, len(counts))
        letterless = text_of[self.letterless.take(rows, mode="wrap")]
        lettered = counts > np.bincount(letterless, minlength=len(counts))
        lengths = np.maximum(1, counts)
        roots = np.sqrt(lengths)
        heads /= roots[:, None].astype(np.float32)
        return label / roots, heads, (counts - np.bincount(unknown, minlength=len(counts))) / lengths, lettered

    def _add_pieces(self, label, heads, text_of: np.ndarray, pieces: Sequence[tuple[int, ...]]) -> None:
        sizes = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
        rows = np.fromiter(chain.from_iterable(pieces), dtype=np.int64, count=sizes.sum())
        shares, places = np.repeat(1 / np.maximum(1, sizes), sizes), np.repeat(text_of, sizes)
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        if len(starts):
            texts = places[starts]
            label[texts] += np.add.reduceat(self.weights.take(rows) * shares, starts)
            heads[texts] += np.add.reduceat(self.head_weights.take(rows, axis=0) * shares[:, None].astype(np.float32), starts)

    def _pairs(self, text_of: np.ndarray, rows: np.ndarray, many: int) -> np.ndarray:
        """What the pairs of neighbours add to the label of each text, (many,)."""
        can_be = self.begins_pair.take(rows[:-1], mode="wrap") & self.ends_pair.take(rows[1:], mode="wrap")
        places = np.flatnonzero(can_be & (text_of[1:] == text_of[:-1]))
        pairs = self.pairs.rows(_pair_keys(rows.take(places), rows.take(places + 1)))
        found = pairs >= 0
        return np.bincount(text_of.take(places.compress(found)), self.pair_weights.take(pairs.compress(found)), minlength=many)


def _pair_keys(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Rows of two neighbouring tokens as one key, (1, n)."""
    return ((first << 32) | (second & 0xFFFFFFFF)).astype(np.uint64)[None]


def segment_sums(tables: Sequence[np.ndarray], rows: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """For each table the sums of ``table[rows]`` over consecutive runs of ``counts`` rows, (len(counts), columns of the table).

    Goes through the first tokens of all texts, then the second ones, and so on: adding whole columns is several times faster than
    numpy's reduceat on many columns. The few texts that are longer than all others are added up one by one.
    """
    by_length = np.argsort(-counts, kind="stable")
    firsts, lengths = (np.cumsum(counts) - counts).take(by_length), counts.take(by_length)
    longer_than = np.searchsorted(-lengths, -np.arange(lengths[0]))  # how many texts have a token at each position
    positions = int(np.searchsorted(-longer_than, -_FEWEST_AT_A_POSITION))
    sums = [np.zeros((len(counts), *table.shape[1:]), dtype=table.dtype) for table in tables]
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
