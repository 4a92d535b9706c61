"""How much better opscope gets with more labelled rows, measured on the evaluation set; writes ``benchmarks/learning_curve.csv``.

Each point trains on a share of the pairs and rows, and of what was taught from them. Run by ``make learning-curve``.
"""

import csv
import random
from pathlib import Path

import numpy as np

from opscope.dataset import read_dataset
from opscope.paths import shipped
from opscope.teaching import load_taught
from opscope.training import ScopeClassifier

SHARES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
OUTPUT = Path(__file__).with_suffix(".csv")


def main() -> None:
    """Measures, prints and writes."""
    dataset = read_dataset(shipped("data/activities.csv"))
    evaluation = read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True).only(lambda example: example.label)
    taught = load_taught(shipped("data/taught.csv.gz"))
    groups = sorted(set(dataset.groups))
    random.Random(0).shuffle(groups)
    lines = []
    for share in SHARES:
        chosen = set(groups[: round(share * len(groups))])
        part = dataset.only(lambda example, wanted=ids_of(dataset, chosen): example.id in wanted)
        left_out = {example.id for example in dataset.examples} - {example.id for example in part.examples}
        alone = ScopeClassifier(30.0).fit(part.texts, part.labels)
        with_teacher = ScopeClassifier(100.0).fit(part.texts, part.labels, taught.without(left_out))
        lines.append((len(part), accuracy(alone, evaluation), accuracy(with_teacher, evaluation)))
        print(f"{lines[-1][0]:>6} rows: {lines[-1][1]:.2%} labelled rows alone, {lines[-1][2]:.2%} with the teacher", flush=True)
    with OUTPUT.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["rows", "labelled_rows_alone", "with_teacher"])
        writer.writerows((rows, f"{alone:.4f}", f"{both:.4f}") for rows, alone, both in lines)


def ids_of(dataset, chosen: set[str]) -> set[str]:
    """Ids of the examples whose group was chosen."""
    return {example.id for example, group in zip(dataset.examples, dataset.groups, strict=True) if group in chosen}


def accuracy(classifier: ScopeClassifier, evaluation) -> float:
    """Share of right labels."""
    return float(np.mean(classifier.predict(evaluation.texts) == np.asarray(evaluation.labels)))


if __name__ == "__main__":
    main()
