import dataclasses
import json
import shutil

import pytest

from opscope.errors import ModelError
from opscope.model import load
from opscope.paths import shipped
from opscope.registry import active_version, load_version, make_active, save_version, version_names


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
        ({"format": 4}, r"has format 4, this opscope reads up to 3\. Upgrade opscope\.$"),
        ({"format": 2}, r"has format 2, this opscope reads format 3\. Train the version again\.$"),
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


def test_promotion_needs_a_version_that_is_there(models):
    with pytest.raises(ModelError, match=r"^There is no version '\.\./x' in .*Versions there: "):
        make_active(models, "../x")
    before = active_version(models)
    make_active(models, before.name)
    assert active_version(models) == before


def test_saving_leaves_the_active_version_and_no_half_folder(models):
    version = load_version(active_version(models))

    def named(name):
        return dataclasses.replace(version, manifest=dataclasses.replace(version.manifest, version=name))

    folder = save_version(models, named("new"), version.neighbours, b"pipeline", "card")
    assert active_version(models) == version.folder
    assert load_version(folder).manifest.version == "new"
    assert load_version(folder).neighbours.texts == version.neighbours.texts
    with pytest.raises(TypeError, match="bytes-like"):
        save_version(models, named("bad"), version.neighbours, None, "card")
    assert not [path for path in models.iterdir() if "bad" in path.name]


def test_no_active_version_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"has no active version\. Train one, or name a version's folder\.$"):
        active_version(tmp_path)


def test_what_is_half_written_is_no_version(models):
    before = version_names(models)
    shutil.copytree(active_version(models), models / ".half.123")
    assert version_names(models) == before
    with pytest.raises(ModelError, match=r"^There is no version '\.half\.123'"):
        make_active(models, ".half.123")
