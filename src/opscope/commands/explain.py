"""``opscope explain``: tags one text and shows why."""

import os
import sys

from opscope.commands.base import add_command, add_policy, add_reviews, model_of, policy_of, precedents_in
from opscope.display import as_json, as_text
from opscope.errors import InputError
from opscope.text import problem_with

_EXAMPLES = """\
opscope explain "Renegotiate the resin contract with both suppliers"
opscope explain "Schedule line 2 and run payroll" --json
opscope explain "Audit the plating shop" --policy strict"""


def add_to(commands) -> None:
    """Adds the command."""
    summary = "tag one text and show which words moved the score"
    parser = add_command(commands, "explain", _explain, summary, _EXAMPLES, model=True)
    parser.add_argument("text", metavar="TEXT", help="the activity")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    add_policy(parser)
    add_reviews(parser, "the database whose reviewed activities are named as precedents (default: the usual one, if it is there)")


def _explain(options) -> None:
    if problem := problem_with(options.text):
        raise InputError(problem)
    model = model_of(options)
    settled = precedents_in(options.reviews)
    explained = model.explain(options.text, policy_of(options), model.precedents(settled) if settled else None)
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(as_json(explained) if options.json else as_text(explained, coloured=coloured))  # both steer nothing but colours
