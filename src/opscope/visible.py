"""Anybody's text with what cannot be seen written out, so that it is shown and not obeyed: by a terminal, or by who reads it."""

import re

_KEPT = "\n\t"
_JSON_KEPT = re.compile(r"[^\x20-\x7e\n]")


def visible(text: str) -> str:
    r"""The text with control characters, direction overrides, and halves of characters written out, such as ``\x1b`` or ``\u202e``.

    Line breaks, tabs and spaces of any width stay.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT or _is_space(c) else _written_out(c) for c in text)


def visible_line(text: str) -> str:
    """The same in one line: line breaks and tabs are written out, too."""
    return visible(text).replace("\n", r"\n").replace("\t", r"\t")


def visible_json(told: str) -> str:
    """JSON that means the same, with the same characters written out as JSON does."""
    return _JSON_KEPT.sub(lambda found: found[0] if visible(found[0]) == found[0] else _in_json(found[0]), told)


def _is_space(character: str) -> bool:
    return character.isspace() and character > "\x9f" and character not in "\u2028\u2029"


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode() if not "\ud800" <= character <= "\udfff" else f"\\u{ord(character):04x}"


def _in_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
