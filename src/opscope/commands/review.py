"""``opscope review``: queues activities for people, takes their verdicts in, and gives the settled labels out."""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from opscope.commands.base import add_command, model_of, say
from opscope.errors import DataError
from opscope.streams import STANDARD_STREAM, replaced_when_complete

_QUEUED = 200
_QUEUE_EXAMPLES = """\
opscope review queue tickets.csv -o to_review.csv
opscope review queue tickets.xlsx --text-column Subject --many 50 -o to_review.csv
opscope review queue --many 50 -o more_to_review.csv
opscope review queue --second Ben -o for_ben.csv"""
_IMPORT_EXAMPLES = """\
opscope review import to_review.csv --reviewer Anna
opscope review import disputes.csv --reviewer Cleo --adjudicate
opscope review import verdicts.csv --reviews postgresql+psycopg://user@host/reviews"""
_EXPORT_EXAMPLES = """\
opscope review export -o labels.csv
opscope review export --all -o verdicts.csv"""


def add_to(commands) -> None:
    """Adds the command with its actions."""
    review = commands.add_parser("review", help="queue activities for people, and use what they decide")
    actions = review.add_subparsers(title="actions", required=True, metavar="ACTION")
    summary = "choose the activities to review next, as a CSV to be filled in"
    queue = _action(actions, "queue", _queue, summary, _QUEUE_EXAMPLES, model=True)
    queue.add_argument("file", nargs="?", metavar="FILE", help="activities to tag and queue first (default: those queued already)")
    queue.add_argument("--many", type=int, default=_QUEUED, metavar="N", help=f"how many to choose (default: {_QUEUED})")
    queue.add_argument("--text-column", metavar="NAME", help="column that holds the activities (default: found by its name)")
    second = "choose what one other reviewer has labelled, at random and without tags, so that agreement can be told"
    queue.add_argument("--second", metavar="NAME", help=second)
    queue.add_argument("-o", "--output", default=STANDARD_STREAM, metavar="OUT", help="file to write (default: standard output)")
    taken = _action(
        actions, "import", _import, "take in verdicts: a filled-in queue, an export, or labelled rows", _IMPORT_EXAMPLES
    )
    taken.add_argument("file", metavar="FILE", help="columns text and label (production, operations, or cannot decide)")
    taken.add_argument("--reviewer", default="", metavar="NAME", help="who decided, where a row does not say so")
    taken.add_argument("--adjudicate", action="store_true", help="these verdicts end the disputes on their activities")
    given = _action(actions, "export", _export, "write the settled labels as a CSV that opscope train takes", _EXPORT_EXAMPLES)
    given.add_argument("--all", action="store_true", help="write every verdict with all its fields instead")
    given.add_argument("-o", "--output", default=STANDARD_STREAM, metavar="OUT", help="file to write (default: standard output)")
    for name, function, summary in (
        ("status", _status, "tell how many activities are reviewed, and how far reviewers agree"),
        ("disputes", _disputes, "list the activities on which reviewers differ"),
    ):
        shown = _action(actions, name, function, summary, f"opscope review {name}\nopscope review {name} --json")
        shown.add_argument("--json", action="store_true", help="print everything as JSON")
    shown.add_argument("-o", "--output", metavar="OUT", help="write them to a CSV instead, to be filled in by who ends them")


def _action(actions, name: str, function: Callable, summary: str, examples: str, *, model: bool = False) -> argparse.ArgumentParser:
    parser = add_command(actions, name, function, summary, examples, model=model)
    help = "file or SQLAlchemy URL of the reviews (default: OPSCOPE_REVIEWS or the settings, else a file in your own folder)"
    parser.add_argument("--reviews", metavar="PLACE", help=help)
    return parser


