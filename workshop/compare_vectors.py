"""Which word vectors serve best: cross-validated accuracy of the linear model; writes ``benchmarks/vectors.csv``.

Needs ``workshop/requirements.txt``; run as ``.venv-workshop/bin/python workshop/compare_vectors.py``.
"""

import csv
from pathlib import Path

import numpy as np
from make_vectors import labelled_words, make_vectors

from opscope.classifier import ScopeClassifier
from opscope.labelled import read_dataset
from opscope.paths import shipped
from opscope.training import folds

# dimensions, weight of frequent words (sif), words of the labelled set added
SETTINGS = ((128, None, True), (300, None, True), (300, 1e-3, True), (300, None, False))
OUTPUT = Path(__file__).parents[1] / "benchmarks" / "vectors.csv"


def main() -> None:
    """Measures, prints and writes."""
    dataset, extension = read_dataset(shipped("data/activities.csv")), labelled_words()
    texts, labels = np.asarray(dataset.texts, dtype=object), np.asarray(dataset.labels)
    lines = []
    for dimensions, sif, extended in SETTINGS:
        vectors = make_vectors(dimensions, sif, extension if extended else [])
        right = np.zeros(len(texts), dtype=bool)
        for train, test in folds(dataset.groups, seed=0):
            classifier = ScopeClassifier(vectors=vectors).fit(texts[train], labels[train])
            right[test] = classifier.predict(texts[test]) == labels[test]
        lines.append((dimensions, sif or "", extended, f"{right.mean():.4f}"))
        print(*lines[-1], flush=True)
    with OUTPUT.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["dimensions", "sif", "labelled_words_added", "cross_validated_accuracy"])
        writer.writerows(lines)


if __name__ == "__main__":
    main()
