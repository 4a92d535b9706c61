"""Rounds of an attack: work that is forked and killed, and what is valid afterwards.

What is needed is loaded once and then forked, so that a round takes as long as the work itself.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from opscope import card, features, heads, registry, retraining, training, vectors
from opscope.aliases import aliases_of
from opscope.dataset import Dataset
from opscope.labelled import read_dataset
from opscope.model import load
from opscope.registry import load_version, version_names

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")


def killed(work: Callable[[], None], delay: float) -> bool:
    """Runs the work in a fork and kills it after a delay; whether it was still running."""
    child = forked(work)
    time.sleep(delay)
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        assert status == 0
        return False
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def forked(work: Callable[[], None]) -> int:
    """The number of a process that does the work and ends with 0, or says on its standard error why not."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def silently(work: Callable[[], None]) -> None:
    """Does the work without its output."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            work()


def timed(work: Callable[[], None]) -> float:
    """How many seconds the work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def killed_in(script: str, folder: Path, counts: dict[str, int]) -> None:
    """Runs a script of this folder in a process of its own and checks that half of its rounds at least were killed midway."""
    told = in_own_process(script, folder, *(f"{name}={many}" for name, many in counts.items()))
    hits = {name: int(hit) for name, hit in (line.split("=") for line in told.split())}
    assert hits.keys() == counts.keys()
    assert sum(hits.values()) >= 0.5 * sum(counts.values()), hits
    sys.stdout.write(f"killed midway: {hits} of {counts}\n")


def in_own_process(script: str, *arguments: object) -> str:
    """What a script of this folder prints; it must not fail."""
    one_thread = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"faults.{script}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=Path(__file__).parents[1], env=one_thread)
    assert done.returncode == 0, done.stderr
    return done.stdout


def train_little() -> Dataset:
    """Makes every training of this process a small one, in which every step is taken; gives rows to train on."""
    training.INVERSE_PENALTIES, training.FOLDS, retraining._FEWEST_FOR_CURVE = (5.0,), 2, 1000
    features.FEWEST_OF_PAIR = features.FEWEST_OF_RUN = 12
    heads.FORM_C = heads.FUNCTION_C = 0.1
    every_word = vectors.shipped_vectors()
    some = vectors.WordVectors(every_word.words[::8], every_word.table[::8])
    features.shipped_vectors = registry.shipped_vectors = lambda: some
    card._agreement = str  # reads all shipped rows once more
    every = read_dataset(retraining.shipped("data/activities.csv"))
    retraining.read_non_activities = lambda path, read=retraining.read_non_activities: read(path)[:30]
    small = Dataset(every.examples[1000:1100])
    evaluation_set = Dataset(read_dataset(retraining.shipped("data/evaluation.csv"), allow_empty_labels=True).examples[:100])
    retraining.read_dataset = lambda path, **keywords: small if path.name == "activities.csv" else evaluation_set
    return every


_seen_valid: set[Path] = set()


def check_valid(models: Path) -> None:
    """Every version loads whole and the aliases name versions that are there; half-written folders have no name."""
    names = version_names(models)
    for folder in {models / name for name in names} - _seen_valid:  # a version never changes
        load_version(folder).neighbours  # noqa: B018 - it is checked when it is first asked for
        assert load(folder).predict("Grease the chain of the filler").label
        _seen_valid.add(folder)
    aliases = aliases_of(models)
    assert {aliases.active, aliases.candidate} - {None} <= set(names)
    assert not [
        path.name for path in models.iterdir() if path.is_dir() and not path.name.startswith(".") and path.name not in names
    ]
    changing = [step for step in aliases.log if step.done != "trained"]
    assert aliases.active == (changing[-1].version if changing else None)
    assert all(later.before == earlier.version for earlier, later in zip(changing, changing[1:], strict=False))
