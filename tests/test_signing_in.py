import dataclasses
import re
import sys
import time
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest
import streamlit
from hypothesis import given
from hypothesis import strategies as some
from itsdangerous import URLSafeTimedSerializer
from streamlit.testing.v1 import AppTest

from opscope import aliases
from opscope.aliases import active_version, aliases_of
from opscope.errors import NotAllowed
from opscope.pages import signing_in
from opscope.paths import shipped
from opscope.registry import load_version, save_version
from opscope.reviewing import queue_paste, verdict_on
from opscope.reviews import open_reviews
from opscope.roles import LOWEST_ROLE_FOR

ROOT = Path(__file__).parents[1]
APP = str(ROOT / "app.py")
TRAIN_PAGE = str(ROOT / "src/opscope/pages/train.py")
SECRETS = {
    "auth": {
        "redirect_uri": "http://localhost:8501/oauth2callback", "cookie_secret": "0123456789" * 4, "client_id": "opscope",
        "client_secret": "s", "server_metadata_url": "https://example.com/.well-known/openid-configuration",
    }
}  # fmt: skip
CLAIMS = {"is_logged_in": True, "sub": "1", "email": "ana@example.com", "exp": time.time() + 3600}
NOT_SIGNED_IN = "You are not signed in, or your session has ended. Sign in first."


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    """Settings with sign-in and a value for each role, read anew, in an app that has what it needs to sign people in."""
    path = tmp_path / "opscope.toml"
    path.write_text('sign_in = true\n[role_of]\nshift = "reviewer"\nowners = "approver"\n', encoding="utf-8")
    monkeypatch.setenv("OPSCOPE_SETTINGS", str(path))
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "none.sqlite"))
    authlib = ModuleType("authlib")
    authlib.__spec__ = ModuleSpec("authlib", None)
    monkeypatch.setitem(sys.modules, "authlib", authlib)
    signing_in.served_settings.cache_clear()
    yield path
    signing_in.served_settings.cache_clear()


def opened(claims=None, secrets=SECRETS, script=APP):
    app = AppTest.from_file(script, default_timeout=60)
    app.user = claims or {}
    app.secrets.update(secrets)
    app.run()
    assert not app.exception
    return app


def pages_of(app):
    return [found["page_name"] for found in app._registered_pages.values()]


def said_by(action="", claims=None, secrets=SECRETS):
    """What a page that guards this action shows."""

    def page(action):
        import streamlit as st

        from opscope.pages.signing_in import current_person, guard

        person = guard(action) if action else current_person()
        st.text(f"let through: {person.name}, {person.role}")

    app = AppTest.from_function(page, args=(action,))
    app.user = claims or {}
    app.secrets.update(secrets)
    app.run()
    return app


def texts(app):
    return [text.value for text in app.text]


def test_nobody_signed_in_sees_the_page_to_sign_in_and_nothing_else():
    app = opened()
    assert [button.label for button in app.button] == ["Sign in"]
    assert texts(app) == ["Sign in to tag activities, to review them, or to train."]
    assert not app.text_area and not app.dataframe and not app.file_uploader


def test_each_provider_has_a_button():
    auth = {key: SECRETS["auth"][key] for key in ("redirect_uri", "cookie_secret")}
    provider = {key: value for key, value in SECRETS["auth"].items() if key not in auth}
    app = opened(secrets={"auth": auth | {"okta": provider, "google": provider, "client_kwargs": {"prompt": "login"}}})
    assert [button.label for button in app.button] == ["Sign in with okta", "Sign in with google"]


def test_a_session_that_has_ended_counts_as_signed_out():
    app = opened(CLAIMS | {"exp": time.time() - 1})
    assert [info.value for info in app.info] == ["Your session has ended. Sign in again to go on."]
    assert not app.text_area


def test_a_session_that_ends_while_a_page_is_open_is_out_with_the_next_click():
    app = opened(CLAIMS)
    assert app.text_area
    app.user = CLAIMS | {"exp": time.time() - 1}
    app.text_area[0].set_value("Grease the filler").run()
    assert not app.text_area and [button.label for button in app.button] == ["Sign in"]


