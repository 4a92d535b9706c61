import os
import re

import pytest

from opscope.errors import DataError
from opscope.tables import as_csv, find_column, read_table, write_table

ROWS = [("7", "grease; the chain"), ("8", "prüfen, “now”")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encoding_and_separator_are_found(tmp_path, encoding, separator):
    path = tmp_path / "list.csv"
    lines = [separator.join(["id", "Text"])] + [separator.join([number, f'"{text}"']) for number, text in ROWS]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    table = read_table(path)
    assert table.columns == ("id", "Text")
    assert [row.values for row in table.rows] == ROWS
    assert find_column(table, None) == 1


def test_rows_are_numbered_as_in_a_spreadsheet_and_filled_up(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("text,site\n\ngrease the chain\nswap,Lyon\n", encoding="utf-8")
    assert [(row.number, row.values) for row in read_table(path).rows] == [(3, ("grease the chain", "")), (4, ("swap", "Lyon"))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "{path} is empty. It needs a header row with a text column, and one activity a row."),
        (b" \n\n", "{path} is empty. It needs a header row with a text column, and one activity a row."),
        (b"text\x00\x01\x02,b\n", "{path} holds binary data, not a table. Save it as CSV (UTF-8) and try again."),
        (
            b"text,site\na,b,c\n",
            "{path}, row 2: 3 cells where the header has 2; 'c' belongs to no column. Put quotes around a text that holds ','.",
        ),
    ],
)
def test_a_bad_file_says_what_to_do(tmp_path, content, message):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"^{re.escape(message.format(path=path))}$"):
        read_table(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv does not exist\. Check the spelling and the folder you are in\.$"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"is a folder\. Name a CSV file in it\.$"):
        read_table(tmp_path)


def test_a_missing_text_column_lists_the_columns(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("code,site\n1,Lyon\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"Columns are: code, site\. Say which holds the activities with --text-column NAME\.$"):
        find_column(read_table(path), None)
    with pytest.raises(DataError, match="has no column 'notes'"):
        find_column(read_table(path), "notes")
    assert find_column(read_table(path), "SITE") == 1


def test_one_column_needs_no_known_name(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Was zu tun ist\ngrease the chain\n", encoding="utf-8")
    assert find_column(read_table(path), None) == 0


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "out.csv"
    write_table(path, ["a", "b"], [("1", 'say "x", y'), ("2", "line\nbreak")])
    assert [row.values for row in read_table(path).rows] == [("1", 'say "x", y'), ("2", "line\nbreak")]
    before = path.read_bytes()

    def broken():
        yield ("3", "fine")
        raise DataError("the third row fails")

    with pytest.raises(DataError, match="^the third row fails$"):
        write_table(path, ["a", "b"], broken())
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_missing_output_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"so out\.csv cannot be written there\. Make it first\.$"):
        write_table(tmp_path / "none" / "out.csv", ["a"], [])


def test_formulas_are_disarmed_for_spreadsheets():
    assert as_csv({"a": ["=1+1", "-2", "@x", "fine"], "n": [1, 2, 3, 4]}).decode("utf-8-sig") == (
        "a,n\n'=1+1,1\n'-2,2\n'@x,3\nfine,4\n"
    )
