"""The labelled texts that lie nearest to a text in meaning.

A text lies where the mean of its words' vectors points, rare words counting more (Arora, Liang and Ma, A simple but tough-to-beat
baseline for sentence embeddings, 2017). Similarity is the cosine of the angle between two texts.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from opscope.dataset import Dataset, NonActivity
from opscope.errors import ModelError
from opscope.guide import LABELS, guide
from opscope.packing import arrays_in, check_array, packed, unpacked
from opscope.settling import Settled
from opscope.text import clean, tokens
from opscope.vectors import WordVectors, split_into_pieces

DIMENSIONS = 128
NEAR = 0.5  # below it two texts have little more than the kind of their words in common
_RARE = 0.01  # a word that is in this share of the texts counts half
_STEPS = 254  # a coordinate of a unit vector, which hardly ever exceeds a half, in 8 bits
_NO_LABEL = -1


@dataclass(frozen=True)
class Similar:
    """A labelled text and how near it lies: ``similarity`` is a cosine, 1 for the same words. ``label`` is None for no activity.

    A precedent, which people decided, says by whom (``decided_by``) and, where they gave it, the ``reason``.
    """

    text: str
    label: str | None
    function: str
    similarity: float
    decided_by: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Labelled texts with their places.

    ``labels``: (n,) places in LABELS, -1 for a text that is no activity. ``functions``: (n,) places in ``function_names``, -1 for
    none. ``places``: (n, DIMENSIONS) int8, unit vectors in steps. ``weights`` say how much a word counts that is not rare.
    """

    texts: tuple[str, ...]
    labels: np.ndarray
    functions: np.ndarray
    function_names: tuple[str, ...]
    places: np.ndarray
    weights: dict[str, float]
    vectors: WordVectors

    @cached_property
    def unit(self) -> np.ndarray:
        """The places as unit vectors, (n, DIMENSIONS)."""
        return self.places.astype(np.float32) / _STEPS

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.vectors.words)}

    def place(self, text: str) -> np.ndarray:
        """Where a text lies, (DIMENSIONS,): a unit vector, or zeros where no word is known."""
        return _place(text, self.vectors, self._row_of, self.weights)

    def similarities(self, text: str) -> np.ndarray:
        """How near each of the texts lies, (n,)."""
        return self.unit @ self.place(text)

    def nearest(self, text: str, many: int = 3) -> tuple[Similar, ...]:
        """The activities nearest to the text, the nearest first; the last is one of the other label where one is near."""
        similarity = np.where(self.labels == _NO_LABEL, -1.0, self.similarities(text))
        order = np.argsort(-similarity, kind="stable")
        chosen = order[:many]
        if many > 1 and len(set(self.labels[chosen])) == 1:
            others = order[self.labels[order] == 1 - self.labels[chosen[0]]]
            if len(others) and similarity[others[0]] >= NEAR:
                chosen = np.append(chosen[: many - 1], others[0])
        return tuple(self._similar(place, similarity[place]) for place in chosen.tolist() if similarity[place] > 0)

    def _similar(self, place: int, similarity: float) -> Similar:
        label, function = int(self.labels[place]), int(self.functions[place])
        return Similar(
            text=self.texts[place],
            label=None if label == _NO_LABEL else LABELS[label],
            function=self.function_names[function] if function >= 0 else "",
            similarity=min(1.0, float(similarity)),
        )


@dataclass(frozen=True, eq=False)
class Precedents:
    """Activities that people settled, with their places among the neighbours, (n, DIMENSIONS)."""

    settled: tuple[Settled, ...]
    places: np.ndarray

    @classmethod
    def among(cls, neighbours: Neighbours, settled: Sequence[Settled]) -> "Precedents":
        """Places settled activities where the neighbours lie."""
        places = [neighbours.place(activity.text) for activity in settled]
        return cls(tuple(settled), np.array(places, dtype=np.float32))

    def nearest(self, place: np.ndarray, many: int = 2) -> tuple[Similar, ...]:
        """The precedents nearest to a place, the nearest first; those that have little in common with it are left out."""
        if not self.settled:
            return ()
        similarity = self.places @ place
        best = [row for row in np.argsort(-similarity, kind="stable")[:many].tolist() if similarity[row] >= NEAR]
        return tuple(_precedent(self.settled[row], float(similarity[row])) for row in best)


