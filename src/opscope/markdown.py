"""Anybody's text in Markdown."""

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def as_markdown(text: str) -> str:
    """Markdown that shows exactly this text: no mark-up, formula or link comes of it, and lines stay lines."""
    return _PUNCTUATION.sub(r"\\\1", text).replace("\n", "  \n")
