"""Static word vectors: a vector for every known word, and for the pieces of words it has never seen.

Made once by ``workshop/make_vectors.py``; the notice beside the file says from what.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from opscope.errors import ModelError
from opscope.packing import arrays_in, packed, unpacked
from opscope.paths import shipped

PIECE_MARK = "##"  # a word piece that does not begin a word carries it in front
_LONGEST_PIECE = 24  # no known word or piece is longer
_LONGEST_WORD = 60  # a longer run of letters is no word, and is not cut into pieces


@dataclass(frozen=True)
class WordVectors:
    """Words and word pieces with a vector each: ``table`` is (words, dimensions), float32."""

    words: tuple[str, ...]
    table: np.ndarray

    @property
    def dimensions(self) -> int:
        """Length of one vector."""
        return self.table.shape[1]


def split_into_pieces(word: str, known) -> list[str]:
    """The word itself if known, else its longest known pieces from left to right, else nothing.

    ``known`` is anything that answers ``in``. A word with a part that no piece covers has no pieces at all, and neither has a run
    of more than 60 letters.
    """
    if word in known:
        return [word]
    if len(word) > _LONGEST_WORD:
        return []
    pieces, start = [], 0
    while start < len(word):
        for end in range(min(len(word), start + _LONGEST_PIECE), start, -1):
            piece = (PIECE_MARK if start else "") + word[start:end]
            if piece in known:
                pieces.append(piece)
                break
        else:
            return []
        start = end
    return pieces


def save_vectors(vectors: WordVectors, path: Path) -> None:
    """Writes the vectors as int8 with one scale a word."""
    scale = np.abs(vectors.table).max(axis=1, keepdims=True) / 127
    rounded = np.rint(vectors.table / np.maximum(scale, 1e-12)).astype(np.int8)
    save_file(
        {
            "words": packed(vectors.words),
            "table": rounded,
            "scale": scale.astype(np.float32),
        },
        path,
    )


def load_vectors(path: Path) -> WordVectors:
    """Reads what save_vectors wrote; raises ModelError when the file is missing or damaged."""
    try:
        stored = arrays_in(path.read_bytes())
        words = unpacked(stored["words"])
        table = stored["table"].astype(np.float32) * stored["scale"]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{path} cannot be read as word vectors: {error}. Restore it from the release.") from error
    if table.ndim != 2 or len(words) != len(table):
        raise ModelError(f"{path} holds {len(words)} words and {len(table)} vectors. Restore it from the release.")
    return WordVectors(words, table)


@cache
def shipped_vectors() -> WordVectors:
    """The word vectors that opscope ships, read once."""
    return load_vectors(shipped("data/vectors.safetensors"))
