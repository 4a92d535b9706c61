import dataclasses
import datetime
import errno
import json
import re
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from opscope.aliases import active_version
from opscope.errors import ModelError
from opscope.model import load
from opscope.paths import shipped
from opscope.registry import load_version, named_by, save_version, version_folder, version_names


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(shipped("models"), folder)
    return folder


def test_the_shipped_version_is_active_and_loads():
    version = load_version(active_version(shipped("models")))
    assert version.folder.name == version.manifest.version
    assert version.folder.name in version_names(shipped("models"))


def test_an_altered_scorer_is_refused(models):
    path = active_version(models) / "scorer.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(
        ModelError, match=r"is not the file that was saved with this version\. Restore the folder, or train again\.$"
    ):
        load(path.parent)


def test_altered_neighbours_are_refused_when_they_are_asked_for(models):
    path = active_version(models) / "similar.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    loaded = load(path.parent)
    assert loaded.predict("grease the chain of the filler").label == "production"
    with pytest.raises(ModelError, match=r"similar\.safetensors is not the file that was saved with this version\."):
        loaded.explain("grease the chain of the filler")


def test_a_missing_scorer_and_a_missing_manifest_are_named(models, tmp_path):
    folder = active_version(models)
    (folder / "scorer.safetensors").unlink()
    with pytest.raises(ModelError, match=r"scorer\.safetensors is missing\. Restore the version's folder, or train again\.$"):
        load(folder)
    with pytest.raises(ModelError, match=r"holds no manifest\.json, so it is no version of a model\."):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 5}, r"has format 5, this opscope reads up to 4\. Upgrade opscope\.$"),
        ({"format": 3}, r"has format 3, this opscope reads format 4\. Train the version again\.$"),
        ({"unknown": 1}, r"is incomplete: .*unknown.*Restore the version's folder\.$"),
    ],
)
def test_a_strange_manifest_is_refused(models, change, message):
    path = active_version(models) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=message):
        load(path.parent)


def test_a_manifest_that_is_no_json_is_refused(models):
    path = active_version(models) / "manifest.json"
    path.write_text("{")
    with pytest.raises(ModelError, match=r"cannot be read: .*Restore the version's folder\.$"):
        load(path.parent)


def test_a_version_is_found_by_its_name_or_hash_and_no_path_leads_out(models):
    name = active_version(models).name
    assert version_folder(models, name.rpartition("-")[2]) == models / name
    for wrong in ("../x", "", "-", "2026", ".half.123", f"../models/{name}"):
        with pytest.raises(ModelError, match=f"^There is no version {re.escape(repr(wrong))} in .*Versions there: {name}[.]$"):
            version_folder(models, wrong)


@pytest.fixture
def saved(models):
    """Saves the shipped version under another name, with these further files."""
    version = load_version(active_version(models))

    def save(name, **others):
        manifest = dataclasses.replace(version.manifest, version=name)
        return save_version(models, dataclasses.replace(version, manifest=manifest), version.neighbours, others)

    return save


def test_saving_leaves_the_active_version_and_no_half_folder(models, saved):
    before = active_version(models)
    folder = saved("2026-02-01-abc", extra=b"pipeline")
    assert active_version(models) == before
    loaded = load_version(folder)
    assert loaded.manifest.version == "2026-02-01-abc"
    assert loaded.neighbours.texts == load_version(before).neighbours.texts
    assert set(loaded.manifest.files) == {"scorer.safetensors", "similar.safetensors", "extra"}
    with pytest.raises(TypeError, match="bytes-like"):
        saved("2026-02-01-bad", extra=None)
    assert not [path for path in models.iterdir() if "bad" in path.name]


def test_the_same_content_is_kept_once_whatever_the_day(models, saved):
    first = saved("2026-02-01-abc")
    assert saved("2027-03-04-abc") == first
    assert named_by(datetime.date(2027, 3, 4), "abc" * 20) == "2027-03-04-abcabcabcabc"


def test_what_a_killed_run_left_is_no_version_and_goes_with_the_next(models, saved):
    before = version_names(models)
    left = models / ".2026-01-01-half"
    shutil.copytree(active_version(models), left)
    assert version_names(models) == before
    saved("2026-02-01-abc")
    assert not left.exists()


def test_a_full_disk_leaves_nothing_and_is_named(models, saved, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    message = f"{models} cannot be written: No space left on device. Make room, or choose another folder with --models."
    with pytest.raises(ModelError, match=f"^{re.escape(message)}$"):
        saved("2026-02-01-abc", extra=b"1")
    assert not [path for path in models.iterdir() if "abc" in path.name]


def test_a_folder_that_is_read_only_or_a_file_is_named(models, saved, tmp_path, monkeypatch):
    def denied(*arguments, **keywords):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("filelock.FileLock.acquire", denied)  # root may write anywhere, so a read-only folder is played
    with pytest.raises(
        ModelError,
        match=r"cannot be written: Permission denied\. Get the right to write there, or choose another folder with --models\.$",
    ):
        saved("2026-02-01-abc")


def test_somebody_else_who_holds_the_lock_is_said(models, saved, monkeypatch):
    monkeypatch.setattr("opscope.registry._PATIENCE", 0.05)
    with FileLock(models / ".lock"), pytest.raises(ModelError, match=r"is being changed by another run for more than 0\.05 s\."):
        saved("2026-02-01-abc")
