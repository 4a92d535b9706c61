"""The scorer as a file: its arrays in safetensors, which holds no code."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from opscope.errors import ModelError
from opscope.scorer import FIRST_FUNCTION_HEAD, Scorer

_STRINGS = ("words", "pieces", "pairs", "functions")
_ARRAYS = {"weights": "float64", "function_weights": "float16", "pair_weights": "float64", "intercepts": "float64"}


def save_scorer(scorer: Scorer, path: Path) -> None:
    """Writes the scorer's arrays; the order of words, pieces, pairs and functions is kept."""
    strings = {name: _packed(getattr(scorer, name)) for name in _STRINGS}
    save_file(strings | {name: np.ascontiguousarray(getattr(scorer, name), dtype) for name, dtype in _ARRAYS.items()}, path)


def load_scorer(path: Path) -> Scorer:
    """Reads what save_scorer wrote; raises ModelError when it is missing or damaged."""
    try:
        stored = load_file(path)
        strings = {name: _unpacked(stored[name]) for name in _STRINGS}
        arrays = {name: stored[name] for name in _ARRAYS}
    except (OSError, SafetensorError, KeyError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read as a scorer: {error}. Train again or restore it.") from error
    scorer = Scorer(**strings, **arrays)
    rows, functions = len(scorer.words) + len(scorer.pieces), len(scorer.functions)
    shapes = {
        "weights": (rows, FIRST_FUNCTION_HEAD),
        "function_weights": (rows, functions),
        "pair_weights": (len(scorer.pairs), FIRST_FUNCTION_HEAD),
        "intercepts": (FIRST_FUNCTION_HEAD + functions,),
    }
    for name, array in arrays.items():
        if array.shape != shapes[name] or array.dtype != _ARRAYS[name]:
            raise ModelError(
                f"{path}: {name} is {array.dtype}{list(array.shape)}, expected {_ARRAYS[name]}{list(shapes[name])}. "
                "Train again or restore it."
            )
    return scorer


def _packed(strings: Sequence[str]) -> np.ndarray:
    return np.frombuffer("\n".join(strings).encode(), dtype=np.uint8).copy()


def _unpacked(stored: np.ndarray) -> tuple[str, ...]:
    return tuple(stored.tobytes().decode().split("\n")) if stored.size else ()
