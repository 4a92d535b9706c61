"""Versions that the oldest and the newest supported libraries saved say the same with the libraries that are installed here.

``make test-longevity`` makes environments with these libraries, saves a version in each, and has each ask all.
"""

import json
import re
import shutil
import tomllib
import warnings
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from faults.longevity import ANSWERS, LIBRARIES, ROOT, log_odds_of, texts_of
from opscope.classifier import ScopeClassifier
from opscope.errors import ModelError, VersionWarning
from opscope.registry import PIPELINE, read_manifest

FOLDER = ROOT / "tests/cases/longevity"
SAVED = ("oldest", "newest")
LARGEST = 300_000  # bytes of all that is kept for this


def lower_bound_of(library: str) -> str:
    """As pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["train"]]
    return next(line.partition(">=")[2] for line in wanted if line.startswith(f"{library}>="))


@pytest.mark.parametrize("name", SAVED)
def test_a_version_says_what_it_said_when_it_was_saved(name):
    first = json.loads((FOLDER / name / ANSWERS).read_text(encoding="utf-8"))
    told = log_odds_of(FOLDER / name, texts_of(FOLDER))
    assert set(told) == set(first) == {"scorer", "pipeline"}
    for part, log_odds in told.items():
        np.testing.assert_allclose(log_odds, first[part], rtol=0, atol=1e-9)


def test_the_oldest_and_the_newest_libraries_learn_the_same():
    oldest, newest = (json.loads((FOLDER / name / ANSWERS).read_text(encoding="utf-8")) for name in SAVED)
    np.testing.assert_allclose(oldest["scorer"], newest["scorer"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_oldest_version_was_saved_with_the_lower_bounds(library):
    saved_with = read_manifest(FOLDER / "oldest").libraries[library]
    assert re.sub(r"(\.0)+$", "", saved_with) == re.sub(r"(\.0)+$", "", lower_bound_of(library))


@pytest.mark.parametrize("name", SAVED)
def test_who_opens_a_pipeline_of_other_libraries_is_told_which_and_once(name, monkeypatch):
    monkeypatch.setattr("opscope.classifier.library_version", lambda library: "0.1")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        ScopeClassifier.from_version(FOLDER / name, trusted=True)
    others = ", ".join(
        f"{library} {version} (here: 0.1)" for library, version in sorted(read_manifest(FOLDER / name).libraries.items())
    )
    advice = "its results may differ here. Install those versions, or train again."
    assert [(warning.category, str(warning.message)) for warning in told] == [
        (VersionWarning, f"Version {name} was trained with {others}; {advice}")
    ]


def test_a_pipeline_that_these_libraries_cannot_open_is_said_to_be_so(tmp_path):
    folder = shutil.copytree(FOLDER / "oldest", tmp_path / "oldest")
    content = b"cfuture.library\nEstimator\n."  # names a module that is not there
    (folder / PIPELINE).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][PIPELINE] = sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    message = (
        f"{folder / PIPELINE} cannot be opened with the libraries installed here: No module named 'future'. "
        "Install those that the manifest names, or train again."
    )
    with warnings.catch_warnings(), pytest.raises(ModelError, match=f"^{re.escape(message)}$"):
        warnings.simplefilter("ignore", VersionWarning)
        ScopeClassifier.from_version(folder, trusted=True)


def test_what_is_kept_for_this_stays_small():
    assert sum(path.stat().st_size for path in Path(FOLDER).rglob("*") if path.is_file()) < LARGEST