WITHOUT_SECRETS = [
    ({}, "There is no [auth] in .streamlit/secrets.toml."),
    ({"other": {"a": "b"}}, "There is no [auth] in .streamlit/secrets.toml."),
    ({"auth": "yes"}, "There is no [auth] in .streamlit/secrets.toml."),
    (
        {"auth": {"redirect_uri": "http://localhost:8501/oauth2callback", "client_id": "a", "client_secret": " "}},
        "[auth] in .streamlit/secrets.toml lacks cookie_secret.\n"
        "[auth] in .streamlit/secrets.toml lacks client_secret, server_metadata_url.",
    ),
    (
        {"auth": SECRETS["auth"] | {"cookie_secret": "x" * 31}},
        "cookie_secret in [auth] has fewer than 32 characters.",
    ),
    (
        {"auth": SECRETS["auth"] | {"okta": {"client_id": "a"}}},
        "[auth.okta] in .streamlit/secrets.toml lacks client_secret, server_metadata_url.",
    ),
]


@pytest.mark.parametrize(("secrets", "problems"), WITHOUT_SECRETS)
@pytest.mark.parametrize("claims", [{}, CLAIMS | {"roles": "owners"}], ids=["signed out", "signed in"])
def test_without_all_secrets_the_app_says_what_to_set_up_and_lets_nobody_in(secrets, problems, claims):
    app = opened(claims, secrets)
    assert [error.value for error in app.error] == [
        "Nobody can sign in yet: sign_in is on in the settings, and sign-in is not set up."
    ]
    assert texts(app)[0] == problems
    assert not app.button and not app.text_area


def test_without_authlib_the_app_says_so_and_lets_nobody_in(monkeypatch):
    monkeypatch.delitem(sys.modules, "authlib")
    monkeypatch.setattr(signing_in, "find_spec", lambda name: None)
    app = opened(CLAIMS)
    assert texts(app)[0] == "Authlib is not installed: pip install 'streamlit[auth]'"
    assert not app.text_area


@pytest.mark.parametrize(
    ("claimed", "pages", "shown"),
    [
        (None, ["Classify", "Model", "Guide"], "ana@example.com\nviewer"),
        ("shift", ["Classify", "Review", "Model", "Guide"], "ana@example.com\nreviewer"),
        (["shift", "owners"], ["Classify", "Review", "Train", "Model", "Guide"], "ana@example.com\napprover"),
    ],
)
def test_the_navigation_has_the_pages_that_the_role_may_use(claimed, pages, shown):
    app = opened(CLAIMS | {"roles": claimed})
    assert pages_of(app) == pages
    assert [text.value for text in app.sidebar.text] == [shown]
    assert [button.label for button in app.sidebar.button] == ["Sign out"]


def test_signing_out_brings_the_page_to_sign_in():
    app = opened(CLAIMS)
    app.sidebar.button[0].click().run()
    assert [button.label for button in app.button] == ["Sign in"]


def test_the_train_page_opened_past_the_navigation_refuses_who_may_not_train():
    app = opened(CLAIMS | {"roles": "shift"}, script=TRAIN_PAGE)
    assert [error.value for error in app.error] == ["This is not allowed."]
    assert texts(app) == [
        "The role reviewer may not train a version, the role approver may. Ask whoever runs this server for that role."
    ]
    assert not app.title and not app.button


def test_the_train_page_opened_past_the_navigation_refuses_who_is_not_signed_in():
    app = opened(script=TRAIN_PAGE)
    assert texts(app) == [NOT_SIGNED_IN]
    assert not app.title and not app.button


def test_the_guard_lets_through_what_the_role_may():
    assert texts(said_by("review", CLAIMS | {"roles": "shift"})) == ["let through: ana@example.com, reviewer"]


@pytest.mark.parametrize("action", ["classify", "export", "review", "adjudicate", "train", "promote", "roll_back"])
@pytest.mark.parametrize(
    "claims", [{}, {"email": "test@example.com"}, CLAIMS | {"is_logged_in": "true"}, CLAIMS | {"exp": "later"}]
)
def test_the_guard_lets_nobody_through_who_is_not_signed_in(action, claims):
    app = said_by(action, claims)
    assert texts(app) == [NOT_SIGNED_IN]


def test_the_guard_lets_nobody_through_while_sign_in_is_not_set_up():
    app = said_by("classify", CLAIMS, {})
    assert texts(app) == ["Nobody can sign in here yet. Ask whoever runs this server to set sign-in up."]


def test_the_guard_raises_where_no_page_can_be_stopped():
    message = "Nobody can sign in here yet. Ask whoever runs this server to set sign-in up."
    with pytest.raises(NotAllowed, match=f"^{re.escape(message)}$"):
        signing_in.guard("classify")


