"""``opscope train``: looks into a labelled table, and trains a version from it."""

import sys
from pathlib import Path

from opscope.commands.base import add_command, models_of

_EXAMPLES = """\
opscope train my_labels.csv --dry-run --rejected wrong_rows.csv
opscope train my_labels.csv
opscope train my_labels.csv --only --models my_models
opscope train my_labels.csv --dask tcp://scheduler:8786"""


def add_to(commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "train", _train, "train a version from a CSV; the active version stays", _EXAMPLES)
    parser.add_argument("csv", metavar="CSV", help="columns text and label (production or operations), optionally function")
    parser.add_argument("--only", action="store_true", help="leave the shipped rows out and train on this file alone")
    parser.add_argument("--dry-run", action="store_true", help="only tell what the file holds and which rows are wrong")
    parser.add_argument("--json", action="store_true", help="tell that as JSON")
    parser.add_argument("--rejected", metavar="OUT", help="write the wrong rows to a CSV, with what to do about each")
    parser.add_argument(
        "--skip-rejected", action="store_true", help="train on the other rows (default: wrong rows stop the training)"
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes to use (default: 2)")
    parser.add_argument("--dask", metavar="ADDRESS", help="run cross-validation on the Dask cluster with this scheduler")


def _train(options) -> None:
    if options.dry_run or options.json or options.rejected:
        _look_into(options)
        if options.dry_run:
            return
    from opscope.retraining import train_version

    trained = train_version(
        Path(options.csv),
        models=models_of(options),
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
