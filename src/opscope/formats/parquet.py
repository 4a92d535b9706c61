"""Parquet: columns with types, which stay as they are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import pyarrow
from pyarrow import parquet

from opscope.errors import DataError
from opscope.formats.base import OpenTable, Row, check_fields

_BATCH = 16_384


def open_table(stream: BinaryIO, name: str) -> OpenTable:
    """Reads the schema; the rows follow as they are asked for. Raises DataError when the file is no Parquet file."""
    try:
        file = parquet.ParquetFile(stream)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{name} cannot be read as Parquet: {error}") from error
    columns = tuple(file.schema_arrow.names)
    return OpenTable(name, columns, _rows(file, name), total=file.metadata.num_rows, typed=True, schema=file.schema_arrow)


def _rows(file: parquet.ParquetFile, name: str) -> Iterator[Row]:
    number = 1
    try:
        for batch in file.iter_batches(_BATCH):
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield Row(number, values)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{name} is damaged after row {number}: {error}") from error


class Writer:
    """Writes Parquet; columns that had types keep them, all others are text."""

    def __init__(self, handle: BinaryIO, table: OpenTable, added: Mapping[str, type]):
        """``added`` are the names and types of the columns that follow those of the table."""
        own = table.schema or pyarrow.schema([(name, pyarrow.string()) for name in table.columns])
        new = [pyarrow.field(name, pyarrow.float64() if kind is float else pyarrow.string()) for name, kind in added.items()]
        self._schema = pyarrow.schema([*own, *new])
        self._table = table
        self._writer = parquet.ParquetWriter(handle, self._schema)

    def write(self, rows: Sequence[Row], results: Sequence[Sequence]) -> None:
        """Appends rows, each with its cells of the ``results`` columns."""
        check_fields(rows, self._table)
        own = zip(*(row.values for row in rows), strict=True) if rows else [[] for _ in self._table.columns]
        columns = [*own, *results]
        arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(pyarrow.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        """Writes the footer; the handle stays open."""
        self._writer.close()
