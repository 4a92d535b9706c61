"""Files that outlive kills and power cuts: names wait for their content, and what killed runs left is known and goes."""

import errno
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from contextlib import suppress
from glob import escape
from pathlib import Path
from secrets import randbelow
from typing import BinaryIO

try:
    import fcntl
except ModuleNotFoundError:  # Windows, which lets nobody delete a file that is open
    fcntl = None

NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_CANNOT_FLUSH_FOLDERS = {errno.EINVAL, errno.EBADF, getattr(errno, "ENOTSUP", errno.EINVAL)}


def why_not(error: OSError, elsewhere: str) -> str:
    """What the system says of a file that cannot be written, and what to do; ``elsewhere`` names the other way out."""
    said = error.strerror or error
    if error.errno in NO_ROOM:
        return f"{said}. Make room, or {elsewhere}."
    if error.errno in _FORBIDDEN:
        return f"{said}. Get the right to write there, or {elsewhere}."
    return f"{said}. {elsewhere[0].upper()}{elsewhere[1:]}."


def flush_file(path: Path) -> None:
    """Waits until the file is on the disk, so that no name ever stands for less than its content."""
    with path.open("r+b") as handle:  # Windows flushes only what may be written
        os.fsync(handle.fileno())


def flush_folder(folder: Path) -> None:
    """Waits until the names in the folder are on the disk; does nothing where the system opens or flushes no folders."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH_FOLDERS:
            raise
    finally:
        os.close(number)


def replace(written: Path, target: Path) -> None:
    """Gives a written file or folder, which must be on the disk, its name; that is on the disk then, too."""
    os.replace(written, target)
    flush_folder(target.parent)


def begin_part(target: Path) -> BinaryIO:
    """Opens a file beside ``target`` to write what will be called so, and removes those that killed runs left there."""
    for left in target.parent.glob(f".{escape(target.name)}.[0-9]*.part"):
        _unless_in_use(left, left, os.unlink)
    return _begun(lambda: target.with_name(f".{target.name}.{randbelow(10**12)}.part").open("xb"))


def scratch_file(prefix: str, owner: object) -> Path:
    """An empty file among the temporary ones, in use as long as ``owner`` lives; removes those that killed runs left."""
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        _unless_in_use(left, left, os.unlink)
    handle = _begun(lambda: tempfile.NamedTemporaryFile(prefix=prefix, delete=False))
    if fcntl is None:
        handle.close()
    else:
        weakref.finalize(owner, handle.close)
    return Path(handle.name)


def remove_folders(prefix: str, mark: str) -> None:
    """Removes the temporary folders of this prefix whose file ``mark`` nobody holds any more, where the system can tell that."""
    if fcntl is None:
        return
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        _unless_in_use(left / mark, left, shutil.rmtree)


def hold(handle: BinaryIO) -> None:
    """Marks a file as in use, until all who share the open handle have closed it, ended or been killed."""
    if fcntl is not None:
        with suppress(OSError):  # without locks, as on some network disks, nothing is ever taken for left
            fcntl.flock(handle, fcntl.LOCK_EX)


def _begun(opened: Callable[[], BinaryIO]) -> BinaryIO:
    """The file, held; opened again where another process took it for left before it was."""
    while True:
        handle = opened()
        hold(handle)
        if os.path.exists(handle.name) and os.path.samestat(os.stat(handle.name), os.fstat(handle.fileno())):
            return handle
        handle.close()


def _unless_in_use(mark: Path, left: Path, remove: Callable[[Path], None]) -> None:
    # Whoever uses it, or has the right to it, is somebody else's business.
    with suppress(OSError):
        if fcntl is None:
            remove(left)
            return
        number = os.open(mark, os.O_RDONLY | os.O_NONBLOCK)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(left)
        finally:
            os.close(number)
