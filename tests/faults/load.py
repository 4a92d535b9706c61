"""Load on the app: many people at once over Streamlit's protocol, what the server holds, and what one user costs another.

``PYTHONPATH=tests python -m faults.load PEOPLE SECONDS`` prints a report; test_load.py asks for the same and checks it.
"""

import asyncio
import multiprocessing
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from faults.people import Acknowledged, Lists, Measured, Person
from faults.serving import Server, corpus, served
from opscope.reviews import open_reviews
from opscope.verdicts import CANNOT_DECIDE, WITHDRAWN

USUAL, LONG = Lists(), Lists(rows=50_000)
THINKING = 8  # seconds between two clicks, on average
KEPT_FOR = 120  # seconds that Streamlit keeps a session whose tab was closed, in case the browser comes back


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

    def __str__(self):
        alone, beside = statistics.median(self.alone), statistics.median(self.beside)
        return f"{alone:.2f} s alone, {beside:.2f} s beside another, {self.ratio:.1f} times as long"


@dataclass(frozen=True)
class Held:
    """Megabytes of the server: before, after each upload of 50,000 rows, after each of as many again, two minutes after either."""

    before: float
    once: list[float]
    again: list[float]
    rested: list[float]


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
        found = await crowd(server, people, seconds, pause=THINKING)
        say("\n".join(told(found)))
        say(f"{len(found.measured.verdicts):,} verdicts acknowledged, {len(kept(server.reviews)):,} kept.")
        say(f"Memory of the server, MB: {first:.0f} at first, then {found.told_memory}.")
        share = await fair_share(server, 15)
        say(f"Paste of {USUAL.lines} lines: {share}.")
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
