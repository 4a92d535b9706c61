"""How fast opscope is against its peers, what it takes, and how far it is from the machine's limit.

Run by ``make bench-speed``; prints the tables of the README. Every figure is the median of several rounds, and in each round all
take their turn on the same texts, so that a busy machine hits all alike.
"""

import argparse
import csv
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars
import pyarrow
from peers import PEERS, trained
from pyarrow import compute

import opscope
from opscope import tokenising
from opscope.aliases import active_version
from opscope.bulk import segment_sums
from opscope.labelled import read_dataset
from opscope.paths import shipped
from opscope.prediction import tag
from opscope.registry import PIPELINE, SCORER
from opscope.scorer import CHUNK

ONE = "Re-grind the die after the burr complaint from line 2"
TEXTS, SINGLE = 100_000, 1_000  # in bulk, and one by one
SLOW = {"minilm": 256, "model2vec": 10_000, "opscope explained": 500}  # texts a round for who would take too long
SPAWN = multiprocessing.get_context("spawn")
ROUNDS = 5
PATTERN = "[a-z]+|[0-9]+"
ROWS = (1_000, 10_000, 100_000, 500_000, 1_000_000, 5_000_000)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--texts", type=Path, default=shipped("data/evaluation.csv"), help="CSV whose texts the test texts are made of"
    )
    parser.add_argument("--rows", type=int, default=ROWS[-1], help="rows of the largest file")
    options = parser.parse_args()
    texts = distinct_texts(read_dataset(options.texts, allow_empty_labels=True).texts, TEXTS)
    print(f"{os.cpu_count()} cores; {len(texts):,} texts, {statistics.mean(map(len, texts)):.0f} characters on the average\n")
    with tempfile.TemporaryDirectory() as folder:
        against_peers(texts, Path(folder))
        print()
        by_rows(texts, Path(folder), options.rows)
    print()
    stages(texts)


