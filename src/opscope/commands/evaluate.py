"""``opscope evaluate``: measures the model on labelled rows."""

from pathlib import Path

from opscope.commands.base import add_columns, add_command, model_of, say

_EXAMPLES = """\
opscope evaluate data/evaluation.csv
opscope evaluate my_labels.csv --model models/VERSION"""


def add_to(commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "evaluate", _evaluate, "measure the model on labelled rows", _EXAMPLES, model=True)
    parser.add_argument("csv", metavar="CSV", help="columns text and label; an empty label means: this is no activity")
    add_columns(parser)


def _evaluate(options) -> None:
    from opscope.card import report_lines
    from opscope.evaluation import evaluate
    from opscope.labelled import read_dataset

    columns = {"text_column": options.text_column, "label_column": options.label_column}
    dataset = read_dataset(Path(options.csv), **columns, allow_empty_labels=True)
    say("\n".join(report_lines(evaluate(model_of(options), dataset))))
