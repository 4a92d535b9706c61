"""A disk that is full at any point of a write: what is wrong, where and what to do is said, and nothing is lost or half there."""

import contextlib
import dataclasses
import gc
import io
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import faults
from faults.mounts import alone, leave_room, make_room, small_disk
from faults.rounds import check_valid
from opscope.aliases import active_version, aliases_of, make_candidate, promote, roll_back
from opscope.cli import main
from opscope.commands import predict
from opscope.errors import DataError, ModelError, ReviewError
from opscope.model import load
from opscope.paths import shipped
from opscope.registry import save_version, version_names
from opscope.reviews import open_reviews
from opscope.tables import read_table
from opscope.verdicts import Verdict

KB = 1024
NO_ROOM = "cannot be written: No space left on device. Make room, or"


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def model():
    return load(active_version(shipped("models")))


def rooms(most: int) -> Iterator[int]:
    """Bytes left on the disk, from none to so many."""
    many = faults.tries(5, 50)
    yield from (most * n // many for n in range(many))


def said_by(*arguments: object) -> tuple[int, str]:
    """The exit status of a command and what it says on standard error."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        status = main([str(argument) for argument in arguments])
    return status, said.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "jsonl", "csv.gz"])
def test_a_tagged_file_is_there_as_a_whole_or_the_older_one_is(tmp_path, disk, model, monkeypatch, kind):
    source, target = tmp_path / "in.csv", disk / f"out.{kind}"
    texts = (f"Grease the chain of filler {n},{n}\n" for n in range(600))
    source.write_text("text,number\n" + "".join(texts), encoding="utf-8")
    monkeypatch.setattr(predict, "model_of", lambda options: model)

    def work():
        small_disk(disk)
        assert said_by("predict", source, "-o", target)[0] == 0
        expected, whole = read_table(target).rows, target.stat().st_size
        target.write_bytes(b"older")
        full = 0
        for room in rooms(whole):
            leave_room(disk, room)
            status, said = said_by("predict", source, "-o", target)
            full += status
            if status:
                assert (status, said) == (2, f"opscope: {target} {NO_ROOM} name another file.\n")
                assert target.read_bytes() == b"older"
            assert [path.name for path in disk.iterdir()] == [target.name]
            target.write_bytes(b"older")
        assert full
        make_room(disk)
        assert said_by("predict", source, "-o", target)[0] == 0
        assert read_table(target).rows == expected

    alone(work)


def test_a_workbook_needs_room_for_temporary_files_and_says_so(tmp_path, disk, model, monkeypatch):
    source, target = tmp_path / "in.csv", tmp_path / "out.xlsx"
    source.write_text("text\n" + "Grease the chain of the filler\n" * 600, encoding="utf-8")
    monkeypatch.setattr(predict, "model_of", lambda options: model)
    monkeypatch.setattr(tempfile, "tempdir", str(disk))

    def work():
        small_disk(disk)
        for room in (0, 16 * KB, 64 * KB):
            leave_room(disk, room)
            wrong = f"The folder for temporary files, {disk}, {NO_ROOM} name another one by the variable TMPDIR."
            assert said_by("predict", source, "-o", target) == (2, f"opscope: {wrong}\n")
            assert not target.exists()
        make_room(disk)
        gc.collect()  # the sheets that failed, whose files are in use while they live
        assert said_by("predict", source, "-o", target)[0] == 0
        assert list(disk.iterdir()) == []

    alone(work)


def test_the_rows_that_training_rejects_and_exports_are_named(tmp_path, disk):
    table, reviews = tmp_path / "labels.csv", tmp_path / "reviews.sqlite"
    table.write_text("text,label\nGrease the chain,production\n,ops\n", encoding="utf-8")
    open_reviews(reviews).add([verdict(n) for n in range(3)])
    out = disk / "out.csv"
    commands = [
        ("train", table, "--dry-run", "--only", "--rejected", out),
        ("train", table, "--dry-run", "--only", "--fixes", out),
        ("review", "export", "--reviews", reviews, "-o", out),
        ("review", "disputes", "--reviews", reviews, "-o", out),
    ]

    def work():
        small_disk(disk)
        other = disk / "other"
        other.write_bytes(b"x")
        for command in commands:
            leave_room(disk, 0)
            assert said_by(*command) == (2, f"opscope: {out} {NO_ROOM} name another file.\n")
            assert list(disk.iterdir()) == [other]
            make_room(disk)
            assert said_by(*command)[0] == 0
            out.unlink()

    alone(work)


def test_the_registry_stays_as_it_was(disk, model):
    version, neighbours = model.loaded, model.loaded.neighbours

    def save(name: str) -> None:
        manifest = dataclasses.replace(version.manifest, version=name)
        make_candidate(disk, save_version(disk, dataclasses.replace(version, manifest=manifest), neighbours, {"a": b"b"}).name)

    def work():
        small_disk(disk)
        save("2026-01-01-a")
        save("2026-01-01-b")
        for name in ("2026-01-01-a", "2026-01-01-b"):
            promote(disk, name)
        whole = sum(path.stat().st_size for path in (disk / "2026-01-01-a").iterdir())
        before = aliases_of(disk)
        changes = [
            *((room, lambda: save("2026-01-02-c")) for room in rooms(whole)),
            (0, lambda: promote(disk, "2026-01-01-a")),
            (0, lambda: roll_back(disk)),
        ]
        for room, change in changes:
            leave_room(disk, room)
            with pytest.raises(ModelError, match=f"^{disk} {NO_ROOM} choose another folder with --models[.]$"):
                change()
            check_valid(disk)
            assert aliases_of(disk) == before
            assert sorted(path.name for path in disk.iterdir()) == [".lock", "2026-01-01-a", "2026-01-01-b", "aliases.json"]
        make_room(disk)
        roll_back(disk)
        save("2026-01-02-c")
        assert version_names(disk)[-1] == aliases_of(disk).candidate == "2026-01-02-c"

    alone(work)


def verdict(n: int) -> Verdict:
    return Verdict(text=f"Oil chain {n}", verdict="change", label="production", reviewer="A", when=datetime.now(UTC))


def test_verdicts_are_kept_all_or_none_and_told_to_be_kept_only_when_they_are(disk):
    path = disk / "reviews.sqlite"

    def work():
        small_disk(disk)
        kept, refused = [], 0
        for round, room in enumerate(rooms(600 * KB)):
            leave_room(disk, room)
            for n in range(20):
                some = [verdict(1000 * round + 40 * n + place) for place in range(40)]
                try:
                    kept += some[: open_reviews(path).add(some)]
                except ReviewError as error:
                    assert str(error) in allowed_of(path)
                    refused += 1
                    break
            make_room(disk)
            assert [one.text for one in open_reviews(path).verdicts()] == [one.text for one in kept]
        assert refused
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    alone(work)


def allowed_of(path: Path) -> list[str]:
    return [
        f"{path} cannot grow: the disk is full. Nothing of this was kept. Make room and try again.",
        f"{path} cannot be read or written: the disk is full or broken. Nothing of this was kept. "
        "Make room, look after the disk, and try again.",
    ]


def test_an_import_takes_all_or_nothing(tmp_path, disk):
    table, path = tmp_path / "verdicts.csv", disk / "reviews.sqlite"
    rows = "".join(f"Oil chain {n},production\n" for n in range(300))
    table.write_text(f"text,label\n{rows}", encoding="utf-8")
    command = "review", "import", table, "--reviewer", "Anna", "--reviews", path

    def work():
        small_disk(disk)
        for room in rooms(300 * KB):
            leave_room(disk, room)
            status, said = said_by(*command)
            if not status:
                assert room and open_reviews(path).count() == 300
                break
            assert (status, said.removeprefix("opscope: ").rstrip("\n")) in [(2, wrong) for wrong in allowed_of(path)]
            make_room(disk)
            assert open_reviews(path).count() == 0
        assert said_by(*command)[0] == 0
        assert open_reviews(path).count() == 300

    alone(work)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["models", "list"], ["predict", "in.csv"]], ids=["a few words", "a table"])
def test_standard_output_that_takes_nothing_is_named(tmp_path, arguments):
    (tmp_path / "in.csv").write_text("text\nGrease the chain\n", encoding="utf-8")
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "opscope", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    said = "opscope: standard output cannot be written: No space left on device. Make room, or write to a file with -o.\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_progress_that_cannot_be_told_is_named(tmp_path):
    from opscope.commands.progress import progress

    path = tmp_path / "none" / "progress.jsonl"
    with progress("training", 1, str(path)) as on_step:
        with pytest.raises(DataError, match="cannot be written: No such file or directory. Name another file with --progress.$"):
            on_step("fitting")
