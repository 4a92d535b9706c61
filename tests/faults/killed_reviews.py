"""Adds, imports and exports verdicts in a process that is killed again and again; run by test_killed.py, in one of its own."""

import os
import random
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from faults.rounds import killed, silently, timed
from opscope.cli import main as command
from opscope.reviews import open_reviews
from opscope.verdicts import Verdict

_AT_A_TIME = 150  # rows of a file
_LONGEST = 0.15  # seconds that verdicts are added one after another


def verdict(n: int, reviewer: str) -> Verdict:
    """The n-th verdict of a reviewer."""
    return Verdict(text=f"Oil chain {n}", verdict="change", label="production", reviewer=reviewer, when=datetime.now(UTC))


def add_without_end(path: Path, reviewer: str, told: int) -> None:
    """Adds one verdict after another and tells of each before the next."""
    reviews = open_reviews(path)
    for n in range(1_000_000):
        reviews.add([verdict(n, reviewer)])
        os.write(told, b".")


def killed_adding(folder: Path, many: int, rng: random.Random) -> int:
    """Gives how often it was killed midway; every fifth time the database is a new one."""
    hits = 0
    for n in range(many):
        path = folder / f"added{n // 5}.sqlite"
        before = open_reviews(path).count() if path.exists() and n % 5 else 0
        read, told = os.pipe()
        hits += killed(lambda path=path, n=n, told=told: add_without_end(path, f"reviewer {n}", told), rng.random() * _LONGEST)
        os.close(told)
        with os.fdopen(read, "rb") as pipe:
            acknowledged = len(pipe.read())
        check_sound(path)
        kept = [(kept.reviewer, kept.text) for kept in open_reviews(path).verdicts(since_id=before)]
        assert len(kept) in (acknowledged, acknowledged + 1)  # killed between the commit and its telling
        assert kept == [(f"reviewer {n}", f"Oil chain {place}") for place in range(len(kept))]
        assert open_reviews(path).count() == before + len(kept)
    return hits


def killed_importing(folder: Path, many: int, rng: random.Random) -> int:
    """Gives how often it was killed midway; the import that follows takes in what is missing."""
    table = folder / "verdicts.csv"
    rows = "".join(f"Oil chain {n},production\n" for n in range(_AT_A_TIME))
    table.write_text(f"text,label\n{rows}", encoding="utf-8")

    def take_in(path: Path) -> None:
        silently(lambda: succeed("review", "import", table, "--reviewer", "Anna", "--reviews", path))

    take_in(folder / "first.sqlite")
    whole = min(timed(lambda n=n: take_in(folder / f"timed{n}.sqlite")) for n in range(3))
    hits = 0
    for n in range(many):
        path = folder / f"imported{n}.sqlite"
        hits += killed(lambda path=path: take_in(path), rng.random() * whole)
        check_sound(path)
        assert open_reviews(path).count() in (0, _AT_A_TIME)
        take_in(path)
        assert open_reviews(path).count() == _AT_A_TIME
    return hits


def killed_exporting(folder: Path, many: int, rng: random.Random) -> int:
    """Gives how often it was killed midway."""
    path, out = folder / "exported.sqlite", folder / "out" / "verdicts.csv"
    open_reviews(path).add([verdict(n, "Anna") for n in range(_AT_A_TIME)])
    out.parent.mkdir()

    def give_out() -> None:
        silently(lambda: succeed("review", "export", "--all", "-o", out, "--reviews", path))

    give_out()
    whole, expected, hits = min(timed(give_out) for _ in range(3)), out.read_bytes(), 0
    for _ in range(many):
        out.write_bytes(b"older")
        hits += killed(give_out, rng.random() * whole)
        assert out.read_bytes() in (b"older", expected)
        assert open_reviews(path).count() == _AT_A_TIME
    give_out()
    assert [left.name for left in out.parent.iterdir()] == [out.name]
    return hits


def succeed(*arguments: object) -> None:
    """Runs a command, which must not fail."""
    assert command([str(argument) for argument in arguments]) == 0


def check_sound(path: Path) -> None:
    """The database opens and holds together."""
    open_reviews(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


ATTACKS: dict[str, Callable[[Path, int, random.Random], int]] = {
    "verdicts": killed_adding,
    "imports": killed_importing,
    "exports": killed_exporting,
}


def main(folder: Path, **counts: int) -> None:
    """Prints how many of the runs of each kind were killed before they ended."""
    rng = random.Random(9)
    hits = {kind: ATTACKS[kind](folder, many, rng) for kind, many in counts.items()}
    sys.stdout.write("\n".join(f"{kind}={hit}" for kind, hit in hits.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), **{name: int(many) for name, many in (pair.split("=") for pair in sys.argv[2:])})
