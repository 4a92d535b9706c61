"""How fast opscope is against its peers, what it takes, and how far it is from the machine's limit.

Run by ``make bench-speed``; prints the tables of the README. Every figure is the median of several rounds, and in each round all
take their turn on the same texts, so that a busy machine hits all alike.
"""

import argparse
import csv
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
from peers import PEERS, trained

import opscope
from opscope import tokenising
from opscope.dataset import read_dataset
from opscope.paths import shipped
from opscope.prediction import tag
from opscope.registry import PIPELINE, SCORER, active_version

ONE = "Re-grind the die after the burr complaint from line 2"
TEXTS = 100_000
SLOW = {"minilm": 400}  # texts a round for who would take too long
ROUNDS = 5
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
    folders, training = {}, {}
    for name in PEERS:
        folders[name], training[name] = trained(name, rows.texts, rows.labels, root)
    loaded = {name: PEERS[name](folders[name]) for name in PEERS}
    model = opscope.load()
    calls: dict[str, Callable] = {name: peer.predict for name, peer in loaded.items()}
    calls["opscope"] = lambda given: tag(model.loaded, given)
    calls["opscope table"] = lambda given: model.predict_table(polars.DataFrame({"text": given}))
    calls["opscope explained"] = lambda given: [model.explain(text) for text in given]
    size = {"opscope explained": 2000} | SLOW
    batch = medians({name: lambda name=name: calls[name](texts[: size.get(name, TEXTS)]) for name in calls})
    rate = {name: size.get(name, TEXTS) / seconds for name, seconds in batch.items()}
    calls["opscope"] = model.predict
    one = medians({name: lambda call=call: [call([text]) for text in texts[:200]] for name, call in calls.items()})
    commands = {name: [sys.executable, str(Path(__file__).with_name("peers.py")), name, str(folders[name]), ONE] for name in PEERS}
    commands["scikit-learn itself"] = [sys.executable, "-c", _OWN_PIPELINE, str(active_version(shipped("models")) / PIPELINE), ONE]
    commands["opscope"] = [str(Path(sys.executable).with_name("opscope")), "predict", ONE]
    commands["opscope explained"] = [str(Path(sys.executable).with_name("opscope")), "explain", ONE]
    cold = {name: [measured(command) for _ in range(ROUNDS)] for name, command in commands.items()}
    disk = {name: sum(path.stat().st_size for path in folders[name].rglob("*") if path.is_file()) for name in PEERS}
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
        seconds = statistics.median(seconds for seconds, _ in cold[name]) if name in cold else None
        memory = statistics.median(memory for _, memory in cold[name]) if name in cold else None
        cells = [
            shown(rate.get(name), "{:,.0f}"),
            shown(rate["opscope"] / rate[name] if name in rate else None, "{:,.1f}"),
            shown(one[name] / 200 * 1e6 if name in one else None, "{:,.0f}"),
            shown(seconds, "{:.2f}"),
            shown(memory, "{:.0f}"),
            shown(disk[name] / 1e6 if name in disk else None, "{:.1f}"),
            shown(training.get(name), "{:.0f}"),
        ]
        print(f"| {title} | {' | '.join(cells)} |")


_OWN_PIPELINE = """
import sys, joblib
model = joblib.load(sys.argv[1]).classifier
print(model.predict([sys.argv[2]]), model.predict_proba([sys.argv[2]]))
"""


def shown(value: float | None, form: str) -> str:
    """A cell; empty for what was not measured."""
    return "" if value is None else form.format(value)


def medians(calls: dict[str, Callable]) -> dict[str, float]:
    """Median seconds of each call, all taking turns."""
    seconds = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(found) for name, found in seconds.items()}


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory in MB of a process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with status {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


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


def stages(texts: list[str]) -> None:
    """Prints the third table: where the time of a batch goes, on one core, against only reading and lower-casing the bytes."""
    scorer, chunk = opscope.load().loaded.scorer, texts[:4096]
    ascii_only = [text for text in chunk if text.isascii()]
    found = next(iter(tokenising.cut(ascii_only)))
    rows = scorer._bulk.tokens.rows(found.keys)
    text_of = np.repeat(np.arange(len(found.counts)), found.counts)
    from opscope import scorer as module

    timed = {
        "read and lower-case the bytes (the limit)": lambda: "\n".join(ascii_only).lower().encode(),
        "cut into tokens, with their keys": lambda: list(tokenising.cut(ascii_only)),
        "find the tokens' rows": lambda: scorer._bulk.tokens.rows(found.keys),
        "sum up for label and activity": lambda: module._segment_sums(scorer._bulk.weights, rows, found.counts),
        "sum up for 26 functions": lambda: module._segment_sums(scorer._bulk.function_weights, rows, found.counts),
        "find and add the pairs": lambda: scorer._add_pairs(np.zeros((len(found.counts), 2)), text_of, rows),
        "all of scoring, unknown words included": lambda: scorer.score(ascii_only),
        "all of tagging: decision, function, thresholds": lambda: tag(opscope.load().loaded, ascii_only),
    }
    seconds = medians({name: lambda call=call: [call() for _ in range(10)] for name, call in timed.items()})
    limit = seconds["read and lower-case the bytes (the limit)"]
    print("| stage, one core | µs a text | times the limit |\n|---|---:|---:|")
    for name, total in seconds.items():
        print(f"| {name} | {total / 10 / len(ascii_only) * 1e6:.2f} | {total / limit:.1f} |")


if __name__ == "__main__":
    main()
