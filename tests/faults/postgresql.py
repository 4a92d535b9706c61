"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket there, never on the network."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

_PATIENCE = 60  # seconds for a start, the repair after a kill included


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest that is installed; None where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0))
    found = shutil.which("initdb")
    folders = [*reversed(debian), *([Path(found).resolve().parent] if found else [])]
    return next((folder for folder in folders if all((folder / name).exists() for name in ("initdb", "postgres"))), None)


class Server:
    """The server; ``url`` names one of its databases. It is started and killed as often as one likes."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="opscope-"))  # a socket's path must be short, so not in pytest's folder
        # PostgreSQL refuses to run as root; its Debian package makes a user for it.
        self._as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        if self._as_user:
            shutil.chown(self.folder, "postgres", "postgres")
        self._process = None
        made = self._run(
            "initdb", "-D", self.folder / "data", "-U", "opscope", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        assert made.returncode == 0, made.stderr

    def url(self, database: str = "postgres", user: str = "opscope") -> str:
        """The address of a database for a user; nobody needs a password."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def start(self) -> "Server":
        """Returns when the server answers."""
        command = [programs() / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses="]
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:  # what a killed server left may hold up the next one
                with (self.folder / "log").open("ab") as log:
                    options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": "/"}
                    self._process = subprocess.Popen(command, **options, **self._as_user)
            if self._answers():
                return self
            time.sleep(0.05)
        raise TimeoutError((self.folder / "log").read_text(encoding="utf-8"))

    def signal(self, number: int) -> None:
        """Sends a signal to the server's first process."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Ends the server as a power cut would; its other processes end by themselves when they find the first one gone."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ends the server and removes its folder."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed any more
            self._process.wait(_PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(host=str(self.folder), user="opscope", dbname="postgres", connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def _run(self, program: str, *arguments) -> subprocess.CompletedProcess:
        command = [programs() / program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd="/", **self._as_user)
