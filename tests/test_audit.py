from dataclasses import replace

import pytest

from opscope.audit import audit, is_possible, number_of_steps
from opscope.dataset import Dataset
from opscope.findings import audit_lines
from opscope.guide import LABELS
from opscope.labelled import Reading

TURNED = (3, 40, 77, 110, 151, 180, 205, 230)


@pytest.fixture(scope="module")
def planted(few_rows):
    """Rows with a few labels turned round; and one text twice with both labels, in other words."""
    examples = list(few_rows.examples[:260])
    for place in TURNED:
        other = LABELS[1 - LABELS.index(examples[place].label)]
        examples[place] = replace(examples[place], label=other, function="", source="plain")
    examples.append(replace(examples[0], text="Strip and grease the gearbox of filler four", label="production", source="plain"))
    examples.append(replace(examples[0], text="Grease, and strip, the filler four gearbox", label="operations", source="plain"))
    return Reading("rows", Dataset(tuple(examples)), tuple(range(2, len(examples) + 2)), ())


@pytest.fixture(scope="module")
def found(planted, activities):
    steps = []
    audited = audit(planted, Dataset(activities.examples[1000:3000]), jobs=1, on_step=steps.append)
    assert len(steps) == number_of_steps()
    return audited


def test_most_turned_labels_are_found_with_the_right_one_proposed(found, planted):
    suspects = {suspect.row: suspect for suspect in found.suspects}
    turned = [suspects[place + 2] for place in TURNED if place + 2 in suspects]
    assert len(turned) >= 5
    for suspect in turned:
        example = planted.dataset.examples[suspect.row - 2]
        assert (suspect.text, suspect.label) == (example.text, example.label)
        assert suspect.proposed == LABELS[1 - LABELS.index(example.label)]


def test_the_surest_come_first_and_most_are_right(found):
    probabilities = [suspect.probability for suspect in found.suspects]
    assert probabilities == sorted(probabilities, reverse=True)
    assert {suspect.row - 2 for suspect in found.suspects[:4]} <= {*TURNED, 260, 261}


def test_texts_of_one_meaning_with_two_labels_are_named_once(found):
    assert [(pair.first_row, pair.second_row) for pair in found.contradictions if pair.first_row == 262] == [(262, 263)]


def test_suspicions_of_a_poor_model_are_called_questions(found):
    assert 0.8 < found.agreement < 0.95
    lines = audit_lines(replace(found, agreement=0.74))
    assert lines[0].endswith("labels are likely wrong, the likeliest first:")
    assert any(line.startswith("  Take these as questions: whoever says so gives only 74 % of all rows") for line in lines)
    assert audit_lines(replace(found, suspects=(), contradictions=())) == ["No label looks wrong."]


def test_an_audit_needs_rows_of_both_labels(planted):
    production = planted.dataset.only(lambda example: example.label == "production")
    one_sided = Reading("rows", production, tuple(range(2, len(production) + 2)), ())
    assert is_possible(planted, Dataset(()))
    assert not is_possible(one_sided, Dataset(()))
    assert is_possible(one_sided, planted.dataset)
    assert not is_possible(Reading.empty("rows"), planted.dataset)
