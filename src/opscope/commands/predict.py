"""``opscope predict``: tags one text, or every row of a table."""

import os

from opscope.commands.base import add_command, add_policy, model_of, policy_of, say
from opscope.display import as_sentence
from opscope.errors import InputError
from opscope.formats import FORMAT_OF, FORMATS
from opscope.guide import OPERATIONS, PRODUCTION
from opscope.model import Model
from opscope.prediction import REVIEW, UNFAMILIAR
from opscope.streams import STANDARD_STREAM, ending_of
from opscope.text import problem_with

_EXAMPLES = """\
opscope predict "Re-grind the die after the burr complaint from line 2"
opscope predict tickets.csv -o tagged.csv
opscope predict tickets.csv.gz --text-column subject -o tagged.parquet
cat tickets.csv | opscope predict - --format jsonl > tagged.jsonl"""


def add_to(commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "predict", _predict, "tag one text, or every row of a table", _EXAMPLES, model=True)
    files = "CSV, TSV, JSON Lines, Parquet or XLSX; text files also as .gz, .bz2 or .xz"
    parser.add_argument("input", metavar="TEXT|FILE|-", help=f"the activity itself, a file ({files}), or - for standard input")
    parser.add_argument("-o", "--output", default=STANDARD_STREAM, metavar="OUT", help="file to write (default: standard output)")
    parser.add_argument("--format", choices=FORMATS, help="kind of table to write (default: by the name of OUT, else csv)")
    parser.add_argument("--text-column", metavar="NAME", help="column that holds the activities (default: found by its name)")
    add_policy(parser)


def _predict(options) -> None:
    model = model_of(options)
    if _is_table(options.input):
        _predict_table(model, options)
        return
    if problem := problem_with(options.input):
        raise InputError(problem)
    say(as_sentence(model.predict(options.input, policy_of(options))))


def _is_table(given: str) -> bool:
    """Whether the argument names a table; a text with spaces may well end in the name of one."""
    return given == STANDARD_STREAM or os.path.isfile(given) or (ending_of(given) in FORMAT_OF and " " not in given)


def _predict_table(model: Model, options) -> None:
    from tqdm import tqdm

    from opscope.tagging import tag_file

    with tqdm(unit=" rows", unit_scale=True, disable=None, leave=False, desc="tagging") as bar:

        def on_block(rows: int, done: float) -> None:
            if done > 0:
                bar.total = round((bar.n + rows) / min(done, 1))
            bar.update(rows)

        decisions = tag_file(
            model.loaded,
            options.input,
            options.output,
            text_column=options.text_column,
            kind=options.format,
            policy=policy_of(options),
            on_block=on_block,
        )
    if options.output != STANDARD_STREAM:
        said = ", ".join(f"{decisions[decision]:,} {decision}" for decision in (PRODUCTION, OPERATIONS, REVIEW, UNFAMILIAR))
        say(f"{decisions.total():,} activities tagged ({said}), written to {options.output}", to_errors=True)
