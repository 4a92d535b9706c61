"""The scorer and what goes with it as a file: arrays in safetensors, which holds no code."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from opscope.errors import ModelError
from opscope.familiarity import FEATURES, Familiarity
from opscope.packing import packed, unpacked
from opscope.scorer import Scorer

_STRINGS = ("words", "pieces", "pairs", "functions", "forms")
_ARRAYS = {
    "weights": "float64",
    "pair_weights": "float64",
    "head_weights": "int8",
    "head_scales": "float32",
    "intercepts": "float64",
    "opens": "bool",
    "bare": "bool",
}
_NUMBERS = ("certain", "threshold", "short_threshold", "intercept")


def save_scorer(scorer: Scorer, familiarity: Familiarity | None, path: Path) -> None:
    """Writes the arrays; the order of words, pieces, pairs, functions and forms is kept."""
    arrays = {name: packed(getattr(scorer, name)) for name in _STRINGS}
    arrays |= {name: np.ascontiguousarray(getattr(scorer, name), kind) for name, kind in _ARRAYS.items()}
    if familiarity is not None:
        arrays["familiarity.weights"] = familiarity.weights
        arrays["familiarity.numbers"] = np.array([getattr(familiarity, name) for name in _NUMBERS])
    save_file(arrays, path)


def load_scorer(path: Path) -> tuple[Scorer, Familiarity | None]:
    """Reads what save_scorer wrote; raises ModelError when it is missing or damaged."""
    try:
        stored = load_file(path)
        scorer = Scorer(**{name: unpacked(stored[name]) for name in _STRINGS}, **{name: stored[name] for name in _ARRAYS})
        familiarity = _familiarity(stored) if "familiarity.numbers" in stored else None
    except (OSError, SafetensorError, KeyError, UnicodeDecodeError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as a scorer: {error}. Train again or restore it.") from error
    rows, heads = len(scorer.words) + len(scorer.pieces), len(scorer.functions) + len(scorer.forms)
    shapes = {
        "weights": (rows,),
        "pair_weights": (len(scorer.pairs),),
        "head_weights": (rows, heads),
        "head_scales": (rows,),
        "intercepts": (1 + heads,),
        "opens": (len(scorer.words),),
        "bare": (len(scorer.words),),
    }
    _check(path, {name: (getattr(scorer, name), shapes[name], kind) for name, kind in _ARRAYS.items()})
    if familiarity is not None:
        _check(path, {"familiarity.weights": (familiarity.weights, (FEATURES,), "float64")})
    return scorer, familiarity


def _familiarity(stored) -> Familiarity:
    numbers = dict(zip(_NUMBERS, stored["familiarity.numbers"].tolist(), strict=True))
    return Familiarity(**numbers, weights=stored["familiarity.weights"])


def _check(path: Path, expected: dict[str, tuple[np.ndarray, tuple[int, ...], str]]) -> None:
    for name, (array, shape, kind) in expected.items():
        if array.shape != shape or array.dtype != kind:
            raise ModelError(
                f"{path}: {name} is {array.dtype}{list(array.shape)}, expected {kind}{list(shape)}. Train again or restore it."
            )
