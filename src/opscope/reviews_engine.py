"""The connection to the database of reviews: how SQLite is set up, and what is said when it fails."""

import os
import sqlite3
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from opscope.errors import ReviewError
from opscope.reviews_place import Place, missing_driver
from opscope.reviews_postgresql import is_postgresql, postgresql_engine, said_by

_ELSEWHERE = "or name another place with --reviews"
_SQLITE_SAYS = {
    sqlite3.SQLITE_BUSY: "is locked: another program has been writing for too long. End it, or try again.",
    sqlite3.SQLITE_READONLY: f"cannot be written. Get the right to write to the file and its folder, {_ELSEWHERE}.",
    sqlite3.SQLITE_CANTOPEN: f"cannot be opened. Get the right to read and write the file and its folder, {_ELSEWHERE}.",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full. Nothing of this was kept. Make room and try again.",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk is full or broken. Nothing of this was kept. "
    "Make room, look after the disk, and try again.",
    sqlite3.SQLITE_CORRUPT: "is damaged. Restore it from a backup.",
    sqlite3.SQLITE_NOTADB: "is no database. Name another file with --reviews.",
}


def engine_of(place: Place, timeout: float) -> Engine:
    """Opens no connection before it is needed, and keeps none: what is open must not be taken along into another process."""
    try:
        url = URL.create("sqlite", database=str(place.path)) if place.path else make_url(place.url)
        if is_postgresql(url):
            return postgresql_engine(url, timeout)
        here = {"creator": lambda: _connection(str(place.path), timeout)} if place.path else {}
        engine = create_engine(url, poolclass=NullPool, **here)
    except ImportError as error:
        raise missing_driver(place, error) from error
    except (ArgumentError, ValueError) as error:
        raise ReviewError(
            f"{place.name} is no address of a database that is known here. "
            "Name a file, or an address such as postgresql+psycopg://user@host/database."
        ) from error
    if place.path:
        event.listen(engine, "begin", _begin)
    return engine


def _connection(path: str, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=timeout)
    try:
        _set_up(connection)
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) or not _lies_still(path):
            raise
        # A log ahead needs files beside it, which a disk that is read only does not take; without one nothing is missed.
        connection = sqlite3.connect(f"file:{quote(os.path.abspath(path))}?immutable=1", uri=True, timeout=timeout)
        _set_up(connection)
    return connection


def _lies_still(path: str) -> bool:
    """Whether the database can be read and nobody can be writing: its folder is read only, and no log waits to be written back."""
    log = f"{path}-wal"
    waits = os.path.exists(log) and os.path.getsize(log) > 0
    return os.access(path, os.R_OK) and not os.access(os.path.dirname(os.path.abspath(path)), os.W_OK) and not waits


def _set_up(connection: sqlite3.Connection) -> None:
    connection.isolation_level = None  # sqlite3 would begin transactions too late
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if connection.execute("PRAGMA page_count").fetchone() == (0,):  # a file of somebody else's stays as it is
        connection.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def told(place: Place, error: SQLAlchemyError) -> str:
    """What went wrong and what to do, in a sentence or two."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the upper bits tell more than people can use
    if said := _SQLITE_SAYS.get(code) or said_by(cause):
        return f"{place.name} {said}"
    said = " ".join(str(cause).split()).rstrip(".?")
    return f"{place.name} cannot be used: {said}. Check that the database runs and that you may read and write it."
