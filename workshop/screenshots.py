"""Pictures of every page, with something on it, in light, dark and phone width, into ``build/screenshots``. Needs Chromium.

The README's pictures are cut from them, into ``docs``.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from opscope.aliases import active_version
from opscope.model import load
from opscope.paths import shipped
from opscope.reviewing import queue_paste, verdict_on
from opscope.reviews import open_reviews

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "build" / "screenshots"
PORT = 8611
README = {
    "classify": ("list-light", 1350),
    "review": ("review-light", 860),
    "time": ("time-light", 1500),
    "phone": ("list-phone", 1500),
}
LIST = """\
Area\tActivity
Plant 2\tRe-grind the die after the burr complaint from line 2
Plant 2\tGrease the filler bearings before the cream run
Plant 2\tmaintenance
Lyon\tBook the carrier for the two late pallets to Lyon
Lyon\tRenegotiate the resin contract with both suppliers
Lyon\tCheck the weight of every tenth pouch at the sealer
Lyon\tGuten Morgen zusammen
"""


def pasted(page) -> None:
    """A list that is not all plain sailing."""
    page.get_by_role("textbox", name="Activities, one a line").fill(LIST)
    page.get_by_role("textbox", name="Activities, one a line").press("Control+Enter")
    page.get_by_text("7 of 7 activities.").wait_for()


def time_for_review(page) -> None:
    """The review budget of that list."""
    pasted(page)
    page.get_by_role("radio", name="Time for review").click()
    page.get_by_text("Review these").wait_for()


def holdings(page) -> None:
    """What that list holds."""
    pasted(page)
    page.get_by_role("radio", name="What it holds").click()
    page.wait_for_timeout(1000)


def at_the_desk(page) -> None:
    """A reviewer with an activity."""
    page.get_by_role("textbox", name="Your name").fill("Anna")
    page.get_by_role("button", name="Begin", exact=True).click()
    page.get_by_role("heading", name="Where the reviews stand").wait_for()


PAGES = {
    "classify": ("", lambda page: None),
    "list": ("", pasted),
    "time": ("", time_for_review),
    "holds": ("", holdings),
    "review": ("review", at_the_desk),
    "train": ("train", lambda page: None),
    "model": ("model", lambda page: page.get_by_role("heading", name="The strongest words").wait_for()),
    "guide": ("guide", lambda page: None),
}
LOOKS = {"light": (1400, 1500, "light"), "dark": (1400, 1500, "dark"), "phone": (390, 2400, "light")}


def main() -> None:
    """Starts the app on a copy of the models, and takes the pictures."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(shipped("models"), Path(folder) / "models")
        queue_some(Path(folder))
        environment = os.environ | {"OPSCOPE_MODELS": f"{folder}/models", "OPSCOPE_REVIEWS": f"{folder}/reviews.sqlite"}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(PORT), "--server.headless", "true"]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://localhost:{PORT}/_stcore/health")
            take()
            cut()
        finally:
            server.terminate()
            server.wait()


def queue_some(folder: Path) -> None:
    """Activities to review, and one on which two people disagree."""
    reviews, model = open_reviews(folder / "reviews.sqlite"), load(active_version(folder / "models"))
    queue_paste(reviews, model, "Oil the chain of line 3\nHire a clerk for the spare parts store\nCount the drums beside dryer 4")
    disputed = model.predict("Count the drums beside dryer 4")
    said = (("production", "Ben", "it is done in the plant"), ("operations", "Cleo", "the count goes to the supplier"))
    reviews.add([verdict_on(disputed, label, reviewer=name, reason=reason) for label, name, reason in said])


def wait_for(url: str) -> None:
    """Waits until the server answers, a minute at most."""
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"No answer from {url}.")


def take() -> None:
    """Opens each page in each look."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for look, (width, height, scheme) in LOOKS.items():
            for name, (path, ready) in PAGES.items():
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.goto(f"http://localhost:{PORT}/{path}")
                page.wait_for_selector("h1", timeout=60_000)
                ready(page)
                page.wait_for_timeout(3000)  # charts are drawn after the text
                page.screenshot(path=OUTPUT / f"{name}-{look}.png")
                page.close()
        browser.close()


def cut() -> None:
    """The README's pictures: the upper part of some, in few colours, so that they load quickly."""
    for name, (picture, height) in README.items():
        whole = Image.open(OUTPUT / f"{picture}.png").convert("RGB")
        whole.crop((0, 0, whole.width, height)).quantize(128).save(ROOT / "docs" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
