"""Trains and promotes in a process that is killed again and again; run by test_killed.py, in a process of its own.

What is needed is loaded once and then forked, so that a round takes as long as the work itself.
"""

import dataclasses
import os
import random
import signal
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from opscope import retraining, training
from opscope.aliases import active_version, aliases_of, make_candidate, promote, roll_back
from opscope.dataset import Dataset
from opscope.errors import ModelError
from opscope.labelled import read_dataset
from opscope.model import load
from opscope.registry import Version, load_version, save_version, version_names
from opscope.similar import Neighbours


class Saved(NamedTuple):
    """What a training hands over to be saved."""

    version: Version
    neighbours: Neighbours
    files: dict[str, bytes]


def train(models: Path, rows: Dataset) -> None:
    """Trains a version, from reading to the candidate."""
    retraining.train_version(rows, models=models, only=True, jobs=1)


def save(models: Path, saved: Saved, name: str) -> None:
    """The end of a training: the version is saved under this name and becomes the candidate."""
    manifest = dataclasses.replace(saved.version.manifest, version=name)
    folder = save_version(models, dataclasses.replace(saved.version, manifest=manifest), saved.neighbours, saved.files)
    make_candidate(models, folder.name)


def promote_and_roll_back(models: Path) -> None:
    """Changes the aliases without an end."""
    for name in cycle(version_names(models)):
        promote(models, name)
        try:
            roll_back(models)
        except ModelError:
            promote(models, name)


def killed(work, delay: float) -> bool:
    """Runs the work in a fork and kills it after a delay; whether it was still running."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    time.sleep(delay)
    ended, _ = os.waitpid(child, os.WNOHANG)
    if ended:
        return False
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def check_valid(models: Path) -> None:
    """Every version loads whole and the aliases name versions that are there; half-written folders have no name."""
    names = version_names(models)
    for name in names:
        load_version(models / name).neighbours  # noqa: B018 - it is checked when it is first asked for
    aliases = aliases_of(models)
    assert aliases.active is None or load(active_version(models)).predict("Grease the chain of the filler").label
    assert {aliases.active, aliases.candidate} - {None} <= set(names)
    assert not [
        path.name for path in models.iterdir() if path.is_dir() and not path.name.startswith(".") and path.name not in names
    ]
    assert all(later.before == earlier.version for earlier, later in active_steps(aliases.log))


def active_steps(log):
    """The steps that changed the active version, each with the next."""
    changing = [step for step in log if step.done != "trained"]
    return zip(changing, changing[1:], strict=False)


def main(models: Path, trainings: int, savings: int, promotions: int, seed: int) -> None:
    """Prints how many of the runs were killed before they ended."""
    rng = random.Random(seed)
    training.INVERSE_PENALTIES, retraining._FEWEST_FOR_CURVE = (5.0,), 1000  # less to do, but every step of it
    every = read_dataset(retraining.shipped("data/activities.csv"))
    retraining.read_non_activities = lambda path, read=retraining.read_non_activities: read(path)[:60]
    small = Dataset(every.examples[1000:1200])
    evaluation_set = Dataset(read_dataset(retraining.shipped("data/evaluation.csv"), allow_empty_labels=True).examples[:200])
    retraining.read_dataset = lambda path, **keywords: small if path.name == "activities.csv" else evaluation_set
    saved = []
    retraining.save_version = lambda models, *parts: saved.append(Saved(*parts)) or save_version(models, *parts)
    whole = min(timed(lambda first=first: train(models, Dataset(every.examples[first : first + 100]))) for first in (0, 100))
    saving = timed(lambda: save(models, saved[0], "2026-01-01-timed"))
    hits = 0
    for n in range(trainings):
        hits += killed(lambda n=n: train(models, Dataset(every.examples[200 + n : 300 + n])), rng.random() * whole)
        check_valid(models)
    for n in range(savings):
        hits += killed(lambda n=n: save(models, saved[0], f"2026-01-02-{n}"), rng.random() * saving)
        check_valid(models)
    for _ in range(promotions):
        hits += killed(lambda: promote_and_roll_back(models), rng.random() * 0.1)
        check_valid(models)
    train(models, small)
    assert not list(models.glob(".20*")), "what killed runs left should go with the next training"
    sys.stdout.write(f"{hits} of {trainings + savings + promotions} killed")


def timed(work) -> float:
    """How many seconds the work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