def _queue(options) -> None:
    from opscope.review_queue import queue_columns, queue_order, second_look
    from opscope.reviews import open_reviews
    from opscope.settling import reviewed_keys

    if options.many < 1:
        raise DataError(f"--many is {options.many}, expected a number from 1 on. Leave it out for {_QUEUED}.")
    reviews = open_reviews(options.reviews, must_exist=options.file is None)
    model = model_of(options)
    if options.file is not None:
        _put_in_queue(reviews, model, options)
    verdicts, queued = reviews.verdicts(), reviews.queued()
    if options.second:
        chosen = second_look(queued, verdicts, reviewer=options.second, many=options.many, seed=0)
    else:
        place_of = model.loaded.neighbours.place
        chosen = queue_order(queued, sorted(reviewed_keys(verdicts)), place_of, many=options.many, seed=0)
    _write(options.output, queue_columns(chosen))
    blind = sum(one.blind for one in chosen)
    _say(f"{len(chosen):,} activities to review, {blind:,} of them drawn at random and without their tag.")


def _put_in_queue(reviews, model, options) -> None:
    from opscope.reviewing import queue_texts
    from opscope.tables import find_column, read_table

    table = read_table(options.file)
    column = find_column(table.path, table.columns, options.text_column)
    added = queue_texts(reviews, model, [row.values[column] for row in table.rows], source=os.path.basename(table.path))
    left_out = f", {len(added.left_out):,} left out of which nothing can be said" if added.left_out else ""
    _say(f"{len(table.rows):,} rows read{left_out}; {added.new:,} activities are new in the queue at {reviews.place}.")


def _import(options) -> None:
    from opscope.reviews import open_reviews
    from opscope.reviews_place import reviews_exist
    from opscope.verdict_tables import read_verdicts

    queued = open_reviews(options.reviews).queued() if reviews_exist(options.reviews) else ()
    now = _last_changed(options.file)
    verdicts = read_verdicts(options.file, now=now, reviewer=options.reviewer.strip(), queued=queued)
    if options.adjudicate:
        verdicts = [replace(verdict, adjudicates=True) for verdict in verdicts]
    reviews = open_reviews(options.reviews)
    added = reviews.add(verdicts, as_dated=True)
    there = f"; {len(verdicts) - added:,} were there already" if added < len(verdicts) else ""
    say(f"{added:,} verdicts added at {reviews.place}{there}.")


def _last_changed(name: str) -> datetime:
    """When the file was written, so that the same file taken in twice adds nothing the second time."""
    return datetime.fromtimestamp(os.path.getmtime(name), UTC) if os.path.isfile(name) else datetime.now(UTC)


def _export(options) -> None:
    from opscope.reviews import open_reviews
    from opscope.settling import settle
    from opscope.verdict_tables import settled_columns, verdict_columns

    reviews = open_reviews(options.reviews, must_exist=True)
    verdicts = reviews.verdicts()
    if options.all:
        _write(options.output, verdict_columns(verdicts))
        _say(f"{len(verdicts):,} verdicts written.")
        return
    settlement = settle(verdicts)
    _write(options.output, settled_columns(settlement))
    _say(
        f"{len(settlement.settled):,} settled labels written; {len(settlement.disputed):,} activities are disputed, "
        f"{len(settlement.undecided):,} undecided."
    )


def _status(options) -> None:
    from opscope.review_status import status_json, status_lines, status_of
    from opscope.reviews import open_reviews

    reviews = open_reviews(options.reviews, must_exist=True)
    status = status_of(reviews.place, reviews.verdicts(), reviews.queued())
    say(status_json(status) if options.json else "\n".join(status_lines(status)))


def _disputes(options) -> None:
    from opscope.review_status import dispute_columns, dispute_lines, disputes_json
    from opscope.reviews import open_reviews
    from opscope.settling import settle

    disputed = settle(open_reviews(options.reviews, must_exist=True).verdicts()).disputed
    if options.output:
        _write(options.output, dispute_columns(disputed))
        _say(f"{len(disputed):,} disputed activities written. Taken in with --adjudicate, the labels filled in end the disputes.")
        return
    say(disputes_json(disputed) if options.json else "\n".join(dispute_lines(disputed)))


def _write(output: str, columns: dict[str, list[str]]) -> None:
    from opscope.tables import as_csv

    with replaced_when_complete(output) as handle:
        handle.write(as_csv(columns))


def _say(line: str) -> None:
    say(line, to_errors=True)
