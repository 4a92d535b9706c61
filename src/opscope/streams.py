"""Bytes in and out: standard streams, compressed files, and files that appear under their name only when complete."""

import importlib
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from opscope.disk import begin_part, replace, why_not
from opscope.errors import DataError
from opscope.visible import visible_line

STANDARD_STREAM = "-"
_COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}  # modules, loaded when a file needs them
_PEEKED = 65_536


def ending_of(name: str) -> str:
    """The ending that tells the kind of table, in lower case; that of a compression before it does not count."""
    path = Path(name.lower())
    return path.with_suffix("").suffix if path.suffix in _COMPRESSED else path.suffix


def shown_name(path: Path | str) -> str:
    """The name for messages, in one line."""
    return "standard input" if str(path) == STANDARD_STREAM else visible_line(str(path))


@contextmanager
def opened(path: Path | str) -> Iterator[tuple[io.BufferedReader, BinaryIO]]:
    """Opens a file, or standard input for ``-``: its content, unpacked if its name says it is compressed, and the raw file.

    Raises DataError when it is missing, no file, or not readable.
    """
    name = shown_name(path)
    if str(path) == STANDARD_STREAM:
        stream = io.BufferedReader(sys.stdin.buffer, _PEEKED)
        yield stream, sys.stdin.buffer
        stream.detach()
        return
    if Path(path).is_dir():
        raise DataError(f"{name} is a folder. Name a file in it.")
    try:
        raw = Path(path).open("rb")
    except FileNotFoundError:
        raise DataError(f"{name} does not exist. Check the spelling and the folder you are in.") from None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from error
    unpack = _compression(Path(name))
    with raw:
        if unpack is None:
            yield raw, raw
            return
        with io.BufferedReader(unpack(raw), _PEEKED) as stream:
            yield stream, raw


@contextmanager
def read_errors_named(name: str) -> Iterator[None]:
    """Raises DataError for what goes wrong while a file is read within the block."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise DataError(f"{name} cannot be read: {error.strerror}.") from error
        raise DataError(_not_packed(name, error)) from error  # what gzip and bz2 raise has no number
    except (EOFError, zlib.error) as error:
        raise DataError(_not_packed(name, error)) from error
    except Exception as error:
        if type(error).__name__ != "LZMAError":  # the module is loaded only for files that need it
            raise
        raise DataError(_not_packed(name, error)) from error


def _not_packed(name: str, error: Exception) -> str:
    return f"{name} is damaged, or not packed as its name says: {error}. Pack it again."


def _compression(path: Path):
    """The function that opens files packed as this name says, or None."""
    module = _COMPRESSED.get(path.suffix.lower())
    return importlib.import_module(module).open if module else None


@contextmanager
def replaced_when_complete(path: Path | str) -> Iterator[BinaryIO]:
    """Opens a file beside ``path`` for writing bytes; it takes that name only if the block ends without an error.

    What is no plain file, such as ``/dev/null``, is written to directly, and so is standard output for ``-``. The bytes are packed
    if the name says so. Raises DataError when nothing can be written there.
    """
    if str(path) == STANDARD_STREAM:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(path)
    if path.is_dir():
        raise DataError(f"{path} is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise DataError(f"The folder {path.parent} does not exist, so {path.name} cannot be written there. Make it first.")
    direct = path.exists() and not path.is_file()
    target = path.resolve()
    pack, written = _compression(path), None
    try:
        with target.open("wb") if direct else begin_part(target) as handle:
            written = Path(handle.name)
            if pack:
                with pack(handle, "wb") as packed:
                    yield packed
            else:
                yield handle
            if not direct:
                handle.flush()
                os.fsync(handle.fileno())
        if not direct:
            replace(written, target)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {why_not(error, 'name another file')}") from error
    finally:
        if written and not direct:
            written.unlink(missing_ok=True)
