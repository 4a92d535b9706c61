"""Whatever is killed at a random point leaves nothing half done, and loses nothing that it said was kept."""

import faults
from faults.rounds import killed_in, needs_fork

pytestmark = needs_fork


def test_the_registry_is_valid_after_every_kill_of_a_training(tmp_path):
    killed_in("killed", tmp_path, {"trainings": faults.tries(15, 200)})


def test_the_registry_is_valid_after_every_kill_of_a_change(tmp_path):
    counts = {"savings": faults.tries(15, 200), "promotions": faults.tries(20, 200), "rollbacks": faults.tries(20, 200)}
    killed_in("killed", tmp_path, counts)


def test_outputs_are_whole_or_as_they_were_after_every_kill(tmp_path):
    counts = {kind: faults.tries(15, 200) for kind in ("csv", "xlsx", "parquet", "jsonl")}
    killed_in("killed_outputs", tmp_path, counts)


def test_no_verdict_is_lost_by_a_kill(tmp_path):
    counts = {kind: faults.tries(15, 200) for kind in ("verdicts", "imports", "exports")}
    killed_in("killed_reviews", tmp_path, counts)
