"""What many tests share: the shipped model, and one small model trained once a run."""

from pathlib import Path

import pytest
from hypothesis import settings

from opscope.compiling import compile_scorer
from opscope.dataset import Dataset, NonActivity
from opscope.labelled import read_dataset, read_non_activities
from opscope.model import Model, load
from opscope.paths import shipped
from opscope.training import TrainedModel, fit_model

CASES = Path(__file__).parent / "cases"
settings.register_profile("opscope", deadline=None)  # how long one text takes says little on a machine that does other things too
settings.load_profile("opscope")


@pytest.fixture(scope="session")
def model() -> Model:
    return load()


@pytest.fixture(scope="session")
def activities() -> Dataset:
    return read_dataset(shipped("data/activities.csv"))


@pytest.fixture(scope="session")
def evaluation_set() -> Dataset:
    return read_dataset(shipped("data/evaluation.csv"), allow_empty_labels=True)


@pytest.fixture(scope="session")
def non_activities() -> list[NonActivity]:
    return read_non_activities(shipped("data/non_activities.csv"))


@pytest.fixture(scope="session")
def few_rows(activities) -> Dataset:
    return Dataset(activities.examples[:400])


@pytest.fixture(scope="session")
def small_model(few_rows, non_activities) -> TrainedModel:
    return fit_model(few_rows, non_activities[:150], jobs=1)


@pytest.fixture(scope="session")
def small_scorer(small_model, few_rows):
    return compile_scorer(small_model, few_rows)
