"""``opscope train``: looks into a labelled table and its labels, and trains a version from it."""

from pathlib import Path

from opscope.commands.base import add_columns, add_command, add_reviews, models_of, reviewed_in, say
from opscope.commands.progress import progress
from opscope.errors import InputError
from opscope.registry import make_ready

_EXAMPLES = """\
opscope train my_labels.csv --dry-run --rejected wrong_rows.csv --fixes proposals.csv
opscope train my_labels.csv --accept-fixes proposals.csv
opscope train my_labels.xlsx --text-column Subject --label-column Scope
opscope train my_labels.csv --only --models my_models
opscope train --reviews
opscope train my_labels.csv --dask tcp://scheduler:8786"""


def add_to(commands) -> None:
    """Adds the command."""
    summary = "look into a labelled table and train a version from it; the active version stays"
    parser = add_command(commands, "train", _train, summary, _EXAMPLES)
    columns = "columns text and label (production or operations), optionally function"
    parser.add_argument("csv", metavar="CSV", nargs="?", help=f"CSV, TSV, JSON Lines, Parquet or XLSX with the {columns}")
    add_columns(parser)
    parser.add_argument("--only", action="store_true", help="leave the shipped rows out and train on these alone")
    add_reviews(parser, "train on the activities that people reviewed, too; PLACE names the database")
    parser.add_argument(
        "--dry-run", action="store_true", help="only tell what the table holds and which rows and labels look wrong"
    )
    parser.add_argument("--json", action="store_true", help="with --dry-run: tell that as JSON")
    parser.add_argument("--rejected", metavar="OUT", help="write the wrong rows to a CSV, with what to do about each")
    parser.add_argument("--fixes", metavar="OUT", help="write the labels that are likely wrong to a CSV, to be accepted there")
    parser.add_argument("--accept-fixes", metavar="FILE", help="change the labels that were accepted in such a CSV")
    skip = "train on the other rows (default: wrong rows stop the training)"
    parser.add_argument("--skip-rejected", action="store_true", help=skip)
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes to use (default: 2)")
    parser.add_argument("--progress", metavar="FILE", help="add a line of JSON to this file as each step begins")
    parser.add_argument("--dask", metavar="ADDRESS", help="run cross-validation on the Dask cluster with this scheduler")


def _train(options) -> None:
    if options.json and not options.dry_run:
        raise InputError("--json tells what a table holds, so it goes with --dry-run only. Add --dry-run, or leave --json away.")
    if not options.csv and options.reviews is None:
        raise InputError("There is nothing to train on. Name a table, or add --reviews to train on what people reviewed.")
    from opscope.retraining import cross_validated_on

    with cross_validated_on(options.dask):
        _look_and_train(options)


def _look_and_train(options) -> None:
    from opscope.intake import check_trainable
    from opscope.retraining import steps_of_training, train_version, trained_lines

    reviewed = reviewed_in(options.reviews)
    found = _looked_into(options, reviewed)
    if options.dry_run:
        return
    check_trainable(found, only=options.only, skip_rejected=options.skip_rejected)
    if left := make_ready(models_of(options)):
        say(f"Removed what a training that was killed left in {models_of(options)}: {', '.join(left)}", to_errors=True)
    with progress("training", steps_of_training(), options.progress) as on_step:
        trained = train_version(
            found.usable.dataset,
            models=models_of(options),
            only=options.only,
            reviewed=reviewed,
            jobs=options.jobs,
            on_step=on_step,
        )
    say("\n".join(trained_lines(trained, models_of(options))))


def _looked_into(options, reviewed):
    """Tells what the table holds and which labels look wrong, before anything is learned from it."""
    from opscope import audit
    from opscope.dataset import Dataset
    from opscope.findings import audit_lines, findings_json, intake_lines
    from opscope.fixes import proposals_csv
    from opscope.intake import intake_of, rejected_csv
    from opscope.labelled import read_dataset
    from opscope.paths import shipped

    found = intake_of(_reading(options, reviewed), read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True))
    others = Dataset(()) if options.only else read_dataset(shipped("data/activities.csv"))
    if not options.json:
        say("\n".join(intake_lines(found)))
    audited = None
    if audit.is_possible(found.usable, others):
        with progress("looking at the labels", audit.number_of_steps(), options.progress) as on_step:
            audited = audit.audit(found.usable, others, jobs=options.jobs, on_step=on_step)
    if options.json:
        say(findings_json(found, audited))
    elif audited:
        say("\n".join(audit_lines(audited, found.contradictions)))
    if options.rejected:
        _write(options.rejected, rejected_csv(found), f"{len(found.rejected):,} faults")
    if options.fixes:
        suspects = audited.suspects if audited else ()
        _write(options.fixes, proposals_csv(suspects), f"{len(suspects):,} proposals")
    return found


def _reading(options, reviewed):
    """The rows of the table, accepted fixes made, followed by what people reviewed."""
    from opscope.fixes import check_fixes_fit, read_fixes
    from opscope.labelled import Reading, read_labelled, with_reviewed

    if not options.csv:
        return with_reviewed(Reading.empty("the reviews"), reviewed)
    fixes = read_fixes(Path(options.accept_fixes)) if options.accept_fixes else ()
    reading = read_labelled(
        Path(options.csv),
        text_column=options.text_column,
        label_column=options.label_column,
        corrected={fix.row: fix.label for fix in fixes},
    )
    check_fixes_fit(fixes, reading.texts, reading.name)
    if fixes:
        say(f"{len(fixes):,} labels changed as accepted in {options.accept_fixes}.", to_errors=True)
    return with_reviewed(reading, reviewed)


def _write(path: str, content: bytes, what: str) -> None:
    from opscope.streams import replaced_when_complete

    with replaced_when_complete(path) as handle:
        handle.write(content)
    say(f"{what} written to {path}", to_errors=True)
