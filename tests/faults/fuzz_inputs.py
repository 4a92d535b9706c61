"""Inputs for fuzzing: bytes changed with a sense for what they hold, and bytes made smaller that still break something."""

import io
import json
import random
import re
import struct
import time
import warnings
import zipfile
from collections.abc import Callable

# What readers stumble over: signs of their grammars, numbers at borders, odd characters, deep nesting, half surrogates.
_WORDS = (
    b'"', b'""', b",", b";", b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b"=", b"'=", b"{}", b"[]", b"[[", b"{", b"}", b"null", b"true", b"NaN", b"-1", b"0", b"1e999", b"-0.0", b"1e400",
    b"9" * 5000, b"[" * 5000, b'{"a":' * 1500, b" " * 2000, b"a" * 2000, b"\xcc\x80\xcc\x96" * 500, b"text", b"label", b"\\ud800",
    b"<!DOCTYPE a>", b"&a;", b"&#0;", b"</row>", b"<c/>", b't="s"', b't="d"', b't="b"', b't="inlineStr"', b't="e"', b'r="ZZZ1"',
    b'r="0"', b'r="99999999999"', b's="9"', b"2026-13-45T99:99:99", b"0000-00-00", b"9999-12-31T23:59:59-23:59", b"1_0", b"0x10",
    "\N{ARABIC-INDIC DIGIT ONE}".encode(), "\N{LINE SEPARATOR}".encode(), "\N{ZERO WIDTH NO-BREAK SPACE}".encode(), b"<v>", b"</v>",
)  # fmt: skip
_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null')
_MOST_MEMBERS = 40

Mutate = Callable[[bytes, random.Random], bytes]


def changed(content: bytes, rng: random.Random) -> bytes:
    """The bytes with a few changes: bits, words, a part twice or gone or from elsewhere, a value put in the place of another."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        content = rng.choice((_flipped, _with_word, _without_part, _with_part_twice, _with_value_swapped))(content, rng)
    return content


def _place(content: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.choice((0, 1, 2, 8, 64, 512)))


def _flipped(content: bytes, rng: random.Random) -> bytes:
    if not content:
        return b"\0"
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def _with_word(content: bytes, rng: random.Random) -> bytes:
    start, end = _place(content, rng)
    return content[:start] + rng.choice(_WORDS) + content[rng.choice((start, end)) :]


def _without_part(content: bytes, rng: random.Random) -> bytes:
    start, end = _place(content, rng)
    return content[:start] + content[end:]


def _with_part_twice(content: bytes, rng: random.Random) -> bytes:
    (start, end), (at, _) = _place(content, rng), _place(content, rng)
    return content[:at] + content[start:end] * rng.choice((1, 1, 2, 50)) + content[at:]


def _with_value_swapped(content: bytes, rng: random.Random) -> bytes:
    values = list(_VALUE.finditer(content[:100_000]))
    if not values:
        return content
    found = rng.choice(values)
    new = rng.choice((rng.choice(_WORDS), rng.choice(values)[0], b'"' + rng.choice(_WORDS) + b'"'))
    return content[: found.start()] + new + content[found.end() :]


def mutated(parts: str, content: bytes, rng: random.Random, mutate: Mutate = changed) -> bytes:
    """The bytes changed: within their parts, so that these are found at all, and now and then as they are."""
    if parts == "copied":
        head, content = content[:2], content[2:]
        head = bytes(rng.randrange(5) for _ in head) if rng.random() < 0.1 else head
        return head + mutated("zip", content, rng, mutate)
    if rng.random() < 0.1:
        return mutate(content, rng)
    if parts == "json" and rng.random() < 0.5:
        return _with_node_replaced(content, rng)
    if parts == "zip" and (members := _members(content)):
        name = rng.choice(list(members))
        kept = {other: part for other, part in members.items() if other != name}
        return zipped(members | {name: mutate(members[name], rng)} if rng.random() < 0.97 else kept)
    if parts == "safetensors" and len(content) > 8:
        length = min(struct.unpack("<Q", content[:8])[0], len(content) - 8)
        header, rest = content[8 : 8 + length], content[8 + length :]
        header, rest = (mutate(header, rng), rest) if rng.random() < 0.7 else (header, mutate(rest, rng))
        return struct.pack("<Q", len(header)) + header + rest
    return mutate(content, rng)


_ODD = (None, True, -1, 0, 1.5, 1e999, "", "x", "\ud800", "../../x", [], {}, [[]], [None], {"a": None}, {"format": 1}, 10**30)


def _with_node_replaced(content: bytes, rng: random.Random) -> bytes:
    """JSON in which one value, of whatever depth, is another, is gone, or is there under another name; other bytes as they are."""
    try:
        whole = [json.loads(content)]
    except (ValueError, RecursionError):
        return content
    places, pending = [], [whole]
    while pending:
        node = pending.pop()
        inner = [(node, key) for key in (node if isinstance(node, dict) else range(len(node)))]
        places += inner
        pending += [parent[key] for parent, key in inner if isinstance(parent[key], (dict, list))]
    parent, key = rng.choice(places)
    parent[key] = rng.choice((*_ODD, [parent[key]], {"a": parent[key]}))
    if parent is not whole and rng.random() < 0.2:
        del parent[key]
    elif isinstance(parent, dict) and rng.random() < 0.1:
        parent[rng.choice(("", "text", "more"))] = parent[key]
    return json.dumps(whole[0]).encode()


def _members(content: bytes) -> dict[str, bytes]:
    """The members of a ZIP archive by name; none where it cannot be read as one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = archive.infolist()[:_MOST_MEMBERS]
            return {} if sum(member.file_size for member in found) > 5_000_000 else {m.filename: archive.read(m) for m in found}
    except Exception:  # whatever it is, it is changed as bytes then
        return {}


def zipped(members: dict[str, bytes]) -> bytes:
    """A ZIP archive of these members, not compressed, so that what changes in them changes in it."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def minimised(content: bytes, breaks: Callable[[bytes], bool], seconds: float = 20) -> bytes:
    """The bytes without what is not needed for ``breaks`` to hold: whole members of an archive, then parts of each, or of all."""
    until = time.monotonic() + seconds
    members = _members(content)
    if members and breaks(zipped(members)):
        for name in list(members):
            if breaks(zipped({other: members[other] for other in members if other != name})):
                del members[name]
        for name in list(members):
            members[name] = _shorter(members[name], lambda part, name=name: breaks(zipped(members | {name: part})), until)
        return zipped(members)
    return _shorter(content, breaks, until)


def _shorter(content: bytes, breaks: Callable[[bytes], bool], until: float) -> bytes:
    size = len(content) // 2
    while size:
        start = 0
        while start < len(content) and time.monotonic() < until:
            tried = content[:start] + content[start + size :]
            if breaks(tried):
                content = tried
            else:
                start += size
        size //= 2
    return content
