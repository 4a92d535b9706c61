"""Arrays and strings in safetensors, which holds no code; what is read is checked, since a file may be anybody's."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from opscope.errors import ModelError

_LARGEST = 1_000_000  # no weight comes near it, and with larger ones sums might overflow


def packed(strings: Sequence[str]) -> np.ndarray:
    """The strings, none of which holds a line break, as bytes."""
    return np.frombuffer("\n".join(strings).encode(), dtype=np.uint8).copy()


def unpacked(stored: np.ndarray) -> tuple[str, ...]:
    """What ``packed`` was given; raises UnicodeDecodeError where the bytes are no text."""
    return tuple(stored.tobytes().decode().split("\n")) if stored.size else ()


def arrays_in(content: bytes) -> dict[str, np.ndarray]:
    """The arrays in a file's content by their names; raises ValueError where it is damaged, or holds what numpy has no kind for."""
    try:
        return load(content)
    except (SafetensorError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def check_array(
    path: Path,
    name: str,
    array: np.ndarray,
    kind: str,
    shape: tuple[int, ...],
    allowed: range | None = None,
    *,
    may_exclude: bool = False,
    may_be_infinite: bool = False,
) -> None:
    """Raises ModelError for an array of another kind or shape, or with a number that is huge, none, or not ``allowed``.

    With ``may_exclude`` minus infinity may stand for what never is; with ``may_be_infinite`` either, as in a threshold.
    """
    if array.shape != shape or array.dtype != kind:
        raise ModelError(
            f"{path}: {name} is {array.dtype}{list(array.shape)}, expected {kind}{list(shape)}. Train again or restore it."
        )
    if not array.size:
        return
    without_end = (may_exclude & (array == -np.inf)) | (may_be_infinite & np.isinf(array)) if array.dtype.kind == "f" else None
    if without_end is not None and not ((np.abs(array) <= _LARGEST) | without_end).all():
        raise ModelError(f"{path}: {name} holds a number that is none, or beyond {_LARGEST:,}. Train again or restore it.")
    if allowed is not None and not allowed[0] <= int(array.min()) <= int(array.max()) <= allowed[-1]:
        found, expected = f"{array.min()} to {array.max()}", f"{allowed[0]} to {allowed[-1]}"
        raise ModelError(f"{path}: {name} holds {found}, expected {expected}. Train again or restore it.")
