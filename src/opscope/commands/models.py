"""``opscope models``: lists versions, and makes one active."""

from opscope.commands.base import add_command, models_of
from opscope.registry import active_version, make_active, version_names

_PROMOTE_EXAMPLES = "opscope models promote VERSION"


def add_to(commands) -> None:
    """Adds the command with its actions."""
    models = commands.add_parser("models", help="list versions, or make one active")
    actions = models.add_subparsers(title="actions", required=True, metavar="ACTION")
    add_command(actions, "list", _list, "list the versions", "opscope models list")
    promote = add_command(actions, "promote", _promote, "make a version the active one", _PROMOTE_EXAMPLES)
    promote.add_argument("version", metavar="VERSION", help="name of the version, as in opscope models list")


def _list(options) -> None:
    models = models_of(options)
    active = active_version(models).name
    print("\n".join(f"{name}{'  (active)' if name == active else ''}" for name in version_names(models)))


def _promote(options) -> None:
    make_active(models_of(options), options.version)
    print(f"{options.version} is active now.")
