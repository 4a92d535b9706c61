"""The scorer and what goes with it as a file: arrays in safetensors, which holds no code."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from opscope.errors import ModelError
from opscope.familiarity import FEATURES, FORMS, Familiarity
from opscope.packing import arrays_in, check_array, packed, unpacked
from opscope.scorer import Scorer
from opscope.text import PAIR_SEPARATOR

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


def load_scorer(path: Path, content: bytes) -> tuple[Scorer, Familiarity | None]:
    """Reads what save_scorer wrote; ``path`` is named in the ModelError raised when it is damaged."""
    try:
        stored = arrays_in(content)
        scorer = Scorer(**{name: unpacked(stored[name]) for name in _STRINGS}, **{name: stored[name] for name in _ARRAYS})
        familiarity = _familiarity(stored) if "familiarity.numbers" in stored else None
    except (KeyError, ValueError, TypeError) as error:
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
    for name, kind in _ARRAYS.items():
        check_array(path, name, getattr(scorer, name), kind, shapes[name], may_exclude=name == "intercepts")
    _check_words(path, scorer, stored["pairs"])
    if familiarity is not None:
        check_array(path, "familiarity.weights", familiarity.weights, "float64", (FEATURES,))
        # Where few of the rows are short, no threshold of theirs is too high.
        numbers = stored["familiarity.numbers"]
        check_array(path, "familiarity.numbers", numbers, "float64", (len(_NUMBERS),), may_be_infinite=True)
        check_array(path, "familiarity.numbers", numbers[-1:], "float64", (1,))  # the intercept is no threshold
    return scorer, familiarity


def _familiarity(stored) -> Familiarity:
    numbers = dict(zip(_NUMBERS, stored["familiarity.numbers"].tolist(), strict=True))
    return Familiarity(**numbers, weights=stored["familiarity.weights"])


def _check_words(path: Path, scorer: Scorer, pairs: np.ndarray) -> None:
    """Checks that ``pairs``, as stored, are of two words each that the scorer has; done in bulk, since every start waits for it."""
    between = pairs[(pairs == ord(PAIR_SEPARATOR)) | (pairs == ord("\n"))]
    in_turn = (between[::2] == ord(PAIR_SEPARATOR)).all() and (between[1::2] == ord("\n")).all()
    words = {*PAIR_SEPARATOR.join(scorer.pairs).split(PAIR_SEPARATOR)} if scorer.pairs else set()
    if not in_turn or len(between) != max(0, 2 * len(scorer.pairs) - 1) or words.difference(scorer.words, scorer.pieces):
        raise ModelError(f"{path}: pairs holds what is no pair of its words. Train again or restore it.")
    if not scorer.words or scorer.forms != FORMS or scorer.intercepts[0] == -np.inf:
        raise ModelError(f"{path} holds no words, no intercept, or forms that are not opscope's. Train again or restore it.")
