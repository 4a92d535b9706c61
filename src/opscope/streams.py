"""Bytes in and out: standard streams, compressed files, and files that appear under their name only when complete."""

import bz2
import gzip
import io
import lzma
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from opscope.errors import DataError

STANDARD_STREAM = "-"
_COMPRESSED = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_PEEKED = 65_536


def ending_of(name: str) -> str:
    """The ending that tells the kind of table, in lower case; that of a compression before it does not count."""
    path = Path(name.lower())
    return path.with_suffix("").suffix if path.suffix in _COMPRESSED else path.suffix


def shown_name(path: Path | str) -> str:
    """The name for messages."""
    return "standard input" if str(path) == STANDARD_STREAM else str(path)


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
    unpack = _COMPRESSED.get(Path(name).suffix.lower())
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
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{name} is damaged, or not packed as its name says: {error}. Pack it again.") from error
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error


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
    written = target if direct else target.with_name(f".{target.name}.{os.getpid()}.part")
    pack = _COMPRESSED.get(path.suffix.lower())
    try:
        with written.open("wb") as handle:
            if pack:
                with pack(handle, "wb") as packed:
                    yield packed
            else:
                yield handle
        if not direct:
            os.replace(written, target)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if not direct:
            written.unlink(missing_ok=True)
