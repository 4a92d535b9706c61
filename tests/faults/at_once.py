"""Eight reviewers and one trainer at the same time, each in a process; run by test_at_once.py, in a process of its own."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from faults.rounds import check_valid, forked, train_little
from opscope import retraining
from opscope.aliases import aliases_of, promote, roll_back
from opscope.dataset import Dataset
from opscope.errors import ReviewError
from opscope.reviews import open_reviews
from opscope.settling import settle
from opscope.verdicts import Verdict

WRITERS = 8


def write(path: Path, reviewer: str, verdicts: int) -> None:
    """Adds verdicts one by one, and tries again where others write for too long; notes each time beside the database."""
    reviews = open_reviews(path)
    when = datetime(2026, 5, 1, tzinfo=UTC)
    for n in range(verdicts):
        verdict = Verdict(text=f"Oil chain {n}", verdict="change", label="production", reviewer=reviewer, when=when)
        while True:
            try:
                assert reviews.add([verdict]) == 1
                break
            except ReviewError as error:
                assert "is locked: another program has been writing for too long." in str(error)
                with path.with_name(f"again {reviewer}").open("a", encoding="utf-8") as noted:
                    noted.write(".")


def train(path: Path, models: Path, every: Dataset, trainings: int) -> None:
    """Trains on own rows and what is settled by then, and promotes and rolls back, again and again."""
    for n in range(trainings):
        reviewed = settle(open_reviews(path).verdicts()).settled
        rows = Dataset(every.examples[60 * n : 60 * n + 60])
        trained = retraining.train_version(rows, models=models, only=True, reviewed=reviewed, jobs=1)
        promote(models, trained.folder.name)
        if n:
            roll_back(models)


def main(folder: Path, verdicts: int, trainings: int) -> None:
    """Prints how many verdicts and steps of the log are there, and how often a reviewer had to try again."""
    every = train_little()
    path, models = folder / "reviews.sqlite", folder / "models"
    children = [forked(lambda n=n: write(path, f"reviewer {n}", verdicts)) for n in range(WRITERS)]
    children.append(forked(lambda: train(path, models, every, trainings)))
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(children)
    kept = [(verdict.reviewer, verdict.text) for verdict in open_reviews(path, must_exist=True).verdicts()]
    assert sorted(kept) == sorted((f"reviewer {n}", f"Oil chain {m}") for n in range(WRITERS) for m in range(verdicts))
    check_valid(models)
    again = sum(noted.stat().st_size for noted in folder.glob("again *"))
    sys.stdout.write(f"{len(kept)} {len(aliases_of(models).log)} {again}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
