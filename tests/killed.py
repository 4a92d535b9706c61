"""Trains and promotes in a process that is killed again and again; run by test_killed.py, in a process of its own.

What is needed is loaded once and then forked, so that a round takes as long as the work itself.
"""

import os
import random
import signal
import sys
import time
from itertools import cycle
from pathlib import Path

from opscope import retraining, training
from opscope.aliases import active_version, aliases_of, promote, roll_back
from opscope.dataset import Dataset
from opscope.errors import ModelError
from opscope.labelled import read_dataset
from opscope.model import load
from opscope.registry import load_version, version_names

SAVING = "compiling and measuring"


def train(models: Path, rows: Dataset, started: int) -> None:
    """Trains a version; writes a byte to ``started`` when it begins to save."""
    retraining.train_version(
        rows, models=models, only=True, jobs=1, on_step=lambda step: step == SAVING and os.write(started, b"s")
    )


def promote_and_roll_back(models: Path) -> None:
    """Changes the aliases without an end."""
    for name in cycle(version_names(models)):
        promote(models, name)
        try:
            roll_back(models)
        except ModelError:
            promote(models, name)


def killed(work, delay: float, started: int | None = None) -> bool:
    """Runs the work in a fork and kills it after a delay, counted from the byte in ``started``; whether it was still running."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    if started is not None:
        os.read(started, 1)
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


def main(models: Path, trainings: int, promotions: int, seed: int) -> None:
    """Prints how many of the runs were killed before they ended."""
    rng = random.Random(seed)
    training.INVERSE_PENALTIES, retraining._FEWEST_FOR_CURVE = (5.0,), 1000  # less to do, but every step of it
    every = read_dataset(retraining.shipped("data/activities.csv"))
    retraining.read_non_activities = lambda path, read=retraining.read_non_activities: read(path)[:60]
    small = Dataset(every.examples[1000:1200])
    evaluation_set = Dataset(read_dataset(retraining.shipped("data/evaluation.csv"), allow_empty_labels=True).examples[:200])
    retraining.read_dataset = lambda path, **keywords: small if path.name == "activities.csv" else evaluation_set
    began = time.monotonic()
    for first in (0, 100):
        retraining.train_version(Dataset(every.examples[first : first + 100]), models=models, only=True, jobs=1)
    whole = (time.monotonic() - began) / 2
    hits = 0
    for n in range(trainings):
        reading, writing = os.pipe()
        rows = Dataset(every.examples[200 + n : 300 + n])
        late = n % 2
        hits += killed(
            lambda rows=rows, writing=writing: train(models, rows, writing),
            rng.random() * whole * (0.3 if late else 0.7),
            reading if late else None,
        )
        os.close(reading)
        os.close(writing)
        check_valid(models)
    for _ in range(promotions):
        hits += killed(lambda: promote_and_roll_back(models), rng.random() * 0.1)
        check_valid(models)
    retraining.train_version(small, models=models, only=True, jobs=1)
    assert not list(models.glob(".20*")), "what killed runs left should go with the next training"
    sys.stdout.write(f"{hits} of {trainings + promotions} killed, {whole:.1f} s a training, {len(version_names(models))} versions")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
