import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opscope.errors import DataError
from opscope.guide import guide
from opscope.labelled import read_dataset
from opscope.settling import agreement_of, reviewed_keys, settle, sway_of
from opscope.tables import as_csv
from opscope.verdict_tables import read_verdicts, settled_columns, verdict_columns
from opscope.verdicts import Queued, Verdict, checked, key_of, problems_with

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
OIL, PAY = "Oil the chain of line 2", "Pay the carrier"


def said(text=OIL, label="production", reviewer="Anna", minute=0, **more):
    kind = more.pop("verdict", "change")
    return Verdict(text=text, verdict=kind, label=label, reviewer=reviewer, when=NOON + timedelta(minutes=minute), **more)


def cannot(text=OIL, reviewer="Anna", minute=0):
    return said(text, "", reviewer, minute, verdict="cannot_decide")


def withdrawn(text=OIL, reviewer="Anna", minute=0):
    return said(text, "", reviewer, minute, verdict="withdrawn")


WRONG = [
    (said(verdict="yes"), "verdict is 'yes', expected one of accept, change, cannot_decide, withdrawn. Correct it."),
    (said(""), "text is '': The text is empty. Write what is done, to what, and where."),
    (said("4711"), "text is '4711': The text holds no word. Write what is done, to what, and where."),
    (
        said("x" * 20_001),
        "text is 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...': The text has 20,001 characters and at most 20,000 are read. "
        "Split it into one activity a row.",
    ),
    (said("Oil\x00 it"), "text is 'Oil\\x00 it' with the character U+0000, which cannot be kept. Delete it."),
    (said(reason="a\rb"), "reason is 'a\\rb' with the character U+000D, which cannot be kept. Delete it."),
    (said(model_version="\ud800"), "model_version is '\\ud800' with the character U+D800, which cannot be kept. Delete it."),
    (said(reason="x" * 20_001), "reason has 20,001 characters, at most 20,000 are kept. Shorten it."),
    (said(label=""), "label is '', expected operations or production. Correct it, or say cannot_decide."),
    (said(label="plant"), "label is 'plant', expected operations or production. Correct it, or say cannot_decide."),
    (
        said(function="oiling"),
        f"function is 'oiling', expected one of {', '.join(guide().functions)}, or nothing. Correct it, or leave it empty.",
    ),
    (
        said(function="procurement"),
        "function procurement belongs to operations, the verdict's label is production. Correct one of them.",
    ),
    (said(reviewer=" "), "reviewer is empty. Say who decided."),
    (
        said(reviewer=" Anna"),
        "reviewer is ' Anna', expected a name of at most 200 characters, without spaces around it. Correct it.",
    ),
    (
        said(verdict="cannot_decide"),
        "verdict is cannot_decide, yet 'production' is named. Delete that, or say accept or change.",
    ),
    (
        said(label="", function="procurement", verdict="withdrawn"),
        "verdict is withdrawn, yet 'procurement' is named. Delete that, or say accept or change.",
    ),
    (
        said(label="", verdict="cannot_decide", adjudicates=True),
        "verdict is cannot_decide, which ends no dispute. Give a label, or let adjudicates be false.",
    ),
    (
        said(verdict="accept", predicted_label="operations"),
        "verdict is accept, yet label is production and predicted_label is operations. Say change.",
    ),
    (said(predicted_label="ops"), "predicted_label is 'ops', expected operations or production, or nothing. Correct it."),
    (
        said(predicted_probability=1.5),
        "predicted_probability is 1.5, expected a number from 0 to 1, or none. Correct it.",
    ),
    (
        replace(said(), when=datetime(2026, 5, 1)),
        "when is 2026-05-01T00:00:00, expected a time in UTC. Convert it: .astimezone(UTC).",
    ),
    (
        replace(said(), when=datetime(2026, 5, 1, tzinfo=timezone(timedelta(hours=2)))),
        "when is 2026-05-01T00:00:00+02:00, expected a time in UTC. Convert it: .astimezone(UTC).",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("verdict", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_a_wrong_verdict_is_refused_with_what_to_do(verdict, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        checked(verdict)


def test_everything_wrong_is_said_at_once():
    with pytest.raises(DataError, match=r"^verdict is .*\ntext is .*\nreviewer is empty. Say who decided.$"):
        checked(said("", reviewer="", verdict="yes"))


@pytest.mark.parametrize("verdict", [said(), cannot(), withdrawn(), said(verdict="accept", predicted_label="production")])
def test_a_sound_verdict_comes_back(verdict):
    assert checked(verdict) is verdict


def test_case_spaces_and_width_make_no_other_activity():
    assert key_of("  Oil the\n CHAIN ") == key_of("oil ｔｈｅ chain") == "oil the chain"
    assert key_of("Oil the chain") != key_of("Oil the chains")


def test_equal_labels_settle_an_activity_whatever_its_spelling():
    first = said(reviewer="Anna", reason="a machine", function="equipment_maintenance")
    (settled,) = settle([first, said(OIL.upper(), reviewer="Ben", minute=1)]).settled
    assert (settled.text, settled.label, settled.function) == (OIL, "production", "equipment_maintenance")
    assert (settled.decided_by, settled.reason, settled.when) == (("Anna", "Ben"), "a machine", NOON + timedelta(minutes=1))


def test_who_decided_is_told_in_the_order_of_their_latest_verdicts():
    (settled,) = settle([said(), said(reviewer="Ben", minute=1), said(minute=2)]).settled
    assert (settled.decided_by, settled.when) == (("Ben", "Anna"), NOON + timedelta(minutes=2))


def test_functions_that_differ_settle_the_label_alone():
    (settled,) = settle([said(function="equipment_maintenance"), said(reviewer="Ben", function="quality_control")]).settled
    assert (settled.label, settled.function) == ("production", "")


def test_different_labels_are_a_dispute_with_what_was_said():
    verdicts = [said(), said(label="operations", reviewer="Ben")]
    settlement = settle(verdicts)
    assert not settlement.settled
    assert [(dispute.text, dispute.verdicts) for dispute in settlement.disputed] == [(OIL, tuple(verdicts))]


def test_the_latest_verdict_of_a_reviewer_counts_in_whatever_order_they_come():
    late, early = said(label="operations", minute=5), said(minute=1)
    assert settle([late, early]).settled[0].label == "operations"
    assert settle([late, said(minute=1, reviewer="ANNA")]).settled[0].label == "operations"


def test_a_verdict_taken_back_does_not_count_and_the_one_before_does():
    earlier, later = said(minute=0), said(label="operations", minute=1)
    assert settle([earlier, later, withdrawn(minute=2)]).settled[0].label == "production"
    assert settle([earlier, withdrawn(minute=2)]) == settle([])
    assert settle([withdrawn(), said(minute=1)]).settled[0].label == "production"
    assert settle([earlier, withdrawn(reviewer="Ben", minute=2)]).settled[0].label == "production"


def test_the_latest_adjudication_settles_alone():
    dispute = [said(), said(label="operations", reviewer="Ben", minute=1)]
    ruling = said(label="operations", reviewer="Carl", minute=2, adjudicates=True)
    settlement = settle([*dispute, ruling, said(reviewer="Dora", minute=3)])
    assert [(s.label, s.decided_by) for s in settlement.settled] == [("operations", ("Carl",))]
    other = said(reviewer="Dora", minute=4, adjudicates=True)
    assert settle([*dispute, ruling, other]).settled[0].label == "production"


def test_an_adjudication_taken_back_leaves_the_dispute_as_it_was():
    dispute = [said(), said(label="operations", reviewer="Ben")]
    ruling = said(label="operations", minute=2, adjudicates=True)
    assert settle([*dispute, ruling, withdrawn(minute=3)]) == settle(dispute)


def test_not_being_able_to_decide_disputes_no_label():
    assert settle([said(), cannot(reviewer="Ben")]).settled[0].decided_by == ("Anna",)
    assert settle([cannot(), cannot(reviewer="Ben", minute=1)]).undecided == (OIL,)


def test_results_come_in_the_order_of_first_appearance():
    verdicts = [said(PAY, "operations", minute=9), said(OIL), said("Book the truck", "operations", minute=-5)]
    assert [s.text for s in settle(verdicts).settled] == [PAY, OIL, "Book the truck"]


def test_what_is_reviewed_is_known_by_key():
    verdicts = [said(OIL.upper()), cannot(PAY), said("Book it", "operations"), withdrawn("Book it", minute=1)]
    assert reviewed_keys(verdicts) == {key_of(OIL), key_of(PAY)}


def test_agreement_counts_pairs_of_independent_labels():
    verdicts = [
        said(OIL), said(OIL, reviewer="Ben", minute=1), said(OIL, "operations", "Carl", minute=2),
        said(PAY, "operations"), said(PAY, "operations", "Ben", minute=1), cannot(PAY, "Carl"),
        said("Book it", "operations"), said("Book it", reviewer="Ben", adjudicates=True, minute=1),
    ]  # fmt: skip
    found = agreement_of(verdicts)
    assert (found.activities, found.pairs, found.equal, found.percent) == (2, 4, 2, 50.0)
    # First p p p o, second p o o o: chance agrees in 3/4 * 1/4 + 1/4 * 3/4 = 3/8.
    assert found.kappa == pytest.approx((0.5 - 3 / 8) / (5 / 8))


def test_an_adjudicators_own_earlier_label_still_counts_as_independent():
    verdicts = [said(), said(label="operations", reviewer="Ben"), said(label="operations", minute=1, adjudicates=True)]
    assert (agreement_of(verdicts).pairs, agreement_of(verdicts).equal) == (1, 0)


def test_agreement_of_nothing_is_no_number():
    found = agreement_of([said(), said(PAY, "operations", "Ben")])
    assert (found.activities, found.pairs, found.equal) == (0, 0, 0)
    assert found.percent != found.percent and found.kappa != found.kappa


def test_sway_tells_blind_verdicts_from_seen_ones():
    tag = {"predicted_label": "production"}
    verdicts = [
        said("a", **tag), said("b", "operations", **tag),
        said("c", saw_prediction=True, **tag), said("d", saw_prediction=True, **tag),
        said("e", "operations", saw_prediction=True, **tag), said("f"), cannot("g"),
        said("h", adjudicates=True, saw_prediction=True, **tag),
    ]  # fmt: skip
    found = sway_of(verdicts)
    assert (found.blind, found.blind_equal, found.seen, found.seen_equal) == (2, 1, 3, 2)


def test_settled_labels_are_what_training_reads(tmp_path):
    path = tmp_path / "labels.csv"
    settlement = settle([said(), said(reviewer="Ben", minute=1), said(PAY, "operations", function="procurement")])
    path.write_bytes(as_csv(settled_columns(settlement)))
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert list(rows[0]) == ["text", "label", "function", "reviewer", "reason", "when", "source"]
    assert rows[0]["reviewer"] == "Anna, Ben"
    read = read_dataset(path).examples
    assert [(e.text, e.label, e.function, e.source) for e in read] == [
        (OIL, "production", "", "review"),
        (PAY, "operations", "procurement", "review"),
    ]


def read(path, content, **more):
    path.write_text(content, encoding="utf-8")
    return read_verdicts(path, now=NOON, **more)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "in.csv"


QUEUE = f"""text,label,function,reason,reviewer,predicted_label,predicted_probability,predicted_decision,model_version,blind
{OIL},Production-scoped,Equipment maintenance,a machine,Anna,operations,0.61,review,m1,no
{PAY},ops,,,,operations,0.9,operations,m1,no
Oil the truck,,,,,production,0.6,review,m1,no
Book the truck,cannot decide,,,Ben,,,,m1,yes
Book the van,operations,,,Ben,,,,m1,yes
"""


def test_a_filled_in_queue_becomes_verdicts_and_rows_left_empty_are_skipped(path):
    first, second, third, fourth = read(path, QUEUE, reviewer="Dora")
    assert first == said(
        function="equipment_maintenance", reason="a machine", saw_prediction=True, predicted_label="operations",
        predicted_probability=0.61, predicted_decision="review", model_version="m1", guide_version=guide().version,
    )  # fmt: skip
    assert (second.verdict, second.label, second.reviewer, second.when) == ("accept", "operations", "Dora", NOON)
    assert (third.text, third.verdict, third.label) == ("Book the truck", "cannot_decide", "")
    assert (fourth.verdict, fourth.saw_prediction, fourth.predicted_label) == ("change", False, "")


def test_what_a_blind_row_keeps_back_comes_from_the_queue(path):
    waiting = Queued(
        text="BOOK the van", added=NOON, source="a.csv", predicted_label="operations", predicted_probability=0.75,
        predicted_decision="review", predicted_function="", model_version="m2",
    )  # fmt: skip
    *_, last = read(path, QUEUE, reviewer="Dora", queued=[waiting])
    assert (last.verdict, last.saw_prediction, last.model_version) == ("accept", False, "m2")
    assert (last.predicted_label, last.predicted_probability, last.predicted_decision) == ("operations", 0.75, "review")


def test_any_labelled_list_with_a_reviewer_becomes_verdicts(path):
    (only,) = read(path, f"Activity;Label;When\n{OIL};prod;2026-05-01 14:00:00+02:00\n", reviewer="Anna")
    assert only == said(guide_version=guide().version)


def test_a_line_end_of_another_system_is_a_line_feed(path):
    path.write_bytes(b'text,label\r\n"Oil the\r\nchain",production\r\n')
    assert read_verdicts(path, now=NOON, reviewer="Anna")[0].text == "Oil the\nchain"


def test_wrong_rows_are_listed_by_number_and_nothing_is_read(path):
    content = f"text,label,when,blind\n{OIL},plant,2026-05-01,no\n{OIL},production,yesterday,perhaps\n{PAY},operations,,\n"
    message = "\n".join(
        [
            f"{path}, row 2: label is 'plant', expected operations or production. Correct it, or say cannot_decide.",
            f"{path}, row 2: reviewer is empty. Say who decided.",
            f"{path}, row 3: when is 'yesterday', expected a date and time such as 2026-05-01T14:30:00+00:00. "
            "Correct it, or leave it empty.",
            f"{path}, row 3: blind is 'perhaps', expected yes or no. Correct it, or leave it empty.",
            f"{path}, row 3: reviewer is empty. Say who decided.",
            f"{path}, row 4: reviewer is empty. Say who decided.",
        ]
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        read(path, content)


def test_a_file_without_labels_is_refused(path):
    message = f"{path} has no column 'label'. Columns are: text, tag. Give the one with the labels this name."
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        read(path, f"text,tag\n{OIL},production\n")


def test_a_column_named_twice_is_refused(path):
    message = f"{path} has several columns named 'label'. Rename or delete all but one."
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        read(path, f"text,label,Label\n{OIL},production,operations\n")


cells = st.one_of(st.text(max_size=40), st.text(alphabet="'=+-@\t\n\r,;\" a", max_size=8).map(lambda start: start + "Oil"))


@example(text="'=Oil", reason="''+1", reviewer="'@Anna", version="", probability=0.1, when=datetime(2026, 5, 1))
@given(text=cells, reason=cells, reviewer=cells, version=cells, probability=st.none() | st.floats(0, 1), when=st.datetimes())
def test_any_verdict_comes_back_from_its_csv_or_is_refused(tmp_path_factory, text, reason, reviewer, version, probability, when):
    verdict = Verdict(
        text=text, verdict="change", label="production", reason=reason, reviewer=reviewer, when=when.replace(tzinfo=UTC),
        predicted_probability=probability, model_version=version,
    )  # fmt: skip
    if problems := problems_with(verdict):
        assert all(re.search(r"[.!?]$", problem) for problem in problems)
        return
    path = tmp_path_factory.getbasetemp() / "verdicts.csv"
    path.write_bytes(as_csv(verdict_columns([verdict, said()])))
    assert read_verdicts(path, now=NOON) == [verdict, said()]
