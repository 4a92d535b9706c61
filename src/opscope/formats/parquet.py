"""Parquet: columns with types, which stay as they are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import pyarrow
from pyarrow import parquet

from opscope.errors import DataError
from opscope.formats.base import OpenTable, Row, as_text, check_fields, whole_characters

_BATCH = 16_384
_LONGEST_REASON = 200
_ADVICE = "Write the file anew, or save the table as CSV."
# Arrow does not check texts, dates and depth before Python has to make values of them.
_DAMAGED = (pyarrow.ArrowException, OSError, ValueError, OverflowError, TypeError, RecursionError, MemoryError)


def open_table(stream: BinaryIO, name: str) -> OpenTable:
    """Reads the schema; the rows follow as they are asked for. Raises DataError when the file is no Parquet file."""
    try:
        file = parquet.ParquetFile(stream)
        schema = file.schema_arrow
        columns = tuple(schema.names)
    except _DAMAGED as error:
        raise DataError(f"{name} cannot be read as Parquet: {_told(error)}. {_ADVICE}") from error
    return OpenTable(name, columns, _rows(file, name), total=max(0, file.metadata.num_rows), typed=True, schema=schema)


def _told(error: Exception) -> str:
    return str(error).partition("\n")[0].strip(" .")[:_LONGEST_REASON] or type(error).__name__


def _rows(file: parquet.ParquetFile, name: str) -> Iterator[Row]:
    number = 1
    try:
        for batch in file.iter_batches(_BATCH):
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield Row(number, values)
    except _DAMAGED as error:
        raise DataError(f"{name} is damaged after row {number}, or holds what cannot be read: {_told(error)}. {_ADVICE}") from error


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
        arrays = [self._array(column, field) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(pyarrow.record_batch(arrays, schema=self._schema))

    def _array(self, column: Sequence, field: pyarrow.Field) -> pyarrow.Array:
        """The cells as a column of its type; raises DataError for a type that Arrow reads and cannot make of values."""
        if field.type == pyarrow.string():  # also where the cells of another kind of table are numbers or dates
            column = [None if cell is None else whole_characters(as_text(cell)) for cell in column]
        try:
            return pyarrow.array(column, field.type)
        except _DAMAGED as error:
            raise DataError(
                f"{self._table.name}: the column {field.name!r} ({field.type}) cannot be written as Parquet: {_told(error)}. "
                "Write JSON Lines or CSV."
            ) from error

    def close(self) -> None:
        """Writes the footer; the handle stays open."""
        self._writer.close()

    def abandon(self) -> None:
        """Writes no footer: what lacks rows must not look whole."""
        self._writer.is_open = False  # else it is written when the writer is forgotten
