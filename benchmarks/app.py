"""How long people wait for the app, in headless Chromium: first page, a paste, an upload. Run by ``make bench-app``."""

import csv
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from opscope.labelled import read_dataset
from opscope.paths import shipped

ROOT, PORT, ROUNDS = Path(__file__).parents[1], 8612, 5
LISTED = "Activities, one a line, or cells copied from a spreadsheet"


def main() -> None:
    """Starts the app, measures, and prints a table."""
    texts = read_dataset(shipped("data/activities.csv")).texts
    with tempfile.TemporaryDirectory() as folder:
        upload = Path(folder) / "upload.csv"
        with upload.open("w", newline="", encoding="utf-8") as handle:
            csv.writer(handle).writerows([("text",), *((f"{text} ({n})",) for n, text in enumerate((texts * 3)[:50_000]))])
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(PORT), "--server.headless", "true"]
        environment = os.environ | {"OPSCOPE_REVIEWS": f"{folder}/reviews.sqlite"}
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://localhost:{PORT}/_stcore/health")
            measure(server.pid, texts, upload)
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


def measure(server: int, texts: list[str], upload: Path) -> None:
    """Prints the medians of several rounds, each in a session of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        print("| | seconds |\n|---|---:|")
        opened = [timed(lambda: ready(browser.new_page(), 6)) for _ in range(ROUNDS)]
        print(f"| first page after the server's start, until its table stands | {opened[0]:.1f} |")
        print(f"| a page of a further session | {statistics.median(opened[1:]):.1f} |")
        before = megabytes(server)
        pages = [ready(browser.new_page(), 6) for _ in range(ROUNDS)]
        session = (megabytes(server) - before) / ROUNDS
        pasted = [timed(partial(paste, page, texts[n * 500 : n * 500 + 500])) for n, page in enumerate(pages)]
        print(f"| 500 pasted lines, until their table stands | {statistics.median(pasted):.1f} |")
        page = ready(browser.new_page(), 6)
        print(f"| 50,000 uploaded rows, until their table stands | {timed(lambda: send(page, upload)):.1f} |")
        print(f"| then, a filter by a word | {timed(lambda: narrow(page)):.1f} |")
        print(f"\nMemory a session: {session:.1f} MB; of the server with the 50,000 rows: {megabytes(server):,.0f} MB.")
        browser.close()


def timed(work) -> float:
    """Seconds that the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ready(page: Page, rows: int) -> Page:
    """Opens the app and waits for its table."""
    page.set_default_timeout(120_000)
    page.goto(f"http://localhost:{PORT}")
    shown(page, rows)
    return page


def shown(page: Page, rows: int) -> None:
    """Waits until the table shows so many rows."""
    page.get_by_text(f"{rows:,} of {rows:,} activities.").wait_for()


def paste(page: Page, texts: list[str]) -> None:
    """Pastes lines and waits for their table."""
    field = page.get_by_role("textbox", name=LISTED)
    field.fill("\n".join(text.replace("\n", " ") for text in texts))
    field.press("Control+Enter")
    shown(page, len(texts))


def send(page: Page, path: Path) -> None:
    """Uploads a table and waits for its rows."""
    page.get_by_text("Upload a table").click()
    page.locator("input[type=file]").set_input_files(path)
    shown(page, 50_000)


def narrow(page: Page) -> None:
    """Filters by a word."""
    page.get_by_text("Filter", exact=True).click()
    page.get_by_role("searchbox", name="Text").fill("carrier")
    page.get_by_text(" of 50,000 activities.").and_(page.locator(":not(:has-text('50,000 of'))")).wait_for()


def megabytes(process: int) -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
