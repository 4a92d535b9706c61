import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscope.markdown import as_markdown, as_plain_markdown
from opscope.visible import visible

INVISIBLE, NO_BREAK = "\N{WORD JOINER}", "\N{NO-BREAK SPACE}"


def test_mark_up_is_shown_as_it_is_written():
    assert as_markdown("*a* [b](c) $x$ <i>") == r"\*a\* \[b\]\(c\) \$x\$ \<i\>"


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example",
        "WWW.a.example",
        "a@b.example",
        ":smile:",
        ":material/home:",
        ":streamlit:",
        "a -> b",
        "<-> -- <= ~= >= <-",
    ],
)
def test_what_the_app_would_make_more_of_is_kept_from_it_by_an_invisible_character(text):
    pieces = [re.sub(r"\\(.)", r"\1", piece) for piece in as_markdown(text).split(INVISIBLE)]
    assert len(pieces) > 1 and "".join(pieces) == text


@pytest.mark.parametrize("text", ["2026-11-28-1a2b", "at 12:30", "a - b", "x <y> z", "C:\\models\\x", "a@ b"])
def test_what_people_copy_holds_no_invisible_character(text):
    assert as_markdown(text).replace("\\", "") == text.replace("\\", "")


def test_what_steers_is_written_out_and_indents_make_no_code():
    assert as_markdown("\x1b[1m\u202e") == r"\\x1b\[1m\\u202e"
    assert as_markdown("a\n\t  b") == "a  \n\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}b"


def test_a_cards_own_mark_up_stays_and_all_other_is_shown():
    card = "# x\n\n**a** and `b-1`\n- c\n| d | **e** |\n|---|--:|"
    assert as_plain_markdown(card) == card
    assert as_plain_markdown("![i](x) <b> `a\\` $x$\n1. a\n---\n> q\n    c") == (
        r"\!\[i\](x) \<b\> \`a\\\` \$x\$" + "\n" + r"1\. a" + "\n" + r"\-\-\-" + "\n" + r"\> q" + "\nc"
    )


def test_lines_stay_lines():
    assert as_markdown("one\ntwo") == "one  \ntwo"


@given(st.text())
def test_no_punctuation_stands_unescaped_and_the_text_can_be_had_back(text):
    shown, text = as_markdown(text), re.sub("^[ \t]+", lambda found: NO_BREAK * len(found[0]), visible(text), flags=re.M)
    assert not re.search(f"[{re.escape(string.punctuation)}]", re.sub(r"\\.", "", shown))
    assert re.sub(r"\\(.)", r"\1", shown.replace("  \n", "\n").replace(INVISIBLE, "")) == text.replace("  \n", "\n")
