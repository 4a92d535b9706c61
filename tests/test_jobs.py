import json
import time

import pytest

from opscope.cli import main
from opscope.jobs import JobState, start_job

ROWS = "text,label\nGrease the chain of the filler,production\nPay the carrier,operations\n,ops\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(ROWS, encoding="utf-8")
    return str(path)


def ended(job, within=60):
    limit = time.monotonic() + within
    while (state := job.state()).is_running:
        assert time.monotonic() < limit
        time.sleep(0.05)
    return state


def test_a_job_tells_what_its_command_prints(table, tmp_path):
    state = ended(start_job(["train", table, "--only", "--dry-run"]))
    assert state.status == 0
    assert state.output.startswith(f"{table}: 3 rows, 2 can be learned from, 1 cannot.")
    refused = ended(start_job(["train", table, "--only", "--models", str(tmp_path / "models")]))
    assert refused.status == 2
    assert refused.errors.startswith(f"opscope: {table}: 1 of 3 rows cannot be learned from")


def test_progress_is_told_and_a_cancelled_job_leaves_nothing(tmp_path, few_rows):
    path, models = tmp_path / "labels.csv", tmp_path / "models"
    lines = [f'"{example.text.replace(chr(34), "")}",{example.label}' for example in few_rows.examples]
    path.write_text("text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    job = start_job(["train", str(path), "--only", "--skip-rejected", "--models", str(models)])
    limit = time.monotonic() + 120
    while (state := job.state()).part != "training":
        assert state.is_running, state.errors
        assert time.monotonic() < limit
        time.sleep(0.05)
    assert 0 < state.share <= 1 and state.step
    job.cancel()
    assert job.state().status not in (None, 0)
    assert "stopped; nothing was left half written." in job.state().errors
    assert not models.exists()
    job.cancel()


def test_a_job_runs_in_the_name_of_who_started_it(tmp_path, monkeypatch):
    named = tmp_path / "named.sh"
    named.write_text('#!/bin/sh\nprintf "%s" "$OPSCOPE_USER"\n', encoding="utf-8")
    named.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(named))
    monkeypatch.setenv("OPSCOPE_USER", "Plant 2")
    assert ended(start_job(["train", "none"], user="ana@example.com")).output == "ana@example.com"
    assert ended(start_job(["train", "none"])).output == "Plant 2"


def test_a_line_that_is_just_being_written_is_not_read_yet(table):
    job = start_job(["train", table, "--only", "--dry-run"])
    ended(job)
    whole = json.dumps({"part": "training", "step": "fitting", "done": 2, "total": 8})
    (job.folder / "progress.jsonl").write_text(f'{whole}\n{{"part": "trai', encoding="utf-8")
    state = job.state()
    assert (state.part, state.step, state.share) == ("training", "fitting", 0.25)
    assert JobState().share == 0


def test_the_command_writes_progress_where_it_is_told_to(table, tmp_path, few_rows):
    path = tmp_path / "p.jsonl"
    assert main(["train", table, "--dry-run", "--only", "--progress", str(path)]) == 0
    assert not path.exists()  # two rows are too few to look at their labels
