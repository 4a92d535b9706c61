"""What is fuzzed: a function for each reader that takes any bytes and may raise nothing but opscope's own errors."""

import hashlib
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from faults.fuzz_seeds import (
    KINDS,
    PACKED,
    copies,
    file_of,
    guides,
    jsons,
    labelled_tables,
    parquets,
    pastes,
    scorers,
    settings_files,
    table_of,
    texts,
    verdicts,
    version_files,
    workbooks,
)
from opscope.aliases import active_version, aliases_of
from opscope.errors import OpscopeError
from opscope.guide import read_guide
from opscope.labelled import read_labelled
from opscope.paste import activities_in_paragraph, likeliest_text_column, pasted_table
from opscope.registry import MANIFEST, SCORER, load_version, read_manifest, unaltered
from opscope.settings import FILE, read_settings
from opscope.tables import open_table, read_table, sheets_of, written_table
from opscope.verdict_tables import read_verdicts


@dataclass(frozen=True)
class Target:
    """A reader under attack: ``read`` takes bytes; ``parts`` says how its files are put together (see fuzz_inputs)."""

    name: str
    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    parts: str = "bytes"


def refused(target: Target, content: bytes) -> OpscopeError | None:
    """The error of opscope's own with which the bytes are refused, None where they are read; any other exception comes out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of what it leaves out, which is no part of a table
        try:
            target.read(content)
        except OpscopeError as error:
            assert str(error).strip(), "an error has to say what is wrong"
            return error
    return None


def _read_as(name: str) -> Callable[[bytes], None]:
    def read(content: bytes) -> None:
        with file_of(content, name) as path:
            sheets = sheets_of(path)
            for sheet in {None, *sheets[1:2]}:
                table = read_table(path, sheet=sheet)
                assert {len(row.values) for row in table.rows} <= {len(table.columns)}
                assert all(isinstance(cell, str) for row in table.rows for cell in row.values)
                likeliest_text_column(table)

    return read


def _read_packed(content: bytes) -> None:
    ending = list(PACKED)[content[0] % len(PACKED)] if content else "gz"
    _read_as(f"table.csv.{ending}")(content[1:])


def _copy(content: bytes) -> None:
    """A table of any kind as one of any other: the file is written whole, or not at all."""
    source, goal = (KINDS[byte % len(KINDS)] for byte in (content[:2] + b"\0\0")[:2])
    with file_of(content[2:], f"from.{source}") as path:
        target = path.with_name(f"to.{goal}")
        try:
            with open_table(path) as (table, _), written_table(target, table, {"new": str, "share": float}) as writer:
                for row in table.rows:
                    writer.write([row], [["“both”"], [0.5]])
        except BaseException:
            assert [left.name for left in path.parent.iterdir()] == [path.name], "something half written is left"
            raise
        written = read_table(target)
        assert written.columns[-2:] == ("new", "share") or (source, goal) == ("jsonl", "jsonl")


def _read_paste(content: bytes) -> None:
    text = content.decode("utf-16-le" if content[:1] == b"\xff" else "utf-8", "replace")
    table = pasted_table(text)
    assert all(len(row.values) == len(table.columns) for row in table.rows)
    likeliest_text_column(table)
    activities_in_paragraph(text)


def _read_labelled(content: bytes) -> None:
    with file_of(content, "labelled.csv") as path:
        for fault in read_labelled(path, allow_empty_labels=True).rejected:
            assert fault.sentence


def _read_verdicts(content: bytes) -> None:
    with file_of(content, "verdicts.csv") as path:
        read_verdicts(path, now=datetime(2026, 5, 1, tzinfo=UTC), reviewer="Ada")


def _read_manifest(content: bytes) -> None:
    with file_of(content, MANIFEST) as path:
        path.with_name(SCORER).write_bytes(b"")
        unaltered(path.with_name(SCORER), read_manifest(path.parent))


def _read_aliases(content: bytes) -> None:
    with file_of(content, "aliases.json") as path:
        aliases_of(path.parent)
        active_version(path.parent)


def _read_scorer(content: bytes) -> None:
    """The scorer of a version whose manifest vouches for it."""
    manifest = json.loads(version_files(MANIFEST)()[0])
    manifest["files"][SCORER] = hashlib.sha256(content).hexdigest()
    with file_of(content, SCORER) as path:
        path.with_name(MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        load_version(path.parent)


def _read_guide(content: bytes) -> None:
    with file_of(content, "guide.toml") as path:
        read_guide(path)


def _read_settings(content: bytes) -> None:
    with file_of(content, FILE) as path:
        read_settings({}, path.parent)


TARGETS = {
    target.name: target
    for target in (
        Target("csv", _read_as("table.csv"), texts),
        Target("jsonl", _read_as("table.jsonl"), jsons, parts="json"),
        Target("parquet", _read_as("table.parquet"), parquets),
        Target("xlsx", _read_as("table.xlsx"), workbooks, parts="zip"),
        Target("packed", _read_packed, lambda: [bytes([n]) + pack(table_of("csv")) for n, pack in enumerate(PACKED.values())]),
        Target("copied", _copy, copies, parts="copied"),
        Target("paste", _read_paste, pastes),
        Target("labelled", _read_labelled, labelled_tables),
        Target("verdicts", _read_verdicts, verdicts),
        Target("manifest", _read_manifest, version_files(MANIFEST), parts="json"),
        Target("aliases", _read_aliases, version_files("aliases.json"), parts="json"),
        Target("scorer", _read_scorer, scorers, parts="safetensors"),
        Target("guide", _read_guide, guides),
        Target("settings", _read_settings, settings_files),
    )
}
