"""Sheets of a workbook as plain values, before any library writes them."""

from collections.abc import Sequence
from dataclasses import dataclass

PLAIN, SHARE = "General", "0.0%"


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its name, its cells (texts and numbers), and how it looks.

    ``width`` is in characters. ``number_format`` is how a spreadsheet shows the numbers. The cells of a column ``to_fill_in`` stand
    out; ``choices`` is where a spreadsheet finds the values to offer: a list in quotes, or cells.
    """

    name: str
    cells: Sequence[str | int | float]
    width: int
    number_format: str = PLAIN
    to_fill_in: bool = False
    choices: str = ""


@dataclass(frozen=True)
class Sheet:
    """A sheet: its title, and columns of equal length."""

    title: str
    columns: tuple[Column, ...]
