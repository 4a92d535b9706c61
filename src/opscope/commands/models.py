"""``opscope models``: lists, shows and compares versions, makes one active, and goes back."""

import json
from dataclasses import asdict

from opscope.aliases import ACTIVE, CANDIDATE, active_version, aliases_of, promote, roll_back, version_called, versions_by_age
from opscope.card_file import card_text
from opscope.commands.base import add_command, add_reviews, models_of, reviewed_in, say
from opscope.errors import InputError
from opscope.registry import read_manifest

_LIST_EXAMPLES = """\
opscope models list
opscope models list --log"""
_SHOW_EXAMPLES = """\
opscope models show
opscope models show candidate --json"""
_COMPARE_EXAMPLES = """\
opscope models compare
opscope models compare 2026-11-28-18a24d08aab9
opscope models compare candidate --reviews team.sqlite"""
_PROMOTE_EXAMPLES = """\
opscope models promote
opscope models promote 2026-11-28-18a24d08aab9 --why "trained on the tickets of spring"
opscope models promote candidate --force --why "the guide has changed" """.rstrip()
_ROLLBACK_EXAMPLES = """\
opscope models rollback
opscope models rollback --why "too many tickets went to review" """.rstrip()


def add_to(commands) -> None:
    """Adds the command with its actions."""
    models = commands.add_parser("models", help="list, show and compare versions, make one active, or go back")
    actions = models.add_subparsers(title="actions", required=True, metavar="ACTION")
    listing = add_command(actions, "list", _list, "list the versions, the oldest first", _LIST_EXAMPLES)
    listing.add_argument("--log", action="store_true", help="list what was trained, promoted and rolled back, when and by whom")
    show = add_command(actions, "show", _show, "show the card of a version", _SHOW_EXAMPLES)
    _add_version(show, ACTIVE)
    show.add_argument("--json", action="store_true", help="print the manifest instead")
    compare = add_command(actions, "compare", _compare, "compare a version with the active one", _COMPARE_EXAMPLES)
    _add_version(compare, CANDIDATE)
    step = add_command(actions, "promote", _promote, "make a version the active one, unless it is worse", _PROMOTE_EXAMPLES)
    _add_version(step, CANDIDATE)
    step.add_argument("--force", action="store_true", help="promote even if it is worse; needs --why")
    for parser in (compare, step):
        add_reviews(parser, "the database whose reviewed activities are compared (default: the usual one, if it is there)")
    back = add_command(actions, "rollback", _rollback, "make the version active again that was so before", _ROLLBACK_EXAMPLES)
    for parser in (step, back):
        parser.add_argument("--why", default="", metavar="REASON", help="the reason, kept in the log")


def _add_version(parser, default: str) -> None:
    help_text = f"name of the version, the hash at its end, {ACTIVE} or {CANDIDATE} (default: {default})"
    parser.add_argument("version", metavar="VERSION", nargs="?", default=default, help=help_text)


def _list(options) -> None:
    models = models_of(options)
    aliases = aliases_of(models)
    if options.log:
        for step in aliases.log:
            say(step.line)
        return
    for name in versions_by_age(models):
        named = [alias for alias in (ACTIVE, CANDIDATE) if getattr(aliases, alias) == name]
        say(f"{name}  ({', '.join(named)})" if named else name)


def _show(options) -> None:
    folder = version_called(models_of(options), options.version)
    if options.json:
        say(json.dumps(asdict(read_manifest(folder)), indent=2))
        return
    say(card_text(folder).removesuffix("\n"))


def _compare(options) -> None:
    from opscope.compare import comparison_lines

    say("\n".join(comparison_lines(_comparison(options))))


def _promote(options) -> None:
    from opscope.compare import check_promotable

    models = models_of(options)
    if options.force and not options.why.strip():
        raise InputError("--force needs a reason for the log: add --why REASON.")
    name = version_called(models, options.version).name
    before = aliases_of(models).active
    if before == name:
        say(f"{name} is active already.")
        return
    if before and not options.force:
        check_promotable(_comparison(options))
    promote(models, name, why=options.why, forced=options.force)
    say(f"{name} is active now." + (" To go back: opscope models rollback" if before else ""))


def _comparison(options):
    from opscope.compare import compare
    from opscope.labelled import read_dataset
    from opscope.model import load
    from opscope.paths import shipped

    models = models_of(options)
    evaluation_set = read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True)
    candidate = load(version_called(models, options.version))
    return compare(load(active_version(models)), candidate, evaluation_set, reviewed_in(options.reviews, if_there=True))


def _rollback(options) -> None:
    say(f"{roll_back(models_of(options), why=options.why)} is active again.")
