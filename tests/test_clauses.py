import pytest

from opscope.clauses import clauses

VERBS = {"schedule", "run", "order", "check", "pay"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Schedule line 2 and run payroll", ["Schedule line 2", "run payroll"]),
        ("Order nuts and bolts", ["Order nuts and bolts"]),
        ("Check the die. Pay the carrier.", ["Check the die", "Pay the carrier"]),
        ("Check the die; pay the carrier", ["Check the die", "pay the carrier"]),
        ("Check the die, then pay the carrier", ["Check the die", "pay the carrier"]),
        ("Check the die, pay the carrier and run payroll", ["Check the die", "pay the carrier", "run payroll"]),
        ("Check and pay invoices", ["Check and pay invoices"]),
        ("Stop", ["Stop"]),
        ("", [""]),
    ],
)
def test_a_text_is_cut_where_another_activity_begins(text, expected):
    assert clauses(text, VERBS.__contains__) == expected


def test_a_mixed_text_is_reported_with_both_labels(model):
    explained = model.explain("Schedule line 2 and run payroll for the office")
    assert [(c.text, c.label) for c in explained.clauses] == [
        ("Schedule line 2", "production"), ("run payroll for the office", "operations"),
    ]  # fmt: skip
    assert explained.mixed and "several activities" in explained.reason
    assert not model.explain("Order nuts and bolts from the supplier").mixed
