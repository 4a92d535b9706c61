"""Proposed labels as a list to review, and the accepted ones of such a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opscope.audit import Suspect
from opscope.errors import DataError
from opscope.formats.base import listed
from opscope.labelled import label_of
from opscope.tables import as_csv, read_table
from opscope.text import clean

_YES = frozenset(("yes", "y", "x", "true", "1", "ok", "accept", "accepted"))
_NO = frozenset(("no", "n", "false", "0", "", "reject", "rejected"))
_COLUMNS = ("row", "text", "label", "proposed", "probability", "nearest")


@dataclass(frozen=True)
class Fix:
    """A label that somebody accepted for the row of a table with this text."""

    row: int
    text: str
    label: str


def proposals_csv(suspects: Sequence[Suspect]) -> bytes:
    """The suspects as CSV for a spreadsheet; whoever writes yes into ``accept`` accepts the label in ``proposed``."""
    columns = {name: [getattr(suspect, name) for suspect in suspects] for name in _COLUMNS}
    columns["probability"] = [round(probability, 3) for probability in columns["probability"]]
    return as_csv({**columns, "accept": [""] * len(suspects)})


def read_fixes(path: Path) -> tuple[Fix, ...]:
    """The accepted rows of a reviewed list; raises DataError that lists what is wrong, or where none is accepted."""
    table = read_table(path)
    names = ("row", "text", "proposed", "accept")
    if missing := [name for name in names if name not in table.columns]:
        raise DataError(f"{path} has no column {missing[0]!r}, so it is no list of proposals. Make one with --fixes OUT.csv.")
    places = {name: table.columns.index(name) for name in names}
    fixes, problems = [], []
    for row in table.rows:
        number, text, proposed, accept = (row.values[place].strip() for place in places.values())
        if accept.lower() in _NO:
            continue
        label = label_of(proposed)
        if accept.lower() not in _YES:
            problems.append(f"{path}, row {row.number}: accept is {accept!r}, expected yes, or nothing.")
        elif label is None or not number.isdecimal():
            problems.append(
                f"{path}, row {row.number}: row is {number!r} and proposed {proposed!r}, expected a number and a label."
            )
        else:
            fixes.append(Fix(int(number), text, label))
    if problems:
        raise DataError(listed(problems))
    if not fixes:
        raise DataError(f"{path}: no row is accepted. Write yes into the column accept of those that are right.")
    return tuple(fixes)


def check_fixes_fit(fixes: Sequence[Fix], texts: dict[int, str], name: str) -> None:
    """Raises DataError where a row of the table ``name`` has another text than its fix: the table was changed since."""
    wrong = [
        f"{name}, row {fix.row} holds {texts.get(fix.row, '')[:60]!r}, the fix is for {fix.text[:60]!r}. Make the list again."
        for fix in fixes
        if clean(texts.get(fix.row, "")) != clean(fix.text.removeprefix("'"))
    ]
    if wrong:
        raise DataError(listed(wrong))
