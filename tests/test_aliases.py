import json
import re
import shutil
import threading

import pytest

from opscope.aliases import active_version, aliases_of, make_candidate, promote, roll_back, version_called
from opscope.errors import ModelError
from opscope.paths import shipped
from opscope.registry import MANIFEST

NAMES = ("2026-01-01-aaa", "2026-02-01-bbb", "2026-03-01-ccc")


@pytest.fixture
def models(tmp_path):
    """Three folders that count as versions; nothing here loads them."""
    for name in NAMES:
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text("{}")
    return tmp_path


def test_the_shipped_models_have_an_active_version():
    assert active_version(shipped("models")).is_dir()


def test_a_version_becomes_candidate_then_active_and_every_step_is_logged(models):
    a, b, _ = NAMES
    promote(models, a)
    make_candidate(models, b)
    assert (aliases_of(models).active, aliases_of(models).candidate) == (a, b)
    assert version_called(models, "candidate") == models / b
    promote(models, "candidate", why="better on tickets")
    assert (aliases_of(models).active, aliases_of(models).candidate) == (b, None)
    assert [(s.done, s.version, s.before, s.why, s.forced) for s in aliases_of(models).log] == [
        ("promoted", a, None, "", False), ("trained", b, a, "", False), ("promoted", b, a, "better on tickets", False),
    ]  # fmt: skip
    assert all(step.who and step.when.endswith("+00:00") for step in aliases_of(models).log)


def test_who_asks_may_be_named(models, monkeypatch):
    monkeypatch.setenv("OPSCOPE_USER", " Ana ")
    promote(models, NAMES[0])
    assert aliases_of(models).log[-1].who == "Ana"


def test_rollbacks_go_back_promotion_by_promotion(models):
    a, b, c = NAMES
    for name in NAMES:
        promote(models, name)
    assert [roll_back(models), roll_back(models)] == [b, a]
    promote(models, c)
    assert roll_back(models, why="worse in practice") == a
    assert aliases_of(models).log[-1].why == "worse in practice"
    with pytest.raises(ModelError, match=r"has no version to go back to: the log names none before the active one\."):
        roll_back(models)


def test_a_rollback_to_a_folder_that_is_gone_is_refused(models):
    for name in NAMES[:2]:
        promote(models, name)
    shutil.rmtree(models / NAMES[0])
    with pytest.raises(ModelError, match=f"the log names {NAMES[0]} before the active one. Promote a version by its name instead"):
        roll_back(models)
    assert aliases_of(models).active == NAMES[1]


def test_promotion_needs_a_version_that_is_there(models):
    message = f"There is no version 'x' in {models}. Versions there: {', '.join(NAMES)}."
    with pytest.raises(ModelError, match=f"^{re.escape(message)}$"):
        promote(models, "x")
    assert aliases_of(models).log == ()


def test_no_active_version_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"has no active version\. Train one, or name a version's folder\.$"):
        active_version(tmp_path)
    with pytest.raises(ModelError, match=r"has no candidate version\. Train one, or name a version's folder\.$"):
        version_called(tmp_path, "candidate")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"cannot be read: .* Restore the file from a backup, or delete it and promote again\.$"),
        ('{"format": 1, "active": null}', r"cannot be read: 'candidate'\. Restore the file"),
        ('{"format": 2}', r"has format 2, this opscope reads up to 1\. Upgrade opscope\.$"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_and_kept(models, content, message):
    path = models / "aliases.json"
    path.write_text(content)
    with pytest.raises(ModelError, match=message):
        promote(models, NAMES[0])
    assert path.read_text() == content


def test_two_at_once_lose_no_step(models):
    threads = [threading.Thread(target=promote, args=(models, NAMES[n % 3])) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = aliases_of(models)
    assert len(found.log) == 30
    assert found.active == found.log[-1].version
    assert all(later.before == earlier.version for earlier, later in zip(found.log, found.log[1:], strict=False))
    assert json.loads((models / "aliases.json").read_text())["active"] == found.active
