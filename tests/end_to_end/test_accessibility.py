"""Each page, in light, dark and at phone width, is looked over by axe: nothing serious stands in the way of anybody."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from opscope.aliases import active_version
from opscope.model import load
from opscope.reviewing import queue_paste, verdict_on
from opscope.reviews import open_reviews

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def reviews(folder):
    """A queue, and an activity on which two people disagree."""
    found, model = open_reviews(folder / "reviews.sqlite"), load(active_version(folder / "models"))
    queue_paste(found, model, "Oil the chain of line 3\nPay the carrier of Nantes\nCount the drums beside dryer 4")
    disputed = model.predict("Count the drums beside dryer 4")
    found.add([verdict_on(disputed, label, reviewer=name) for label, name in (("production", "Ben"), ("operations", "Cleo"))])


def classify(page):
    page.get_by_role("heading", name="Why").wait_for()


def whole_list(page):
    page.get_by_role("radio", name="Time for review").or_(page.get_by_role("button", name="Time for review")).first.click()
    page.get_by_role("spinbutton", name="Minutes for review").wait_for()


def review(page):
    page.get_by_role("textbox", name="Your name").fill("Anna")
    page.get_by_role("button", name="Begin", exact=True).click()
    page.get_by_role("heading", name="Where the reviews stand").wait_for()


def heading(name):
    return lambda page: page.get_by_role("heading", name=name).wait_for()


PAGES = {
    "classify": ("", classify),
    "whole list": ("", whole_list),
    "review": ("review", review),
    "train": ("train", heading("Versions")),
    "model": ("model", heading("The strongest words")),
    "guide": ("guide", heading("The guide")),
}
LOOKS = {"light": (1400, 1200, "light"), "dark": (1400, 1200, "dark"), "phone": (390, 1200, "light")}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_serious_is_found(name, page, address, reviews):
    path, ready = PAGES[name]
    page.goto(f"{address}/{path}")
    ready(page)
    told = []
    for look, (width, height, scheme) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(1000)  # charts are drawn anew after the text
        told += [f"{look}: {line}" for violation in Axe().run(page).response["violations"] for line in lines_of(violation)]
    assert not told, "\n".join(told)


def lines_of(violation):
    """A serious finding in words, a line for each element."""
    if violation["impact"] not in SERIOUS:
        return []
    return [f"{violation['id']}: {node['html'][:200]} {node.get('failureSummary', '')}" for node in violation["nodes"]]
