import re
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from opscope import desk
from opscope.guide import guide
from opscope.pages.shared import screens
from opscope.reviewing import queue_paste, verdict_on
from opscope.reviews import open_reviews
from opscope.settling import settle

APP = str(Path(__file__).parents[1] / "app.py")
PASTE = "Oil the chain of line 2\nPay the carrier for the Lyon pallets\nCount the drums beside dryer 4\nHire a clerk"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    path = tmp_path / "reviews.sqlite"
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(path))
    monkeypatch.setattr(desk, "LEAST_SECONDS", 0.0)
    streamlit.cache_resource.clear()
    screens.cache_clear()
    return path


@pytest.fixture
def queued(model):
    queue_paste(open_reviews(), model, PASTE)


def opened():
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page("src/opscope/pages/review.py").run()
    assert not app.exception
    return app


def begun(name="Anna"):
    app = opened()
    app.text_input(key="review_name").set_value(name)
    return click(app, "Begin")


def click(app, label):
    next(found for found in app.button if found.label == label).click().run()
    assert not app.exception
    return app


def texts(app):
    """What stands large on the page: the activity that is shown first, then the dispute."""
    return [found.proto.body for found in app.get("html") if found.proto.body.startswith('<p class="opscope-review"')]


def shown(app):
    return texts(app)[0]


def plain(body):
    """The text without its marks, which are not there while it is blind."""
    return re.sub("<.*?>", "", body)


def said(app):
    return "\n".join(text.value for text in app.text)


def choose(app, key, option):
    next(group for group in app.button_group if group.key == key).set_value(option).run()
    assert not app.exception
    return app


def test_the_name_is_asked_first_and_checked():
    app = begun("  ")
    assert app.error[0].value == r"reviewer is empty\. Say who decided\."
    app.text_input(key="review_name").set_value("*Anna*")
    click(app, "Begin")
    assert "Reviewing as *Anna*" in said(app)
    assert not [field for field in app.text_input if field.key == "reviewer"]


def test_an_empty_queue_says_what_to_do():
    app = begun()
    assert app.info[0].value == (
        "Nothing is queued yet. Paste activities below, one a line, and add them to the queue; then they come one by one."
    )
    assert app.expander[0].proto.expanded


def test_a_pasted_list_is_queued_and_the_first_activity_shown():
    app = begun()
    app.text_area(key="review_paste").set_value(f"{PASTE}\n1234")
    click(app, "Add to the queue")
    assert app.success[0].value == r"4 activities are new in the queue\."
    assert app.error[0].value.startswith("1 lines were left out\\:  \ntext is \\'1234\\'")
    assert app.text_area(key="review_paste").value == ""
    assert len(open_reviews().queued()) == 4
    assert shown(app)


def test_an_empty_paste_is_no_list():
    app = click(begun(), "Add to the queue")
    assert app.error[0].value == r"Nothing was pasted\. Write one activity a line\."


def test_the_tag_its_words_and_its_function_are_shown_first(queued):
    app = begun()
    assert "<mark" in shown(app)
    assert "opscope: " in said(app)
    assert any(function.title in said(app) for function in guide().functions.values())


def test_blind_first_shows_nothing_until_it_is_decided(queued):
    app = choose(begun(), "review_mode", "blind first")
    assert "<mark" not in shown(app) and "opscope: " not in said(app)
    click(app, "Production-scoped")
    assert "You: production-scoped.\nopscope: " in said(app)
    assert "<mark" not in shown(app)


def test_who_saw_the_tag_before_going_blind_is_known_to_have_seen_it(queued):
    app = begun()
    saw = "<mark" in shown(app)
    click(choose(app, "review_mode", "blind first"), "Operations-wide")
    click(app, "Operations-wide")
    assert [verdict.saw_prediction for verdict in open_reviews().verdicts()] == [saw, False]


def test_one_of_each_ten_is_blind_whatever_is_chosen(model):
    queue_paste(open_reviews(), model, "\n".join(f"Oil the chain of line {'abcdefghij'[n]}" for n in range(10)))
    app, blind = begun(), 0
    for _ in range(10):
        blind += "<mark" not in shown(app)
        click(app, "Production-scoped")
    assert blind == 1
    assert sum(not verdict.saw_prediction for verdict in open_reviews().verdicts()) == 1


@pytest.mark.parametrize(
    "label, kept", [("Production-scoped", "production"), ("Operations-wide", "operations"), ("Cannot decide", "")]
)
def test_a_verdict_is_written_at_once_and_the_next_activity_shown(queued, label, kept):
    app = begun()
    before = shown(app)
    click(app, label)
    (verdict,) = open_reviews().verdicts()
    assert (verdict.label, verdict.reviewer, verdict.guide_version) == (kept, "Anna", guide().version)
    assert verdict.predicted_label and verdict.model_version
    assert plain(shown(app)) != plain(before)
    assert app.get("progress")[0].proto.text == "1 of 4 queued activities have a verdict. You have reviewed 1."


def test_each_button_shows_its_key(queued):
    keys = {button.label: button.proto.shortcut for button in begun().button if button.proto.shortcut}
    assert keys == {"Production-scoped": "1", "Operations-wide": "2", "Cannot decide": "0", "Undo": "u"}


