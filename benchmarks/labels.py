"""Right labels: opscope against the usual solution, trained on the same rows, on rows that neither has seen.

Run by ``make bench``; prints the table of the README.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline

from opscope.dataset import Dataset, Example
from opscope.labelled import read_dataset
from opscope.model import load
from opscope.paths import shipped


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onet", type=Path, help="CSV of task statements with a label")
    options = parser.parse_args()
    training = read_dataset(shipped("data/activities.csv"))
    evaluation = read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True).only(lambda example: example.label)
    usual = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegressionCV(
        Cs=[1, 3, 10, 30, 100], l1_ratios=(0,), use_legacy_attributes=False, max_iter=3000
    )).fit(training.texts, training.labels)  # fmt: skip
    model = load()
    answers = {
        "opscope": [p.label for p in model.predict(evaluation.texts)],
        "TF-IDF 1-2 + logistic regression": list(usual.predict(evaluation.texts)),
    }
    names = list(answers)
    print(f"model {model.version}, {len(training):,} training rows\n")
    print(f"| rows | n | {' | '.join(names)} |\n|---|---:|{'---:|' * len(names)}")
    for title, keep in subsets(evaluation):
        kept = np.array([keep(example) for example in evaluation.examples])
        right = [np.asarray(answers[name])[kept] == np.asarray(evaluation.labels)[kept] for name in names]
        print_row(title, int(kept.sum()), [share.mean() for share in right])
    print_row("minimal pairs, both right", *pairs_right(evaluation, answers))
    if options.onet and options.onet.is_file():
        onet = read_dataset(options.onet)
        truth = np.asarray(onet.labels)
        predicted = [[p.label for p in model.predict(onet.texts)], usual.predict(onet.texts)]
        print_row("O*NET task statements", len(onet), [(np.asarray(labels) == truth).mean() for labels in predicted])


def subsets(evaluation: Dataset):
    """Titles of the table's rows, and which examples each counts."""
    yield "evaluation set", lambda example: True
    for style in sorted({example.style for example in evaluation.examples}):
        yield f"style {style}", lambda example, style=style: example.style == style
    yield "hard rows and pairs", lambda example: example.is_hard
    for function in dict.fromkeys(sorted(example.function for example in evaluation.examples)):
        yield f"function {function}", lambda example, function=function: example.function == function


def pairs_right(evaluation: Dataset, answers: dict[str, list[str]]) -> tuple[int, list[float]]:
    """Number of minimal pairs, and for each model the share with both rows right."""
    pairs: dict[str, list[tuple[int, Example]]] = {}
    for position, example in enumerate(evaluation.examples):
        if example.pair:
            pairs.setdefault(example.pair, []).append((position, example))
    shares = [
        float(np.mean([all(labels[position] == example.label for position, example in pair) for pair in pairs.values()]))
        for labels in answers.values()
    ]
    return len(pairs), shares


def print_row(title: str, count: int, shares: list[float]) -> None:
    """One row of the table."""
    print(f"| {title} | {count} | {' | '.join(f'{share:.1%}' for share in shares)} |")


if __name__ == "__main__":
    main()
