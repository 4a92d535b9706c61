"""Tables in and out: CSV and TSV files, with their encoding, separator and text column found."""

import csv
import io
import os
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opscope.errors import DataError

TEXT_NAMES = ("text", "activity", "description", "task", "name", "title", "subject", "summary")
STANDARD_STREAM = "-"
_SEPARATORS = ",;\t"
_OTHER_FORMATS = (".xlsx", ".xls", ".ods", ".parquet", ".jsonl", ".json")
_MOST_PROBLEMS_SHOWN = 50
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Row:
    """One row; ``number`` counts as a spreadsheet does, with the header as row 1."""

    number: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table as read: every cell is a str, rows are as long as the header."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path | str) -> Table:
    """Reads a CSV or TSV file, or standard input for ``-``.

    UTF-8 (with or without byte order mark), UTF-16 with one, or else Windows-1252; separated by comma, semicolon or tab. Raises
    DataError when the file is missing, empty, holds no table, or has a row with more cells than the header.
    """
    name = "standard input" if str(path) == STANDARD_STREAM else str(path)
    _check_ending(name)
    return _parsed(name, _decoded(name, _bytes_of(path, name)))


def _check_ending(name: str) -> None:
    ending = Path(name).suffix.lower()
    if ending in _OTHER_FORMATS:
        raise DataError(f"{name}: {ending} files are neither read nor written yet. Save the table as CSV (UTF-8).")


def listed(problems: Sequence[str]) -> str:
    """Problems one a line; beyond the first fifty only their number."""
    shown = list(problems[:_MOST_PROBLEMS_SHOWN])
    if len(problems) > len(shown):
        shown.append(f"... and {len(problems) - len(shown)} more problems.")
    return "\n".join(shown)


def _bytes_of(path: Path | str, name: str) -> bytes:
    if str(path) == STANDARD_STREAM:
        return sys.stdin.buffer.read()
    path = Path(path)
    if path.is_dir():
        raise DataError(f"{name} is a folder. Name a CSV file in it.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{name} does not exist. Check the spelling and the folder you are in.") from None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from error


def _decoded(name: str, raw: bytes) -> str:
    if not raw.strip():
        raise DataError(f"{name} is empty. It needs a header row with a text column, and one activity a row.")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if "\0" in text:
        raise DataError(f"{name} holds binary data, not a table. Save it as CSV (UTF-8) and try again.")
    return text


def _parsed(name: str, text: str) -> Table:
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    first_line = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").split("\n", 1)[0])
    separator = max(_SEPARATORS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header, rows, problems = None, [], []
    try:
        for number, values in enumerate(reader, start=1):
            if not any(value.strip() for value in values):
                continue
            if header is None:
                header = tuple(values)
                continue
            extra = values[len(header) :]
            if any(value.strip() for value in extra):
                problems.append(
                    f"{name}, row {number}: {len(values)} cells where the header has {len(header)}; "
                    f"{extra[0].strip()[:40]!r} belongs to no column. Put quotes around a text that holds {separator!r}."
                )
            padded = (*values[: len(header)], *[""] * (len(header) - len(values)))
            rows.append(Row(number, padded))
    except csv.Error as error:
        raise DataError(
            f"{name}, line {reader.line_num}: {error}. A quote is opened and not closed, or closed too early."
        ) from error
    if header is None:
        raise DataError(f"{name} is empty. It needs a header row with a text column, and one activity a row.")
    if problems:
        raise DataError(listed(problems))
    return Table(name, header, tuple(rows))


def find_column(table: Table, name: str | None) -> int:
    """Position of the text column: the one named, or the first with a usual name, or the only column there is."""
    lowered = [column.strip().lower() for column in table.columns]
    for wanted in [name.lower()] if name else TEXT_NAMES:
        if wanted in lowered:
            return lowered.index(wanted)
    if name is None and len(table.columns) == 1:
        return 0
    looked_for = repr(name) if name else f"a text column ({', '.join(TEXT_NAMES)})"
    raise DataError(
        f"{table.path} has no column {looked_for}. Columns are: {', '.join(table.columns)}. "
        "Say which holds the activities with --text-column NAME."
    )


def write_table(path: Path | str, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Writes a CSV (or, for a name ending in .tsv, tab-separated) file, or to standard output for ``-``.

    The file appears under its name only when it is complete.
    """
    separator = "\t" if str(path).lower().endswith(".tsv") else ","
    if str(path) == STANDARD_STREAM:
        _write_rows(sys.stdout, separator, columns, rows)
        return
    with replaced_when_complete(Path(path)) as handle:
        _write_rows(handle, separator, columns, rows)


def _write_rows(handle, separator: str, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    writer = csv.writer(handle, delimiter=separator, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def safe_cell(value: str) -> str:
    """The cell with an apostrophe in front where a spreadsheet would take it for a formula."""
    return "'" + value if value.startswith(_FORMULA_STARTS) else value


@contextmanager
def replaced_when_complete(path: Path):
    """Opens a file beside ``path`` for writing text; it takes that name only if the block ends without an error.

    What is no plain file, such as ``/dev/null``, is written to directly. Raises DataError when nothing can be written there.
    """
    _check_ending(str(path))
    if path.is_dir():
        raise DataError(f"{path} is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise DataError(f"The folder {path.parent} does not exist, so {path.name} cannot be written there. Make it first.")
    direct = path.exists() and not path.is_file()
    target = path.resolve()
    written = target if direct else target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with written.open("w", encoding="utf-8", newline="") as handle:
            yield handle
        if not direct:
            os.replace(written, target)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        if not direct:
            written.unlink(missing_ok=True)


def as_csv(columns: dict[str, list]) -> bytes:
    """Columns of equal length as CSV for a spreadsheet: UTF-8 with byte order mark, formulas disarmed."""
    buffer = io.StringIO(newline="")
    cells = [[safe_cell(value) if isinstance(value, str) else value for value in column] for column in columns.values()]
    _write_rows(buffer, ",", list(columns), zip(*cells, strict=True))
    return buffer.getvalue().encode("utf-8-sig")