def test_the_guard_asks_anew_on_every_call():
    app = said_by("review", CLAIMS | {"roles": "shift"})
    app.user = CLAIMS | {"roles": "guests"}
    app.run()
    assert [error.value for error in app.error] == ["This is not allowed."]


def test_broken_settings_let_nobody_in(settings):
    settings.write_text("sign_in = perhaps", encoding="utf-8")
    app = opened(CLAIMS | {"roles": "owners"})
    assert [error.value for error in app.error] == ["The app cannot be used as it is set up."]
    assert texts(app)[0].startswith(f"{settings} is no valid TOML: ")
    assert not app.text_area
    assert not said_by("classify", CLAIMS).markdown and "let through" not in texts(said_by("classify", CLAIMS))[0]


def test_settings_that_vanish_do_not_turn_sign_in_off(settings):
    assert [button.label for button in opened().button] == ["Sign in"]
    settings.write_text("", encoding="utf-8")
    assert [button.label for button in opened().button] == ["Sign in"]


def test_without_sign_in_everybody_on_this_machine_is_an_approver_named_by_the_settings(settings):
    settings.write_text('user = "Plant 2"', encoding="utf-8")
    assert texts(said_by(secrets={})) == ["let through: Plant 2, approver"]
    app = opened(secrets={})
    assert pages_of(app) == ["Classify", "Review", "Train", "Model", "Guide"]
    assert not app.sidebar.button


ELSEWHERE = (
    "This server is for its own machine, and was asked under another name or by another site. "
    "Open http://localhost:8501 on that machine, or turn sign_in on where others use it too."
)


@pytest.mark.parametrize("headers", [{"Host": "evil.example:8501"}, {"Host": "localhost:8501", "Origin": "http://evil.example"}])
def test_without_sign_in_nobody_gets_in_by_another_name_of_the_machine_or_from_another_site(settings, monkeypatch, headers):
    settings.write_text("", encoding="utf-8")
    monkeypatch.setattr(type(streamlit.context), "headers", headers)
    app = opened(secrets={})
    assert [error.value for error in app.error] == ["This is not allowed."]
    assert texts(app) == [ELSEWHERE] and not app.button and not app.text_area
    assert texts(said_by("classify", secrets={})) == [ELSEWHERE]


def test_with_sign_in_or_in_a_network_the_name_of_the_server_is_anybodys_choice(settings, monkeypatch):
    monkeypatch.setattr(
        type(streamlit.context), "headers", {"Host": "opscope.example.com", "Origin": "https://opscope.example.com"}
    )
    assert [button.label for button in opened().button] == ["Sign in"]
    settings.write_text("", encoding="utf-8")
    signing_in.served_settings.cache_clear()
    asked = streamlit.get_option
    monkeypatch.setattr(streamlit, "get_option", lambda name: "0.0.0.0" if name == "server.address" else asked(name))
    assert pages_of(opened(secrets={})) == ["Classify", "Model", "Guide"]


REFUSED_BY_PROVIDER = "You tried to sign in, and your provider has not let you in. Try again, or ask whoever runs this server."


@pytest.mark.parametrize(("cookies", "told"), [({}, []), ({"_streamlit_session": "x"}, [REFUSED_BY_PROVIDER])])
def test_who_comes_back_from_the_provider_without_being_signed_in_is_told_so(monkeypatch, cookies, told):
    monkeypatch.setattr(type(streamlit.context), "cookies", cookies)
    assert [info.value for info in opened().info] == told


def test_without_sign_in_everybody_in_a_network_has_the_default_role(settings, monkeypatch):
    settings.write_text('default_role = "reviewer"', encoding="utf-8")
    asked = streamlit.get_option
    monkeypatch.setattr(streamlit, "get_option", lambda name: "0.0.0.0" if name == "server.address" else asked(name))
    assert texts(said_by(secrets={}))[0].endswith(", reviewer")
    assert pages_of(opened(secrets={})) == ["Classify", "Review", "Model", "Guide"]


NAMES = [
    ({"email": "ana@example.com", "name": "Ana"}, "ana@example.com"),
    ({"email": "ana@example.com", "email_verified": False, "name": "Ana"}, "Ana"),
    ({"email": "ana@example.com", "email_verified": "false", "preferred_username": "ana", "name": "Ana"}, "ana"),
    ({"email": "", "name": " Ana \n Lee ", "sub": "1"}, "Ana Lee"),
    ({"email": 3, "sub": "1"}, "1"),
    ({"email": "a\x00b", "name": "\u202eAna", "sub": "1"}, "1"),
    ({}, "unknown"),
]


