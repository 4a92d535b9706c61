"""Load on the app: many people at once over Streamlit's protocol, what the server holds, and what one user costs another.

``python tests/faults/load.py PEOPLE SECONDS`` prints a report; test_load.py asks for the same and checks it.
"""

import asyncio
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from faults.people import Acknowledged, Lists, Measured, Person
from opscope import load
from opscope.labelled import read_dataset
from opscope.paths import shipped
from opscope.reviewing import queue_texts
from opscope.reviews import open_reviews
from opscope.verdicts import CANNOT_DECIDE, WITHDRAWN

ROOT = Path(__file__).parents[2]
USUAL, LONG = Lists(), Lists(rows=50_000)
PAUSE = 8  # seconds that people think between two clicks, on average
KEPT_FOR = 120  # seconds that Streamlit keeps a session whose tab was closed, in case the browser comes back


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
    """What came of a run, with the server's megabytes, sampled until everybody had done everything once, and after that."""

    measured: Measured
    warming: list[float]
    after: list[float]

    @property
    def growth(self) -> float:
        """By how much the highest memory after the warm-up is over that at its end."""
        return max(self.after) - self.after[0] if self.after else 0.0

    @property
    def told_memory(self) -> str:
        """The memory in a sentence: at the end of the warm-up, and over the rest."""
        tenth = max(1, len(self.after) // 10)
        course = ", ".join(f"{statistics.median(self.after[at : at + tenth]):.0f}" for at in range(0, len(self.after), tenth))
        return f"{self.after[0]:.0f} when all were warm, {course} over the rest, {max(self.after):.0f} at most ({self.growth:+.0f})"


@dataclass(frozen=True)
class FairShare:
    """Seconds of one user's paste of 500 lines, alone and beside another who uploads 50,000 rows again and again."""

    alone: list[float]
    beside: list[float]

    @property
    def ratio(self) -> float:
        """How many times as long the median takes beside another."""
        return statistics.median(self.beside) / statistics.median(self.alone)


@dataclass(frozen=True)
class Held:
    """Megabytes of the server: before, after each upload of 50,000 rows, after each of as many again, two minutes after either."""

    before: float
    once: list[float]
    again: list[float]
    rested: list[float]


@contextmanager
def served(folder: Path, queued: int = 3_000) -> Iterator[Server]:
    """An app of its own with so many activities in its queue."""
    reviews, log = folder / "reviews.sqlite", folder / "server.log"
    queue_texts(open_reviews(reviews), load(), corpus()[:queued], source="load")
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


async def crowd(server: Server, people: int, seconds: float, *, pause: float, lists: Lists = USUAL) -> Load:
    """Lets so many people use the app at once for so long; raises Broken as soon as one of them meets what must not be."""
    found, texts, loop = Load(Measured(), [], []), corpus(), asyncio.get_running_loop()
    visitors = [Person(server.address, number, texts, found.measured, lists) for number in range(people)]
    watching = asyncio.create_task(_watch(server, found, people))
    try:
        async with asyncio.TaskGroup() as group:
            for visitor in visitors:
                group.create_task(visitor.live(loop.time() + seconds, pause))
    finally:
        watching.cancel()
        await asyncio.gather(*(visitor.close() for visitor in visitors))
    return found


async def _watch(server: Server, found: Load, people: int) -> None:
    while True:
        samples = found.after if len(found.measured.warm) == people else found.warming
        samples.append(server.megabytes())
        await asyncio.sleep(0.5)


def kept(reviews: Path) -> list[Acknowledged]:
    """The verdicts that are in the database."""
    verdicts = open_reviews(reviews).verdicts()
    assert all((verdict.label == "") == (verdict.verdict in (CANNOT_DECIDE, WITHDRAWN)) for verdict in verdicts)
    return [Acknowledged(one.reviewer, one.text, one.label, one.verdict == WITHDRAWN) for one in verdicts]


async def fair_share(server: Server, rounds: int) -> FairShare:
    """Measures one user alone, and beside another, who is a process of its own so as not to slow the measuring one."""
    person = Person(server.address, 0, corpus(), Measured(), USUAL)
    await person.open()
    await person.paste(USUAL.lines)
    alone = [await person.paste(USUAL.lines) for _ in range(rounds)]
    other = multiprocessing.get_context("spawn").Process(target=_upload_again_and_again, args=(server.address,), daemon=True)
    other.start()
    try:
        before = server.megabytes()
        while server.megabytes() < before + 20:  # until the first of its uploads is being read
            await asyncio.sleep(0.2)
            assert other.is_alive(), "the other user has gone"
        beside = [await person.paste(USUAL.lines) for _ in range(rounds)]
        assert other.is_alive(), "the other user has gone"
    finally:
        other.kill()
        other.join()
        await person.close()
    return FairShare(alone, beside)


def _upload_again_and_again(address: str) -> None:
    async def upload() -> None:
        person = Person(address, 1, corpus(), Measured(), LONG)
        await person.open()
        while True:
            await person.upload()

    asyncio.run(upload())


async def held_by_uploads(server: Server, sessions: int) -> Held:
    """Uploads 50,000 rows in one session after another, waits until the server forgets them, and does it again."""
    first = Person(server.address, 0, corpus(), Measured(), USUAL)
    await first.open()
    await first.paste(USUAL.lines)
    found = Held(server.megabytes(), [], [], [])
    for each in (found.once, found.again):
        for number in range(1, sessions + 1):
            person = Person(server.address, number, corpus(), Measured(), LONG)
            await person.open()
            await person.upload()
            each.append(server.megabytes())
            await person.close()
        await asyncio.sleep(KEPT_FOR + 5)
        await _come_and_go(server)  # which makes the server forget sessions
        found.rested.append(server.megabytes())
    await first.close()
    return found


async def _come_and_go(server: Server) -> None:
    person = Person(server.address, 99, corpus(), Measured(), USUAL)
    await person.open()
    await person.close()
    await asyncio.sleep(1)


def told(found: Load) -> list[str]:
    """A line of a table for each kind of action: how often, median, and what 95 of 100 stayed under."""
    lines = ["| action | times | median s | 95 % under s |", "|---|---:|---:|---:|"]
    for what, took in sorted(found.measured.seconds.items()):
        under = statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
        lines.append(f"| {what} | {len(took):,} | {statistics.median(took):.2f} | {under:.2f} |")
    return lines


async def campaign(people: int, seconds: float) -> None:
    """Prints a report of all of it."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        first = server.megabytes()
        found = await crowd(server, people, seconds, pause=PAUSE)
        say("\n".join(told(found)))
        say(f"{len(found.measured.verdicts):,} verdicts acknowledged, {len(kept(server.reviews)):,} kept.")
        say(f"Memory of the server, MB: {first:.0f} at first, then {found.told_memory}.")
        share = await fair_share(server, 15)
        alone, beside = (statistics.median(took) for took in (share.alone, share.beside))
        say(f"Paste of {USUAL.lines} lines: {alone:.2f} s alone, {beside:.2f} s beside another, {share.ratio:.1f} times as long.")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        held = await held_by_uploads(server, 5)
        once, again, rested = (", ".join(f"{megabytes:.0f}" for megabytes in own) for own in (held.once, held.again, held.rested))
        say(f"Uploads of 50,000 rows, MB: {held.before:.0f} before, {once} once, {again} again; two minutes after each: {rested}.")


def say(line: str) -> None:
    """Writes a line of the report at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(campaign(int(sys.argv[1]), float(sys.argv[2])))
