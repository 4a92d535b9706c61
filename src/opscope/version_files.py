"""Files of a models folder, read with suspicion: plain files of a size that fits, in the folder itself and by way of no link."""

import json
import os
import stat
from pathlib import Path

from opscope.errors import ModelError
from opscope.paths import shipped

MOST_BYTES = 1 << 30
MOST_TOLD = 1 << 24  # of a manifest, a card, or the aliases
_LONGEST_NAME = 200
_OPENING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe is opened without waiting for a writer
_RESTORE = "Restore the version's folder, or train again."


def is_version_name(name: object) -> bool:
    """Whether a version may be called this: a name in one line that leads to no other folder and begins no formula."""
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        return False
    return name[0].isalnum() and name.isprintable() and not any(separator in name for separator in "/\\:")


def check_no_link(path: Path) -> None:
    """Raises ModelError for a link, which would lead out of the folder; what opscope ships may be one, as some installers make."""
    if path.is_symlink() and not path.parent.resolve().is_relative_to(shipped("models").resolve()):
        raise ModelError(f"{path} is a link, and nothing outside of its folder is read. Put what it leads to in its place.")


def content_of(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file.

    Raises ModelError for a link, what is no plain file, more than ``most`` bytes, and what cannot be read; FileNotFoundError where
    there is none.
    """
    try:
        check_no_link(path)
        _check_plain(path, path.stat(), most)
        with open(os.open(path, _OPENING), "rb") as handle:
            _check_plain(path, os.fstat(handle.fileno()), most)  # it may have been exchanged by now
            return handle.read(most)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}. {_RESTORE}") from error


def _check_plain(path: Path, found: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{path} is no plain file. {_RESTORE}")
    if found.st_size > most:
        raise ModelError(f"{path} has {found.st_size:,} bytes, and at most {most:,} are read. {_RESTORE}")


def json_in(content: bytes) -> object:
    """What JSON in UTF-8 says; raises ValueError where it is none, says a name twice, or is nested too deep."""
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_without_repeats)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"it says {next(name for name in names if names.count(name) > 1)!r} twice")
    return found
