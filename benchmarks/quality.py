"""How good the judgement is, side by side with the peers: same training rows, same evaluation rows. Run by ``make bench-quality``.

The first table: right labels by style, ranking, calibration, what each policy decides, texts that are no activity. The second:
explanations against LIME and SHAP. A peer's thresholds are found as opscope's are, but on the other half of the evaluation rows,
since only opscope brings held-out scores along; for what is no activity a peer has nothing but its own unsureness.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from peers import FastText, MiniLM, Model2Vec, SetFit, TfIdf, TfIdfCharacters, trained
from sklearn.metrics import roc_auc_score

import opscope
from opscope.calibration import calibration_of
from opscope.dataset import Dataset
from opscope.explanation import contributions_of
from opscope.familiarity import margins
from opscope.guide import LABELS, PRODUCTION
from opscope.labelled import read_dataset
from opscope.paths import shipped
from opscope.policies import POLICIES
from opscope.thresholds import policy_thresholds

PEERS = {
    "tfidf": TfIdf,
    "tfidf_characters": TfIdfCharacters,
    "fasttext": FastText,
    "model2vec": Model2Vec,
    "minilm": MiniLM,
    "setfit": SetFit,
}
STYLES = ("process_name", "procedure", "log_ticket", "message", "todo", "minutes", "problem", "long")
FALSE_ALARMS = 0.03
REPEATED = 5
EXPLAINED, RUNS, NAMED = 40, 10, 3  # texts explained, runs of each of the first few, words deleted


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onet", type=Path, help="CSV of task statements with a label")
    parser.add_argument("--without", nargs="*", default=[], choices=PEERS, help="peers to leave out")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    training = read_dataset(shipped("data/activities.csv"))
    whole = read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True)
    onet = read_dataset(options.onet) if options.onet and options.onet.is_file() else None
    model = opscope.load()
    rows = {"**opscope**": row_of_opscope(model, whole, onet)}
    with tempfile.TemporaryDirectory() as folder:
        for name, peer in PEERS.items():
            if name in options.without:
                continue
            seconds = trained(name, training.texts, training.labels, Path(folder), PEERS)
            asked = peer(Path(folder) / name)
            rows[peer.title] = row_of(lambda texts, asked=asked: production_of(*asked.predict(texts)), whole, onet)
            print(f"({peer.title}: trained in {seconds:.0f} s)", flush=True)
        print_judgement(rows, onet is not None)
        print_explanations(model, whole, TfIdf(Path(folder) / "tfidf") if "tfidf" not in options.without else None)


def production_of(labels: list[str], shares: list[float]) -> np.ndarray:
    """Probability of production, (n,), from labels and their probabilities."""
    return np.array([share if label == PRODUCTION else 1 - share for label, share in zip(labels, shares, strict=True)])


def row_of(probability_of: Callable, whole: Dataset, onet: Dataset | None) -> dict[str, float]:
    """Figures of a model that gives the probability of production, (n,), for texts."""
    production = np.clip(np.asarray(probability_of(whole.texts), dtype=float), 1e-6, 1 - 1e-6)
    is_activity = np.array([bool(example.label) for example in whole.examples])
    sure = np.maximum(production, 1 - production)
    found = figures(production[is_activity], whole.only(lambda example: example.label))
    floor = np.quantile(sure[is_activity], FALSE_ALARMS)
    found["unfamiliar found"] = float((sure[~is_activity] < floor).mean())
    if onet:
        truth = np.array(onet.labels) == PRODUCTION
        found["O*NET"] = float(((np.asarray(probability_of(onet.texts)) > 0.5) == truth).mean())
    return found


def row_of_opscope(model, whole: Dataset, onet: Dataset | None) -> dict[str, float]:
    """The same for opscope, with its own thresholds and its own score of what is an activity."""
    scorer = model.loaded.scorer

    def probability_of(texts):
        return 1 / (1 + np.exp(-scorer.score(texts).label))

    found = row_of(probability_of, whole, onet)
    rows = whole.only(lambda example: example.label)
    for policy in POLICIES:
        predicted = model.predict(rows.texts, policy)
        decided = np.array([p.decision in LABELS for p in predicted])
        wrong = np.array([p.label != example.label for p, example in zip(predicted, rows.examples, strict=True)])
        found[f"{policy}: wrong"], found[f"{policy}: decided"] = float(wrong[decided].mean()), float(decided.mean())
    is_activity = np.array([bool(example.label) for example in whole.examples])
    found["unfamiliar found"] = found_at(familiar(model, whole.texts), is_activity)
    return found


def familiar(model, texts: list[str]) -> np.ndarray:
    """How much each text reads like an activity, (n,), as the second look weighs it."""
    from opscope.familiarity import features_of

    margin = margins(model.loaded.scorer.score(texts).forms)
    measured = np.array([features_of(text, own) for text, own in zip(texts, margin, strict=True)])
    return model.loaded.familiarity.log_odds(measured)


def found_at(score: np.ndarray, is_activity: np.ndarray) -> float:
    """Share of the texts that are no activity found where FALSE_ALARMS of the activities are taken for none."""
    return float((score[~is_activity] < np.quantile(score[is_activity], FALSE_ALARMS)).mean())


def figures(production: np.ndarray, rows: Dataset) -> dict[str, float]:
    """Figures that only need the probability of production, (n,), and the rows."""
    truth = np.array(rows.labels) == PRODUCTION
    right, sure = (production > 0.5) == truth, np.maximum(production, 1 - production)
    found = {"all": float(right.mean())}
    for style in STYLES:
        found[style] = float(right[[example.style == style for example in rows.examples]].mean())
    pairs = {}
    for example, is_right in zip(rows.examples, right, strict=True):
        if example.pair:
            pairs.setdefault(example.pair, []).append(is_right)
    found["pairs both right"] = float(np.mean([all(both) for both in pairs.values()]))
    calibration = calibration_of(sure, right)
    found |= {"AUROC": float(roc_auc_score(truth, production)), "Brier": calibration.brier, "ECE": calibration.error}
    return found | decided_crosswise(production, truth)


def decided_crosswise(production: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """What each policy decides when its thresholds are found on one half of the rows and used on the other, both ways round."""
    half = np.random.default_rng(0).permutation(len(truth)) % 2 == 0
    labels, odds = np.where(truth, *LABELS[::-1]), np.log(production / (1 - production))
    decided = {policy: np.zeros(len(truth), dtype=bool) for policy in POLICIES}
    for own in (half, ~half):
        for policy, thresholds in policy_thresholds(odds[own], labels[own]).items():
            needed = np.where(production > 0.5, thresholds[PRODUCTION], thresholds[LABELS[0]])
            decided[policy][~own] = (np.maximum(production, 1 - production) >= needed)[~own]
    wrong = (production > 0.5) != truth
    shares = {}
    for policy, chosen in decided.items():
        shares[f"{policy}: wrong"] = float(wrong[chosen].mean()) if chosen.any() else float("nan")
        shares[f"{policy}: decided"] = float(chosen.mean())
    return shares


def print_judgement(rows: dict[str, dict[str, float]], with_onet: bool) -> None:
    """The first table, a column for each model."""
    names = list(rows)
    print(f"\n| | {' | '.join(names)} |\n|---|{'---:|' * len(names)}")
    for figure in rows[names[0]]:
        cells = [rows[name].get(figure, float("nan")) for name in names]
        form = "{:.4f}" if figure in ("AUROC", "Brier", "ECE") else "{:.1%}"
        print(f"| {figure} | {' | '.join('–' if c != c else form.format(c).replace('%', ' %') for c in cells)} |")


def print_explanations(model, whole: Dataset, usual: TfIdf | None) -> None:
    """The second table: exactness, stability, faithfulness and time of explanations."""
    texts = [example.text for example in whole.examples if example.label and 6 <= len(example.text.split()) <= 30][:EXPLAINED]
    scorer = model.loaded.scorer

    def own(text: str) -> tuple[dict[str, float], float]:
        words = {}
        for c in contributions_of(scorer, text):
            words[c.word] = words.get(c.word, 0.0) + c.value
        return words, float(scorer.intercepts[0])

    def own_probability(given: list[str]) -> np.ndarray:
        return 1 / (1 + np.exp(-scorer.score(given).label))

    print(
        "\n| | sums up to the score, off by at most | same in ten runs | drop without its words | drop with its words alone | ms |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    print_explainer("opscope", own, own_probability, texts, lambda text: float(scorer.score([text]).label[0]))
    if usual is None:
        return
    pipeline = usual.pipeline
    column = list(pipeline.classes_).index(PRODUCTION)

    def probability(given: list[str]) -> np.ndarray:
        return pipeline.predict_proba(given)[:, column]

    def score(text: str) -> float:
        return float(pipeline.decision_function([text])[0])

    # LIME explains the probability, not the log-odds.
    print_explainer(
        "LIME on TF-IDF + logistic regression", lime_of(pipeline, column), probability, texts, lambda t: probability([t])[0]
    )
    print_explainer("SHAP linear on TF-IDF + logistic regression", shap_of(pipeline), probability, texts, score)


def lime_of(pipeline, column: int) -> Callable:
    """Words of a text with what LIME says of them; its intercept."""
    from lime.lime_text import LimeTextExplainer

    explainer = LimeTextExplainer(class_names=list(pipeline.classes_))

    def explain(text: str) -> tuple[dict[str, float], float]:
        found = explainer.explain_instance(text, pipeline.predict_proba, labels=(column,), num_features=30, num_samples=1000)
        return dict(found.as_list(label=column)), float(found.intercept[column])

    return explain


def shap_of(pipeline) -> Callable:
    """Words and pairs of a text with what SHAP's linear explainer says of them; the expected value."""
    import shap

    vectorizer, linear = pipeline[0], pipeline[1]
    background = vectorizer.transform(read_dataset(shipped("data/activities.csv")).texts[:500])
    explainer, names = shap.LinearExplainer(linear, background), vectorizer.get_feature_names_out()

    def explain(text: str) -> tuple[dict[str, float], float]:
        matrix = vectorizer.transform([text])
        values = explainer.shap_values(matrix)[0]
        values = values.toarray()[0] if hasattr(values, "toarray") else np.asarray(values)
        inside = set(matrix.indices.tolist())
        kept = {names[place]: float(values[place]) for place in inside}
        return kept, float(explainer.expected_value) + float(sum(values)) - sum(kept.values())

    return explain


