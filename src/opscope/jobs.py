"""Work that goes on in a process of its own: started, watched and cancelled from elsewhere, such as a page that may be left."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from opscope.disk import hold, remove_folders
from opscope.settings import variable_of

_PROGRESS, _OUTPUT, _ERRORS = "progress.jsonl", "output.txt", "errors.txt"
_PREFIX = "opscope-job-"  # of the folders
_PATIENCE = 10  # seconds that a cancelled job has to leave by itself


@dataclass(frozen=True)
class JobState:
    """Where a job stands: its part and step, ``done`` of ``total`` steps, what it printed, and once it ended its exit status."""

    part: str = ""
    step: str = ""
    done: int = 0
    total: int = 0
    output: str = ""
    errors: str = ""
    status: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.status is None

    @property
    def share(self) -> float:
        """How much of its present part is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0


@dataclass(frozen=True, eq=False)
class Job:
    """A command of opscope that runs by itself; ``folder`` holds its files."""

    folder: Path
    arguments: tuple[str, ...]
    _process: subprocess.Popen = field(repr=False)

    def state(self) -> JobState:
        """Where it stands now."""
        progress = _last_line(self.folder / _PROGRESS)
        output, errors = (_text(self.folder / name) for name in (_OUTPUT, _ERRORS))
        return JobState(**progress, output=output, errors=errors, status=self._process.poll())

    def cancel(self) -> None:
        """Asks it to stop, which leaves nothing half written, and stops it if it does not."""
        if self._process.poll() is not None:
            return
        _signal(self._process, signal.SIGTERM)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            _signal(self._process, getattr(signal, "SIGKILL", signal.SIGTERM))
            self._process.wait()


def start_job(arguments: Sequence[str], folder: Path | None = None, *, user: str = "") -> Job:
    """Starts ``opscope`` with these arguments, which must take ``--progress``, in the name of ``user``.

    Without a ``folder`` it makes one of its own; without a ``user`` the job has the one of the settings.
    """
    remove_folders(_PREFIX, _OUTPUT)
    folder, output = _own_folder() if folder is None else (folder, (folder / _OUTPUT).open("wb"))
    command = [sys.executable, "-m", "opscope", *arguments, "--progress", str(folder / _PROGRESS)]
    with (folder / _ERRORS).open("wb") as errors:
        # A session of its own, so that cancelling reaches the processes that it starts too.
        named = os.environ | {variable_of("user"): user} if user else None
        process = subprocess.Popen(
            command, stdout=output, stderr=errors, stdin=subprocess.DEVNULL, start_new_session=True, env=named
        )
    job = Job(folder, tuple(arguments), process)
    weakref.finalize(job, output.close)  # the job's files are in use while it is watched or runs
    return job


def _own_folder() -> tuple[Path, BinaryIO]:
    """A new folder and its file for the output, in use; it has its last name only then, since what nobody uses is removed."""
    new = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}"))
    output = (new / _OUTPUT).open("wb")
    hold(output)
    if os.name == "nt":  # which renames no folder in use, and removes none
        return new, output
    return new.rename(new.with_name(new.name.removeprefix("new-"))), output


def _signal(process: subprocess.Popen, number: int) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _last_line(path: Path) -> dict:
    """The last complete line; what is just being written is not."""
    lines = _text(path).split("\n")[:-1]
    return json.loads(lines[-1]) if lines else {}
