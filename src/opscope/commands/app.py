"""``opscope app``: opens the app in the browser."""

import sys
from pathlib import Path

from opscope.commands.base import add_command


def add_to(commands) -> None:
    """Adds the command."""
    add_command(commands, "app", _app, "open the app in the browser", "opscope app")


def _app(options) -> None:
    from streamlit.web import cli as streamlit

    script = Path(__file__).parents[1] / "pages" / "frame.py"
    sys.argv = ["streamlit", "run", str(script), "--server.address", "localhost", "--browser.gatherUsageStats", "false"]
    streamlit.main()