def test_a_function_of_the_label_and_a_reason_are_kept(queued):
    app = begun()
    of_production = next(box for box in app.selectbox if box.label == "Function, if production-scoped")
    assert of_production.options == ["not named", *(guide().functions[key].title for key in guide().functions_of("production"))]
    of_production.set_value("quality_control")
    next(field for field in app.text_input if field.label == "Reason").set_value("<b>it is</b>")
    click(app, "Production-scoped")
    (verdict,) = open_reviews().verdicts()
    assert (verdict.function, verdict.reason) == ("quality_control", "<b>it is</b>")
    assert next(field for field in app.text_input if field.label == "Reason").value == ""


def test_undo_takes_the_verdict_back_and_shows_the_activity_with_what_was_filled_in(queued):
    app = begun()
    before = shown(app)
    assert next(button for button in app.button if button.label == "Undo").disabled
    next(field for field in app.text_input if field.label == "Reason").set_value("a slip")
    click(click(app, "Operations-wide"), "Undo")
    assert [verdict.verdict for verdict in open_reviews().verdicts()][1] == "withdrawn"
    assert settle(open_reviews().verdicts()).settled == ()
    assert plain(shown(app)) == plain(before)
    assert next(field for field in app.text_input if field.label == "Reason").value == "a slip"


def test_when_all_is_decided_the_page_says_so(queued):
    app = begun()
    for _ in range(4):
        click(app, "Production-scoped")
    assert app.success[0].value == "All queued activities have a verdict. Add more below, or take a second look."
    click(app, "Undo")
    assert shown(app)


def test_two_reviewers_do_not_disturb_each_other(queued):
    anna, ben = begun("Anna"), begun("Ben")
    assert plain(shown(anna)) != plain(shown(ben))
    before = shown(anna)
    for _ in range(3):
        click(ben, "Operations-wide")
    anna.run()
    assert shown(anna) == before
    click(anna, "Production-scoped")
    click(ben, "Undo")
    last, withdrawn = open_reviews().verdicts()[-2:]
    assert (last.reviewer, withdrawn.reviewer, withdrawn.verdict) == ("Anna", "Ben", "withdrawn")


def test_another_reviewer_may_sit_down(queued):
    app = click(click(begun(), "Production-scoped"), "Change")
    assert "Here already: Anna." in said(app)
    app.text_input(key="review_name").set_value("Ben")
    assert "Reviewing as Ben" in said(click(app, "Begin"))


def test_precedents_are_shown_with_who_decided_and_why(model):
    queue_paste(open_reviews(), model, "\n".join(f"Oil the chain of line {letter}" for letter in "abc"))
    app = begun()
    next(field for field in app.text_input if field.label == "Reason").set_value("in the plant")
    click(app, "Production-scoped")
    if "<mark" not in shown(app):  # drawn at random, so shown when it is decided
        click(app, "Production-scoped")
    assert "is production-scoped, says Anna: in the plant" in said(app)


def test_a_dispute_is_settled(queued, model):
    told = model.predict("Hire a clerk")
    reviews = open_reviews()
    reviews.add(
        [verdict_on(told, "production", reviewer="Ben", reason="for the line"), verdict_on(told, "operations", reviewer="Cleo")]
    )
    app = begun()
    assert texts(app)[-1] == '<p class="opscope-review" dir="auto">Hire a clerk</p>'
    assert "production-scoped: for the line\nCleo, " in said(app)
    next(field for field in app.text_input if field.label == "Why").set_value("personnel hires")
    click(app, "It is operations-wide")
    (settled,) = settle(open_reviews().verdicts()).settled
    assert (settled.label, settled.decided_by, settled.reason) == ("operations", ("Anna",), "personnel hires")
    assert app.success[0].value == r"Settled\: Hire a clerk is operations\-wide\."
    assert "No activity has labels that contradict each other." in said(app)


def test_a_second_look_is_blind_and_tells_how_far_reviewers_agree(queued):
    click(begun("Ben"), "Production-scoped")
    app = choose(begun(), "review_take", "a second look")
    assert "<mark" not in shown(app)
    click(app, "Production-scoped")
    assert "Two reviewers gave the same label in 1 of 1 pairs (100.0 %)" in said(app)
    assert app.success[0].value == "No activity waits that one other reviewer has decided. Add more below, or take new activities."


def test_a_verdict_that_cannot_be_kept_says_why_and_nothing_is_lost(queued, monkeypatch):
    app = begun()
    before = shown(app)
    next(field for field in app.text_input if field.label == "Reason").set_value("x" * 20_001)
    click(app, "Production-scoped")
    assert app.error[0].value.startswith(r"reason has 20\,001 characters")
    assert open_reviews().count() == 0
    assert shown(app) == before
    assert len(next(field for field in app.text_input if field.label == "Reason").value) == 20_001


def test_a_database_that_cannot_be_opened_is_an_error_on_the_page(place):
    place.write_bytes(b"this is no database, whatever its name says" * 40)
    assert "is no database" in opened().error[0].value


@pytest.mark.parametrize("mode", ["decision first", "blind first"])
def test_users_text_is_shown_as_text(model, mode):
    queue_paste(open_reviews(), model, "<img src=x onerror=alert(1)> oil *the* chain ![x](http://y/z)")
    app = choose(begun(), "review_mode", mode)
    assert "<img" not in shown(app) and "&lt;" in shown(app)
    assert not any("chain" in block.value for block in app.markdown)
