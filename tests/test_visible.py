import json

import pytest

from opscope.visible import visible, visible_json, visible_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"), ("Zoë ü 日本 é 🙂", "Zoë ü 日本 é 🙂"), ("a\tb\nc", "a\tb\nc"), ("a\u00a0b\u3000c", "a\u00a0b\u3000c"),
        ("\x1b[31m", r"\x1b[31m"), ("a\rb\b\0", r"a\rb\x08\x00"), ("\x9b\x85\x7f", r"\x9b\x85\x7f"), ("\u2028", r"\u2028"),
        ("\u202ea", r"\u202ea"), ("\ud800", r"\ud800"), ("\U000e0041", r"\U000e0041"), ("\ufeff\u200b", r"\ufeff\u200b"),
    ],
)  # fmt: skip
def test_what_steers_is_written_out(text, shown):
    assert visible(text) == shown


def test_in_one_line_breaks_and_tabs_are_written_out_too():
    assert visible_line("a\n\tb") == r"a\n\tb"


def test_json_means_the_same():
    told = ["\x7f\u202e\U000e0041\ud800", {"é": "🙂\n"}]
    shown = visible_json(json.dumps(told, ensure_ascii=False, indent=1))
    assert json.loads(shown) == told
    assert r"\u007f\u202e\udb40\udc41\ud800" in shown and "é" in shown and "🙂" in shown
