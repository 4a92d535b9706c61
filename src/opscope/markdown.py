"""Anybody's text in Markdown."""

import re

from opscope.visible import visible

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# What becomes a link, an arrow or an icon in the app even where it is escaped; an invisible character behind it keeps it from that.
_MADE_INTO_MORE = re.compile(
    r"""https?(?=://) | www(?=\.) | @(?=[\w-]) | :(?=[a-z][\w+/-]*:)
    | (?<!\S)(?:< (?=-> (?!\S)) | -(?=[->] (?!\S)) | <(?=[-=] (?!\S)) | [>~](?== (?!\S)))""",
    re.IGNORECASE | re.VERBOSE,
)
_INVISIBLE = "\N{WORD JOINER}"
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
# A hyphen within a word and a colon before a space or a figure steer nothing.
_STEERING = re.compile(r"([!#$&*+<=>@\[\\\]^_`{|}~]|(?<!\w)-|-(?!\w)|:(?![\s\d]|$))")
_ORDERED = re.compile(r"^(\d+)([.)])")  # 1. would begin a list
_BEGINNING = re.compile(r"#{1,6} |- ")
_KEPT = re.compile(r"\*\*|`[\w ,./-]+`")
_TABLE_KEPT = re.compile(rf"\||{_KEPT.pattern}")
_RULE = re.compile(r"\|(?::?-+:?\|)+")


def as_markdown(text: str) -> str:
    """Markdown that shows exactly this text: no mark-up, formula, link, arrow or icon comes of it, and lines stay lines.

    Characters that steer and do not show are written out, as ``visible`` does.
    """
    indented = _INDENT.sub(lambda found: _NO_BREAK_SPACE * len(found[0]), visible(text))
    return _PUNCTUATION.sub(r"\\\1", _unmade(indented)).replace("\n", "  \n")


def as_plain_markdown(text: str) -> str:
    """Markdown that keeps its headings, lists, tables, bold text and code, and shows all other mark-up as it is written."""
    return "\n".join(map(_plain_line, visible(text).split("\n")))


def _plain_line(line: str) -> str:
    if _RULE.fullmatch(line):
        return line
    line = _INDENT.sub("", line)
    beginning = _BEGINNING.match(line)
    end = beginning.end() if beginning else 0
    parts = [line[:end]]
    for kept in (_TABLE_KEPT if line.startswith("|") else _KEPT).finditer(line, end):
        parts += [_steered_by_nothing(line[end : kept.start()]), kept[0]]
        end = kept.end()
    return "".join((*parts, _steered_by_nothing(line[end:])))


def _steered_by_nothing(text: str) -> str:
    return _ORDERED.sub(r"\1\\\2", _STEERING.sub(r"\\\1", _unmade(text)))


def _unmade(text: str) -> str:
    return _MADE_INTO_MORE.sub(lambda found: found[0] + _INVISIBLE, text)
