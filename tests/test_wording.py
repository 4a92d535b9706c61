import pytest

from opscope.guide import guide
from opscope.languages import language_of
from opscope.topics import topics_in


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Bitte die Rechnung vom Lieferanten prüfen und bezahlen", "German"),
        ("Vérifier la machine à laver les bouteilles avant l'équipe de nuit", "French"),
        ("取引先への請求書を月末までに発送すること", "Japanese"),
        ("Grease the chain of the filler before the night shift", None),
        ("", None),
    ],
)
def test_languages_are_named(text, language):
    assert language_of(text) == language


def test_a_text_in_another_language_is_unfamiliar_and_says_which(model):
    p = model.predict("Bitte die Rechnung vom Lieferanten prüfen und bezahlen")
    assert p.decision == "unfamiliar"
    assert p.reason == "It reads like German, and opscope reads English only."
    assert p.question == guide().forms["language"].question


@pytest.mark.parametrize(
    ("text", "function", "topic"),
    [
        ("Maintenance of the office lift", "facilities", "maintenance"),
        ("recount of the raw stock", "shop_inventory", "inventory"),
        ("write a poem", "finance", None),
    ],
)
def test_topics_are_touched_by_their_cues(text, function, topic):
    assert next((found.key for found in topics_in(text, function)), None) == topic


@pytest.mark.parametrize("text", ["maintenance", "report", "the report", "Maintenance!"])
def test_a_bare_word_goes_to_review_with_a_question(model, text):
    p = model.predict(text)
    assert p.decision == "review"
    assert "alone says too little" in p.reason
    questions = {topic.question for topic in guide().topics.values()} | {guide().bare_question}
    assert p.question in questions


def test_what_leans_asks_what_the_guide_asks(model, evaluation_set):
    questions = {entry.question for entry in (*guide().topics.values(), *guide().functions.values())}
    undecided = [p for p in model.predict(evaluation_set.texts, "strict") if p.decision == "review" and "leans" in p.reason]
    assert undecided
    assert all(p.question in questions for p in undecided)
    assert len({p.question for p in undecided}) > 8


def test_an_unfamiliar_text_is_told_what_it_reads_like(model):
    reasons = {form.reason for form in guide().forms.values()}
    for text in ("What is the capital of France?", "Fresh bread, every day, only at Miller's!", "SELECT * FROM orders WHERE id=4;"):
        p = model.predict(text)
        assert (p.decision, p.reason in reasons) == ("unfamiliar", True), p
