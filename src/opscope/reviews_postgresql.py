"""What reviews in PostgreSQL need beyond those in a file: settings of the connection, and what its errors mean."""

from math import ceil
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

_DRIVERS = ("psycopg", "psycopg2")
_SHORTEST_WAIT = 2  # seconds; libpq takes a shorter one for this
_SAYS = {  # by SQLSTATE
    "55P03": "is locked: another program has been writing for too long. End it, or try again.",
    "22P05": "cannot hold one of these characters, so nothing of this was kept. Use a database made with ENCODING 'UTF8'.",
    "42501": "is not open to this user. Let its owner grant CREATE on the schema, or all rights on the tables of the reviews.",
    "3F000": "has no schema for the reviews. Make the one that the address or search_path names, and grant CREATE on it.",
    "25006": "can only be read: it is a replica, or was set so. Name the address of the database that is written.",
    "53100": "cannot grow: the disk of its server is full. Nothing of this was kept. Make room and try again.",
}


def is_postgresql(url: URL) -> bool:
    """Whether the address is one of PostgreSQL, with whichever driver."""
    return url.get_backend_name() == "postgresql"


def postgresql_engine(url: URL, timeout: float) -> Engine:
    """Keeps no connection open; who waits ``timeout`` seconds for the server, or for others that write, gets an error."""
    # At another level a writer that waited for its turn would not see what the one before it wrote.
    engine = create_engine(url, poolclass=NullPool, isolation_level="READ COMMITTED", connect_args=_arguments(url, timeout))
    milliseconds = max(1, ceil(timeout * 1000))

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")

    return engine


def said_by(error: BaseException | None) -> str | None:
    """What the driver's error means for people, None where only its own words tell."""
    return _SAYS.get(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None))


def _arguments(url: URL, timeout: float) -> dict[str, Any]:
    """What the driver is told, but for what the address says itself."""
    if url.get_driver_name() not in _DRIVERS:
        return {}
    # A database without an encoding, which initdb makes where there is no locale, gives bytes to who does not ask for text.
    wanted = {"client_encoding": "utf8", "connect_timeout": max(_SHORTEST_WAIT, ceil(timeout))}
    return {name: value for name, value in wanted.items() if name not in url.query}
