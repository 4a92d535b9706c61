"""Writes verdicts, or trains on them, beside others that do; run by test_postgresql.py, in processes of their own.

write PLACE REVIEWER FIRST MANY   one verdict a call; what is refused is said and tried again until it is kept
train PLACE MODELS FEWEST [...]   reads until there are so many, always the same ones first; trains while others write
"""

import csv
import sys
import time
from datetime import UTC, datetime
from itertools import islice

from opscope.errors import ReviewError
from opscope.paths import shipped
from opscope.reviews import open_reviews
from opscope.verdicts import Verdict

_PAUSE, _PATIENCE = 0.05, 60  # seconds


def write(place: str, reviewer: str, first: str, many: str) -> None:
    """Each verdict is on an activity of its own; prints ``kept`` and how many were new, or ``refused`` and why."""
    reviews = None
    for row in _rows(int(first), int(many)):
        said = {"verdict": "change", "label": row["label"], "reviewer": reviewer, "when": datetime.now(UTC)}
        end, kept = time.monotonic() + _PATIENCE, None
        while kept is None:
            try:
                reviews = reviews or open_reviews(place, timeout=_PATIENCE)
                kept = reviews.add([Verdict(text=row["text"], **said)])
            except ReviewError as error:
                _tell("refused", error)
                if time.monotonic() > end:
                    raise
                time.sleep(_PAUSE)
        _tell("kept", kept)


def train(place: str, models: str, fewest: str, *options: str) -> None:
    """Prints how many verdicts there were when it began to train."""
    from opscope import audit, labelled, retraining, training
    from opscope.cli import main
    from opscope.dataset import Dataset, Example

    rows = Dataset(tuple(Example(row["text"], row["label"], row["function"]) for row in _rows(5000, 150)))
    held_out = Dataset(tuple(Example(row["text"], row["label"], row["function"]) for row in _rows(6000, 100)))
    for module in (retraining, labelled):
        module.read_dataset = lambda path, **keywords: rows if path.name == "activities.csv" else held_out
    retraining.read_non_activities = lambda path, read=retraining.read_non_activities: read(path)[:40]
    audit.is_possible = lambda *rows: False
    training.INVERSE_PENALTIES, retraining._FEWEST_FOR_CURVE = (5.0,), 10_000  # less to do, but every step of it
    _tell("ready", "")
    reviews, seen = open_reviews(place, timeout=_PATIENCE), []
    while len(seen) < int(fewest):
        before, seen = seen, reviews.verdicts()
        assert seen[: len(before)] == before
        time.sleep(_PAUSE)
    assert main(["train", "--reviews", place, "--models", models, "--jobs", "1", *options]) == 0
    _tell("trained", len(seen))


def _rows(first: int, many: int) -> list[dict[str, str]]:
    """Rows of the shipped table, without the checks that take seconds."""
    with shipped("data/activities.csv").open(encoding="utf-8", newline="") as handle:
        return list(islice(csv.DictReader(handle), first, first + many))


def _tell(*said) -> None:
    sys.stdout.write(" ".join(map(str, said)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"write": write, "train": train}[sys.argv[1]](*sys.argv[2:])
