"""People who sign in at a provider, in a real browser: who sees what, who may do what, and who is told to have done it."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from end_to_end.provider import CLIENT, SECRET, Provider, Someone
from end_to_end.served import SETTINGS, free_port, put_models, put_reviews, secrets_for, serving, wait_until_up
from opscope.aliases import aliases_of
from opscope.reviews import open_reviews

PAGES = ("Classify", "Review", "Train", "Model", "Guide")
VERA = Someone("vera@example.com", {"realm_access": {"roles": ["visitors", "approver"]}})
RITA = Someone("rita@example.com", {"realm_access": {"roles": ["shift"]}})
OLGA = Someone("olga@example.com", {"realm_access": {"roles": ["shift", "owners"]}, "roles": "owners"})
BRIEF = Someone("brief@example.com", {"realm_access": {"roles": ["owners"]}})


@pytest.fixture(scope="module")
def provider():
    with Provider([VERA, RITA, OLGA, BRIEF]) as provider:
        yield provider


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The folder in which the server runs: a candidate beside the active version, two queued activities and a dispute."""
    place = tmp_path_factory.mktemp("sign_in")
    put_models(place)
    (place / "opscope.toml").write_text(SETTINGS, encoding="utf-8")
    put_reviews(place)
    return place


@pytest.fixture(scope="module")
def server(place, provider):
    port = free_port()
    (place / ".streamlit").mkdir()
    secrets = secrets_for(port, provider.metadata_url, CLIENT, SECRET)
    (place / ".streamlit/secrets.toml").write_text(secrets, encoding="utf-8")
    with serving(place, port):
        yield wait_until_up(port)


@pytest.fixture
def visitor(browser, server) -> Page:
    """A browser in which nobody has signed in."""
    context = browser.new_context(viewport={"width": 1400, "height": 1200})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(server)
    yield page
    context.close()


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def link(page: Page, name: str):
    return page.get_by_role("link", name=re.compile(rf"\b{name}$"))


def sign_in(page: Page, person: Someone) -> None:
    button(page, "Sign in").click()
    page.get_by_role("link", name=person.email, exact=True).click()
    expect(page.get_by_text(person.email)).to_be_visible()


def pages_of(page: Page) -> tuple[str, ...]:
    expect(link(page, "Guide")).to_be_visible()
    return tuple(name for name in PAGES if link(page, name).count())


def verdicts_in(place):
    return [(verdict.reviewer, verdict.label, verdict.adjudicates) for verdict in open_reviews(place / "reviews.sqlite").verdicts()]


def test_nobody_who_is_not_signed_in_sees_more_than_the_page_to_sign_in_whatever_the_address(visitor, server):
    for path in ("", "classify", "review", "train", "model", "guide"):
        visitor.goto(f"{server}/{path}")
        expect(visitor.get_by_text("Sign in to tag activities, to review them, or to train.")).to_be_visible()
        expect(visitor.get_by_test_id("stMain").get_by_role("button")).to_have_text(["Sign in"])
        assert not any(link(visitor, name).count() for name in PAGES)


def test_whom_the_provider_refuses_stays_outside_and_is_told_so(visitor):
    button(visitor, "Sign in").click()
    visitor.get_by_role("link", name="Refuse", exact=True).click()
    told = "You tried to sign in, and your provider has not let you in. Try again, or ask whoever runs this server."
    expect(visitor.get_by_text(told)).to_be_visible()
    expect(button(visitor, "Sign in")).to_be_visible()


def test_a_viewer_has_three_pages_and_no_other_by_its_address(visitor, server):
    sign_in(visitor, VERA)
    assert pages_of(visitor) == ("Classify", "Model", "Guide")
    for path in ("review", "train"):
        visitor.goto(f"{server}/{path}")
        expect(visitor.get_by_role("heading", name="Page not found")).to_be_visible()
        expect(visitor.get_by_text(VERA.email)).to_be_attached()
        assert not visitor.get_by_role("heading", name="Versions").count()
        assert not visitor.get_by_text("Reviewing as").count()