def print_explainer(title: str, explain: Callable, probability: Callable, texts: list[str], score: Callable) -> None:
    """One row of the second table."""
    off, same, drops, kept, seconds = [], [], [], [], []
    for text in texts:
        started = time.perf_counter()
        words, intercept = explain(text)
        seconds.append(time.perf_counter() - started)
        off.append(abs(intercept + sum(words.values()) - score(text)))
        again = [sorted(words, key=lambda w: -abs(words[w]))[:5]]
        for _ in range(RUNS - 1 if len(same) < REPEATED else 0):
            other, _ = explain(text)
            again.append(sorted(other, key=lambda w: -abs(other[w]))[:5])
        same.append(all(found == again[0] for found in again))
        before = probability([text])[0]
        sign = 1 if before > 0.5 else -1
        named = [word for word in sorted(words, key=lambda w: -sign * words[w]) if sign * words[word] > 0][:NAMED]
        after = probability([without(text, named), only(text, named)])
        drops.append(sign * (before - after[0]))
        kept.append(sign * (before - after[1]))
    off_by, same_share = f"{max(off):.1g}", f"{np.mean(same[:REPEATED]):.0%}".replace("%", " %")
    faithful = f"{np.mean(drops):.3f} | {np.mean(kept):.3f}"
    print(f"| {title} | {off_by} | {same_share} | {faithful} | {1000 * np.median(seconds):.2f} |", flush=True)


def without(text: str, words: list[str]) -> str:
    """The text with these words deleted, whatever their case."""
    gone = {part for word in words for part in word.lower().split()}
    return " ".join(part for part in text.split() if part.lower().strip(".,;:!?()'\"") not in gone)


def only(text: str, words: list[str]) -> str:
    """The text with all but these words deleted."""
    kept = {part for word in words for part in word.lower().split()}
    return " ".join(part for part in text.split() if part.lower().strip(".,;:!?()'\"") in kept)


if __name__ == "__main__":
    main()
