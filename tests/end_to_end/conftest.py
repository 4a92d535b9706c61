"""The app in a real browser: a server on its own models and reviews, and headless Chromium."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from end_to_end.served import free_port, wait_until_up
from opscope.paths import shipped

ROOT = Path(__file__).parents[2]
expect.set_options(timeout=60_000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Browser:
    if CHROMIUM is None:
        if os.environ.get("OPSCOPE_NEEDS_BROWSER"):
            pytest.fail("No Chromium is installed, and these tests must not be skipped here: apt-get install chromium.")
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Models and reviews of each file's own."""
    folder = tmp_path_factory.mktemp("app")
    shutil.copytree(shipped("models"), folder / "models")
    return folder


@pytest.fixture(scope="module")
def address(folder) -> str:
    """A server that runs while the tests of a file do."""
    port = free_port()
    environment = os.environ | {"OPSCOPE_MODELS": str(folder / "models"), "OPSCOPE_REVIEWS": str(folder / "reviews.sqlite")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield wait_until_up(port)
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def page(browser, address) -> Page:
    context = browser.new_context(viewport={"width": 1400, "height": 1200}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.get_by_role("heading", name="Production-scoped or operations-wide?").wait_for()
    yield page
    context.close()
