"""``opscope explain``: tags one text and shows why."""

import os
import sys

from opscope.commands.base import add_command, add_policy, model_of
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


def _explain(options) -> None:
    if problem := problem_with(options.text):
        raise InputError(problem)
    explained = model_of(options).explain(options.text, options.policy)
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(as_json(explained) if options.json else as_text(explained, coloured=coloured))
