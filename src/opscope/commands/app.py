"""``opscope app``: opens the app in the browser."""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from opscope.commands.base import add_command, say
from opscope.paths import shipped
from opscope.roles import APPROVER, role_without_sign_in
from opscope.settings import Settings, present_settings, variable_of

_EXAMPLES = """\
opscope app
opscope app --port 8600
opscope app --address 0.0.0.0"""
_LAST_PORT = 65_535


def add_to(commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "app", _app, "open the app in the browser", _EXAMPLES)
    address = "address to listen on (default: localhost, which only this machine reaches); another one opens the app to the network"
    parser.add_argument("--address", default="localhost", metavar="ADDRESS", help=address)
    parser.add_argument("--port", type=_port, metavar="PORT", help="port to listen on (default: the first free one from 8501 on)")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= _LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no port, expected a whole number from 1 to {_LAST_PORT}")
    return int(text)


def _app(options) -> None:
    from streamlit.web import cli as streamlit

    settings = present_settings()
    if options.models:
        os.environ[variable_of("models")] = options.models
    _warn_of_strangers(options.address, settings)
    script = Path(__file__).parents[1] / "pages" / "frame.py"
    own = {"server.address": options.address, "server.port": options.port, "server.maxUploadSize": settings.most_upload_mb}
    given = shipped_options() | {name: value for name, value in own.items() if value is not None}
    flags = [word for name, value in given.items() for word in _flags(name, value)]
    sys.argv = ["streamlit", "run", str(script), *flags]
    streamlit.main()


def shipped_options() -> dict[str, object]:
    """Streamlit's options as a checkout's ``.streamlit/config.toml`` has them, such as ``theme.light.textColor``."""
    return dict(_options_in(tomllib.loads(shipped(".streamlit/config.toml").read_text(encoding="utf-8")), ""))


def _options_in(table: dict[str, object], section: str) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _options_in(value, f"{section}{name}.")
        else:
            yield f"{section}{name}", value


def _flags(name: str, value: object) -> list[str]:
    if isinstance(value, list) and not name.startswith("theme."):  # Streamlit takes a theme's lists as JSON, and repeats others
        return [word for part in value for word in (f"--{name}", str(part))]
    return [f"--{name}", json.dumps(value) if isinstance(value, list | bool) else str(value)]


def _warn_of_strangers(address: str, settings: Settings) -> None:
    role = role_without_sign_in(address, settings)
    if not settings.sign_in and role_without_sign_in(address, Settings()) != APPROVER:
        say(
            f"opscope: everybody who reaches {address} can use the app, in the role {role} and without signing in. "
            "To tell people apart, set sign_in = true in opscope.toml.",
            to_errors=True,
        )
