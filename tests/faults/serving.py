"""The app in a process of its own, on reviews of its own, and lists to give it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
from end_to_end.served import free_port

from opscope import load
from opscope.labelled import read_dataset
from opscope.paths import shipped
from opscope.reviewing import queue_texts
from opscope.reviews import open_reviews

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """A running app."""

    address: str
    process: int
    reviews: Path
    log: Path

    def megabytes(self) -> float:
        """Its resident memory."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def served(folder: Path, queued: int = 3_000) -> Iterator[Server]:
    """An app of its own with so many activities in its queue."""
    reviews, log = folder / "reviews.sqlite", folder / "server.log"
    queue_texts(open_reviews(reviews), load(), corpus()[:queued], source="load")
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"]
    environment = os.environ | {"OPSCOPE_REVIEWS": str(reviews), "TMPDIR": str(folder)}
    with log.open("wb") as written:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=written, stderr=written)
    try:
        address = f"http://localhost:{port}"
        _wait_for(f"{address}/_stcore/health", process)
        yield Server(address, process.pid, reviews, log)
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen) -> None:
    limit = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < limit:
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("The app does not start.")


@cache
def corpus() -> list[str]:
    """Activities to build lists of, one line each."""
    return [" ".join(text.split()) for text in read_dataset(shipped("data/activities.csv")).texts]
