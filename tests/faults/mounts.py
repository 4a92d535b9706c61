"""Disks that are full or read only: a fork with mounts of its own, which go with it."""

import ctypes
import os
import pickle
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000
_READ_ONLY, _REMOUNT, _BIND, _PRIVATE_BELOW = 1, 32, 4096, 16384 | (1 << 18)
_ROOM = 1 << 30


def alone(work: Callable[[], None]) -> None:
    """Does the work in a fork that may mount; fails as it does. Skips where the system lets nobody mount."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork, which Windows has not")
    read, written = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which the fork does not use
        child = os.fork()
    if not child:
        _work_and_tell(work, written)
    os.close(written)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    outcome, said = pickle.loads(told)
    if outcome == "no mounts":
        pytest.skip(f"needs the right to mount: {said}")
    assert outcome == "done", said


def _work_and_tell(work: Callable[[], None], written: int) -> None:
    try:
        try:
            _own_mounts()
        except OSError as error:
            told = "no mounts", str(error)
        else:
            work()
            told = "done", ""
    except BaseException:
        told = "failed", traceback.format_exc()
    with os.fdopen(written, "wb") as pipe:
        pipe.write(pickle.dumps(told))
    os._exit(0)


def small_disk(folder: Path) -> None:
    """Puts a disk of its own, in memory, over an empty folder."""
    _mount(b"tmpfs", folder, b"tmpfs", 0, b"size=%d" % _ROOM)


def leave_room(folder: Path, room: int) -> None:
    """Leaves so many bytes on the disk at this folder, in steps of 4096."""
    disk = os.statvfs(folder)
    used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    # A size of nothing would mean no limit.
    _mount(b"tmpfs", folder, b"tmpfs", _REMOUNT, b"size=%d" % max(used + room, 4096))


def make_room(folder: Path) -> None:
    """Lets the disk at this folder grow again."""
    leave_room(folder, _ROOM)


def read_only(folder: Path) -> None:
    """Makes what lies in this folder a disk that is read only."""
    _mount(os.fsencode(folder), folder, None, _BIND, None)
    _mount(None, folder, None, _BIND | _REMOUNT | _READ_ONLY, None)


def _own_mounts() -> None:
    library = _library()
    if library.unshare(_NEW_MOUNTS) and library.unshare(_NEW_MOUNTS | _NEW_USERS):
        raise _last_error()
    _mount(b"none", Path("/"), None, _PRIVATE_BELOW, None)


def _mount(source: bytes | None, target: Path, kind: bytes | None, flags: int, more: bytes | None) -> None:
    if _library().mount(source, os.fsencode(target), kind, ctypes.c_ulong(flags), more):
        raise _last_error()


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "unshare"):
        raise OSError("this system knows no mounts of one process")
    return library


def _last_error() -> OSError:
    return OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
