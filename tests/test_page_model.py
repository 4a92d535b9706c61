import dataclasses
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from opscope import aliases
from opscope.aliases import active_version
from opscope.guide import guide
from opscope.paths import shipped
from opscope.registry import CARD, load_version, save_version

APP = str(Path(__file__).parents[1] / "app.py")


def opened():
    streamlit.cache_resource.clear()
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page("src/opscope/pages/model.py").run()
    assert not app.exception
    return app


def blocks(app):
    return "\n".join(block.value for block in app.markdown)


def said(app):
    return "\n".join(text.value for text in app.text)


@pytest.fixture(scope="module")
def page():
    return opened()


@pytest.fixture
def models(tmp_path, monkeypatch):
    """The shipped version as the active one, and the same under another name, without a card, as the candidate."""
    folder = tmp_path / "models"
    version = load_version(active_version(shipped("models")))
    card = (version.folder / CARD).read_bytes()
    for name, others in (("2026-01-01-aaa", {CARD: card}), ("2026-02-01-bbb", {})):
        renamed = dataclasses.replace(version, manifest=dataclasses.replace(version.manifest, version=name, own_rows=12))
        save_version(folder, renamed, version.neighbours, others)
    monkeypatch.setenv("OPSCOPE_USER", "*Zoë*")
    aliases.promote(folder, "2026-01-01-aaa", why="a <b>first</b> one")
    aliases.make_candidate(folder, "2026-02-01-bbb")
    monkeypatch.setattr("opscope.registry.default_models", lambda: folder)
    return folder


def test_the_front_page_of_the_card_comes_first_and_the_technical_part_can_be_opened(page):
    assert page.markdown[0].value.startswith("**What it is for.**")
    assert page.expander[0].label == "Technical part of the card"
    assert "SHA-256" in page.expander[0].markdown[0].value and "SHA-256" not in page.markdown[0].value


def test_reliability_is_told_in_words_and_drawn_with_the_diagonal(page):
    assert "On the average the probabilities are off by " in blocks(page)
    chart = page.get("vega_lite_chart")[0].proto
    assert "strokeDash" in chart.spec and '"low"' in chart.spec


def test_what_is_taken_for_what_is_told_in_words_and_as_a_table(page):
    assert "- Of 520 production-scoped activities " in blocks(page)
    assert "| decided | operations-wide | production-scoped | no activity |" in blocks(page)
    assert "taken for running a service" in blocks(page)


def test_the_strongest_words_of_labels_and_of_the_chosen_function_are_drawn(page):
    functions = next(box for box in page.selectbox if box.key == "model_function")
    assert functions.options == [function.title for function in guide().functions.values()]
    before = page.get("vega_lite_chart")[3].proto.alt
    functions.set_value("information_systems").run()
    assert not page.exception
    assert "software" in page.get("vega_lite_chart")[3].proto.alt != before


def test_the_learning_curve_is_told_and_drawn(page):
    assert "Of your held-out rows are right: " in blocks(page)
    assert any('"labelled rows"' in chart.proto.spec for chart in page.get("vega_lite_chart"))


def test_versions_are_listed_with_aliases_and_the_log_as_text(models):
    app = opened()
    assert app.selectbox(key="model_version").options == ["2026-02-01-bbb (candidate)", "2026-01-01-aaa (active)"]
    assert app.selectbox(key="model_version").value == "2026-01-01-aaa"
    assert "12 of them your own" in said(app)
    assert "*Zoë*  promoted 2026-01-01-aaa: a <b>first</b> one" in said(app)
    assert said(app).index("*Zoë*  trained") < said(app).index("*Zoë*  promoted")


def test_a_version_without_a_card_shows_the_rest(models):
    app = opened()
    app.selectbox(key="model_version").set_value("2026-02-01-bbb").run()
    assert not app.exception
    assert "is missing" in app.error[0].value
    assert "On the average the probabilities are off by " in blocks(app)


def test_a_damaged_version_is_an_error_and_the_list_is_shown(models):
    (models / "2026-01-01-aaa" / "scorer.safetensors").write_bytes(b"x")
    app = opened()
    assert "is not the file that was saved with this version" in app.error[0].value
    assert "Trained " in said(app)


def test_a_folder_without_versions_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("opscope.registry.default_models", lambda: tmp_path)
    app = opened()
    assert app.info[0].value == "There is no version yet. Train one on the Train page."
