"""How many wrong labels the audit finds: a tenth of the shipped labels is turned round at random. Run by ``make bench-audit``."""

from dataclasses import replace

import numpy as np

from opscope.audit import audit
from opscope.dataset import Dataset
from opscope.guide import LABELS
from opscope.labelled import Reading, read_dataset
from opscope.paths import shipped

NOISE = 0.1
SURE = (0.9, 0.8, 0.0)


def main() -> None:
    """Turns labels round, looks for them, and prints the shares."""
    dataset = read_dataset(shipped("data/activities.csv"))
    print("| rows | labels named | of the turned ones found | turned among those named |\n|---|---:|---:|---:|")
    measure("all shipped rows", dataset, Dataset(()))
    order = np.random.default_rng(1).permutation(len(dataset)).tolist()
    own = Dataset(tuple(dataset.examples[place] for place in order[:500]))
    measure("500 rows, beside the others", own, Dataset(tuple(dataset.examples[place] for place in order[500:])))


def measure(name: str, own: Dataset, others: Dataset) -> None:
    """Prints a line for each degree of sureness."""
    turned = np.random.default_rng(0).random(len(own)) < NOISE
    noisy = tuple(
        replace(example, label=LABELS[1 - LABELS.index(example.label)], function="") if is_turned else example
        for example, is_turned in zip(own.examples, turned.tolist(), strict=True)
    )
    found = audit(Reading(name, Dataset(noisy), tuple(range(len(own))), ()), others)
    for sure in SURE:
        named = np.array([suspect.row for suspect in found.suspects if suspect.probability >= sure])
        right, degree = turned[named].sum(), f", {sure:.0%} sure or more".replace("%", " %") if sure else ""
        print(
            f"| {name}{degree} | {len(named):,} | {100 * right / turned.sum():.0f} % | {100 * right / len(named):.0f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