@pytest.mark.parametrize(("claims", "name"), NAMES)
def test_a_person_has_the_name_that_tells_it_from_others(claims, name):
    assert signing_in.name_in(claims) == name


@given(
    some.dictionaries(
        some.sampled_from(["email", "preferred_username", "name", "sub", "email_verified"]), some.text() | some.none()
    )
)
def test_any_name_is_one_printable_line(claims):
    name = signing_in.name_in(claims)
    assert name.isprintable() and name and name == name.strip()


@pytest.mark.parametrize("expires", [99, 100, 0, -1, float("nan"), True, "101", [], {}])
def test_a_session_with_this_end_has_ended_at_100(expires):
    assert not signing_in.is_signed_in({"is_logged_in": True, "exp": expires}, 100)


@pytest.mark.parametrize("claims", [{"exp": 101}, {"exp": 100.5}, {"exp": None}, {}])
def test_a_session_with_this_end_goes_on_at_100(claims):
    assert signing_in.is_signed_in({"is_logged_in": True} | claims, 100)


SECRET = SECRETS["auth"]["cookie_secret"]
COOKIE = "_streamlit_user"


def signed(name, said, secret=SECRET):
    return {name: URLSafeTimedSerializer(secret, salt=name).dumps(said)}


@pytest.mark.parametrize(
    "cookies",
    [
        {},
        {"another": "x"},
        signed(COOKIE, '{"email": "chunks-2"}'),
        signed(COOKIE, "chunks-1") | signed(f"{COOKIE}_1", "{}"),
        signed(COOKIE, "chunks-1") | signed(f"{COOKIE}_1", "{}") | {f"{COOKIE}_2": "left over from a longer one"},
        signed(COOKIE, "{}") | {f"{COOKIE}_tokens": "x"},
    ],
)
def test_a_cookie_whose_parts_are_all_there_is_of_one_sign_in(cookies):
    assert signing_in.is_of_one_sign_in(cookies, SECRET)


@pytest.mark.parametrize(
    "cookies",
    [
        {COOKIE: "x"},
        {COOKIE: ""},
        signed(COOKIE, "{}", "another secret"),
        signed(COOKIE, "chunks-2") | signed(f"{COOKIE}_1", "{}"),
        signed(COOKIE, "chunks-1") | {f"{COOKIE}_1": "x"},
        signed(COOKIE, "chunks-1") | {f"{COOKIE}_1": signed(f"{COOKIE}_2", "{}")[f"{COOKIE}_2"]},
    ],
)
def test_a_cookie_of_which_a_part_is_missing_or_another_is_of_none(cookies):
    assert not signing_in.is_of_one_sign_in(cookies, SECRET)


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
    streamlit.cache_resource.clear()
    return folder


def train_page(claims):
    app = opened(claims)
    app.switch_page("src/opscope/pages/train.py").run()
    assert not app.exception
    return app


def click(app, label):
    next(button for button in app.button if button.label == label).click().run()


def test_the_log_names_who_signed_in(models):
    app = train_page(CLAIMS | {"roles": "owners"})
    click(app, "Promote the candidate")
    click(app, "Roll back")
    assert [(step.done, step.who) for step in aliases_of(models).log[-2:]] == [
        ("promoted", "ana@example.com"), ("rolled back", "ana@example.com"),
    ]  # fmt: skip


def test_a_role_that_is_taken_away_stops_the_next_click(models):
    app = train_page(CLAIMS | {"roles": "owners"})
    click(app, "Promote the candidate")
    app.user = CLAIMS | {"roles": "shift"}
    click(app, "Roll back")
    assert aliases_of(models).active == "2026-02-01-bbb"


@pytest.mark.parametrize("label", ["Promote the candidate", "Roll back"])
def test_each_step_asks_for_its_own_role_and_not_only_for_that_of_the_page(models, monkeypatch, label):
    aliases.promote(models, "2026-02-01-bbb")
    aliases.make_candidate(models, "2026-01-01-aaa")
    monkeypatch.setitem(LOWEST_ROLE_FOR, "train", "reviewer")
    app = train_page(CLAIMS | {"roles": "shift"})
    click(app, label)
    assert [error.value for error in app.error] == ["This is not allowed."]
    assert aliases_of(models).active == "2026-02-01-bbb"


