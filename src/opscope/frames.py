"""Tables in memory (pandas, polars, pyarrow) with their rows tagged."""

import narwhals as nw

from opscope.errors import DataError
from opscope.registry import Version
from opscope.results import Coded, result_columns, result_names


def tagged(version: Version, table, text_column: str, policy: str):
    """The table with the result columns appended, as ``Model.predict_table`` describes."""
    frame = nw.from_native(table, eager_only=True)
    if text_column not in frame.columns:
        raise DataError(
            f"The table has no column {text_column!r}. Columns are: {', '.join(map(str, frame.columns))}. Pass text_column=NAME."
        )
    results = result_columns(version, _texts_of(frame[text_column]), policy)
    names = result_names(frame.columns)
    return frame.with_columns(
        *(_series(shown, column, frame.implementation) for shown, column in zip(names, results.values(), strict=True))
    ).to_native()


def _texts_of(column: nw.Series) -> list[str]:
    """The cells as texts; nothing for a missing cell."""
    cells = column.to_list()
    if column.dtype == nw.String and not column.null_count():
        return cells
    missing = (column.is_null() | column.is_nan() if column.dtype.is_float() else column.is_null()).to_list()
    return ["" if absent else str(cell) for cell, absent in zip(cells, missing, strict=True)]


def _series(name: str, column: Coded | object, backend) -> nw.Series:
    if not isinstance(column, Coded):
        return nw.new_series(name, column, nw.Float64, backend=backend)
    values = nw.new_series(name, list(column.values) or [None], nw.String, backend=backend)
    return values[column.codes]
