"""Holds the labelled set to what its card promises."""

import csv
import re
from collections import Counter

import pytest

from opscope.agreement import cohens_kappa
from opscope.dataset import PAIR_PREFIX
from opscope.duplicates import near_duplicates
from opscope.guide import guide
from opscope.paths import shipped

HEADER = ["id", "text", "label", "function", "industry", "style", "source"]
STYLES = {"process_name", "procedure", "log_ticket", "message", "todo", "minutes", "problem", "long"}
TOPICS = set(guide().topics) | {
    "inside_plant", "outside_helper", "spare_parts", "finished_goods", "customer_cause", "traceability", "steps_elsewhere",
    "plants", "setting", "shared_word",
}  # fmt: skip
GIVE_AWAYS = re.compile(r"\b(production|operations?|operational|plants?|factor(y|ies))\b")


def rows_of(name):
    with shipped(f"data/{name}").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def training():
    return rows_of("activities.csv")


@pytest.fixture(scope="module")
def evaluation():
    return rows_of("evaluation.csv")


@pytest.fixture(scope="module")
def non_activities():
    return rows_of("non_activities.csv")


def activities_of(rows):
    return [row for row in rows if row["label"]]


def test_schema_and_ids(training, evaluation, non_activities):
    assert list(training[0]) == list(evaluation[0]) == HEADER
    assert list(non_activities[0]) == ["id", "text", "kind"]
    ids = [row["id"] for rows in (training, evaluation, non_activities) for row in rows]
    assert len(ids) == len(set(ids))
    texts = [row["text"] for rows in (training, evaluation, non_activities) for row in rows]
    assert all(text == text.strip() and text and "\n" not in text for text in texts)


def test_counts(training, evaluation, non_activities):
    assert len(training) >= 4000
    assert len(activities_of(evaluation)) >= 900
    assert len(evaluation) - len(activities_of(evaluation)) >= 300
    assert len(non_activities) >= 1500
    assert len({row["kind"] for row in non_activities}) == 16


@pytest.mark.parametrize("name", ["activities.csv", "evaluation.csv"])
def test_label_balance_functions_and_industries(name):
    rows = activities_of(rows_of(name))
    assert 0.45 <= sum(row["label"] == "production" for row in rows) / len(rows) <= 0.55
    for row in rows:
        assert guide().functions[row["function"]].label == row["label"], row
    industries = Counter(row["industry"] for row in rows)
    assert len(industries) >= 35
    assert max(industries.values()) <= 0.06 * len(rows)


def test_every_function_and_style_has_enough_rows(training):
    functions = Counter(row["function"] for row in training)
    assert set(functions) == set(guide().functions)
    assert min(functions.values()) >= 120
    styles = Counter(row["style"] for row in training)
    assert set(styles) == STYLES
    assert min(styles.values()) >= 250
    assert styles["long"] >= 350


def test_lengths_fit_the_style(training, evaluation):
    for row in training + activities_of(evaluation):
        words = len(row["text"].split())
        if row["style"] == "long":
            assert 30 <= words <= 140, row
        elif row["style"] == "process_name":
            assert 2 <= words <= 6, row


def test_hard_rows_and_both_sides_of_every_topic(training):
    hard = [row for row in training if row["source"] != "plain"]
    assert len(hard) >= 1000
    sides = {}
    for row in hard:
        kind, *_, topic = row["source"].split(":")
        assert kind in ("hard", "pair") and topic in TOPICS, row
        sides.setdefault(topic, set()).add(row["label"])
    assert set(sides) == TOPICS
    assert all(labels == {"production", "operations"} for labels in sides.values())


@pytest.mark.parametrize(("name", "fewest"), [("activities.csv", 350), ("evaluation.csv", 75)])
def test_minimal_pairs_have_two_rows_of_opposite_label(name, fewest):
    pairs = {}
    for row in rows_of(name):
        if row["source"].startswith(PAIR_PREFIX):
            pairs.setdefault(row["source"].split(":")[1], []).append(row["label"])
    assert len(pairs) >= fewest
    assert all(sorted(labels) == ["operations", "production"] for labels in pairs.values())


def test_no_duplicates_within_or_between_files(training, evaluation, non_activities):
    rows = training + evaluation + non_activities
    pair_of = [row.get("source", "") if row.get("source", "").startswith(PAIR_PREFIX) else None for row in rows]
    found = [
        (rows[a]["text"], rows[b]["text"])
        for a, b, _ in near_duplicates([row["text"] for row in rows])
        if pair_of[a] is None or pair_of[a] != pair_of[b]
    ]
    assert not found


def test_beginnings_vary(training, evaluation):
    for rows in (training, evaluation):
        beginnings = Counter(tuple(re.findall(r"\w+", row["text"].lower())[:3]) for row in rows)
        assert max(beginnings.values()) <= 0.01 * len(rows)


def test_the_label_is_not_given_away(training, evaluation):
    for rows in (training, activities_of(evaluation)):
        assert sum(bool(GIVE_AWAYS.search(row["text"].lower())) for row in rows) < 0.05 * len(rows)


def test_no_label_can_be_told_from_style_or_length_alone(training):
    for style in STYLES:
        own = [row for row in training if row["style"] == style]
        assert 0.4 <= sum(row["label"] == "production" for row in own) / len(own) <= 0.6, style
    lengths = {
        label: sum(len(row["text"]) for row in training if row["label"] == label) / sum(row["label"] == label for row in training)
        for label in ("production", "operations")
    }
    assert 0.85 <= lengths["production"] / lengths["operations"] <= 1.15


def test_blind_second_labels_cover_what_the_card_says(training, evaluation):
    second = {row["id"]: row["label"] for row in rows_of("second_labels.csv")}
    first = {row["id"]: row["label"] for row in training + evaluation}
    assert set(second) <= set(first)
    assert {row["id"] for row in evaluation} <= set(second)
    assert sum(row["id"] in second for row in training) >= 1500
    ids = sorted(second)
    assert cohens_kappa([first[i] for i in ids], [second[i] for i in ids]) > 0.95
