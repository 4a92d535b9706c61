import csv
import io
import re

import pytest

from opscope.audit import Suspect
from opscope.errors import DataError
from opscope.fixes import Fix, check_fixes_fit, proposals_csv, read_fixes

SUSPECTS = (
    Suspect(7, "=grease; the chain", "operations", "production", 0.9312, "oil the chain"),
    Suspect(2, "Pay the carrier", "production", "operations", 0.81, "pay the forwarder"),
)


def reviewed(tmp_path, accepts):
    """The list of proposals as somebody sends it back, with these words in accept."""
    rows = list(csv.DictReader(io.StringIO(proposals_csv(SUSPECTS).decode("utf-8-sig"))))
    path = tmp_path / "fixes.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(row | {"accept": accept} for row, accept in zip(rows, accepts, strict=True))
    return path


def test_a_list_of_proposals_comes_back_with_those_accepted(tmp_path):
    fixes = read_fixes(reviewed(tmp_path, ["Yes", ""]))
    assert fixes == (Fix(7, "'=grease; the chain", "production"),)
    check_fixes_fit(fixes, {7: "=grease; the chain"}, "labels.csv")


def test_a_table_that_changed_since_is_refused():
    message = "labels.csv, row 7 holds '', the fix is for 'grease the chain'. Make the list again."
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        check_fixes_fit([Fix(7, "grease the chain", "production")], {}, "labels.csv")


def test_what_is_neither_yes_nor_no_is_named(tmp_path):
    path = reviewed(tmp_path, ["perhaps", "x"])
    with pytest.raises(DataError, match=f"^{re.escape(f'{path}, row 2: accept is')} 'perhaps', expected yes, or nothing.$"):
        read_fixes(path)


def test_a_list_without_a_yes_and_another_table_are_refused(tmp_path):
    with pytest.raises(DataError, match="no row is accepted. Write yes into the column accept of those that are right.$"):
        read_fixes(reviewed(tmp_path, ["", "no"]))
    other = tmp_path / "labels.csv"
    other.write_text("row,text,label\n2,pay,ops\n", encoding="utf-8")
    with pytest.raises(DataError, match="has no column 'proposed', so it is no list of proposals. Make one with --fixes OUT.csv.$"):
        read_fixes(other)
