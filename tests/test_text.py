import re

import pytest

from opscope.errors import InputError
from opscope.text import MAX_CHARACTERS, activities_in, checked, clean, problem_with, spans, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Re-grind the DIE", ["re", "grind", "the", "die"]),
        ("line 4, PN-4471B", ["line", "0", "pn", "0", "b"]),
        ("Café Müller's", ["café", "müller", "s"]),
        ("under_score", ["under", "score"]),
        ("…!?", []),
        ("", []),
    ],
)
def test_tokens_are_runs_of_letters_or_digits(text, expected):
    assert tokens(text) == expected


def test_spans_point_at_the_original_spelling():
    text = "  Böhler-Press 07: ÖLSTAND prüfen"
    assert [text[span.start : span.end] for span in spans(text)] == ["Böhler", "Press", "07", "ÖLSTAND", "prüfen"]
    assert [span.token for span in spans(text)] == tokens(text)


@pytest.mark.parametrize(
    ("paste", "expected"),
    [
        ("- grease the chain\n* swap the filter", ["grease the chain", "swap the filter"]),
        ("1. grease the chain\n2) swap the filter\n(3) vet carriers", ["grease the chain", "swap the filter", "vet carriers"]),
        ("[ ] call the vendor\n[x] pay the fee\n☐ book the hall", ["call the vendor", "pay the fee", "book the hall"]),
        ("\n\n  one \r\n\t\n two\t words  \n", ["one", "two words"]),
        ("5 pallets short at line 2", ["5 pallets short at line 2"]),
        ("3.5 bar at the press", ["3.5 bar at the press"]),
        ("A/C unit of the office", ["A/C unit of the office"]),
        ("a) weigh in\nb. mix", ["weigh in", "mix"]),
        ("", []),
    ],
)
def test_a_paste_becomes_activities(paste, expected):
    assert activities_in(paste) == expected


def test_clean_drops_control_and_invisible_characters():
    assert clean("gre\u200base\x00 the\x07  chain\u202e\n now") == "grease the chain now"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "The text is empty. Write what is done, to what, and where."),
        (" \t\n", "The text is empty. Write what is done, to what, and where."),
        ("\x00\x07", "The text is empty. Write what is done, to what, and where."),
        ("12 345", "The text holds no word. Write what is done, to what, and where."),
        (
            "x" * (MAX_CHARACTERS + 1),
            "The text has 20,001 characters and at most 20,000 are read. Split it into one activity a row.",
        ),
        ("grease the chain", None),
    ],
)
def test_problem_with_names_what_is_wrong(text, problem):
    assert problem_with(text) == problem


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "Expected a text or a list of texts, got None. Pass a str, or list of str."),
        (7, "Expected a text or a list of texts, got 7 (int). Pass a str, or list of str."),
        (b"abc", "Expected a text or a list of texts, got b'abc' (bytes). Pass a str, or list of str."),
        (["ok", None], "Text 1 is None, expected a str. Leave the row out, or turn it into text first (for bytes: .decode())."),
        (
            ["ok", 3.5],
            "Text 1 is 3.5 (float), expected a str. Leave the row out, or turn it into text first (for bytes: .decode()).",
        ),
    ],
)
def test_what_is_no_text_is_refused_by_position(given, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        checked(given)
