import os
import signal
import subprocess
import sys
import time

import cloudpickle
import numpy as np
import pandas
import pytest
from dask import bag, dataframe
from distributed import Client, LocalCluster

import opscope
from opscope import dask as opscope_dask
from opscope.cli import main
from opscope.errors import DataError, InputError
from opscope.paths import shipped
from opscope.retraining import cross_validated_on
from opscope.training import fit_model


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", local_directory=tmp_path_factory.mktemp("dask")
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def frame(activities):
    texts = activities.texts[:3000]
    return pandas.DataFrame({"site": range(len(texts)), "text": texts}, index=range(7, 7 + len(texts)))


def test_a_frame_on_two_processes_equals_the_local_one_row_by_row(client, frame):
    lazy = opscope_dask.predict(dataframe.from_pandas(frame, npartitions=8))
    found, local = lazy.compute(), opscope.predict_table(frame)
    pandas.testing.assert_frame_equal(found, local, check_dtype=False)
    assert list(lazy.columns) == list(local.columns)
    assert lazy.dtypes.to_dict() == lazy._meta_nonempty.dtypes.to_dict() == found.dtypes.to_dict()


def test_it_is_found_without_an_import_of_its_own():
    code = "import sys, opscope; assert 'dask' not in sys.modules; print(opscope.dask.predict.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "opscope.dask\n", done.stderr


def test_a_bag_gives_predictions(client, frame):
    texts = frame["text"].tolist()[:200]
    assert opscope_dask.predict(bag.from_sequence(texts, npartitions=4)).compute() == opscope.predict(texts)


def slowed(partition):
    time.sleep(0.5)
    return partition


def test_it_finishes_right_after_a_worker_is_killed(client, frame):
    lazy = opscope_dask.predict(dataframe.from_pandas(frame, npartitions=12).map_partitions(slowed))
    future = client.compute(lazy)
    time.sleep(1.5)
    victim = next(iter(client.run(os.getpid).values()))
    os.kill(victim, signal.SIGKILL)
    pandas.testing.assert_frame_equal(future.result(timeout=120), opscope.predict_table(frame), check_dtype=False)


def test_the_model_is_one_node_that_all_partitions_share(frame):
    graph = opscope_dask.predict(dataframe.from_pandas(frame, npartitions=8)).__dask_graph__()
    assert len([key for key in graph if str(key).startswith(("opscope-", "('opscope-"))]) == 1
    assert len(cloudpickle.dumps(dict(graph))) < 1.2 * len(cloudpickle.dumps(opscope.load())) + len(cloudpickle.dumps(frame))


def test_cross_validation_on_a_cluster_gives_the_same_model(client, small_model, few_rows, non_activities):
    with cross_validated_on(client.scheduler.address):
        there = fit_model(few_rows, non_activities[:150])
    np.testing.assert_array_equal(there.held_out, small_model.held_out)
    np.testing.assert_array_equal(there.classifier.model_.coef_, small_model.classifier.model_.coef_)


def test_a_cluster_that_does_not_answer_is_named(capsys):
    assert main(["train", str(shipped("data/activities.csv")), "--dask", "nonsense://here"]) == 2
    assert capsys.readouterr().err.startswith("opscope: No Dask scheduler answers at nonsense://here: ")


def test_nothing_is_computed_before_it_is_asked_for(frame):
    def failing(partition):
        raise AssertionError("computed")

    meta = frame.iloc[:0]
    lazy = opscope_dask.predict(dataframe.from_pandas(frame, npartitions=2).map_partitions(failing, meta=meta))
    with pytest.raises(AssertionError, match="^computed$"):
        lazy.compute(scheduler="synchronous")


def test_a_missing_column_and_another_thing_are_named(frame):
    with pytest.raises(DataError, match=r"has no column 'notes'\. Columns are: site, text\. Pass text_column=NAME\.$"):
        opscope_dask.predict(dataframe.from_pandas(frame, npartitions=1), "notes")
    with pytest.raises(InputError, match=r"^Expected a Dask DataFrame or Bag, got list\. See dask\.dataframe\.from_pandas\.$"):
        opscope_dask.predict(["a"])
