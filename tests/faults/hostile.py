"""What the attacks on models and on text share: a tiny version that can be written anew, traps, and who opened which file."""

import dataclasses
import hashlib
import json
import os
import pickle
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from opscope.familiarity import FEATURES, FORMS, Familiarity
from opscope.guide import LABELS, guide
from opscope.manifest import MANIFEST, Manifest
from opscope.policies import POLICIES
from opscope.registry import CARD, PIPELINE, SCORER, SIMILAR
from opscope.scorer import Scorer
from opscope.scorer_file import save_scorer
from opscope.similar import DIMENSIONS, Neighbours, save_neighbours
from opscope.vectors import shipped_vectors

NASTY = json.loads((Path(__file__).parents[1] / "cases" / "nasty.json").read_text(encoding="utf-8"))
WORDS = ("grease", "chain", "carrier", "contract", "the", "0")
_OPENED: list[str] | None = None


def _note(event: str, arguments: tuple) -> None:
    if _OPENED is not None and event == "open" and isinstance(arguments[0], str | bytes):
        _OPENED.append(os.path.realpath(os.fsdecode(arguments[0])))


sys.addaudithook(_note)  # for good, so that it must be quick while nobody listens


@contextmanager
def opened_files():
    """The files that are opened within the block, links followed."""
    global _OPENED
    _OPENED = found = []
    try:
        yield found
    finally:
        _OPENED = None


@contextmanager
def at_most(seconds: float):
    """Fails where the block takes longer, as it would with a pipe that nobody writes to."""

    def late(number, frame):
        raise AssertionError(f"it hangs for more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


def tiny_arrays() -> Scorer:
    """A scorer of a few words."""
    heads, rows = len(guide().functions) + len(FORMS), len(WORDS)
    return Scorer(
        words=WORDS,
        pieces=(),
        pairs=("the chain", "the contract"),
        functions=tuple(guide().functions),
        forms=FORMS,
        weights=np.array([3.0, 2.0, -3.0, -2.0, 0.0, 0.0]),
        pair_weights=np.array([0.5, -0.5]),
        head_weights=np.ones((rows, heads), dtype=np.int8),
        head_scales=np.full(rows, 0.01, dtype=np.float32),
        intercepts=np.zeros(1 + heads),
        opens=np.array([True] * rows),
        bare=np.array([False] * rows),
    )


def tiny_neighbours() -> Neighbours:
    """Two labelled texts."""
    places = np.zeros((2, DIMENSIONS), dtype=np.int8)
    places[:, 0] = 100, -100
    codes = np.array([1, 0], dtype=np.int8)
    names = (next(iter(guide().functions)),)
    return Neighbours(
        ("grease the chain", "pay the carrier"), codes, np.zeros(2, np.int8), names, places, {"the": 0.5}, shipped_vectors()
    )


def tiny_version(models: Path, name: str, trap: Path | None = None, card: str = "# x\n\nFor all.\n", **changes) -> Path:
    """A whole version whose pipeline springs the trap when it is opened; gives its folder."""
    folder = models / name
    folder.mkdir(parents=True)
    familiarity = Familiarity(0.0, 0.0, 0.0, 0.0, np.zeros(FEATURES))
    save_scorer(tiny_arrays(), familiarity, folder / SCORER)
    save_neighbours(tiny_neighbours(), folder / SIMILAR)
    (folder / PIPELINE).write_bytes(pickle.dumps(Trap(trap) if trap else None))
    (folder / CARD).write_text(card, encoding="utf-8")
    return sealed(folder, **changes)


def manifest_of(folder: Path, **changes) -> dict:
    """A manifest that fits the files beside it, with changes."""
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.name != MANIFEST}
    told = Manifest(
        version=folder.name, created="2026-11-28", author="Ana", guide_version="1", guide_sha256="0" * 64, data_sha256="0" * 64,
        evaluation_sha256="0" * 64, rows=2, own_rows=0, settings={"C": 1.0},
        policies={policy: dict.fromkeys(LABELS, 0.5) for policy in POLICIES}, examples=2, libraries={}, files=files,
    )  # fmt: skip
    return dataclasses.asdict(told) | changes


def sealed(folder: Path, **changes) -> Path:
    """Writes a manifest whose hashes are right: whoever can write a file can write its hash."""
    (folder / MANIFEST).write_text(json.dumps(manifest_of(folder, **changes)), encoding="utf-8")
    return folder
