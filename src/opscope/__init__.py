"""opscope tags descriptions of business activities as production-scoped or operations-wide, and says why."""

import importlib

from opscope.errors import DataError, GuideError, InputError, ModelError, OpscopeError, ReviewError, VersionWarning
from opscope.explanation import Contribution, Explanation
from opscope.model import Model, default_model, load
from opscope.policies import BALANCED
from opscope.prediction import Prediction

__all__ = [
    "Contribution",
    "DataError",
    "Explanation",
    "GuideError",
    "InputError",
    "Model",
    "ModelError",
    "OpscopeError",
    "Prediction",
    "ReviewError",
    "ScopeClassifier",
    "VersionWarning",
    "explain",
    "load",
    "predict",
    "predict_table",
]
__version__ = "0.1.0"


def __getattr__(name):
    """``opscope.dask`` and ``opscope.ScopeClassifier``, loaded when first asked for: they need Dask, and scikit-learn."""
    if name == "dask":
        return importlib.import_module("opscope.dask")
    if name == "ScopeClassifier":
        return importlib.import_module("opscope.classifier").ScopeClassifier
    raise AttributeError(f"module 'opscope' has no attribute {name!r}")


def predict(text, policy=BALANCED):
    """Tags one text or a list of texts with the shipped model; see Model.predict."""
    return default_model().predict(text, policy)


def explain(text, policy=BALANCED):
    """Explains the shipped model's prediction for one text; see Model.explain."""
    return default_model().explain(text, policy)


def predict_table(table, text_column="text", policy=BALANCED):
    """Tags a pandas, polars or pyarrow table with the shipped model; see Model.predict_table."""
    return default_model().predict_table(table, text_column, policy)
