"""The app in a real browser: a server on its own models and reviews, and headless Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

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


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Models and reviews of this run's own."""
    folder = tmp_path_factory.mktemp("app")
    shutil.copytree(shipped("models"), folder / "models")
    return folder


@pytest.fixture(scope="session")
def address(folder) -> str:
    """A server that runs while the tests do."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"OPSCOPE_MODELS": str(folder / "models"), "OPSCOPE_REVIEWS": str(folder / "reviews.sqlite")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://localhost:{port}/_stcore/health")
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    limit = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            assert time.monotonic() < limit
            time.sleep(0.2)


@pytest.fixture
def page(browser, address) -> Page:
    context = browser.new_context(viewport={"width": 1400, "height": 1200}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.get_by_role("heading", name="Production-scoped or operations-wide?").wait_for()
    yield page
    context.close()
