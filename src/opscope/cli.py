"""The command line: parse, call, print.

What only one command needs is imported there, so that tagging one text starts at once.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from opscope import __version__
from opscope.display import as_json, as_sentence, as_text
from opscope.errors import InputError, OpscopeError
from opscope.formats import FORMAT_OF, FORMATS
from opscope.guide import OPERATIONS, PRODUCTION
from opscope.model import Model, load
from opscope.policies import BALANCED, POLICIES
from opscope.prediction import REVIEW, UNFAMILIAR
from opscope.registry import active_version, default_models, make_active, version_folder, version_names
from opscope.streams import STANDARD_STREAM, ending_of
from opscope.text import problem_with

FAILED = 2
_EXTRA_OF = {"streamlit": "app", "distributed": "dask"}
_PREDICT_EXAMPLES = """\
opscope predict "Re-grind the die after the burr complaint from line 2"
opscope predict tickets.csv -o tagged.csv
opscope predict tickets.csv.gz --text-column subject -o tagged.parquet
cat tickets.csv | opscope predict - --format jsonl > tagged.jsonl"""
_EXPLAIN_EXAMPLES = """\
opscope explain "Renegotiate the resin contract with both suppliers"
opscope explain "Schedule line 2 and run payroll" --json
opscope explain "Audit the plating shop" --policy strict"""
_EVALUATE_EXAMPLES = """\
opscope evaluate data/evaluation.csv
opscope evaluate my_labels.csv --model models/VERSION"""
_TRAIN_EXAMPLES = """\
opscope train my_labels.csv --dry-run --rejected wrong_rows.csv
opscope train my_labels.csv
opscope train my_labels.csv --only --models my_models
opscope train my_labels.csv --dask tcp://scheduler:8786"""
_PROMOTE_EXAMPLES = "opscope models promote VERSION"


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
        print(f"opscope: {error}", file=sys.stderr)
        return FAILED
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get(error.name, "train")
        print(f"opscope: this needs {error.name}, which is not installed: pip install 'opscope[{extra}]'", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # The reader of the pipe has gone, which is its right; closing quietly needs a stdout that cannot fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, _Terminated) as stop:
        print("opscope: stopped; nothing was left half written.", file=sys.stderr)
        return 128 + (signal.SIGTERM if isinstance(stop, _Terminated) else signal.SIGINT)
    return 0


def _predict(options) -> None:
    model = _model(options)
    if _is_table(options.input):
        _predict_table(model, options)
        return
    if problem := problem_with(options.input):
        raise InputError(problem)
    print(as_sentence(model.predict(options.input, options.policy)))


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
            policy=options.policy,
            on_block=on_block,
        )
    if options.output != STANDARD_STREAM:
        said = ", ".join(f"{decisions[decision]:,} {decision}" for decision in (PRODUCTION, OPERATIONS, REVIEW, UNFAMILIAR))
        print(f"{decisions.total():,} activities tagged ({said}), written to {options.output}", file=sys.stderr)


def _explain(options) -> None:
    if problem := problem_with(options.text):
        raise InputError(problem)
    explained = _model(options).explain(options.text, options.policy)
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(as_json(explained) if options.json else as_text(explained, coloured=coloured))


def _evaluate(options) -> None:
    from opscope.card import report_lines
    from opscope.dataset import read_dataset
    from opscope.evaluation import evaluate

    dataset = read_dataset(Path(options.csv), allow_empty_labels=True)
    print("\n".join(report_lines(evaluate(_model(options), dataset))))


def _train(options) -> None:
    if options.dry_run or options.json or options.rejected:
        _look_into(options)
        if options.dry_run:
            return
    from opscope.retraining import train_version

    trained = train_version(
        Path(options.csv),
        models=_models(options),
        only=options.only,
        skip_rejected=options.skip_rejected,
        jobs=options.jobs,
        cluster=options.dask,
    )
    print("\n".join(trained.lines))


def _look_into(options) -> None:
    """Tells what the table holds, before anything is learned from it."""
    from opscope.dataset import read_dataset, read_labelled
    from opscope.intake import intake_json, intake_lines, intake_of, rejected_csv
    from opscope.paths import shipped
    from opscope.streams import replaced_when_complete

    reading = read_labelled(Path(options.csv))
    found = intake_of(reading, read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True))
    print(intake_json(found) if options.json else "\n".join(intake_lines(found)))
    if options.rejected:
        with replaced_when_complete(options.rejected) as handle:
            handle.write(rejected_csv(reading))
        print(f"{len(reading.rejected):,} faults written to {options.rejected}", file=sys.stderr)


