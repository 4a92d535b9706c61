import csv
import io
import os
import subprocess
import sys

import pytest

from opscope.cli import main
from opscope.results import RESULT_COLUMNS


def run(*arguments, stdin=None):
    """The command in a process of its own, as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "opscope", *map(str, arguments)], input=stdin, capture_output=True, text=True, encoding="utf-8"
    )


@pytest.fixture
def tickets(tmp_path):
    path = tmp_path / "tickets.csv"
    path.write_text(
        'no,Description,site\n007,"Swap the filler nozzle, lane 3",A\n008,Renegotiate the resin contract,B\n009,,C\n',
        encoding="utf-8",
    )
    return path


def test_one_text_is_answered_in_a_sentence(capsys):
    assert main(["predict", "Renegotiate the resin contract with both suppliers"]) == 0
    assert capsys.readouterr().out.startswith("operations-wide (")


def test_a_file_comes_back_with_its_columns_untouched(tickets, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert main(["predict", str(tickets), "-o", str(out)]) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert list(rows[0]) == ["no", "Description", "site", *RESULT_COLUMNS]
    assert [(row["no"], row["site"], row["label"]) for row in rows[:2]] == [("007", "A", "production"), ("008", "B", "operations")]
    assert rows[2]["decision"] == "unfamiliar"
    assert rows[2]["reason"] == "The text is empty. Write what is done, to what, and where."
    assert capsys.readouterr().err.startswith(
        "3 activities tagged (1 production, 1 operations, 0 review, 1 unfamiliar), written to "
    )


def test_a_label_column_of_the_users_stays(tmp_path, capsys):
    path = tmp_path / "own.csv"
    path.write_text("text,label\nRenegotiate the resin contract,mine\n", encoding="utf-8")
    assert main(["predict", str(path)]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["label"], row["opscope_label"]) == ("mine", "operations")


def test_standard_input_and_output(tickets):
    done = run("predict", "-", stdin=tickets.read_text(encoding="utf-8"))
    assert done.returncode == 0, done.stderr
    assert [row["no"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["007", "008", "009"]


def test_explain_lists_words_and_rule(capsys):
    assert main(["explain", "Grease the filler bearings on line 2"]) == 0
    shown = capsys.readouterr().out
    assert "intercept" in shown and "bearings" in shown and "Equipment maintenance" in shown


def test_a_long_text_and_one_that_ends_in_a_file_name_are_texts(capsys):
    assert main(["predict", "Tell the carrier of the late pallets. " * 30]) == 0
    assert main(["predict", "Send the supplier the price list in costs.csv"]) == 0
    assert "operations-wide" in capsys.readouterr().out


BAD_CALLS = [
    (["predict", ""], "opscope: The text is empty. Write what is done, to what, and where.\n"),
    (["predict", "   \t"], "opscope: The text is empty. Write what is done, to what, and where.\n"),
    (["predict", "4711"], "opscope: The text holds no word. Write what is done, to what, and where.\n"),
    (
        ["predict", "x" * 100_000],
        "opscope: The text has 100,000 characters and at most 20,000 are read. Split it into one activity a row.\n",
    ),
    (["explain", ""], "opscope: The text is empty. Write what is done, to what, and where.\n"),
    (["predict", "none.csv"], "opscope: none.csv does not exist. Check the spelling and the folder you are in.\n"),
    (["evaluate", "none.csv"], "opscope: none.csv does not exist. Check the spelling and the folder you are in.\n"),
    (["train", "none.csv"], "opscope: none.csv does not exist. Check the spelling and the folder you are in.\n"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_CALLS, ids=[" ".join(a)[:30] for a, _ in BAD_CALLS])
def test_bad_input_says_what_to_do_and_exits_with_2(arguments, message, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", message)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is empty. It needs a header row"),
        (b"code,site\n1,A\n", "has no column a text column"),
        (b"\x00\x01\x02", "holds binary data"),
        (b'text,site\n"grease it,A\nswap it,B\n', "A quote is opened and not closed"),
    ],
)
def test_a_bad_file_leaves_no_output(tmp_path, content, part, capsys):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_bytes(content)
    assert main(["predict", str(path), "-o", str(out)]) == 2
    assert part in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["in.csv"]


@pytest.mark.parametrize("name", ["out.ods", "out.json", "folder"])
def test_an_output_that_cannot_be_written_is_said_before(tickets, tmp_path, name, capsys):
    (tmp_path / "folder").mkdir()
    assert main(["predict", str(tickets), "-o", str(tmp_path / name)]) == 2
    assert (
        "Save the table as csv, tsv, jsonl, parquet, xlsx." in (error := capsys.readouterr().err) or "Name a file in it." in error
    )
    assert sorted(os.listdir(tmp_path)) == ["folder", "tickets.csv"]


def test_evaluate_prints_shares(tmp_path, capsys):
    path = tmp_path / "own.csv"
    path.write_text(
        "text,label\nGrease the filler bearings on line 2,production\n"
        "Pay the carrier invoice for the Lyon pallets,operations\ngood morning,\n",
        encoding="utf-8",
    )
    assert main(["evaluate", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "label right                      100.0 % (2 of 2)" in shown
    path.write_text(path.read_text(encoding="utf-8").replace("text,label", "what,who"), encoding="utf-8")
    assert main(["evaluate", str(path), "--text-column", "what", "--label-column", "who"]) == 0
    assert capsys.readouterr().out == shown


def test_every_command_has_examples_in_its_help():
    for command in (["predict"], ["explain"], ["evaluate"], ["train"], ["models", "list"], ["models", "promote"], ["app"]):
        done = run(*command, "--help")
        assert done.returncode == 0
        assert "examples:\n  opscope " in done.stdout, command


def test_a_closed_pipe_is_no_crash(tickets):
    process = subprocess.Popen(
        [sys.executable, "-m", "opscope", "predict", str(tickets)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()
