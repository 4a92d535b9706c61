"""What the commands share: how one is added to the parser, and the model or folder that its options name."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from opscope.aliases import ACTIVE, version_called
from opscope.errors import ReviewError
from opscope.model import Model, load
from opscope.policies import POLICIES
from opscope.registry import default_models
from opscope.settings import present_settings
from opscope.visible import visible


def say(told: str, *, to_errors: bool = False) -> None:
    """Prints lines with what would steer the terminal written out; results stay apart from what is ``to_errors``."""
    print(visible(told), file=sys.stderr if to_errors else sys.stdout, flush=True)


def add_command(
    commands, name: str, function: Callable, summary: str, examples: str, *, model: bool = False
) -> argparse.ArgumentParser:
    """Adds a command that runs ``function(options)``; with ``model`` it takes the version to use."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  {line}" for line in examples.splitlines()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--models", metavar="DIR", help="folder of the versions (default: that of the settings, else the shipped one)"
    )
    if model:
        parser.add_argument("--model", metavar="VERSION", help="version or folder to use (default: the active version)")
    parser.set_defaults(command=function)
    return parser


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Lets the command take a policy."""
    parser.add_argument(
        "--policy",
        choices=POLICIES,
        help="how many of the labels given without a person may be wrong: strict 2 %%, balanced 5 %%, quick 10 %% "
        "(default: that of the settings, else balanced)",
    )


def add_columns(parser: argparse.ArgumentParser) -> None:
    """Lets the command take the columns of a labelled table by name."""
    parser.add_argument("--text-column", metavar="NAME", help="column that holds the activities (default: found by its name)")
    parser.add_argument("--label-column", metavar="NAME", help="column that holds the labels (default: found by its name)")


def add_reviews(parser: argparse.ArgumentParser, summary: str) -> None:
    """Lets the command take the database of reviews; named without a place it is the usual one."""
    parser.add_argument("--reviews", nargs="?", const="", metavar="PLACE", help=summary)


def models_of(options) -> Path:
    """The folder of versions that the options name."""
    return Path(options.models) if options.models else default_models()


def policy_of(options) -> str:
    """The policy that the options name, else that of the settings."""
    return options.policy or present_settings().policy


def model_of(options) -> Model:
    """The model that the options name."""
    name = options.model or ACTIVE
    return load(name if Path(name).is_dir() else version_called(models_of(options), name))


def precedents_in(where: str | None):
    """What people settled, to be named beside a tag; left out with a message where the usual database cannot be used."""
    try:
        return reviewed_in(where, if_there=True)
    except ReviewError as error:
        if where is not None:
            raise
        say(f"opscope: precedents are left out. {error}", to_errors=True)
        return ()


def reviewed_in(where: str | None, *, if_there: bool = False):
    """What people settled in the database named; nothing where none is named, unless ``if_there`` asks for the usual one."""
    from opscope.reviews_place import reviews_exist

    if where is None and not (if_there and reviews_exist()):
        return ()
    from opscope.reviews import open_reviews
    from opscope.settling import settle

    return settle(open_reviews(where or None, must_exist=True).verdicts()).settled
