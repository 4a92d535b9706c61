"""How much better opscope gets with more labelled rows, measured on the evaluation set; writes ``benchmarks/learning_curve.csv``.

Each point trains on a share of the rows, pairs kept whole. Run by ``make learning-curve``.
"""

import csv
import random
from pathlib import Path

import numpy as np

from opscope.classifier import ScopeClassifier
from opscope.dataset import Dataset
from opscope.labelled import read_dataset
from opscope.paths import shipped

SHARES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
OUTPUT = Path(__file__).with_suffix(".csv")


def main() -> None:
    """Measures, prints and writes."""
    dataset = read_dataset(shipped("data/activities.csv"))
    evaluation = read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True).only(lambda example: example.label)
    groups = sorted(set(dataset.groups))
    random.Random(0).shuffle(groups)
    lines = []
    for share in SHARES:
        chosen = set(groups[: round(share * len(groups))])
        part = Dataset(tuple(e for e, group in zip(dataset.examples, dataset.groups, strict=True) if group in chosen))
        classifier = ScopeClassifier().fit(part.texts, part.labels)
        lines.append((len(part), accuracy(classifier, evaluation)))
        print(f"{lines[-1][0]:>6} rows: {lines[-1][1]:.2%}", flush=True)
    with OUTPUT.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["rows", "accuracy"])
        writer.writerows((rows, f"{share:.4f}") for rows, share in lines)


def accuracy(classifier: ScopeClassifier, evaluation) -> float:
    """Share of right labels."""
    return float(np.mean(classifier.predict(evaluation.texts) == np.asarray(evaluation.labels)))


if __name__ == "__main__":
    main()
