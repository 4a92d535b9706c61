"""Writes verdicts, or trains on them, beside others that do; run by test_postgresql.py, in processes of their own.

write PLACE REVIEWER FIRST MANY   one verdict a call; what is refused is said and tried again until it is kept
train PLACE MODELS FEWEST         reads until there are so many, always the same ones first; trains while others write
"""

import sys
import time
from datetime import UTC, datetime

from opscope.errors import ReviewError
from opscope.labelled import read_dataset
from opscope.paths import shipped
from opscope.reviews import open_reviews
from opscope.verdicts import Verdict

_PAUSE, _PATIENCE = 0.05, 60  # seconds


def write(place: str, reviewer: str, first: str, many: str) -> None:
    """Each verdict is on an activity of its own; prints ``kept`` and how many were new, or ``refused`` and why."""
    for example in read_dataset(shipped("data/activities.csv")).examples[int(first) : int(first) + int(many)]:
        said = {"verdict": "change", "label": example.label, "reviewer": reviewer, "when": datetime.now(UTC)}
        end, kept = time.monotonic() + _PATIENCE, None
        while kept is None:
            try:
                kept = open_reviews(place, timeout=_PATIENCE).add([Verdict(text=example.text, **said)])
            except ReviewError as error:
                _tell("refused", error)
                if time.monotonic() > end:
                    raise
                time.sleep(_PAUSE)
        _tell("kept", kept)


def train(place: str, models: str, fewest: str) -> None:
    """Prints on how many verdicts it trained."""
    from opscope import labelled, retraining, training
    from opscope.cli import main
    from opscope.dataset import Dataset

    held_out = Dataset(read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True).examples[:100])
    rows = Dataset(read_dataset(shipped("data/activities.csv")).examples[5000:5150])
    for module in (retraining, labelled):
        module.read_dataset = lambda path, **keywords: rows if path.name == "activities.csv" else held_out
    retraining.read_non_activities = lambda path, read=retraining.read_non_activities: read(path)[:40]
    training.INVERSE_PENALTIES, retraining._FEWEST_FOR_CURVE = (5.0,), 10_000  # less to do, but every step of it
    _tell("ready", "")
    reviews, seen = open_reviews(place, timeout=_PATIENCE), []
    while len(seen) < int(fewest):
        before, seen = seen, reviews.verdicts()
        assert seen[: len(before)] == before
    assert main(["train", "--reviews", place, "--models", models, "--jobs", "1"]) == 0
    _tell("trained", len(seen))


def _tell(*said) -> None:
    sys.stdout.write(" ".join(map(str, said)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"write": write, "train": train}[sys.argv[1]](*sys.argv[2:])
