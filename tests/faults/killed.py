"""Trains, promotes and rolls back in a process that is killed again and again; run by test_killed.py, in a process of its own."""

import dataclasses
import random
import sys
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from faults.rounds import check_valid, killed, timed, train_little
from opscope import retraining
from opscope.aliases import aliases_of, make_candidate, promote, roll_back
from opscope.dataset import Dataset
from opscope.registry import Version, save_version, version_names
from opscope.similar import Neighbours

_ROWS, _STEPS = 60, 3


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


def promote_some(models: Path) -> None:
    """Promotes one version after the other."""
    for name in islice(cycle(version_names(models)), _STEPS):
        promote(models, name)


def roll_back_some(models: Path) -> None:
    """Takes these promotions back."""
    for _ in range(_STEPS):
        roll_back(models)


def killed_changes(models: Path, done: str, many: int, rng: random.Random) -> int:
    """Promotes or rolls back ``many`` times; gives how often it was killed midway."""
    work = {"promoted": promote_some, "rolled back": roll_back_some}[done]
    promote_some(models)
    whole = timed(lambda: work(models))
    hits = 0
    for _ in range(many):
        promote_some(models)
        before = aliases_of(models).log
        hits += killed(lambda: work(models), rng.random() * whole)
        check_valid(models)
        log = aliases_of(models).log
        assert log[: len(before)] == before and {step.done for step in log[len(before) :]} <= {done}
    return hits


def main(models: Path, **counts: int) -> None:
    """Prints how many of the runs of each kind were killed before they ended."""
    rng = random.Random(7)
    every = train_little()
    saved, hits = [], dict.fromkeys(counts, 0)
    retraining.save_version = lambda models, *parts: saved.append(Saved(*parts)) or save_version(models, *parts)

    def rows(place: int) -> Dataset:
        return Dataset(every.examples[place : place + _ROWS])

    whole = min(timed(lambda first=first: train(models, rows(first))) for first in (0, 100))
    saving = timed(lambda: save(models, saved[0], "2026-01-01-timed"))
    for n in range(counts.get("trainings", 0)):
        hits["trainings"] += killed(lambda n=n: train(models, rows(200 + n)), rng.random() * whole)
        check_valid(models)
    for n in range(counts.get("savings", 0)):
        hits["savings"] += killed(lambda n=n: save(models, saved[0], f"2026-01-02-{n}"), rng.random() * saving)
        check_valid(models)
    for kind, done in (("promotions", "promoted"), ("rollbacks", "rolled back")):
        if kind in counts:
            hits[kind] = killed_changes(models, done, counts[kind], rng)
    train(models, rows(3000))
    check_valid(models)
    assert not list(models.glob(".20*")), "what killed runs left should go with the next training"
    sys.stdout.write("\n".join(f"{name}={hit}" for name, hit in hits.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), **{name: int(many) for name, many in (pair.split("=") for pair in sys.argv[2:])})
