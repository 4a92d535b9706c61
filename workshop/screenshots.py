"""Pictures of every page in light, dark and phone width, into ``build/screenshots``. See ``make screenshots``; needs Chromium."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

from opscope.paths import shipped

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "build" / "screenshots"
PORT = 8611
PAGES = {"classify": "", "review": "review", "train": "train", "model": "model", "guide": "guide"}
LOOKS = {"light": (1400, 1250, "light"), "dark": (1400, 1250, "dark"), "phone": (390, 1900, "light")}


def main() -> None:
    """Starts the app on a copy of the models, and takes the pictures."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(shipped("models"), Path(folder) / "models")
        environment = os.environ | {"OPSCOPE_MODELS": f"{folder}/models", "OPSCOPE_REVIEWS": f"{folder}/reviews.sqlite"}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(PORT), "--server.headless", "true"]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://localhost:{PORT}/_stcore/health")
            take()
        finally:
            server.terminate()
            server.wait()


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
            for name, path in PAGES.items():
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.goto(f"http://localhost:{PORT}/{path}")
                page.wait_for_selector("h1", timeout=60_000)
                page.wait_for_timeout(3000)  # charts are drawn after the text
                page.screenshot(path=OUTPUT / f"{name}-{look}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
