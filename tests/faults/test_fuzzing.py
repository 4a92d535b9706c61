"""Any bytes are read, or refused with an error of opscope's own: what once broke a reader, and new bytes on every full run."""

import random
import time

import pytest
from conftest import CASES
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from faults import tries
from faults.fuzz_inputs import minimised, mutated, zipped
from faults.fuzz_seeds import table_of
from faults.fuzz_targets import TARGETS, refused

KEPT = sorted((CASES / "fuzz").glob("*/*"))
TRIES = tries(80, 4_000)  # of each target
SLOWEST = 20  # seconds; the slowest that is not refused takes a tenth


@pytest.mark.parametrize("case", KEPT, ids=[f"{case.parent.name}-{case.name}" for case in KEPT])
def test_what_once_broke_a_reader_does_so_no_more(case):
    began = time.monotonic()
    refused(TARGETS[case.parent.name], case.read_bytes())
    assert time.monotonic() - began < SLOWEST


@pytest.mark.parametrize("name", ["jsonl", "parquet", "xlsx", "packed", "copied", "scorer", "guide"])
def test_the_files_that_are_changed_are_read_themselves(name):
    assert [refused(TARGETS[name], seed) for seed in TARGETS[name].seeds()] == [None] * len(TARGETS[name].seeds())


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files_are_read_or_refused(name):
    seeds = TARGETS[name].seeds()

    @settings(
        max_examples=TRIES, deadline=None, database=None, derandomize=TRIES < 100, phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(st.sampled_from(seeds), st.integers(min_value=0))
    def check(seed, number):
        refused(TARGETS[name], mutated(TARGETS[name].parts, seed, random.Random(number)))

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_a_file_that_is_cut_off_is_read_or_refused(name):
    for seed in TARGETS[name].seeds()[:2]:
        for end in range(0, len(seed), max(1, len(seed) // tries(10, 500))):
            refused(TARGETS[name], seed[:end])


@settings(max_examples=tries(10, 300), deadline=None, database=None)
@given(st.lists(st.lists(st.text(), min_size=2, max_size=4), min_size=2, max_size=4))
def test_a_table_of_any_texts_is_read_or_refused_in_every_kind(rows):
    rows = [(*row, "", "")[:3] for row in rows]
    for kind in ("csv", "jsonl"):
        refused(TARGETS[kind], table_of(kind, rows))


def test_an_error_that_is_not_opscopes_comes_out(monkeypatch):
    monkeypatch.setattr("faults.fuzz_targets.read_table", lambda path, sheet: [].pop())
    with pytest.raises(IndexError):
        refused(TARGETS["csv"], b"text\na\n")


def test_what_breaks_a_reader_is_made_smaller():
    assert minimised(b"text,site\ngrease\0it,Lyon\n", lambda tried: b"\0" in tried) == b"\0"
    archive = zipped({"a": b"harmless", "b": b"much and <bad> more"})
    assert minimised(archive, lambda tried: b"<bad>" in tried) == zipped({"b": b"<bad>"})
