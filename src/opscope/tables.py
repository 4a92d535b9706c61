"""Tables in and out, a few rows at a time: the kind of a file is told by its name, the text column is found by its name."""

import importlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from opscope.errors import DataError
from opscope.formats import FORMAT_OF, FORMATS, csv
from opscope.formats.base import MOST_COLUMNS, OpenTable, Row, as_text, whole_characters
from opscope.streams import STANDARD_STREAM, ending_of, opened, read_errors_named, replaced_when_complete, shown_name
from opscope.visible import visible_line

TEXT_NAMES = ("text", "activity", "description", "task", "name", "title", "subject", "summary")
MOST_CELLS = 20_000_000  # of a table in memory, where an empty one takes eight bytes and another some sixty
MOST_CHARACTERS = 500_000_000  # likewise; a packed file of a few megabytes may hold as many
_OTHER_TABLES = (".xls", ".xlsm", ".ods", ".json", ".feather", ".arrow", ".avro", ".orc", ".zip", ".zst")
# Full-width signs count in some countries' spreadsheets, and what stands invisibly before a sign may be dropped on the way.
_SIGNS, _STARTS = frozenset("=+-@＝＋－＠"), frozenset("\t\r\n")
_MOST_NAMED, _LONGEST_NAME = 30, 60  # columns in a message, and characters of a name


@dataclass(frozen=True)
class Table:
    """A whole table as text: every cell is a str, rows are as long as the header."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@contextmanager
def open_table(path: Path | str, *, sheet: str | None = None) -> Iterator[tuple[OpenTable, io.IOBase]]:
    """Opens a table, or standard input for ``-``, which holds CSV or JSON Lines: the table, and the raw file to tell progress by.

    Text is UTF-8 (with or without byte order mark), UTF-16 with one, or else Windows-1252; separated by comma, semicolon or tab; a
    name ending in .gz, .bz2 or .xz is unpacked. Of a workbook the first sheet is read, or the one named. Raises DataError, also
    while rows are read.
    """
    name = shown_name(path)
    with opened(path) as (stream, raw):
        if str(path) == STANDARD_STREAM:
            kind = "jsonl" if stream.peek(1)[:1] == b"{" else "csv"
        else:
            kind = _format_of(name)
        module = _module(kind)
        with read_errors_named(name):
            table = module.open_table(stream, name, **({"sheet": sheet} if sheet and kind == "xlsx" else {}))
        _check_width(table)
        yield replace(table, rows=_named_errors(table.rows, name)), raw


def _check_width(table: OpenTable) -> None:
    if not table.columns:
        raise DataError(f"{table.name} has no columns: its first row holds nothing. Name the columns there, one of them text.")
    if len(table.columns) > MOST_COLUMNS:
        raise DataError(
            f"{table.name} has {len(table.columns):,} columns, at most {MOST_COLUMNS:,} are read. Leave out what is not needed."
        )


def sheets_of(path: Path | str) -> tuple[str, ...]:
    """The names of a workbook's sheets; none for other kinds of table. Raises DataError when it is no workbook."""
    if _format_of(shown_name(path)) != "xlsx":
        return ()
    with opened(path) as (stream, _):
        return _module("xlsx").sheet_names(stream, shown_name(path))


def _named_errors(rows: Iterator[Row], name: str) -> Iterator[Row]:
    with read_errors_named(name):
        yield from rows


def read_table(path: Path | str, *, sheet: str | None = None) -> Table:
    """Reads a whole table, every cell as text, with halves of characters as U+FFFD.

    Raises DataError as open_table does, and for more cells or characters than the memory should hold.
    """
    with open_table(path, sheet=sheet) as (table, _):
        rows, most_rows, characters = [], MOST_CELLS // len(table.columns), 0
        for row in table.rows:
            rows.append(Row(row.number, tuple(whole_characters(as_text(value)) for value in row.values)))
            characters += sum(map(len, rows[-1].values))
            if len(rows) > most_rows:
                raise _too_large(table.name, f"{MOST_CELLS:,} cells")
            if characters > MOST_CHARACTERS:
                raise _too_large(table.name, f"{MOST_CHARACTERS:,} characters")
        return Table(table.name, tuple(map(whole_characters, table.columns)), tuple(rows))