def _list_models(options) -> None:
    models = _models(options)
    active = active_version(models).name
    print("\n".join(f"{name}{'  (active)' if name == active else ''}" for name in version_names(models)))


def _promote(options) -> None:
    make_active(_models(options), options.version)
    print(f"{options.version} is active now.")


def _app(options) -> None:
    from streamlit.web import cli as streamlit

    script = Path(__file__).parent / "pages" / "frame.py"
    sys.argv = ["streamlit", "run", str(script), "--server.address", "localhost", "--browser.gatherUsageStats", "false"]
    streamlit.main()


def _models(options) -> Path:
    return Path(options.models) if options.models else default_models()


def _model(options) -> Model:
    if options.model is None:
        return load(active_version(_models(options)))
    return load(options.model if Path(options.model).is_dir() else version_folder(_models(options), options.model))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="opscope", description="Tag activities as production-scoped or operations-wide, and see why."
    )
    parser.add_argument("--version", action="version", version=f"opscope {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    predict = _command(commands, "predict", _predict, "tag one text, or every row of a table", _PREDICT_EXAMPLES)
    files = "CSV, TSV, JSON Lines, Parquet or XLSX; text files also as .gz, .bz2 or .xz"
    predict.add_argument("input", metavar="TEXT|FILE|-", help=f"the activity itself, a file ({files}), or - for standard input")
    predict.add_argument("-o", "--output", default=STANDARD_STREAM, metavar="OUT", help="file to write (default: standard output)")
    predict.add_argument("--format", choices=FORMATS, help="kind of table to write (default: by the name of OUT, else csv)")
    predict.add_argument("--text-column", metavar="NAME", help="column that holds the activities (default: found by its name)")

    explain = _command(commands, "explain", _explain, "tag one text and show which words moved the score", _EXPLAIN_EXAMPLES)
    explain.add_argument("text", metavar="TEXT", help="the activity")
    explain.add_argument("--json", action="store_true", help="print everything as JSON")
    for command in (predict, explain):
        command.add_argument(
            "--policy",
            choices=POLICIES,
            default=BALANCED,
            help="how many of the labels given without a person may be wrong: strict 2 %%, balanced 5 %% (default), quick 10 %%",
        )

    evaluation = _command(commands, "evaluate", _evaluate, "measure the model on labelled rows", _EVALUATE_EXAMPLES)
    evaluation.add_argument("csv", metavar="CSV", help="columns text and label; an empty label means: this is no activity")

    train = _command(
        commands, "train", _train, "train a version from a CSV; the active version stays", _TRAIN_EXAMPLES, model=False
    )
    train.add_argument("csv", metavar="CSV", help="columns text and label (production or operations), optionally function")
    train.add_argument("--only", action="store_true", help="leave the shipped rows out and train on this file alone")
    train.add_argument("--dry-run", action="store_true", help="only tell what the file holds and which rows are wrong")
    train.add_argument("--json", action="store_true", help="tell that as JSON")
    train.add_argument("--rejected", metavar="OUT", help="write the wrong rows to a CSV, with what to do about each")
    train.add_argument(
        "--skip-rejected", action="store_true", help="train on the other rows (default: wrong rows stop the training)"
    )
    train.add_argument("--jobs", type=int, default=2, metavar="N", help="processes to use (default: 2)")
    train.add_argument("--dask", metavar="ADDRESS", help="run cross-validation on the Dask cluster with this scheduler")

    models = commands.add_parser("models", help="list versions, or make one active")
    actions = models.add_subparsers(title="actions", required=True, metavar="ACTION")
    _command(actions, "list", _list_models, "list the versions", "opscope models list", model=False)
    promote = _command(actions, "promote", _promote, "make a version the active one", _PROMOTE_EXAMPLES, model=False)
    promote.add_argument("version", metavar="VERSION", help="name of the version, as in opscope models list")

    _command(commands, "app", _app, "open the app in the browser", "opscope app", model=False)
    return parser


def _command(commands, name: str, function, summary: str, examples: str, model: bool = True) -> argparse.ArgumentParser:
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
