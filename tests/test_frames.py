import re

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from opscope.errors import DataError
from opscope.results import RESULT_COLUMNS


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_table_keeps_its_kind_and_columns(model, kind):
    texts = ["grease the filler bearings on line 2", None, "pay the carrier invoice for the Lyon pallets"]
    table = kind({"id": ["007", "8", "9"], "text": texts, "site": ["A", "B", "C"]})
    tagged = model.predict_table(table)
    assert isinstance(tagged, type(table))
    names = list(tagged.column_names if isinstance(tagged, pa.Table) else tagged.columns)
    assert names == ["id", "text", "site", *RESULT_COLUMNS]
    rows = (
        tagged.to_pylist()
        if isinstance(tagged, pa.Table)
        else tagged.to_dicts()
        if kind is pl.DataFrame
        else tagged.to_dict("records")
    )
    assert [row["id"] for row in rows] == ["007", "8", "9"]
    assert [row["decision"] for row in rows] == ["production", "unfamiliar", "operations"]


def test_missing_cells_of_any_kind_are_unfamiliar(model):
    for column in (pd.array(["grease the filler bearings on line 2", pd.NA], dtype="string"), [1.5, float("nan")]):
        tagged = model.predict_table(pd.DataFrame({"text": column}))
        assert tagged["decision"].iloc[1] == "unfamiliar"


def test_an_empty_table_has_the_same_types_as_a_full_one(model):
    full = model.predict_table(pl.DataFrame({"text": ["grease the filler bearings on line 2"]}))
    empty = model.predict_table(pl.DataFrame({"text": []}, schema={"text": pl.String}))
    assert empty.schema == full.schema


def test_a_table_without_the_column_names_those_it_has(model):
    with pytest.raises(
        DataError, match=f"^{re.escape('The table has no column ' + repr('text') + '. Columns are: a. Pass text_column=NAME.')}$"
    ):
        model.predict_table(pd.DataFrame({"a": ["x"]}))


def test_a_result_whose_name_is_taken_stands_beside_the_users_column(model):
    tagged = model.predict_table(pd.DataFrame({"text": ["pay the freight bill"], "label": ["mine"], "opscope_label": ["too"]}))
    assert list(tagged.columns)[:5] == ["text", "label", "opscope_label", "opscope_opscope_label", "probability"]
    assert list(tagged.iloc[0])[1:4] == ["mine", "too", "operations"]


def test_rows_keep_their_index_and_their_order(model):
    texts = ["grease the filler bearings on line 2", "pay the carrier invoice for the Lyon pallets"] * 60
    table = pd.DataFrame({"text": texts}, index=range(200, 80, -1))
    tagged = model.predict_table(table)
    assert list(tagged.index) == list(table.index)
    assert tagged["label"].tolist() == ["production", "operations"] * 60


def test_a_column_of_mixed_types_is_read_as_text(model):
    mixed = ["grease the filler bearings on line 2", 7, None, 1.5, True, b"bytes", ["a"], float("nan")] * 10
    tagged = model.predict_table(pd.DataFrame({"text": pd.Series(mixed, dtype=object)}))
    assert tagged["decision"].tolist()[:4] == ["production", "unfamiliar", "unfamiliar", "unfamiliar"]
    assert all(isinstance(reason, str) and reason for reason in tagged["reason"])
    assert all(given is kept or given != given for given, kept in zip(mixed, tagged["text"], strict=True))


def test_the_columns_say_what_the_predictions_say(model, evaluation_set):
    texts = [*evaluation_set.texts, "", "x" * 30_000, "4711"]
    tagged = model.predict_table(pl.DataFrame({"text": texts}))
    for prediction, row in zip(model.predict(texts), tagged.to_dicts(), strict=True):
        assert {name: getattr(prediction, name) for name in RESULT_COLUMNS} == {name: row[name] for name in RESULT_COLUMNS}
