"""Texts to the matrix that training works on: words, neighbouring pairs, and the mean meaning of the words.

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
from opscope.vectors import WordVectors, shipped_vectors, split_into_pieces


class TextFeatures(TransformerMixin, BaseEstimator):
    """Sparse matrix of three blocks: words seen in training, pairs of neighbours, static vectors.

    Rare words and pairs count more (inverse document frequency; Spärck Jones, 1972). ``min_pair_count`` drops pairs of fewer
    training texts. ``word_scale`` is the weight of the words against the rest: the larger, the cheaper it is for a model to rely on
    them. ``vectors`` is a WordVectors, or None for the shipped ones.
    """

    def __init__(self, min_pair_count: int = 4, word_scale: float = 2.0, vectors: WordVectors | None = None):
        self.min_pair_count = min_pair_count
        self.word_scale = word_scale
        self.vectors = vectors

    def fit(self, texts: Sequence[str], y=None) -> "TextFeatures":
        """Learns which words and pairs there are and how rare they are, and how long a mean vector is."""
        self.word_counter_ = CountVectorizer(analyzer=tokens).fit(texts)
        self.pair_counter_ = CountVectorizer(analyzer=_pairs_in, min_df=self.min_pair_count)
        try:
            self.pair_counter_.fit(texts)
        except ValueError:  # scikit-learn's way to say that no pair is frequent enough
            self.pair_counter_ = None
        self.word_weights_ = self.word_scale * _rarity(self.word_counter_, texts)
        self.pair_weights_ = _rarity(self.pair_counter_, texts) if self.pair_counter_ else np.empty(0)
        raw = self._vector_block(texts)
        length = np.sqrt(raw.multiply(raw).sum(axis=1).mean()) if raw.shape[0] else 1.0
        self.vector_scale_ = 1 / max(float(length), 1e-12)
        return self

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Features of the texts, (n, words + pairs + dimensions)."""
        check_is_fitted(self, "word_counter_")
        counts = self.word_counter_.transform(texts)
        pairs = self.pair_counter_.transform(texts) if self.pair_counter_ else sparse.csr_matrix((len(texts), 0))
        divided = sparse.diags(1 / np.sqrt(_lengths(texts)))
        vectors = self._vector_block(texts) * self.vector_scale_
        words, pairs = counts @ sparse.diags(self.word_weights_), pairs @ sparse.diags(self.pair_weights_)
        return sparse.hstack([divided @ words, divided @ pairs, vectors], format="csr")

    def _vector_block(self, texts: Sequence[str]) -> sparse.csr_matrix:
        table = vectors_of(self).table
        rows, columns, shares = [], [], []
        pieces_of = _piece_rows(vectors_of(self))
        for position, text in enumerate(texts):
            for token in tokens(text):
                pieces = pieces_of(token)
                rows += [position] * len(pieces)
                columns += pieces
                shares += [1 / max(1, len(pieces))] * len(pieces)
        counts = sparse.csr_matrix((shares, (rows, columns)), shape=(len(texts), len(table)))
        return sparse.csr_matrix(sparse.diags(1 / np.sqrt(_lengths(texts))) @ (counts @ table.astype(np.float64)))

    @property
    def words_(self) -> list[str]:
        """The words of the first block, in the order of its columns."""
        return list(self.word_counter_.get_feature_names_out())

    @property
    def pairs_(self) -> list[str]:
        """The pairs of the second block, in the order of its columns."""
        return list(self.pair_counter_.get_feature_names_out()) if self.pair_counter_ else []


def _rarity(counter: CountVectorizer, texts: Sequence[str]) -> np.ndarray:
    """Inverse document frequency of the counter's terms, (terms,), 1 on the average."""
    found = TfidfTransformer().fit(counter.transform(texts)).idf_
    return found / found.mean()


def vectors_of(features: TextFeatures) -> WordVectors:
    """The word vectors that these features use."""
    return features.vectors if features.vectors is not None else shipped_vectors()


def _piece_rows(vectors: WordVectors):
    row_of = {word: row for row, word in enumerate(vectors.words)}

    @cache
    def piece_rows(token: str) -> list[int]:
        return [row_of[piece] for piece in split_into_pieces(token, row_of)]

    return piece_rows


def _pairs_in(text: str) -> list[str]:
    return pairs_of(tokens(text))


def _lengths(texts: Sequence[str]) -> np.ndarray:
    return np.array([max(1, len(tokens(text))) for text in texts])
