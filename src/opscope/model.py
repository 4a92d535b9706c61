"""The model as people use it: one object that predicts, explains and tags tables."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import overload

import narwhals as nw

from opscope.errors import DataError, InputError
from opscope.explanation import Explanation, explanation
from opscope.prediction import Prediction, predictions
from opscope.registry import Version, active_version, default_models, load_version
from opscope.text import checked, readable

RESULT_COLUMNS = ("label", "probability", "decision", "function", "owner", "reason", "question", "model_version")


class Model:
    """A loaded version of the model."""

    def __init__(self, version: Version):
        """Wraps a version that the registry loaded."""
        self._version = version

    @property
    def version(self) -> str:
        """Name of the version."""
        return self._version.manifest.version

    @overload
    def predict(self, text: str) -> Prediction: ...
    @overload
    def predict(self, text: Sequence[str]) -> list[Prediction]: ...
    def predict(self, text):
        """Tags one text (gives a Prediction) or many (gives a list of them, in order).

        Raises InputError for anything that is no text. An empty or unreadable text is no error: its decision is ``unfamiliar``.
        """
        if isinstance(text, str):
            return self._predict_all([text])[0]
        return self._predict_all(checked(text))

    def _predict_all(self, texts: list[str]) -> list[Prediction]:
        return predictions(self._version, texts, self._version.scorer.score([readable(text) for text in texts]))

    def explain(self, text: str) -> Explanation:
        """The prediction for one text with the reasons for it; raises InputError for anything that is no text."""
        if not isinstance(text, str):
            raise InputError(f"explain takes one text, got {type(text).__name__}. Pass a str; loop over a list.")
        return explanation(self._version.scorer, self.predict(text))

    def predict_table(self, table, text_column: str = "text"):
        """The table (pandas, polars or pyarrow) with a column for each of RESULT_COLUMNS appended; the same kind comes back.

        A result whose name is taken gets ``opscope_`` in front. Raises DataError when the text column is missing.
        """
        frame = nw.from_native(table, eager_only=True)
        if text_column not in frame.columns:
            raise DataError(
                f"The table has no column {text_column!r}. Columns are: {', '.join(map(str, frame.columns))}. "
                "Pass text_column=NAME."
            )
        texts = frame[text_column]
        missing = (texts.is_null() | (texts.is_nan() if texts.dtype.is_float() else texts.is_null())).to_list()
        given = ["" if absent else str(text) for text, absent in zip(texts.to_list(), missing, strict=True)]
        found = self._predict_all(given)
        columns = [
            nw.new_series(
                shown,
                [getattr(p, name) for p in found],
                nw.Float64 if name == "probability" else nw.String,
                backend=frame.implementation,
            )
            for name, shown in zip(RESULT_COLUMNS, result_names(frame.columns), strict=True)
        ]
        return frame.with_columns(*columns).to_native()


def result_names(taken: Sequence[str]) -> list[str]:
    """Names for RESULT_COLUMNS beside the columns there are: one that is taken gets ``opscope_`` in front, again if need be."""
    names = []
    for name in RESULT_COLUMNS:
        while name in taken:
            name = f"opscope_{name}"
        names.append(name)
    return names


def load(folder: str | Path | None = None) -> Model:
    """Loads a version's folder, such as ``models/1a2b3c4d5e6f``; without one, the active version that opscope ships.

    Raises ModelError when the folder holds no complete version.
    """
    return Model(load_version(active_version(default_models()) if folder is None else Path(folder)))


@cache
def default_model() -> Model:
    """The active version that opscope ships, loaded once."""
    return load()