def distinct_texts(texts: list[str], many: int) -> list[str]:
    """Texts that nobody has seen: the beginning of one goes on as the end of another."""
    rng, made = random.Random(0), {}
    words = [text.split() for text in texts if text.strip()]
    while len(made) < many:
        first, second = rng.choice(words), rng.choice(words)
        made[" ".join(first[: (len(first) + 1) // 2] + second[len(second) // 2 :])] = None
    return list(made)


def against_peers(texts: list[str], root: Path) -> None:
    """Prints the first table."""
    rows = read_dataset(shipped("data/activities.csv"))
    workers, training = {}, {}
    for name in PEERS:
        training[name] = in_its_own_process(trained, name, rows.texts, rows.labels, root)
        workers[name] = Worker(name, root / name)
    for name in ("opscope", "opscope table", "opscope explained"):
        workers[name] = Worker(name, root)
    size = {name: SLOW.get(name, TEXTS) for name in workers}
    batch = medians({name: lambda name=name: workers[name].seconds(texts[: size[name]], 1) for name in workers})
    one = medians({name: lambda name=name: workers[name].seconds(texts[:SINGLE], SINGLE) / SINGLE for name in workers})
    for worker in workers.values():
        worker.stop()
    rate = {name: size[name] / seconds for name, seconds in batch.items()}
    script, command = str(Path(__file__).with_name("peers.py")), str(Path(sys.executable).with_name("opscope"))
    commands = {name: [sys.executable, script, name, str(root / name), ONE] for name in PEERS}
    commands["scikit-learn itself"] = [sys.executable, "-c", _OWN_PIPELINE, str(active_version(shipped("models")) / PIPELINE), ONE]
    commands |= {"opscope": [command, "predict", ONE], "opscope explained": [command, "explain", ONE]}
    # The first round counts for nobody: it leaves compiled modules and files in memory, as anybody's second start finds them.
    cold = [{name: measured(call) for name, call in commands.items()} for _ in range(1 + ROUNDS)][1:]
    disk = {name: sum(path.stat().st_size for path in (root / name).rglob("*") if path.is_file()) for name in PEERS}
    disk["opscope"] = (active_version(shipped("models")) / SCORER).stat().st_size
    titles = {name: peer.title for name, peer in PEERS.items()} | {
        "scikit-learn itself": "opscope's own scikit-learn pipeline, from joblib",
        "opscope": "**opscope**",
        "opscope table": "opscope, `predict_table` with all columns",
        "opscope explained": "opscope with explanation",
    }
    print("| | texts a second | opscope is faster by | one text, µs | cold start, s | its memory, MB | on disk, MB | training, s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, title in titles.items():
        starts = [found[name] for found in cold if name in found]
        cells = [
            shown(rate.get(name), "{:,.0f}"),
            shown(rate["opscope"] / rate[name] if name in rate else None, "{:,.1f}"),
            shown(one[name] * 1e6 if name in one else None, "{:,.0f}"),
            shown(statistics.median(seconds for seconds, _ in starts) if starts else None, "{:.2f}"),
            shown(statistics.median(memory for _, memory in starts) if starts else None, "{:.0f}"),
            shown(disk[name] / 1e6 if name in disk else None, "{:.1f}"),
            shown(training.get(name), "{:.0f}"),
        ]
        print(f"| {title} | {' | '.join(cells)} |", flush=True)


def in_its_own_process(function: Callable, *arguments):
    """What the function returns, called in a process that ends with it and takes its libraries along."""
    with SPAWN.Pool(1) as pool:
        return pool.apply(function, arguments)


class Worker:
    """A process that loaded one of those compared and tags when it is told to; the others sleep meanwhile."""

    def __init__(self, name: str, folder: Path):
        self._own, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=serve, args=(name, folder, theirs), daemon=True)
        self._process.start()
        self._own.recv()

    def seconds(self, texts: list[str], parts: int) -> float:
        """Seconds to tag the texts, in so many calls."""
        self._own.send((texts, parts))
        return self._own.recv()

    def stop(self) -> None:
        """Ends the process."""
        self._own.send(None)
        self._process.join()


def serve(name: str, folder: Path, connection) -> None:
    """What a Worker's process does."""
    if name in PEERS:
        call = PEERS[name](folder).predict
    else:
        model = opscope.load()
        call = {
            "opscope": lambda given: tag(model.loaded, given) if len(given) > 1 else model.predict(given),
            "opscope table": lambda given: model.predict_table(polars.DataFrame({"text": given})),
            "opscope explained": lambda given: [model.explain(text) for text in given],
        }[name]
    call([ONE])
    connection.send("ready")
    while (order := connection.recv()) is not None:
        texts, parts = order
        size = -(-len(texts) // parts)
        chunks = [texts[start : start + size] for start in range(0, len(texts), size)]
        # One text after another finds the processor's caches as the one before left them, not as the other processes did.
        for chunk in chunks[: parts // 10]:
            call(chunk)
        started = time.perf_counter()
        for chunk in chunks:
            call(chunk)
        connection.send(time.perf_counter() - started)


_OWN_PIPELINE = """
import sys, joblib
model = joblib.load(sys.argv[1]).classifier
print(model.predict([sys.argv[2]]), model.predict_proba([sys.argv[2]]))
"""


def shown(value: float | None, form: str) -> str:
    """A cell; empty for what was not measured."""
    return "" if value is None else form.format(value)


def medians(timed: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Median of the seconds that each call returns, all taking turns."""
    rounds = [{name: call() for name, call in timed.items()} for _ in range(ROUNDS)]
    return {name: statistics.median(found[name] for found in rounds) for name in timed}


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory in MB of a process, started by a small one, whose memory would else count as its own."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-S", "-c", _MEASURE, *command], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    seconds, kilobytes = done.stdout.split()
    return float(seconds), float(kilobytes) / 1024


_MEASURE = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - started, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def by_rows(texts: list[str], root: Path, most: int) -> None:
    """Prints the second table: files of growing length through the command."""
    print("| rows | file, MB | seconds | rows a second | peak memory, MB |\n|---:|---:|---:|---:|---:|")
    for rows in (rows for rows in ROWS if rows <= most):
        source, target = root / "in.csv", root / "out.csv"
        with source.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["id", "text"])
            writer.writerows((number, f"{texts[number % len(texts)]} {number}") for number in range(rows))
        seconds, memory = measured([str(Path(sys.executable).with_name("opscope")), "predict", str(source), "-o", str(target)])
        print(
            f"| {rows:,} | {source.stat().st_size / 1e6:,.1f} | {seconds:,.1f} | {rows / seconds:,.0f} | {memory:,.0f} |",
            flush=True,
        )
        source.unlink(), target.unlink()


def split(texts: pyarrow.Array) -> pyarrow.Array:
    """Tokens of the texts; what only separates is replaced first, since pyarrow can split at a pattern and not find one."""
    spaced = compute.replace_substring_regex(compute.utf8_lower(texts), "[^a-z0-9]+", " ")
    return compute.split_pattern(spaced, " ")


def stages(texts: list[str]) -> None:
    """Prints the third table: where the time of a batch goes, on one core, against only reading and lower-casing the bytes."""
    model = opscope.load()
    scorer, ascii_only = model.loaded.scorer, [text for text in texts[:CHUNK] if text.isascii()]
    found = next(iter(tokenising.cut(ascii_only)))
    rows = scorer._bulk.tokens.rows(found.keys)
    text_of = np.repeat(np.arange(len(found.counts)), found.counts)
    bulk = scorer._bulk

    def timed(call: Callable) -> Callable[[], float]:
        def seconds() -> float:
            started = time.perf_counter()
            for _ in range(20):
                call()
            return (time.perf_counter() - started) / 20

        return seconds

    limit = "read and lower-case the bytes (the limit)"
    calls = {
        limit: lambda: "\n".join(ascii_only).lower().encode(),
        "cut into tokens, with their keys": lambda: list(tokenising.cut(ascii_only)),
        "the same cut by polars, in Rust, without keys": lambda: (
            polars.Series(ascii_only).str.to_lowercase().str.extract_all(PATTERN)
        ),
        "the same cut by pyarrow, in C++, without keys": lambda: split(pyarrow.array(ascii_only)),
        "find the tokens' rows": lambda: bulk.tokens.rows(found.keys),
        "sum up label, 26 functions and 8 forms": lambda: segment_sums((bulk.weights, bulk.head_weights), rows, found.counts),
        "find and add the pairs": lambda: bulk._pairs(text_of, rows, len(found.counts)),
        "all of scoring, unknown words included": lambda: scorer.score(ascii_only),
        "all of tagging: decision, function, thresholds": lambda: tag(model.loaded, ascii_only),
    }
    seconds = medians({name: timed(call) for name, call in calls.items()})
    print("| stage, one core | µs a text | times the limit |\n|---|---:|---:|")
    for name, total in seconds.items():
        print(f"| {name} | {total / len(ascii_only) * 1e6:.2f} | {total / seconds[limit]:.1f} |")


if __name__ == "__main__":
    main()
