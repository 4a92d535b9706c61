"""What power cuts and kills leave: names come after their content, and the next start clears away what it finds."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from fnmatch import fnmatch
from pathlib import Path

import pytest

from faults.test_full_disk import said_by
from opscope import disk, jobs
from opscope.aliases import active_version, make_candidate
from opscope.cli import main
from opscope.commands import train
from opscope.jobs import start_job
from opscope.paths import shipped
from opscope.registry import load_version, save_version
from opscope.streams import replaced_when_complete


@pytest.fixture
def steps(monkeypatch):
    """What is flushed and renamed, in order, by name."""
    done, rename, sync = [], os.replace, os.fsync

    def name_of(number: int) -> str:
        return Path(os.readlink(f"/proc/self/fd/{number}")).name

    monkeypatch.setattr(os, "fsync", lambda number: done.append(f"flush {name_of(number)}") or sync(number))
    monkeypatch.setattr(
        os, "replace", lambda old, new: done.append(f"rename {Path(old).name} to {Path(new).name}") or rename(old, new)
    )
    return done


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to tell what is flushed")


@needs_proc
def test_an_output_is_on_the_disk_before_its_name_and_the_name_after(tmp_path, steps):
    with replaced_when_complete(tmp_path / "out.csv") as handle:
        handle.write(b"text\n")
    part = steps[0].removeprefix("flush ")
    assert fnmatch(part, ".out.csv.*.part")
    assert steps == [f"flush {part}", f"rename {part} to out.csv", f"flush {tmp_path.name}"]


@needs_proc
def test_a_version_and_the_aliases_are_on_the_disk_before_their_names_and_the_names_after(tmp_path, steps):
    models = tmp_path / "models"
    version = load_version(active_version(shipped("models")))
    folder = save_version(models, version, version.neighbours, {"card.md": b"card"})
    building, files = f".{folder.name}", {f"flush {path.name}" for path in folder.iterdir()}
    assert set(steps[: len(files)]) == files
    assert steps[len(files) :] == [f"flush {building}", f"rename {building} to {folder.name}", "flush models"]
    steps.clear()
    make_candidate(models, folder.name)
    assert steps == ["flush .aliases.json", "rename .aliases.json to aliases.json", "flush models"]


def test_a_system_that_opens_or_flushes_no_folders_is_no_hindrance(tmp_path, monkeypatch):
    disk.flush_folder(tmp_path / "none")

    def refuse(number):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    disk.flush_folder(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    with pytest.raises(OSError, match="Input/output error"):
        disk.flush_folder(tmp_path)


def test_a_training_removes_and_names_what_a_killed_one_left(tmp_path, monkeypatch, few_rows):
    models, table = tmp_path / "models", tmp_path / "labels.csv"
    shutil.copytree(shipped("models"), models)
    (models / ".2026-01-01-half").mkdir()
    lines = [f'"{example.text.replace(chr(34), "")}",{example.label}' for example in few_rows.examples]
    table.write_text("text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr("opscope.audit.is_possible", lambda *rows: False)

    def stop(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("opscope.retraining.train_version", stop)
    status, said = said_by("train", table, "--only", "--skip-rejected", "--models", models)
    assert status == 130
    assert said.splitlines()[-2:] == [
        f"Removed what a training that was killed left in {models}: .2026-01-01-half",
        "opscope: stopped; nothing was left half written.",
    ]
    assert not list(models.glob(".20*"))
    assert train.make_ready(models) == ()


@pytest.fixture
def own_temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_an_output_that_another_process_is_writing_is_left_alone(tmp_path):
    target = tmp_path / "out.csv"
    others = [tmp_path / f".out.csv.{number}.part" for number in ("1", "x")]
    for other in others:
        other.write_bytes(b"half")
    with others[0].open("r+b") as handle:
        disk.hold(handle)
        with replaced_when_complete(target) as written:
            written.write(b"whole")
        assert sorted(tmp_path.iterdir()) == sorted([target, *others])
    with replaced_when_complete(target) as written:
        written.write(b"whole")
    assert sorted(tmp_path.iterdir()) == sorted([target, others[1]])  # no number: somebody else's file


WATCHER = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from opscope import jobs
from opscope.jobs import start_job
sys.executable = sys.argv[2]
job = start_job(["train"])
print(job.folder, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell what is left")
def test_the_files_of_a_job_stay_while_it_is_watched_or_runs_and_go_with_the_next(tmp_path, own_temporary, monkeypatch):
    sleeper = tmp_path / "sleeper.sh"
    sleeper.write_text("#!/bin/sh\necho $$\nexec sleep 600\n", encoding="utf-8")
    sleeper.chmod(0o755)
    command = [sys.executable, "-c", WATCHER, own_temporary, sleeper]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
        left = Path(watcher.stdout.readline().strip())
        while not (number := (left / "output.txt").read_text(encoding="utf-8").strip()):
            time.sleep(0.01)
        watcher.kill()
    monkeypatch.setattr("sys.executable", "/bin/true")
    ended = start_job(["train"])
    while ended.state().is_running:
        time.sleep(0.01)
    assert left.exists(), "its process runs on"
    os.kill(int(number), 9)
    gone = time.monotonic() + 10
    while left.exists() and time.monotonic() < gone:
        jobs.remove_folders("opscope-job-", "output.txt")
    assert not left.exists()
    assert ended.folder.exists() and ended.state().status == 0, "it is watched"
    del ended
    another = start_job(["train"])
    assert list(own_temporary.iterdir()) == [another.folder]
    another.cancel()


def test_predicting_to_a_file_removes_what_a_killed_run_left(tmp_path, own_temporary):
    source, out = tmp_path / "in.csv", tmp_path / "out.xlsx"
    source.write_text("text\nGrease the chain\n", encoding="utf-8")
    (tmp_path / ".out.xlsx.4711.part").write_bytes(b"half")
    (own_temporary / "opscope-sheet-left").write_bytes(b"half")
    assert main(["predict", str(source), "-o", str(out)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.xlsx", "temporary"]
    assert list(own_temporary.iterdir()) == []