def test_a_reviewer_decides_under_the_e_mail_and_settles_nothing(visitor, server, place):
    sign_in(visitor, RITA)
    assert pages_of(visitor) == ("Classify", "Review", "Model", "Guide")
    link(visitor, "Review").click()
    expect(visitor.get_by_text("Reviewing as rita@example.com", exact=True)).to_be_visible()
    expect(visitor.get_by_text("An approver can settle it.", exact=True)).to_be_visible()
    assert not visitor.get_by_role("button", name=re.compile("^It is")).count()
    visitor.get_by_role("button", name=re.compile("^Production-scoped")).click()
    expect(visitor.get_by_role("button", name=re.compile("^Undo"), disabled=False)).to_have_count(1)
    assert verdicts_in(place)[-1] == ("rita@example.com", "production", False)
    visitor.goto(f"{server}/train")
    expect(visitor.get_by_role("heading", name="Page not found")).to_be_visible()


def test_an_approver_settles_promotes_and_rolls_back_under_the_e_mail_and_signs_out(visitor, place, provider):
    before = aliases_of(place / "models").active
    sign_in(visitor, OLGA)
    assert pages_of(visitor) == PAGES
    link(visitor, "Review").click()
    button(visitor, "It is production-scoped").click()
    expect(visitor.get_by_text("Settled: Count the drums beside dryer 4 is production-scoped.", exact=True)).to_be_visible()
    assert verdicts_in(place)[-1] == ("olga@example.com", "production", True)
    link(visitor, "Train").click()
    button(visitor, "Promote the candidate").click()
    expect(visitor.get_by_text("2027-01-01-aaa is active now.", exact=True)).to_be_visible()
    button(visitor, "Roll back").click()
    expect(visitor.get_by_text("The version before is active again.", exact=True)).to_be_visible()
    log = [(step.done, step.who) for step in aliases_of(place / "models").log]
    assert log[-2:] == [("promoted", "olga@example.com"), ("rolled back", "olga@example.com")]
    assert aliases_of(place / "models").active == before
    button(visitor, "Sign out").click()
    expect(button(visitor, "Sign in")).to_be_visible()
    assert provider.signed_out == [CLIENT]
    visitor.reload()
    expect(button(visitor, "Sign in")).to_be_visible()


def test_a_file_over_the_limit_is_refused_with_the_limit(visitor, tmp_path):
    path = tmp_path / "large.csv"
    path.write_bytes(b"text\n" + b"Oil the chain\n" * 80_000)
    sign_in(visitor, VERA)
    visitor.get_by_text("Upload a table", exact=True).click()
    visitor.locator("input[type=file]").set_input_files(path)
    expect(visitor.get_by_text("File must be 1.0MB or smaller.")).to_be_visible()


def test_within_another_sites_page_there_is_nothing_to_click(browser, server, provider):
    page = browser.new_page()
    page.goto(f"{provider.address}/framing?{server}")
    framed = page.frame_locator("iframe")
    expect(framed.get_by_text("opscope does not show itself within another site.", exact=True)).to_be_visible()
    expect(framed.get_by_role("button")).to_have_count(0)
    page.close()


def test_who_is_signed_in_for_longer_than_the_token_is_good_for_is_out_with_the_next_click(visitor, provider):
    ended = visitor.get_by_text("Your session has ended. Sign in again to go on.", exact=True)
    for seconds in (6, 40):  # a machine that is slower than the shorter one gets the longer one
        provider.people[BRIEF.email] = Someone(BRIEF.email, BRIEF.claims, seconds)
        button(visitor, "Sign in").click()
        visitor.get_by_role("link", name=BRIEF.email, exact=True).click()
        signed_in = time.monotonic()
        expect(link(visitor, "Train").or_(ended)).to_be_visible()
        if not ended.count():
            break
    visitor.wait_for_timeout(1000 * max(0, signed_in + seconds - time.monotonic()) + 1000)
    link(visitor, "Train").click()
    expect(ended).to_be_visible()
    expect(button(visitor, "Sign in")).to_be_visible()
    assert not visitor.get_by_role("heading", name="Versions").count()
