import numpy as np
import pytest

from opscope.classifier import ScopeClassifier
from opscope.dataset import Dataset
from opscope.learning import LearningCurve, Point, learning_curve, number_of_steps
from opscope.training import held_out_scores


def curve_of(gain, thin=()):
    points = (Point(0, 0.8, 0.5), Point(50, 0.85, 0.4), Point(100, 0.9, 0.3))
    return LearningCurve(points, gain, thin)


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [
        ((0.05, 0.15), "More labels like these will help."),
        ((0.001, 0.002), "More labels like these will not help."),
        ((-0.2, -0.1), "More labels like these will not help."),
        ((-0.05, 0.15), "Whether more labels like these will help cannot be told from so few."),
    ],
)
def test_the_verdict_follows_the_interval(gain, verdict):
    (sentence,) = curve_of(gain).sentences
    assert sentence == f"Of your held-out rows are right: 80.0 % from 0, 85.0 % from 50, 90.0 % from 100 of your rows. {verdict}"


def test_the_functions_that_need_rows_are_named():
    assert curve_of((0, 1), (("finance", 0.25, 40),)).sentences[1] == "Rows are needed most of: finance (25 % of 40 wrong)."


def test_what_is_learned_from_all_rows_is_the_held_out_score_itself(few_rows):
    rows = Dataset(few_rows.examples[:300])
    (held_out,) = held_out_scores(rows, [ScopeClassifier(5.0)], jobs=1).values()
    steps = []
    found = learning_curve(rows, Dataset(()), 5.0, held_out, jobs=1, on_step=steps.append)
    assert [point.rows for point in found.points] == [75, 150, 300]
    assert found.points[-1].right == np.mean((held_out > 0) == (np.array(rows.labels) == "production"))
    assert found.points[0].log_loss > found.points[-1].log_loss
    assert found.gain[0] < found.points[1].log_loss - found.points[2].log_loss < found.gain[1]
    assert len(steps) == number_of_steps()
    assert all(n >= 20 for _, _, n in found.thin)


def test_beside_many_other_rows_none_of_the_own_is_the_beginning(few_rows):
    own, others = Dataset(few_rows.examples[:60]), Dataset(few_rows.examples[60:400])
    held_out = np.zeros(400)
    assert learning_curve(own, others, 5.0, held_out, jobs=1).points[0].rows == 0
