"""The command line: parses, runs the command, and says what went wrong."""

import argparse
import errno
import os
import signal
import sys

from opscope import __version__
from opscope.commands import app, evaluate, explain, models, predict, review, train
from opscope.commands.base import say
from opscope.disk import NO_ROOM, why_not
from opscope.errors import OpscopeError
from opscope.visible import visible_line

FAILED = 2
_COMMANDS = (predict, explain, train, evaluate, models, review, app)
_EXTRA_OF = {"streamlit": "app", "distributed": "dask", "sqlalchemy": "reviews", "platformdirs": "reviews"}


def entry() -> int:
    """The installed command: like main, with output in UTF-8 whatever the terminal says."""
    sys.stdout.reconfigure(encoding="utf-8", newline="")
    signal.signal(signal.SIGTERM, _terminate)
    return main()


class _Terminated(BaseException):
    """The process was asked to end; it leaves as it does on Ctrl-C."""


def _terminate(number, frame) -> None:
    raise _Terminated


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status, 0 when all went well and 2 when the input was refused."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
        sys.stdout.flush()
    except OpscopeError as error:
        say(f"opscope: {error}", to_errors=True)
        return FAILED
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get(error.name, "train")
        print(f"opscope: this needs {error.name}, which is not installed: pip install 'opscope[{extra}]'", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # The reader of the pipe has gone, which is its right.
        _close_quietly()
        return 1
    except OSError as error:
        if error.filename is not None or error.errno not in NO_ROOM | {errno.EIO}:
            raise
        print(f"opscope: standard output cannot be written: {why_not(error, 'write to a file with -o')}", file=sys.stderr)
        _close_quietly()
        return FAILED
    except (KeyboardInterrupt, _Terminated) as stop:
        print("opscope: stopped; nothing was left half written.", file=sys.stderr)
        return 128 + (signal.SIGTERM if isinstance(stop, _Terminated) else signal.SIGINT)
    return 0


def _close_quietly() -> None:
    """Gives standard output a place that cannot fail again at the end of the process."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """A parser whose messages steer no terminal."""

    def error(self, message: str):
        super().error(visible_line(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="opscope", description="Tag activities as production-scoped or operations-wide, and see why.")
    parser.add_argument("--version", action="version", version=f"opscope {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    return parser
