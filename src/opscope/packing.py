"""Strings as an array, since safetensors holds arrays only."""

from collections.abc import Sequence

import numpy as np


def packed(strings: Sequence[str]) -> np.ndarray:
    """The strings, none of which holds a line break, as bytes."""
    return np.frombuffer("\n".join(strings).encode(), dtype=np.uint8).copy()


def unpacked(stored: np.ndarray) -> tuple[str, ...]:
    """What ``packed`` was given; raises UnicodeDecodeError where the bytes are no text."""
    return tuple(stored.tobytes().decode().split("\n")) if stored.size else ()
