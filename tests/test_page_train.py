import dataclasses
import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from opscope import aliases
from opscope.aliases import active_version, aliases_of
from opscope.jobs import JobState
from opscope.markdown import as_markdown
from opscope.pages.shared import jobs_of_all
from opscope.paths import shipped
from opscope.registry import load_version, save_version

APP = str(Path(__file__).parents[1] / "app.py")
FOUND = {
    "rows": 4, "usable": 3, "labels": {"operations": 1, "production": 2},
    "rejected": [{"row": 3, "text": "", "column": "text", "value": "", "problem": "text is '': empty.", "fix": "Write it."}],
    "contradictions": [], "duplicates": [],
    "suspects": [{"row": 2, "text": "Pay tax", "label": "production", "proposed": "operations", "nearest": "Pay"}],
}  # fmt: skip


class Played:
    """A job that stands where a test puts it."""

    def __init__(self, arguments):
        self.arguments, self.present, self.cancelled = (
            tuple(arguments),
            JobState(part="training", step="fitting", done=1, total=4),
            False,
        )

    def state(self):
        return self.present

    def cancel(self):
        self.cancelled = True
        self.present = JobState(status=143)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """The shipped version as the active one, and the same under another name as the candidate."""
    folder = tmp_path / "models"
    version = load_version(active_version(shipped("models")))
    for name in ("2026-01-01-aaa", "2026-02-01-bbb"):
        renamed = dataclasses.replace(version, manifest=dataclasses.replace(version.manifest, version=name))
        save_version(folder, renamed, version.neighbours, {})
    aliases.promote(folder, "2026-01-01-aaa")
    aliases.make_candidate(folder, "2026-02-01-bbb")
    monkeypatch.setenv("OPSCOPE_MODELS", str(folder))
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "none.sqlite"))
    return folder


@pytest.fixture
def started(monkeypatch):
    """The jobs that the page starts; none really runs."""
    found = []
    monkeypatch.setattr("opscope.jobs.start_job", lambda arguments, user: found.append(Played(arguments)) or found[-1])
    return found


@pytest.fixture
def page(models, started):
    import streamlit

    streamlit.cache_resource.clear()
    jobs_of_all.cache_clear()
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page("src/opscope/pages/train.py").run()
    assert not app.exception
    return app


def button(app, label):
    return next(found for found in app.button if found.label == label)


def upload(app, content=b"text,label\nPay tax,production\n"):
    app.file_uploader[0].set_value(("labels.csv", content, "text/csv")).run()
    button(app, "Look into it").click().run()
    assert not app.exception


def test_a_table_is_looked_into_by_a_job_and_its_progress_is_shown(page, started):
    upload(page)
    (job,) = started
    assert job.arguments[0] == "train" and {"--dry-run", "--json", "--fixes"} <= set(job.arguments)
    assert Path(job.arguments[1]).read_bytes() == b"text,label\nPay tax,production\n"
    assert button(page, "Look into it").disabled
    button(page, "Cancel").click().run()
    assert job.cancelled
    assert page.error[0].value == "Looking into the table was stopped."


def test_what_was_found_is_shown_and_accepted_proposals_are_trained_on(page, started):
    upload(page)
    look = started[0]
    proposals = Path(look.arguments[1]).with_name("fixes.csv")
    proposals.write_text("row,text,label,proposed,accept\n2,Pay tax,production,operations,\n", encoding="utf-8")
    look.present = JobState(status=0, output=json.dumps(FOUND))
    page.run()
    assert [metric.value for metric in page.metric] == ["4", "3", "1", "2"]
    assert button(page, "Train").disabled
    next(box for box in page.checkbox if box.label.startswith("Train without")).check().run()
    button(page, "Train").click().run()
    assert not page.exception
    train = started[1]
    assert "--skip-rejected" in train.arguments and "--dry-run" not in train.arguments and "--accept-fixes" not in train.arguments


def test_a_refused_table_says_why(page, started):
    upload(page)
    started[0].present = JobState(status=2, errors="a warning\nopscope: labels.csv has no label column.\n")
    page.run()
    assert page.error[0].value == as_markdown("labels.csv has no label column.")


def test_the_candidate_is_compared_promoted_and_rolled_back(page, models):
    assert any(text.value.startswith("On the evaluation set (1,040 rows): ") for text in page.text)
    next(field for field in page.text_input if field.key == "why").set_value("a trial").run()
    button(page, "Promote the candidate").click().run()
    assert page.success[0].value == as_markdown("2026-02-01-bbb is active now.")
    assert aliases_of(models).active == "2026-02-01-bbb"
    assert aliases_of(models).log[-1].why == "a trial"
    button(page, "Roll back").click().run()
    assert aliases_of(models).active == "2026-01-01-aaa"


def test_force_needs_a_reason(page):
    next(box for box in page.checkbox if box.label == "Promote even if it is worse").check().run()
    assert button(page, "Promote the candidate").disabled
    next(field for field in page.text_input if field.key == "why").set_value("because").run()
    assert not button(page, "Promote the candidate").disabled


def test_a_rollback_with_nothing_to_go_back_to_is_an_error_on_the_page(page):
    button(page, "Roll back").click().run()
    assert "has no version to go back to" in page.error[0].value
    assert not page.exception


def test_another_user_sees_nothing_of_a_job_and_waits_for_its_end(page, started):
    upload(page)
    other = AppTest.from_file(APP, default_timeout=60).run()
    other.switch_page("src/opscope/pages/train.py").run()
    assert other.info[0].value == "Somebody else is training on this server. You can begin when that has ended."
    other.file_uploader[0].set_value(("labels.csv", b"text,label\n", "text/csv")).run()
    assert button(other, "Look into it").disabled
    assert not [found for found in other.button if found.label == "Cancel"]
    started[0].present = JobState(status=2, errors="opscope: refused\n")
    other.run()
    assert not other.error and not button(other, "Look into it").disabled
