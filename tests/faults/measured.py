"""Reads a table and tells what came of it and how much memory it took; run by test_big_files.py, in a process of its own."""

import json
import sys
from dataclasses import asdict, dataclass

from opscope.errors import OpscopeError
from opscope.formats import jsonl, parquet, xlsx  # noqa: F401 - loaded before the memory is measured
from opscope.tables import read_table, sheets_of

_MOST = 10_000_000_000  # bytes of addresses, so that a reader that fails the test does not take the machine with it


@dataclass(frozen=True)
class Measured:
    """What came of reading: the number of rows and columns, or the error, and the megabytes it took beyond the libraries."""

    rows: int
    columns: int
    longest: int
    error: str
    megabytes: int


def main(path: str) -> None:
    """Prints a Measured as JSON."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MOST, _MOST))
    before, rows, columns, longest, error = _peak(), 0, 0, 0, ""
    try:
        sheets_of(path)
        table = read_table(path)
        rows, columns = len(table.rows), len(table.columns)
        longest = max((len(cell) for row in table.rows for cell in row.values), default=0)
    except OpscopeError as found:
        error = str(found)
    sys.stdout.write(json.dumps(asdict(Measured(rows, columns, longest, error, _peak() - before))))


def _peak() -> int:
    import resource  # Windows has none, and test_big_files.py is read there too

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(sys.argv[1])
