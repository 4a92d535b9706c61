"""Folders on a disk that is read only: reading goes on, and writing says what is wrong."""

import shutil
from contextlib import closing
from datetime import UTC, datetime

import pytest

from faults.mounts import alone, read_only
from faults.test_full_disk import said_by
from opscope import aliases
from opscope.cli import main
from opscope.model import load
from opscope.paths import shipped
from opscope.reviews import open_reviews
from opscope.verdicts import Verdict

NOT_ALLOWED = "cannot be written: Read-only file system. Get the right to write there, or"
TEXT = "Grease the chain of the filler"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "disk"
    made.mkdir()
    return made


def verdict(text: str, label: str = "operations") -> Verdict:
    return Verdict(text=text, verdict="change", label=label, reviewer="Anna", when=datetime.now(UTC))


def test_a_models_folder_is_read_and_nothing_is_written(tmp_path, folder, monkeypatch):
    monkeypatch.setattr("opscope.audit.is_possible", lambda *rows: False)  # a look at the labels takes long
    models, table = folder / "models", tmp_path / "labels.csv"
    shutil.copytree(shipped("models"), models)
    active = aliases.active_version(models).name
    rows = "".join(f"Oil chain {n},production\nPay carrier {n},operations\n" for n in range(60))
    table.write_text(f"text,label\n{rows}", encoding="utf-8")

    def work():
        read_only(folder)
        assert main(["predict", TEXT, "--models", str(models)]) == 0
        assert said_by("predict", table, "-o", tmp_path / "out.csv", "--models", models)[0] == 0
        assert main(["models", "list", "--models", str(models)]) == 0
        assert load(models / active).explain(TEXT).similar
        refused = (2, f"opscope: {models} {NOT_ALLOWED} choose another folder with --models.\n")
        assert said_by("models", "promote", active, "--models", models)[0] == 0  # it is active already
        assert said_by("models", "rollback", "--models", models) == refused
        status, said = said_by("train", table, "--skip-rejected", "--only", "--models", models, "--jobs", "1")
        assert (status, said.splitlines()[-1]) == (2, refused[1].rstrip())
        new = folder / "none" / "models"
        status, said = said_by("train", table, "--skip-rejected", "--only", "--models", new, "--jobs", "1")
        said_of_new = refused[1].replace(str(models), str(new)).replace("Read-only file system", "Permission denied")
        assert (status, said.splitlines()[-1]) == (2, said_of_new.rstrip())

    alone(work)


def test_an_output_folder_is_named(tmp_path, folder):
    table, out = tmp_path / "in.csv", folder / "out.csv"
    table.write_text(f"text\n{TEXT}\n", encoding="utf-8")
    out.write_text("older", encoding="utf-8")

    def work():
        read_only(folder)
        assert said_by("predict", table, "-o", out) == (2, f"opscope: {out} {NOT_ALLOWED} name another file.\n")
        assert out.read_text(encoding="utf-8") == "older"

    alone(work)


def test_reviews_are_read_and_no_verdict_is_taken(folder):
    path = folder / "reviews.sqlite"
    open_reviews(path).add([verdict(TEXT), verdict("Oil the chain")])
    assert not path.with_name("reviews.sqlite-wal").exists()

    def work():
        read_only(folder)
        before = path.read_bytes()
        assert [one.text for one in open_reviews(path, must_exist=True).verdicts()] == [TEXT, "Oil the chain"]
        assert said_by("explain", TEXT, "--reviews", path) == (0, "")
        assert said_by("review", "status", "--reviews", path) == (0, "")
        table = folder.parent / "verdicts.csv"
        table.write_text("text,label\nGrease it,production\n", encoding="utf-8")
        advice = "Get the right to write to the file and its folder, or name another place with --reviews."
        refused = (2, f"opscope: {path} cannot be written. {advice}\n")
        assert said_by("review", "import", table, "--reviewer", "Ben", "--reviews", path) == refused
        assert path.read_bytes() == before

    alone(work)


@pytest.mark.parametrize("left", ["-wal -shm", "-wal"])
def test_verdicts_in_a_log_that_waits_are_never_passed_over(folder, monkeypatch, left):
    path, copy = folder.parent / "reviews.sqlite", folder / "reviews.sqlite"
    reviews = open_reviews(path)
    reviews.add([verdict("Oil the chain")])
    with closing(reviews._engine.raw_connection()) as held:
        held.execute("SELECT * FROM verdict").fetchone()  # who reads keeps the log from being written back
        reviews.add([verdict(TEXT)])
        for ending in ("", *left.split()):
            shutil.copy(f"{path}{ending}", f"{copy}{ending}")
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(copy))
    advice = "Get the right to read and write the file and its folder, or name another place with --reviews."

    def work():
        read_only(folder)
        if "-shm" in left:
            assert said_by("explain", TEXT) == (0, "")
            assert [one.text for one in open_reviews(copy).verdicts()] == ["Oil the chain", TEXT]
        else:
            assert said_by("explain", TEXT) == (0, f"opscope: precedents are left out. {copy} cannot be opened. {advice}\n")
            assert said_by("explain", TEXT, "--reviews", copy) == (2, f"opscope: {copy} cannot be opened. {advice}\n")

    alone(work)


def test_reviews_that_are_not_there_and_cannot_be_made_are_no_hindrance(folder, monkeypatch):
    path = folder / "reviews.sqlite"
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(path))

    def work():
        read_only(folder)
        assert said_by("explain", TEXT) == (0, "")
        assert said_by("predict", TEXT) == (0, "")
        advice = "Get the right to read and write the file and its folder, or name another place with --reviews."
        table = folder.parent / "verdicts.csv"
        table.write_text("text,label\nGrease it,production\n", encoding="utf-8")
        assert said_by("review", "import", table, "--reviewer", "B") == (2, f"opscope: {path} cannot be opened. {advice}\n")

    alone(work)


def test_a_damaged_database_leaves_the_precedents_out_with_a_message(tmp_path, monkeypatch):
    path = tmp_path / "reviews.sqlite"
    path.write_bytes(b"no database at all" * 100)
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(path))
    said = f"opscope: precedents are left out. {path} is no database. Name another file with --reviews.\n"
    assert said_by("explain", TEXT) == (0, said)
    assert said_by("explain", TEXT, "--reviews", path) == (2, said.replace("precedents are left out. ", ""))
