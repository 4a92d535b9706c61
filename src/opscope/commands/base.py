"""What the commands share: how one is added to the parser, and the model or folder that its options name."""

import argparse
from collections.abc import Callable
from pathlib import Path

from opscope.model import Model, load
from opscope.policies import BALANCED, POLICIES
from opscope.registry import active_version, default_models, version_folder


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
    parser.add_argument("--models", metavar="DIR", help="folder of the versions (default: the shipped one)")
    if model:
        parser.add_argument("--model", metavar="VERSION", help="version or folder to use (default: the active version)")
    parser.set_defaults(command=function)
    return parser


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Lets the command take a policy."""
    parser.add_argument(
        "--policy",
        choices=POLICIES,
        default=BALANCED,
        help="how many of the labels given without a person may be wrong: strict 2 %%, balanced 5 %% (default), quick 10 %%",
    )


def models_of(options) -> Path:
    """The folder of versions that the options name."""
    return Path(options.models) if options.models else default_models()


def model_of(options) -> Model:
    """The model that the options name."""
    if options.model is None:
        return load(active_version(models_of(options)))
    return load(options.model if Path(options.model).is_dir() else version_folder(models_of(options), options.model))
