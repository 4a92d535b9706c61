"""The scorer on Dask: lazy, partition by partition, the model sent to each worker once.

The model is one node of the graph that every partition depends on, so that Dask moves it to a worker once, keeps it there, and
makes it again should the worker be lost.
"""

from __future__ import annotations

from dask import bag, dataframe, delayed

from opscope.errors import DataError, InputError
from opscope.model import Model, default_model
from opscope.policies import BALANCED


def predict(frame_or_bag, text_column: str = "text", *, policy: str = BALANCED, model: Model | None = None):
    """Tags a Dask DataFrame (gives one, with the columns that ``predict_table`` appends) or a Dask Bag of texts (of Predictions).

    Nothing is computed yet. ``model`` is the shipped one by default. Raises DataError when the frame lacks the text column,
    InputError for anything else than a DataFrame or a Bag.
    """
    model = model or default_model()
    shared = delayed(model, name=f"opscope-{model.version}", pure=True)
    if isinstance(frame_or_bag, bag.Bag):
        return frame_or_bag.map_partitions(_predicted, shared, policy)
    if not isinstance(frame_or_bag, dataframe.DataFrame):
        raise InputError(f"Expected a Dask DataFrame or Bag, got {type(frame_or_bag).__name__}. See dask.dataframe.from_pandas.")
    if text_column not in frame_or_bag.columns:
        raise DataError(
            f"The frame has no column {text_column!r}. Columns are: {', '.join(map(str, frame_or_bag.columns))}. "
            "Pass text_column=NAME."
        )
    meta = model.predict_table(frame_or_bag._meta, text_column, policy)
    return frame_or_bag.map_partitions(_tagged, shared, text_column, policy, meta=meta)


def _predicted(texts, model: Model, policy: str) -> list:
    return model.predict(list(texts), policy)


def _tagged(partition, model: Model, text_column: str, policy: str):
    return model.predict_table(partition, text_column, policy)
