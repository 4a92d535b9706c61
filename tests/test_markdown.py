import re
import string

from hypothesis import given
from hypothesis import strategies as st

from opscope.markdown import as_markdown


def test_mark_up_is_shown_as_it_is_written():
    assert as_markdown("*a* [b](c) $x$ <i>") == r"\*a\* \[b\]\(c\) \$x\$ \<i\>"


def test_lines_stay_lines():
    assert as_markdown("one\ntwo") == "one  \ntwo"


@given(st.text())
def test_no_punctuation_stands_unescaped_and_the_text_can_be_had_back(text):
    shown = as_markdown(text)
    assert not re.search(f"[{re.escape(string.punctuation)}]", re.sub(r"\\.", "", shown))
    assert re.sub(r"\\(.)", r"\1", shown.replace("  \n", "\n")) == text.replace("  \n", "\n")