PAGES = ROOT / "src/opscope/pages"
REFUSED = "The role viewer may not review activities, the role reviewer may. Ask whoever runs this server for that role."


@pytest.mark.parametrize("name", ["classify.py", "guide.py", "model.py", "review.py", "train.py"])
def test_no_page_opens_past_the_navigation_to_who_is_not_signed_in(name):
    app = opened(script=str(PAGES / name))
    assert texts(app) == [NOT_SIGNED_IN]
    assert not app.title and not app.button


def test_the_review_page_opened_past_the_navigation_refuses_a_viewer():
    app = opened(CLAIMS, script=str(PAGES / "review.py"))
    assert texts(app) == [REFUSED]
    assert not app.title and not app.button


@pytest.fixture
def reviews(tmp_path, monkeypatch, model):
    """A queue of two activities, a third with two labels that contradict each other."""
    monkeypatch.setenv("OPSCOPE_REVIEWS", str(tmp_path / "reviews.sqlite"))
    streamlit.cache_resource.clear()
    found = open_reviews()
    queue_paste(found, model, "Oil the chain of line 2\nPay the carrier of Lyon")
    disputed = model.predict("Count the drums beside dryer 4")
    found.add([verdict_on(disputed, "production", reviewer="Ben"), verdict_on(disputed, "operations", reviewer="Cleo")])
    return found


def review_page(claims):
    app = opened(claims)
    app.switch_page("src/opscope/pages/review.py").run()
    assert not app.exception
    return app


def newest(reviews):
    verdict = reviews.verdicts()[-1]
    return verdict.reviewer, verdict.label, verdict.adjudicates


def test_verdicts_are_kept_under_the_name_that_signed_in(reviews):
    app = review_page(CLAIMS | {"roles": "shift"})
    assert "Reviewing as ana@example.com" in texts(app) and not [field for field in app.text_input if field.key == "review_name"]
    click(app, "Production-scoped")
    assert newest(reviews) == ("ana@example.com", "production", False)
    app.user = CLAIMS | {"roles": "shift", "email": "ben@example.com"}
    app.run()
    click(app, "Operations-wide")
    assert newest(reviews) == ("ben@example.com", "operations", False)


@pytest.mark.parametrize("now", [{"roles": None}, {"email": "ben@example.com"}, {"exp": 1.0}], ids=["role", "person", "end"])
@pytest.mark.parametrize("label", ["Production-scoped", "Add to the queue"])
def test_a_click_on_a_page_that_was_drawn_for_other_rights_keeps_nothing(reviews, label, now):
    app = review_page(CLAIMS | {"roles": "shift"})
    app.text_area(key="review_paste").set_value("Hire a clerk")
    app.user = CLAIMS | {"roles": "shift"} | now
    click(app, label)
    assert not app.exception
    assert len(reviews.verdicts()) == 2
    if "email" not in now:  # whoever else is signed in may add to the queue too
        assert len(reviews.queued()) == 2


def test_who_may_review_no_more_takes_nothing_back(reviews):
    app = review_page(CLAIMS | {"roles": "shift"})
    click(app, "Production-scoped")
    app.user = CLAIMS
    click(app, "Undo")
    assert newest(reviews) == ("ana@example.com", "production", False)


def test_a_reviewer_sees_disputes_and_an_approver_ends_them(reviews):
    app = review_page(CLAIMS | {"roles": "shift"})
    assert "An approver can settle it." in [caption.value for caption in app.caption]
    assert not [button for button in app.button if button.label.startswith("It is")]
    app = review_page(CLAIMS | {"roles": "owners"})
    click(app, "It is production-scoped")
    assert newest(reviews) == ("ana@example.com", "production", True)


def test_an_approver_who_is_one_no_more_ends_no_dispute(reviews):
    app = review_page(CLAIMS | {"roles": "owners"})
    app.user = CLAIMS | {"roles": "shift"}
    click(app, "It is production-scoped")
    assert len(reviews.verdicts()) == 2


def test_who_may_not_review_puts_nothing_into_the_queue_from_a_list(reviews):
    app = opened(CLAIMS | {"roles": "shift"})
    next(group for group in app.button_group if group.key == "asked").set_value("Time for review").run()
    app.user = CLAIMS
    click(app, "Put them into the review queue")
    assert len(reviews.queued()) == 2
    app.run()
    assert "Put them into the review queue" not in [button.label for button in app.button]