def _precedent(activity: Settled, similarity: float) -> Similar:
    return Similar(activity.text, activity.label, activity.function, min(1.0, similarity), activity.decided_by, activity.reason)


def make_neighbours(
    dataset: Dataset, non_activities: Sequence[NonActivity], vectors: WordVectors, function_names: Sequence[str]
) -> Neighbours:
    """Places the labelled activities of the dataset, and texts that are no activity."""
    examples = dataset.examples
    every = [clean(text) for text in (*dataset.texts, *(other.text for other in non_activities))]
    seen = Counter(word for text in every for word in set(tokens(text)))
    weights = {word: _RARE / (_RARE + count / len(every)) for word, count in seen.items() if count > 1}
    row_of = {word: row for row, word in enumerate(vectors.words)}
    places = np.array([_place(text, vectors, row_of, weights) for text in every], dtype=np.float32)
    label_of = {label: place for place, label in enumerate(LABELS)}
    function_of = {function: place for place, function in enumerate(function_names)}
    rest = [_NO_LABEL] * len(non_activities)
    return Neighbours(
        texts=tuple(every),
        labels=np.array([label_of[example.label] for example in examples] + rest, dtype=np.int8),
        functions=np.array([function_of.get(example.function, -1) for example in examples] + rest, dtype=np.int8),
        function_names=tuple(function_names),
        places=np.clip(np.rint(places * _STEPS), -127, 127).astype(np.int8),
        weights=weights,
        vectors=vectors,
    )


def _place(text: str, vectors: WordVectors, row_of: dict[str, int], weights: dict[str, float]) -> np.ndarray:
    """The unit vector of a text, (DIMENSIONS,); zeros where no word is known."""
    total = np.zeros(min(DIMENSIONS, vectors.dimensions), dtype=np.float32)
    for word in tokens(text):
        if rows := [row_of[piece] for piece in split_into_pieces(word, row_of)]:
            total += weights.get(word, 1.0) * vectors.table[rows, : len(total)].mean(axis=0)
    length = float(np.linalg.norm(total))
    return total / length if length else total


def save_neighbours(neighbours: Neighbours, path: Path) -> None:
    """Writes the neighbours; the word vectors are not written along."""
    words = sorted(neighbours.weights)
    save_file(
        {
            "texts": packed(neighbours.texts),
            "labels": neighbours.labels,
            "functions": neighbours.functions,
            "function_names": packed(neighbours.function_names),
            "places": neighbours.places,
            "words": packed(words),
            "weights": np.array([neighbours.weights[word] for word in words], dtype=np.float32),
        },
        path,
    )


def load_neighbours(path: Path, vectors: WordVectors, content: bytes) -> Neighbours:
    """Reads what save_neighbours wrote; ``path`` is named in the ModelError raised when it is damaged."""
    try:
        stored = arrays_in(content)
        texts, names, words = (unpacked(stored[name]) for name in ("texts", "function_names", "words"))
        weights = dict(zip(words, stored["weights"].tolist(), strict=True))
        found = Neighbours(texts, stored["labels"], stored["functions"], names, stored["places"], weights, vectors)
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{path} cannot be read as labelled neighbours: {error}. Train again or restore it.") from error
    many = (len(texts),)
    check_array(path, "labels", found.labels, "int8", many, range(_NO_LABEL, len(LABELS)))
    check_array(path, "functions", found.functions, "int8", many, range(-1, len(names)))
    check_array(path, "places", found.places, "int8", (*many, min(DIMENSIONS, vectors.dimensions)))
    check_array(path, "weights", stored["weights"], "float32", (len(words),))
    if not texts or not {*names} <= {*guide().functions}:
        raise ModelError(f"{path} holds no texts, or functions that are not the guide's. Train again or restore it.")
    return found
