"""``opscope app``: opens the app in the browser."""

import argparse
import os
import sys
from pathlib import Path

from opscope.commands.base import add_command, say
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
    given = {
        "server.address": options.address,
        "server.port": options.port,
        "server.maxUploadSize": settings.most_upload_mb,
        "browser.gatherUsageStats": "false",
    }
    flags = [word for name, value in given.items() if value is not None for word in (f"--{name}", str(value))]
    sys.argv = ["streamlit", "run", str(script), *flags]
    streamlit.main()


def _warn_of_strangers(address: str, settings: Settings) -> None:
    role = role_without_sign_in(address, settings)
    if not settings.sign_in and role_without_sign_in(address, Settings()) != APPROVER:
        say(
            f"opscope: everybody who reaches {address} can use the app, in the role {role} and without signing in. "
            "To tell people apart, set sign_in = true in opscope.toml.",
            to_errors=True,
        )
