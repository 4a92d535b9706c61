from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = str(Path(__file__).parents[1] / "app.py")


@pytest.fixture
def page():
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not app.exception
    return app


def paste(app, text):
    app.text_area[0].set_value(text).run()
    assert not app.exception
    return app


def test_the_first_screen_shows_tagged_examples(page):
    table = page.dataframe[0].value
    assert len(table) == 6
    assert set(table["label"]) == {"production-scoped", "operations-wide"}


def test_a_pasted_list_is_tagged_line_by_line(page):
    table = (
        paste(page, "- Grease the filler bearings on line 2\n\n2. Pay the carrier invoice for the Lyon pallets").dataframe[0].value
    )
    assert list(table["activity"]) == ["Grease the filler bearings on line 2", "Pay the carrier invoice for the Lyon pallets"]
    assert list(table["label"]) == ["production-scoped", "operations-wide"]


def test_the_words_are_marked_and_markup_is_shown_as_text(page):
    paste(page, "<img src=x onerror=alert(1)> grease the filler bearings on line 2")
    marked = next(block.value for block in page.markdown if '<p class="opscope-text">' in block.value)
    assert "opscope-production" in marked
    assert "<img" not in marked and "&lt;" in marked


def test_an_empty_paste_asks_for_activities(page):
    paste(page, "  \n \n")
    assert page.info[0].value == "Paste one or more activities above, one a line."
    assert not page.dataframe


def test_ugly_lines_do_not_break_the_page(page):
    paste(page, "🙂\n" + "x" * 30_000 + "\n=1+1\n\u202eabc\nשלום")
    assert set(page.dataframe[0].value["decision"]) <= {"review", "unfamiliar"}
