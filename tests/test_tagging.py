import csv
import json
import os
import signal
import subprocess
import sys
import time

import pandas
import pytest

import opscope
from opscope.results import RESULT_COLUMNS
from opscope.tagging import BLOCK, tag_file


def written(path, texts):
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([("no", "text"), *enumerate(texts)])
    return path


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_file_of_several_blocks_equals_the_table_in_memory(tmp_path, model, activities):
    texts = (activities.texts * 5)[: 2 * BLOCK + 100]
    shares = []
    source, target = written(tmp_path / "in.csv", texts), tmp_path / "out.csv"
    decisions = tag_file(model.loaded, source, target, on_block=lambda rows, share: shares.append((rows, share)))
    found, expected = rows_of(target), model.predict_table(pandas.DataFrame({"text": texts}))
    for name in ("label", "decision", "function", "owner", "reason", "model_version"):
        assert [row[name] for row in found] == expected[name].tolist()
    assert [float(row["probability"]) for row in found] == expected["probability"].round(6).tolist()
    assert [row["no"] for row in found] == [str(number) for number in range(len(texts))]
    assert decisions == expected["decision"].value_counts().to_dict()
    assert [rows for rows, _ in shares] == [BLOCK, BLOCK, 100]
    assert 0 < shares[0][1] < shares[1][1] <= shares[2][1] == 1


def test_odd_rows_are_flagged_and_spoil_no_others(tmp_path, model):
    texts = [
        "Grease the filler bearings",
        "x " * 500_000,
        "",
        "\x00\x1b[31m",
        "=1+1",
        "Renegotiate the resin contract",
        "prüfen 漢字",
        None,
        7,
        1.5,
        True,
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    tag_file(model.loaded, source, target)
    found = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in found] == texts
    assert [found[0]["decision"], found[5]["decision"]] == ["production", "operations"]
    assert {row["decision"] for place, row in enumerate(found) if place not in (0, 5)} == {"unfamiliar"}
    assert found[1]["reason"].startswith("The text has 1,000,000 characters and at most 20,000 are read.")
    assert all(row["question"] for place, row in enumerate(found) if place not in (0, 5))


def test_a_header_alone_gives_a_header(tmp_path, model):
    source, target = written(tmp_path / "in.csv", []), tmp_path / "out.csv"
    assert tag_file(model.loaded, source, target).total() == 0
    assert target.read_text(encoding="utf-8").strip().split(",") == ["no", "text", *RESULT_COLUMNS]


def command(*arguments, **options):
    return subprocess.Popen([sys.executable, "-m", "opscope", "predict", *map(str, arguments)], stderr=subprocess.PIPE, **options)


def peak_memory(*arguments) -> int:
    process = command(*arguments)
    process.stderr.read(), process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss


def test_memory_does_not_grow_with_the_file(tmp_path, activities):
    few, many = (written(tmp_path / f"{n}.csv", (activities.texts * 30)[:n]) for n in (4 * BLOCK, 16 * BLOCK))
    assert peak_memory(many, "-o", os.devnull) < 1.2 * peak_memory(few, "-o", os.devnull)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_nothing_behind(tmp_path, activities, number):
    source = written(tmp_path / "in.csv", activities.texts * 60)
    process = command(source, "-o", tmp_path / "out.csv")
    while not any(name.endswith(".part") for name in os.listdir(tmp_path)):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    assert process.stderr.read().decode() == "opscope: stopped; nothing was left half written.\n"
    process.stderr.close()
    assert process.wait() == 128 + number
    assert os.listdir(tmp_path) == ["in.csv"]


def test_json_lines_through_the_standard_streams(activities):
    lines = "".join(json.dumps({"task": text, "n": n}) + "\n" for n, text in enumerate(activities.texts[:50]))
    done = subprocess.run(
        [sys.executable, "-m", "opscope", "predict", "-", "--format", "jsonl"],
        input=lines,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["label"] for row in found] == [p.label for p in opscope.predict(activities.texts[:50])]
    assert list(found[0]) == ["task", "n", *RESULT_COLUMNS]
