"""The manifest of a version: what it says of itself, believed only where every field is what it should be."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from opscope.errors import ModelError
from opscope.guide import LABELS
from opscope.policies import POLICIES
from opscope.version_files import MOST_TOLD, content_of, is_version_name, json_in

FORMAT = 4
MANIFEST = "manifest.json"
_SHA256 = re.compile("[0-9a-f]{64}")
_MOST_COUNTED = 10**15
_LONGEST = 300  # characters of a name
_MOST_SHOWN = 60


@dataclass(frozen=True)
class Manifest:
    """What a version says of itself; ``files`` holds the SHA-256 of the files beside it.

    ``created`` and ``author`` say when and by whom it was trained; the ``..._sha256`` of what: rows, evaluation set and guide.
    ``own_rows`` of the ``rows`` are the user's. ``policies`` holds for each policy and label the probability below which a text
    goes to review, ``examples`` the number of rows on which these thresholds rest.
    """

    version: str
    created: str
    author: str
    guide_version: str
    guide_sha256: str
    data_sha256: str
    evaluation_sha256: str
    rows: int
    own_rows: int
    settings: dict[str, float]
    policies: dict[str, dict[str, float]]
    examples: int
    libraries: dict[str, str]
    files: dict[str, str]
    format: int = FORMAT


def read_manifest(folder: Path) -> Manifest:
    """What the version in this folder says of itself; raises ModelError when it cannot be read, or holds what it should not."""
    path = folder / MANIFEST
    try:
        raw = json_in(content_of(path, MOST_TOLD))
    except FileNotFoundError:
        raise ModelError(f"{folder} holds no {MANIFEST}, so it is no version of a model. Name a folder inside models/.") from None
    except ValueError as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path} cannot be read: {error}. Restore the version's folder.") from error
    told = raw.get("format") if isinstance(raw, dict) else None
    if type(told) is int and told > FORMAT:
        raise ModelError(f"{path} has format {told}, this opscope reads up to {FORMAT}. Upgrade opscope.")
    if type(told) is int and told < FORMAT:
        raise ModelError(f"{path} has format {told}, this opscope reads format {FORMAT}. Train the version again.")
    try:
        manifest = Manifest(**raw)
    except TypeError as error:
        raise ModelError(f"{path} is incomplete: {error}. Restore the version's folder.") from error
    if problems := _problems_with(manifest):
        raise ModelError("\n".join(f"{path}: {problem}. Restore the version's folder." for problem in problems))
    return manifest


def _is_line(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and bool(_SHA256.fullmatch(value))


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST_COUNTED


def _is_number(value: object) -> bool:
    return (type(value) is int and abs(value) < _MOST_COUNTED) or (type(value) is float and not math.isnan(value))


def _is_table(of_key: Callable[[object], bool], of_value: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(of_key(key) and of_value(told) for key, told in value.items())


def _are_policies(value: object) -> bool:
    numbers = _is_table(_is_line, _is_number)
    return isinstance(value, dict) and {*value} == {*POLICIES} and all(numbers(t) and {*t} == {*LABELS} for t in value.values())


_KINDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "version": ("the name of a version", is_version_name),
    "created": ("a text in one line", _is_line),
    "author": ("a text in one line", _is_line),
    "guide_version": ("a text in one line", _is_line),
    "guide_sha256": ("a SHA-256", _is_hash),
    "data_sha256": ("a SHA-256", _is_hash),
    "evaluation_sha256": ("a SHA-256", _is_hash),
    "rows": ("a count", _is_count),
    "own_rows": ("a count", _is_count),
    "settings": ("a table of numbers", _is_table(_is_line, _is_number)),
    "policies": ("a number for each policy and label", _are_policies),
    "examples": ("a count", _is_count),
    "libraries": ("a table of texts", _is_table(_is_line, _is_line)),
    "files": ("a table of names, without a folder, and their SHA-256", _is_table(is_version_name, _is_hash)),
    "format": (str(FORMAT), lambda value: type(value) is int and value == FORMAT),
}


def _problems_with(manifest: Manifest) -> list[str]:
    """Every field that is not what it should be."""
    told = ((field.name, getattr(manifest, field.name)) for field in fields(Manifest))
    return [f"{name} is {_shortened(value)}, expected {_KINDS[name][0]}" for name, value in told if not _KINDS[name][1](value)]


def _shortened(value: object) -> str:
    try:
        shown = repr(value)
    except (ValueError, RecursionError):  # Python refuses to write out a huge number
        return "a huge number"
    return shown if len(shown) <= _MOST_SHOWN else shown[: _MOST_SHOWN - 1] + "…"
