"""Tags a file of any size: rows stream from one table to another, a block at a time."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from opscope.formats.base import Row, as_text
from opscope.policies import BALANCED
from opscope.registry import Version
from opscope.results import RESULT_COLUMNS, Coded, result_columns, result_names
from opscope.tables import find_column, open_table, written_table

BLOCK = 16_384  # rows held at a time
MOST_CHARACTERS = 64_000_000  # after which a block ends: a small packed file may hold rows of a megabyte each


def tag_file(
    version: Version,
    source: Path | str,
    target: Path | str,
    *,
    text_column: str | None = None,
    kind: str | None = None,
    policy: str = BALANCED,
    on_block: Callable[[int, float], None] = lambda rows, done: None,
) -> Counter[str]:
    """Tags every row of ``source`` and writes all its columns and the results to ``target``; ``-`` are the standard streams.

    ``kind`` is one of formats.FORMATS where the name of the target does not say. ``on_block`` is told the rows of each block, and
    the share of the source that is done, 0 to 1, not a number where that is not known. Returns how often each decision was taken.
    Raises DataError, and then leaves no target.
    """
    decisions = Counter()
    with open_table(source) as (table, raw):
        column = find_column(table.name, table.columns, text_column)
        added = {name: float if plain == "probability" else str for name, plain in _names(table.columns)}
        share_done = _progress(table.total, raw)
        with written_table(target, table, added, kind) as writer:
            for rows, results in _tagged(version, table.rows, column, policy):
                decided = results["decision"]
                decisions.update({decided.values[code]: n for code, n in enumerate(np.bincount(decided.codes)) if n})
                writer.write(rows, [_cells(result) for result in results.values()])
                on_block(len(rows), share_done(decisions.total()))
    return decisions


def _names(columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return zip(result_names(columns), RESULT_COLUMNS, strict=True)


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    block, characters = [], 0
    for row in rows:
        block.append(row)
        characters += sum(len(value) for value in row.values if isinstance(value, str))
        if len(block) == BLOCK or characters > MOST_CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block


def _tagged(version: Version, rows: Iterator[Row], column: int, policy: str) -> Iterator[tuple[list[Row], dict]]:
    """Blocks of rows with their results; while a block is written, the next one is tagged."""

    def tagged(block: list[Row]) -> dict:
        return result_columns(version, [as_text(row.values[column]) for row in block], policy)

    waiting: tuple[list[Row], Future] | None = None
    with ThreadPoolExecutor(1) as pool:
        for block in _blocks(rows):
            following = block, pool.submit(tagged, block)
            if waiting:
                yield waiting[0], waiting[1].result()
            waiting = following
        if waiting:
            yield waiting[0], waiting[1].result()


def _cells(column: Coded | np.ndarray) -> list:
    return column.cells() if isinstance(column, Coded) else column.round(6).tolist()


def _progress(total: int | None, raw) -> Callable[[int], float]:
    """A function from the rows done to the share of the source done."""
    if total:
        return lambda rows: rows / total
    try:
        size = os.fstat(raw.fileno()).st_size
        raw.tell()
    except (OSError, ValueError, AttributeError):
        size = 0
    # A file read to its end may have been closed already.
    return lambda rows: (1.0 if raw.closed else raw.tell() / size) if size else float("nan")
