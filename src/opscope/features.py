"""Texts to the matrix that training works on: words, neighbouring pairs, runs of characters, and the mean meaning of the words.

Every column adds up over the tokens of a text and is divided by the square root of their number. That is what lets a fitted
model collapse into one number per word and pair, and it keeps long texts from drowning in their own length.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.utils.validation import check_is_fitted

from opscope.text import pairs_of, tokens
from opscope.vectors import PIECE_MARK, WordVectors, shipped_vectors, split_into_pieces

RUN_LENGTHS = range(3, 7)
FEWEST_OF_PAIR, FEWEST_OF_RUN = 3, 3


class TextFeatures(TransformerMixin, BaseEstimator):
    """Sparse matrix of four blocks: words seen in training, pairs of neighbours, runs of characters within words, static vectors.

    Runs let the forms of a word share what is learned of each; vectors say something of words never seen. Rare words, pairs and
    runs count more (inverse document frequency; Spärck Jones, 1972), and those in fewer than three training texts, single words
    aside, are left out. The scales weigh the blocks against each other: the larger, the cheaper it is for a model to rely on a
    block. ``vectors`` is a WordVectors, or None for the shipped ones.
    """

    def __init__(
        self,
        word_scale: float = 3.0,
        pair_scale: float = 3.0,
        run_scale: float = 0.6,
        vector_scale: float = 0.7,
        vectors: WordVectors | None = None,
    ):
        self.word_scale = word_scale
        self.pair_scale = pair_scale
        self.run_scale = run_scale
        self.vector_scale = vector_scale
        self.vectors = vectors

    def fit(self, texts: Sequence[str], y=None) -> "TextFeatures":
        """Learns which words, pairs and runs there are and how rare they are, and how long a mean vector is."""
        words = CountVectorizer(analyzer=tokens).fit(texts)
        self.words_ = words.get_feature_names_out().tolist()
        self.word_weights_ = self.word_scale * _rarity(words.transform(texts))
        self.pairs_, counts = _frequent(CountVectorizer(analyzer=_pairs_in), texts, FEWEST_OF_PAIR)
        self.pair_weights_ = self.pair_scale * _rarity(counts)
        shares = self._shares(texts)
        used = np.unique(shares.indices)
        counter = CountVectorizer(analyzer=_runs_of)
        self.runs_, counts = _frequent(counter, self._names(used), FEWEST_OF_RUN, shares[:, used])
        self.run_weights_ = self.run_scale * _rarity(counts)
        raw = self._vectors(shares, used)
        length = np.sqrt(raw.multiply(raw).sum(axis=1).mean()) if raw.shape[0] else 1.0
        self.vector_weight_ = self.vector_scale / max(float(length), 1e-12)
        return self

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Features of the texts, (n, words + pairs + runs + dimensions)."""
        check_is_fitted(self, "words_")
        shares = self._shares(texts)
        pairs = _counts(self.pairs_, _pairs_in, texts) @ sparse.diags(self.pair_weights_)
        used = np.unique(shares.indices)
        blocks = [
            shares[:, : len(self.words_)] @ sparse.diags(self.word_weights_),
            sparse.diags(1 / np.sqrt(_lengths(texts))) @ pairs,
            shares[:, used] @ self.run_table(used),
            self._vectors(shares, used) * self.vector_weight_,
        ]
        return sparse.hstack(blocks, format="csr")

    def run_table(self, rows: np.ndarray) -> sparse.csr_matrix:
        """How much of each run these rows hold, (rows, runs); they are numbered through the words and then all pieces."""
        return _counts(self.runs_, _runs_of, self._names(rows)) @ sparse.diags(self.run_weights_)

    def vector_table(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of these rows, (rows, dimensions); that of a word is the mean of its pieces."""
        vectors, pieces_of = vectors_of(self), _piece_rows(vectors_of(self))
        pieces = [pieces_of(name) for name in self._names(rows)]
        shares = _table([[(piece, 1 / len(found)) for piece in found] for found in pieces], len(vectors.words))
        return shares @ vectors.table.astype(np.float64)

    def _shares(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """How often each row is in a text, over the root of its length, (n, words + pieces); unknown tokens count by pieces."""
        row_of, pieces_of = {word: row for row, word in enumerate(self.words_)}, _piece_rows(vectors_of(self))

        @cache
        def rows_of(token: str) -> list[tuple[int, float]]:
            if token in row_of:
                return [(row_of[token], 1.0)]
            pieces = pieces_of(token)
            return [(len(row_of) + piece, 1 / len(pieces)) for piece in pieces]

        found = [[entry for token in tokens(text) for entry in rows_of(token)] for text in texts]
        counts = _table(found, len(row_of) + len(vectors_of(self).words))
        return sparse.csr_matrix(sparse.diags(1 / np.sqrt(_lengths(texts))) @ counts)

    def _vectors(self, shares: sparse.csr_matrix, used: np.ndarray) -> sparse.csr_matrix:
        return sparse.csr_matrix(shares[:, used] @ self.vector_table(used))

    def _names(self, rows: np.ndarray) -> list[str]:
        pieces, words = vectors_of(self).words, self.words_
        return [words[row] if row < len(words) else pieces[row - len(words)] for row in rows.tolist()]


def vectors_of(features: TextFeatures) -> WordVectors:
    """The word vectors that these features use."""
    return features.vectors if features.vectors is not None else shipped_vectors()


def _table(entries: Sequence[Sequence[tuple[int, float]]], columns: int) -> sparse.csr_matrix:
    """A sparse matrix from the columns and numbers of each row; those of the same column add up."""
    ends = np.cumsum([0, *map(len, entries)])
    flat = np.array([entry for row in entries for entry in row]).reshape(-1, 2)
    table = sparse.csr_matrix((flat[:, 1], flat[:, 0].astype(np.int64), ends), shape=(len(entries), columns))
    table.sum_duplicates()
    return table


def _frequent(counter: CountVectorizer, names: Sequence[str], fewest: int, shares=None) -> tuple[list[str], sparse.csr_matrix]:
    """The terms in at least so many texts, in order, with their counts, (n, terms); ``shares`` (n, names) makes texts of names."""
    try:
        counts = counter.fit_transform(names)
    except ValueError:  # scikit-learn's way to say that there are none
        return [], sparse.csr_matrix((len(names), 0))
    counts = sparse.csr_matrix(counts if shares is None else shares @ counts)
    kept = np.flatnonzero(np.bincount(counts.indices, minlength=counts.shape[1]) >= fewest)
    return counter.get_feature_names_out()[kept].tolist(), counts[:, kept]


def _counts(terms: Sequence[str], analyzer, texts: Sequence[str]) -> sparse.csr_matrix:
    """How often each term is in each text, (n, terms)."""
    if not len(terms):
        return sparse.csr_matrix((len(texts), 0))
    return CountVectorizer(analyzer=analyzer, vocabulary=terms).transform(texts)


def _rarity(counts: sparse.csr_matrix) -> np.ndarray:
    """Inverse document frequency of the terms counted, (terms,), 1 on the average."""
    if not counts.shape[1]:
        return np.empty(0)
    found = TfidfTransformer().fit(counts).idf_
    return found / found.mean()


def _piece_rows(vectors: WordVectors):
    row_of = {word: row for row, word in enumerate(vectors.words)}

    @cache
    def piece_rows(token: str) -> list[int]:
        return [row_of[piece] for piece in split_into_pieces(token, row_of)]

    return piece_rows


def _pairs_in(text: str) -> list[str]:
    return pairs_of(tokens(text))


def _runs_of(word: str) -> list[str]:
    """The runs of characters in a word with a space at each end, or at its end alone if it is a piece that begins no word."""
    marked = word.removeprefix(PIECE_MARK) + " " if word.startswith(PIECE_MARK) else f" {word} "
    return [marked[start : start + length] for length in RUN_LENGTHS for start in range(len(marked) - length + 1)]


def _lengths(texts: Sequence[str]) -> np.ndarray:
    return np.array([max(1, len(tokens(text))) for text in texts])
