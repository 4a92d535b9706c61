"""Parquet: columns with types, which stay as they are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import pyarrow
from pyarrow import compute, parquet

from opscope.errors import DataError
from opscope.formats.base import LONGEST_ROW, OpenTable, Row, as_text, check_fields, whole_characters

MOST_VALUES = 20_000_000  # in the lists of some rows: a run of them takes a few bytes in the file, and eight each in memory
_BATCH = 16_384
_NESTED_AT_ONCE = 1_024  # rows with lists or records of which values are made at once
_MOST_COPIED = 64_000_000  # bytes of the texts of a column in one batch
# What a file says of single chunks of its columns is not asked for: where that is damaged, Arrow ends the whole process.
_TEXT_TYPES = (pyarrow.string(), pyarrow.binary(), pyarrow.large_string(), pyarrow.large_binary())
_LONGEST_REASON = 200
_ADVICE = "Write the file anew, or save the table as CSV."
# Arrow does not check texts, dates and depth before Python has to make values of them.
_DAMAGED = (pyarrow.ArrowException, OSError, ValueError, OverflowError, TypeError, RecursionError, MemoryError)


def open_table(stream: BinaryIO, name: str) -> OpenTable:
    """Reads the schema; the rows follow as they are asked for. Raises DataError when the file is no Parquet file."""
    try:
        file = parquet.ParquetFile(stream)
        metadata, schema = file.metadata, file.schema_arrow
        columns = tuple(schema.names)
        texts = [leaf.path for leaf in _leaves(metadata) if leaf.physical_type == "BYTE_ARRAY" and not leaf.max_repetition_level]
        file = parquet.ParquetFile(stream, metadata=metadata, read_dictionary=texts)
    except _DAMAGED as error:
        raise DataError(f"{name} cannot be read as Parquet: {_told(error)}. {_ADVICE}") from error
    return OpenTable(name, columns, _rows(file, name), total=max(0, metadata.num_rows), typed=True, schema=schema)


def _leaves(metadata: parquet.FileMetaData) -> list[parquet.ColumnSchema]:
    return [metadata.schema.column(place) for place in range(metadata.num_columns)]


def _told(error: Exception) -> str:
    return str(error).partition("\n")[0].strip(" .")[:_LONGEST_REASON] or type(error).__name__


def _rows(file: parquet.ParquetFile, name: str) -> Iterator[Row]:
    number = 1
    leaves = _leaves(file.metadata)
    fixed = sum(leaf.length for leaf in leaves if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY")
    at_once = _NESTED_AT_ONCE if any("." in leaf.path for leaf in leaves) else _BATCH
    try:
        for batch in file.iter_batches(min(_BATCH, max(1, LONGEST_ROW // max(1, fixed)))):
            for start in range(0, len(batch), at_once):
                for values in zip(*(_cells(column.slice(start, at_once)) for column in batch.columns), strict=True):
                    number += 1
                    yield Row(number, values)
    except DataError as error:
        raise DataError(f"{name}, after row {number}: {error}") from error
    except _DAMAGED as error:
        raise DataError(f"{name} is damaged after row {number}, or holds what cannot be read: {_told(error)}. {_ADVICE}") from error


def _values_in_lists(column: pyarrow.Array) -> int:
    if isinstance(column, (pyarrow.ListArray, pyarrow.LargeListArray)):  # a map is a list too
        return column.offsets[-1].as_py() - column.offsets[0].as_py()
    return len(column) * column.type.list_size if isinstance(column, pyarrow.FixedSizeListArray) else 0


def _cells(column: pyarrow.Array) -> list:
    """The cells; texts that repeat so often that copies would fill the memory are made once each."""
    if (values := _values_in_lists(column)) > MOST_VALUES:
        raise DataError(f"lists hold {values:,} values, at most {MOST_VALUES:,} are read. Leave out their column.")
    if not isinstance(column, pyarrow.DictionaryArray) or column.dictionary.type not in _TEXT_TYPES:
        return column.to_pylist()
    lengths = compute.binary_length(column.dictionary).take(column.indices)
    longest = compute.max(lengths).as_py() or 0
    if longest > LONGEST_ROW:
        raise DataError(f"a text has {longest:,} bytes, at most {LONGEST_ROW:,} are read. Shorten it, or leave out its column.")
    if (compute.sum(lengths).as_py() or 0) <= _MOST_COPIED:
        return column.dictionary_decode().to_pylist()
    texts = column.dictionary.to_pylist()
    return [None if place is None else texts[place] for place in column.indices.to_pylist()]


class Writer:
    """Writes Parquet; columns that had types keep them, all others are text."""

    def __init__(self, handle: BinaryIO, table: OpenTable, added: Mapping[str, type]):
        """``added`` are the names and types of the columns that follow those of the table."""
        own = table.schema or pyarrow.schema([(whole_characters(name), pyarrow.string()) for name in table.columns])
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
