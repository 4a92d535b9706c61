from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from opscope.markdown import as_markdown
from opscope.pages.signing_in import served_settings
from opscope.reviews import open_reviews

APP = str(Path(__file__).parents[1] / "app.py")


@pytest.fixture(autouse=True)
def settings():
    """Settings are read anew for each test."""
    served_settings.cache_clear()
    yield
    served_settings.cache_clear()


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
    marked = next(block.proto.body for block in page.get("html") if 'class="opscope-text"' in block.proto.body)
    assert "opscope-production" in marked
    assert "<img" not in marked and "&lt;" in marked


def test_an_empty_paste_asks_for_activities(page):
    paste(page, "  \n \n")
    assert page.info[0].value == "Paste one or more activities above, one a line."
    assert not page.dataframe


def test_ugly_lines_do_not_break_the_page(page):
    paste(page, "🙂\n" + "x" * 30_000 + "\n=1+1\n\u202eabc\nשלום")
    assert set(page.dataframe[0].value["decision"]) <= {"review", "unfamiliar"}


TABLE = (
    "Task\tSite\nGrease the filler bearings on line 2\tLyon\nPay the carrier invoice for the Lyon pallets\tParis\nmaintenance\tLyon"
)


def ask(app, what):
    next(control for control in app.button_group if control.key == "asked").set_value(what).run()
    assert not app.exception


def test_cells_of_a_spreadsheet_are_tagged_by_their_text_column(page):
    table = paste(page, TABLE).dataframe[0].value
    assert list(table["label"])[:2] == ["production-scoped", "operations-wide"]


def test_the_whole_list_is_told_of_when_asked(page):
    paste(page, TABLE)
    ask(page, "Time for review")
    assert page.success[0].value == "The policy strict fits 45 minutes."
    first = page.dataframe[1].value
    assert list(first["activity"])[0] == "maintenance" and len(first) == 3
    assert "After that 0.0 labels of the whole list are expected to be wrong." in [text.value for text in page.text]
    assert "At 30 seconds for each activity." in [caption.value for caption in page.caption]
    ask(page, "Contradictions")
    assert page.success[0].value == "No two activities of this list contradict each other."
    ask(page, "Shares by column")
    next(box for box in page.selectbox if box.key == "share_column").select(1).run()
    shares = page.dataframe[0].value
    assert list(shares["Site"]) == ["Lyon", "Paris"]
    assert shares["production-scoped, %"][1] <= 1


def test_before_the_results_it_is_said_whether_the_list_is_fit(page):
    assert page.expander[0].label == "Go: this list reads like activities. 0 would go to a person."
    paste(page, TABLE)
    assert page.expander[0].label == "Caution: look at these lines first. 1 would go to a person: less than a minute."
    assert "1 of 3 lines are a word or two that is said of both sides." in page.expander[0].text[0].value
    paste(page, "Guten Morgen zusammen\nqwertz uiop\nx7 x8")
    assert page.expander[0].label.startswith("Stop: much of it is no list of activities.")


def test_what_to_review_first_is_put_into_the_queue(page, tmp_path, monkeypatch):
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "reviews.sqlite"))
    paste(page, TABLE)
    ask(page, "Time for review")
    for said in ("3 activities are new", "0 activities are new"):
        next(button for button in page.button if button.label == "Put them into the review queue").click().run()
        assert page.success[-1].value.startswith(f"{said} in the queue of the Review page")
    assert [queued.text for queued in open_reviews().queued()][0] == "maintenance"


def test_a_list_that_is_too_long_is_refused(page, monkeypatch):
    monkeypatch.setenv("OPSCOPE_MOST_ROWS_UPLOADED", "2")
    served_settings.cache_clear()
    paste(page, TABLE)
    assert page.error[0].value == "The list has 3 rows; at most 2 are taken here. Use opscope predict for longer ones."
    assert not page.dataframe


def test_the_settings_say_which_policy_is_chosen_first_and_how_long_a_review_takes(monkeypatch):
    monkeypatch.setenv("OPSCOPE_POLICY", "quick")
    monkeypatch.setenv("OPSCOPE_SECONDS_PER_REVIEW", "120")
    served_settings.cache_clear()
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert next(control for control in app.button_group if control.key == "policy").value == "quick"
    paste(app, TABLE)
    assert app.expander[0].label.endswith("1 would go to a person: about 2 minutes.")


def test_filters_narrow_the_table(page):
    next(field for field in page.text_input if field.key == "words").set_value("PALLETS lyon").run()
    assert list(page.dataframe[0].value["activity"]) == ["Book the carrier for the two late pallets to Lyon"]
    next(field for field in page.text_input if field.key == "words").set_value("nowhere").run()
    assert [info.value for info in page.info] == ["No activity fits these filters."]


def test_another_wording_is_scored_beside_the_one_that_stands(page):
    paste(page, "Grease the filler bearings on line 2")
    next(field for field in page.text_input if field.label == "Try another wording").set_value("Pay the carrier of Lyon").run()
    assert "As it stands: production-scoped, over 99 %." in [caption.value for caption in page.caption]


def test_a_paragraph_is_split_on_request(page):
    paste(page, "We grease the filler on line 2. Ana pays the carrier of the late pallets.")
    assert len(page.dataframe[0].value) == 1
    next(box for box in page.checkbox if box.label == "Split at sentences").check().run()
    assert len(page.dataframe[0].value) == 2


def test_an_upload_keeps_its_columns_and_a_broken_one_is_named(page):
    next(control for control in page.button_group if control.key == "how").set_value("Upload a table").run()
    assert page.info[0].value == "Upload a table with one activity a row."
    page.file_uploader[0].set_value(("own.csv", b"no;Subject\n007;Grease the filler bearings\n", "text/csv")).run()
    assert list(page.dataframe[0].value["activity"]) == ["Grease the filler bearings"]
    page.file_uploader[0].set_value(("own.csv", b"\x00\x01", "text/csv")).run()
    assert page.error[0].value == as_markdown("own.csv holds binary data, not a table. Save it as CSV (UTF-8) and try again.")
