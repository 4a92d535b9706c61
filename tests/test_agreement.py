import math

import pytest

from opscope.agreement import cohens_kappa


def test_kappa_of_a_worked_table():
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, chance 0.5
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohens_kappa(first, second) == pytest.approx(0.4)


def test_full_agreement_and_no_information():
    assert cohens_kappa(["a", "b"], ["a", "b"]) == 1
    assert math.isnan(cohens_kappa(["a", "a"], ["a", "a"]))
