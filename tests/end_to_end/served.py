"""Servers of the app, as ``opscope app`` starts them in a folder of its own."""

import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import opscope
from opscope.aliases import make_candidate
from opscope.model import load
from opscope.paths import shipped
from opscope.registry import load_version, save_version
from opscope.reviewing import queue_paste, verdict_on
from opscope.reviews import open_reviews

COOKIE_SECRET = "0123456789abcdef" * 2
SETTINGS = """\
sign_in = true
roles_claim = "realm_access.roles"
most_upload_mb = 1
models = "models"
reviews = "reviews.sqlite"
[role_of]
shift = "reviewer"
owners = "approver"
"""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def secrets_for(port: int, metadata_url: str, client: str = "opscope", secret: str = "s") -> str:
    """What stands in ``.streamlit/secrets.toml``."""
    return (
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{COOKIE_SECRET}"\n'
        f'client_id = "{client}"\nclient_secret = "{secret}"\nserver_metadata_url = "{metadata_url}"\n'
    )


def put_models(folder: Path) -> None:
    """The shipped version as the active one, and the same under another name as the candidate."""
    shutil.copytree(shipped("models"), folder / "models")
    (version,) = (path for path in (folder / "models").iterdir() if path.is_dir())
    loaded = load_version(version)
    renamed = dataclasses.replace(loaded, manifest=dataclasses.replace(loaded.manifest, version="2027-01-01-aaa"))
    save_version(folder / "models", renamed, loaded.neighbours, {})
    make_candidate(folder / "models", "2027-01-01-aaa")


def put_reviews(folder: Path) -> None:
    """Two queued activities, and one on which two people disagree."""
    reviews, model = open_reviews(folder / "reviews.sqlite"), load()
    queue_paste(reviews, model, "Oil the chain of line 2\nPay the carrier of Lyon")
    disputed = model.predict("Count the drums beside dryer 4")
    reviews.add([verdict_on(disputed, label, reviewer=name) for label, name in (("production", "Ben"), ("operations", "Cleo"))])


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen]:
    """``opscope app`` in ``folder``, with the settings and secrets that lie there, until the ``with`` ends."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OPSCOPE_", "STREAMLIT_"))}
    own |= {"STREAMLIT_SERVER_HEADLESS": "true", "PYTHONPATH": str(Path(opscope.__file__).parents[1])}  # the code under test
    command = [sys.executable, "-m", "opscope", "app", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=own, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield server
    finally:
        server.kill()  # it would wait for connections
        server.wait()


def wait_until_up(port: int) -> str:
    """Waits for a server that was started, and gives its address."""
    limit = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2).close()
            return f"http://localhost:{port}"
        except OSError:
            assert time.monotonic() < limit
            time.sleep(0.1)
