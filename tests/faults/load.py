"""Load on the app: many people at once over Streamlit's protocol, what the server holds, and what one user costs another.

``python tests/faults/load.py PEOPLE SECONDS`` prints a report; test_load.py asks for the same and checks it.
"""

import asyncio
import multiprocessing
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from faults.people import Acknowledged, Measured, Person
from opscope import load
from opscope.labelled import read_dataset
from opscope.paths import shipped
from opscope.reviewing import queue_texts
from opscope.reviews import open_reviews
from opscope.verdicts import CANNOT_DECIDE, WITHDRAWN

ROOT = Path(__file__).parents[2]
ROWS, MANY_ROWS, LINES = 5_000, 50_000, 500
KEPT_FOR = 120  # seconds that Streamlit keeps a session whose tab was closed, in case the browser comes back
_QUEUED = 3_000
_SAMPLES_A_SECOND = 2


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


@dataclass(frozen=True)
class Load:
    """What came of a run: seconds of each kind of action, verdicts, and samples of memory in megabytes over the run."""

    measured: Measured
    megabytes: list[float]
    began: float

    @property
    def warm(self) -> float:
        """The most memory in the first third of the run, in which everybody has done everything once."""
        return max(self.megabytes[: max(1, len(self.megabytes) // 3)])

    @property
    def growth(self) -> float:
        """By how much the highest memory of the last third is over that of the first."""
        return max(self.megabytes[-max(1, len(self.megabytes) // 3) :]) - self.warm


@dataclass(frozen=True)
class FairShare:
    """Seconds of one user's paste of 500 lines, alone and beside another who uploads 50,000 rows again and again."""

    alone: list[float]
    beside: list[float]

    @property
    def ratio(self) -> float:
        """How many times as long the median takes beside another."""
        return statistics.median(self.beside) / statistics.median(self.alone)


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """An app of its own with activities in its queue."""
    reviews, log = folder / "reviews.sqlite", folder / "server.log"
    queue_texts(open_reviews(reviews), load(), corpus()[:_QUEUED], source="load")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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


def corpus() -> list[str]:
    """Activities to build lists of, one line each."""
    return [" ".join(text.split()) for text in read_dataset(shipped("data/activities.csv")).texts]


async def crowd(server: Server, people: int, seconds: float, *, pause: float, rows: int = ROWS, patience: float = 60) -> Load:
    """Lets so many people use the app at once for so long; raises Broken as soon as one of them meets what must not be."""
    measured, samples, began = Measured(), [], time.monotonic()
    texts, loop = corpus(), asyncio.get_running_loop()
    visitors = [Person(server.address, n, texts, measured, rows=rows, patience=patience) for n in range(people)]
    watching = asyncio.create_task(_watch(server, samples))
    try:
        async with asyncio.TaskGroup() as group:
            for visitor in visitors:
                group.create_task(visitor.live(loop.time() + seconds, pause))
    finally:
        watching.cancel()
        await asyncio.gather(*(visitor.close() for visitor in visitors))
    return Load(measured, samples, began)


async def _watch(server: Server, samples: list[float]) -> None:
    while True:
        samples.append(server.megabytes())
        await asyncio.sleep(1 / _SAMPLES_A_SECOND)


def kept(reviews: Path) -> list[Acknowledged]:
    """The verdicts that are in the database."""
    verdicts = open_reviews(reviews).verdicts()
    assert all((verdict.label == "") == (verdict.verdict in (CANNOT_DECIDE, WITHDRAWN)) for verdict in verdicts)
    return [Acknowledged(one.reviewer, one.text, one.label, one.verdict == WITHDRAWN) for one in verdicts]


async def fair_share(server: Server, rounds: int) -> FairShare:
    """Measures one user alone, and beside another, who is a process of its own so as not to slow the measuring one."""
    person = Person(server.address, 0, corpus(), Measured(), rows=ROWS)
    await person.open()
    await person.paste(LINES)
    alone = [await person.paste(LINES) for _ in range(rounds)]
    other = multiprocessing.get_context("spawn").Process(target=_upload_again_and_again, args=(server.address,), daemon=True)
    other.start()
    try:
        before = server.megabytes()
        while server.megabytes() < before + 20:  # until the first of its uploads is being read
            await asyncio.sleep(0.2)
            assert other.is_alive(), "the other user has gone"
        beside = [await person.paste(LINES) for _ in range(rounds)]
        assert other.is_alive(), "the other user has gone"
    finally:
        other.kill()
        other.join()
        await person.close()
    return FairShare(alone, beside)


def _upload_again_and_again(address: str) -> None:
    async def upload() -> None:
        person = Person(address, 1, corpus(), Measured(), rows=MANY_ROWS)
        await person.open()
        while True:
            await person.upload()

    asyncio.run(upload())


async def held_by_uploads(server: Server, sessions: int) -> list[float]:
    """Megabytes of the server: with one small session, after each of so many uploads of 50,000 rows, and when all tabs are closed."""
    first = Person(server.address, 0, corpus(), Measured(), rows=ROWS)
    await first.open()
    await first.paste(LINES)
    found = [server.megabytes()]
    for number in range(1, sessions + 1):
        person = Person(server.address, number, corpus(), Measured(), rows=MANY_ROWS, patience=120)
        await person.open()
        await person.upload()
        found.append(server.megabytes())
        await person.close()
    await asyncio.sleep(KEPT_FOR + 5)
    await first.paste(LINES)
    found.append(server.megabytes())
    await first.close()
    return found


def told(seconds: dict[str, Sequence[float]]) -> list[str]:
    """A line of a table for each kind of action: how often, median, and what 95 of 100 stayed under."""
    lines = ["| action | times | median s | 95 % under s |", "|---|---:|---:|---:|"]
    for what, took in sorted(seconds.items()):
        under = statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
        lines.append(f"| {what} | {len(took):,} | {statistics.median(took):.2f} | {under:.2f} |")
    return lines


async def campaign(people: int, seconds: float) -> None:
    """Prints a report of all of it."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        found = await crowd(server, people, seconds, pause=3)
        for line in told(found.measured.seconds):
            print(line)
        print(f"{len(found.measured.verdicts)} verdicts acknowledged, {len(kept(server.reviews))} kept.")
        print(f"Memory: {found.megabytes[0]:.0f} at first, {found.warm:.0f} warm, {found.growth:+.0f} MB after that.")
        share = await fair_share(server, 15)
        alone, beside = (statistics.median(took) for took in (share.alone, share.beside))
        print(f"Paste of {LINES} lines: {alone:.2f} s alone, {beside:.2f} s beside another, {share.ratio:.1f} times.")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        print("Uploads of 50,000 rows, MB:", *(round(held) for held in await held_by_uploads(server, 5)))


if __name__ == "__main__":
    random.seed(0)
    asyncio.run(campaign(int(sys.argv[1]), float(sys.argv[2])))