def _too_large(name: str, limit: str) -> DataError:
    return DataError(
        f"{name} holds more than {limit}, the most that are held at once. Leave out columns not needed, or cut it in parts."
    )


@contextmanager
def written_table(path: Path | str, table: OpenTable, added: Mapping[str, type], kind: str | None = None) -> Iterator:
    """Opens a writer for the rows of ``table`` with the ``added`` columns (names and types) after its own.

    The kind is told by the name, or is ``kind``; standard output is CSV if neither says. The file appears under its name only when
    the block ends without an error.
    """
    if kind is None:
        kind = "csv" if str(path) == STANDARD_STREAM else _format_of(str(path))
    module = _module(kind)
    with replaced_when_complete(path) as handle:
        writer = module.Writer(handle, table, added, **({"separator": "\t"} if kind == "tsv" else {}))
        try:
            yield writer
        except BaseException:
            writer.abandon()
            raise
        writer.close()


def _format_of(name: str) -> str:
    ending = ending_of(name)
    if ending in _OTHER_TABLES:
        raise DataError(f"{name}: {ending} files are not read or written. Save the table as {', '.join(FORMATS)}.")
    return FORMAT_OF.get(ending, "csv")


def _module(kind: str) -> ModuleType:
    """The module for a kind of table, loaded only now: Parquet and XLSX need libraries that the others do not."""
    try:
        return importlib.import_module(f"opscope.formats.{'csv' if kind == 'tsv' else kind}")
    except ModuleNotFoundError as error:
        raise DataError(f"For {kind} files {error.name} is needed, which is not installed: pip install 'opscope[files]'") from error


def find_column(name: str, columns: Sequence[str], wanted: str | None) -> int:
    """Position of the text column: the one wanted, or the first with a usual name, or the only column there is.

    ``name`` is the table's, for the DataError that is raised when there is none.
    """
    lowered = [column.strip().lower() for column in columns]
    for candidate in [wanted.strip().lower()] if wanted else TEXT_NAMES:
        if candidate in lowered:
            return lowered.index(candidate)
    if wanted is None and len(columns) == 1:
        return 0
    more = f" and {len(columns) - _MOST_NAMED:,} more" if len(columns) > _MOST_NAMED else ""
    looked_for = repr(wanted) if wanted else f"a text column ({', '.join(TEXT_NAMES)})"
    raise DataError(
        f"{name} has no column {looked_for}. Columns are: {', '.join(map(_shortened, columns[:_MOST_NAMED]))}{more}. "
        "Say which holds the activities with --text-column NAME."
    )


def _shortened(name: str) -> str:
    return visible_line(name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…")


def safe_cell(value: str) -> str:
    """The cell with an apostrophe in front where a spreadsheet would take it for a formula."""
    first_seen = next((character for character in value if character.isprintable() and character != " "), "")
    return "'" + value if first_seen in _SIGNS or value[:1] in _STARTS else value


def as_csv(columns: dict[str, list]) -> bytes:
    """Columns of equal length as CSV for a spreadsheet: UTF-8 with byte order mark, formulas disarmed."""
    cells = [[safe_cell(value) if isinstance(value, str) else value for value in column] for column in columns.values()]
    buffer = io.BytesIO()
    writer = csv.Writer(buffer, OpenTable("", (), iter(())), dict.fromkeys(columns, str))
    writer.write([Row(0, ())] * len(cells[0]), cells)
    writer.close()
    return "\N{ZERO WIDTH NO-BREAK SPACE}".encode() + buffer.getvalue()
