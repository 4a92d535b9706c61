"""The scorer: arrays that score texts, without scikit-learn.

A text of n tokens scores ``intercept + (sum of its words' numbers + sum of its neighbouring pairs' numbers) / sqrt(n)``, for the
label, for being an activity at all, and for each function. Words never seen in training score as the mean of their pieces.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from opscope.errors import ModelError
from opscope.text import tokens
from opscope.vectors import split_into_pieces

PAIR_SEPARATOR = " "
LABEL_HEAD, ACTIVITY_HEAD, FIRST_FUNCTION_HEAD = 0, 1, 2


@dataclass(frozen=True)
class Scores:
    """Scores of n texts.

    ``label``: (n,) calibrated log-odds of production over operations. ``activity``: (n,) log-odds of being an activity.
    ``functions``: (n, number of functions). ``known``: (n,) share of tokens that the model knows as words.
    """

    label: np.ndarray
    activity: np.ndarray
    functions: np.ndarray
    known: np.ndarray


@dataclass(frozen=True)
class Scorer:
    """Tables with a column for each head: the label, being an activity, then each of ``functions``.

    ``word_weights``: (words, heads), words seen in training. ``piece_weights``: (pieces, heads), what the word vectors say of any
    other word or piece of one. ``pair_weights``: (pairs, heads), neighbours beyond what their words say. ``intercepts``: (heads,).
    """

    words: tuple[str, ...]
    pieces: tuple[str, ...]
    pairs: tuple[str, ...]
    functions: tuple[str, ...]
    word_weights: np.ndarray
    piece_weights: np.ndarray
    pair_weights: np.ndarray
    intercepts: np.ndarray

    @cached_property
    def _row_of_word(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def _row_of_piece(self) -> dict[str, int]:
        return {piece: row for row, piece in enumerate(self.pieces)}

    @cached_property
    def _row_of_pair(self) -> dict[str, int]:
        return {pair: row for row, pair in enumerate(self.pairs)}

    def score(self, texts: Sequence[str]) -> Scores:
        """Scores of the texts, in order."""
        totals = np.tile(self.intercepts, (len(texts), 1))
        known = np.zeros(len(texts))
        for position, text in enumerate(texts):
            found = tokens(text)
            if not found:
                continue
            rows = [weights for weights in map(self.word, found) if weights is not None]
            known[position] = sum(self.knows(token) for token in found) / len(found)
            pairs = [self._row_of_pair[pair] for pair in pairs_of(found) if pair in self._row_of_pair]
            summed = sum(rows, np.zeros_like(self.intercepts)) + self.pair_weights[pairs].sum(axis=0)
            totals[position] += summed / np.sqrt(len(found))
        return Scores(totals[:, LABEL_HEAD], totals[:, ACTIVITY_HEAD], totals[:, FIRST_FUNCTION_HEAD:], known)

    def word(self, token: str) -> np.ndarray | None:
        """Weights of a token, (heads,); the mean of its pieces if it was not seen in training; None if no piece is known."""
        row = self._row_of_word.get(token)
        if row is not None:
            return self.word_weights[row]
        rows = [self._row_of_piece[piece] for piece in split_into_pieces(token, self._row_of_piece)]
        return self.piece_weights[rows].mean(axis=0) if rows else None

    def knows(self, token: str) -> bool:
        """Whether the token as a whole was seen in training or has a word vector; what must be pieced together is not known."""
        return token in self._row_of_word or token in self._row_of_piece

    def pair(self, pair: str) -> np.ndarray | None:
        """Weights of two neighbouring tokens beyond those of the tokens themselves, or None for a pair not seen in training."""
        row = self._row_of_pair.get(pair)
        return None if row is None else self.pair_weights[row]


def pairs_of(found: Sequence[str]) -> list[str]:
    """The pairs of neighbouring tokens, in order."""
    return [first + PAIR_SEPARATOR + second for first, second in zip(found, found[1:], strict=False)]


_STRINGS = ("words", "pieces", "pairs", "functions")
_ARRAYS = ("word_weights", "piece_weights", "pair_weights", "intercepts")


def save_scorer(scorer: Scorer, path: Path) -> None:
    """Writes the scorer's arrays; the order of words, pieces, pairs and functions is kept."""
    strings = {name: _packed(getattr(scorer, name)) for name in _STRINGS}
    save_file(strings | {name: np.ascontiguousarray(getattr(scorer, name)) for name in _ARRAYS}, path)


def load_scorer(path: Path) -> Scorer:
    """Reads what save_scorer wrote; raises ModelError when it is missing or damaged."""
    try:
        stored = load_file(path)
        strings = {name: _unpacked(stored[name]) for name in _STRINGS}
        arrays = {name: stored[name].astype(np.float64) for name in _ARRAYS}
    except (OSError, SafetensorError, KeyError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read as a scorer: {error}. Train again or restore it.") from error
    scorer = Scorer(**strings, **arrays)
    heads = FIRST_FUNCTION_HEAD + len(scorer.functions)
    wanted = [(len(scorer.words), heads), (len(scorer.pieces), heads), (len(scorer.pairs), heads), (heads,)]
    if [arrays[name].shape for name in _ARRAYS] != wanted:
        raise ModelError(f"{path} holds arrays that do not fit together. Train again or restore it.")
    return scorer


def _packed(strings: Sequence[str]) -> np.ndarray:
    return np.frombuffer("\n".join(strings).encode(), dtype=np.uint8).copy()


def _unpacked(stored: np.ndarray) -> tuple[str, ...]:
    return tuple(stored.tobytes().decode().split("\n")) if stored.size else ()
