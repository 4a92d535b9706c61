"""Reviews: what people decide about activities, kept in a database. Verdicts are only ever added, never changed."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from opscope.errors import DataError, ReviewError
from opscope.formats.base import listed
from opscope.reviews_engine import engine_of, told
from opscope.reviews_place import Place, check_place, missing_reviews, place_of
from opscope.reviews_tables import ACTIVITY, META, SCHEMA, TABLES, VERDICT
from opscope.verdicts import Queued, Verdict, key_of, problems_with, problems_with_text

_APPLICATION = "opscope"
_CHUNK = 500  # values in one statement
_PREDICTED = ("predicted_label", "predicted_probability", "predicted_decision", "predicted_function", "model_version")


def open_reviews(where: str | os.PathLike | None = None, *, must_exist: bool = False, timeout: float = 30.0) -> "Reviews":
    """Opens the reviews at a file's path or an SQLAlchemy URL, or at the usual place, and makes them unless they ``must_exist``.

    Raises ReviewError that names the place and what to do. ``timeout``: seconds to wait while others write.
    """
    return Reviews(place_of(where), must_exist=must_exist, timeout=timeout)


class Reviews:
    """Verdicts and queued activities in a database; threads and processes may share it, each call is one transaction."""

    def __init__(self, where: str | Place, *, must_exist: bool = False, timeout: float = 30.0):
        self._place = where if isinstance(where, Place) else place_of(where)
        self._timeout = timeout
        check_place(self._place, must_exist=must_exist)
        self._engine = engine_of(self._place, timeout)
        schema = self._schema()
        if schema is None and must_exist:
            raise missing_reviews(self._place)
        if schema is None:
            schema = self._created()
        if schema > SCHEMA:
            raise ReviewError(
                f"{self.place} was written by a newer opscope: its schema is {schema}, this one reads up to {SCHEMA}. "
                "Upgrade opscope."
            )

    def __reduce__(self):
        """For another process, which opens the place itself."""
        return partial(Reviews, timeout=self._timeout), (self._place,)

    @property
    def place(self) -> str:
        """Where the reviews lie, for people; without a password."""
        return self._place.name

    def add(self, verdicts: Sequence[Verdict], *, as_dated: bool = False) -> int:
        """Keeps the verdicts, all or none; returns how many were new.

        One that is there already (same activity, reviewer, time, verdict and label) adds nothing. Clocks go back: the time of a
        verdict from now comes after those on its activity that are there, unless it is to be kept ``as_dated``, such as in a
        file. Raises DataError that lists what is wrong with the verdicts.
        """
        if problems := [problem for verdict in verdicts for problem in problems_with(verdict)]:
            raise DataError(listed(problems))
        rows = {row["same"]: row for row in map(_row_of, verdicts)}
        with self._connected(writes=True) as connection:
            known = _known(connection, list(rows))
            last = connection.scalar(select(func.max(VERDICT.c.id))) or 0
            new = [row for same, row in rows.items() if same not in known]
            if not as_dated:
                _put_after(_latest(connection, [row["key"] for row in new]), new)
            if new:
                connection.execute(insert(VERDICT), [row | {"id": id} for id, row in enumerate(new, start=last + 1)])
        return len(new)

    def verdicts(self, since_id: int = 0) -> list[Verdict]:
        """The verdicts in the order of writing, but for the first ``since_id``: what count() gave then leaves the new ones now."""
        columns = [column for column in VERDICT.c if column.name not in ("id", "same", "key")]
        with self._connected() as connection:
            rows = connection.execute(select(*columns).where(VERDICT.c.id > since_id).order_by(VERDICT.c.id)).mappings().all()
        return [Verdict(**(row | {"when": datetime.fromisoformat(row["when"])})) for row in map(dict, rows)]

    def count(self) -> int:
        """Number of verdicts."""
        with self._connected() as connection:
            return connection.scalar(select(func.max(VERDICT.c.id))) or 0

    def put_in_queue(self, activities: Sequence[Queued]) -> int:
        """Queues the activities, all or none; returns how many were new. One that is queued already gets the prediction given here.

        Raises DataError that lists the texts of which nothing can be said.
        """
        if problems := [problem for activity in activities for problem in problems_with_text(activity.text)]:
            raise DataError(listed(problems))
        rows: dict[str, dict[str, Any]] = {}
        for row in map(_queue_row_of, activities):
            rows.setdefault(row["key"], row)
        with self._connected(writes=True) as connection:
            known = set(connection.scalars(select(ACTIVITY.c.key)))
            new = [row for key, row in rows.items() if key not in known]
            if new:
                connection.execute(insert(ACTIVITY), new)
            if old := [_prediction_of(row) for key, row in rows.items() if key in known]:
                connection.execute(update(ACTIVITY).where(ACTIVITY.c.key == bindparam("queued_key")), old)
        return len(new)

    def queued(self) -> list[Queued]:
        """The queued activities in the order in which they came, those with a verdict too."""
        columns = [column for column in ACTIVITY.c if column.name not in ("id", "key")]
        with self._connected() as connection:
            rows = connection.execute(select(*columns).order_by(ACTIVITY.c.id)).mappings().all()
        return [Queued(**(row | {"added": datetime.fromisoformat(row["added"])})) for row in map(dict, rows)]

    def _schema(self) -> int | None:
        """The number of the schema, None where nothing is yet; raises ReviewError where something else is."""
        with self._connected() as connection:
            there = inspect(connection)
            if not (tables := there.get_table_names()):
                return None
            ours = "meta" in tables and {column["name"] for column in there.get_columns("meta")} == set(META.c.keys())
            said = {row.name: row.value for row in connection.execute(select(META))} if ours else {}
        if said.get("application") != _APPLICATION:
            raise ReviewError(
                f"{self.place} holds no reviews but other tables ({', '.join(sorted(tables)[:5])}). "
                "Name another file or database with --reviews."
            )
        return int(said["schema"])

    def _created(self) -> int:
        """The number of the schema after this or another process has made it."""
        try:
            self._create()
        except ReviewError:
            if (schema := self._schema()) is None:
                raise
            return schema
        return SCHEMA

    def _create(self) -> None:
        with self._connected(writes=True, is_new=True) as connection:
            TABLES.create_all(connection)
            if connection.scalar(select(func.count()).select_from(META)) == 0:  # another process may have been faster
                said = {"application": _APPLICATION, "schema": str(SCHEMA)}
                connection.execute(insert(META), [{"name": name, "value": value} for name, value in said.items()])

    @contextmanager
    def _connected(self, *, writes: bool = False, is_new: bool = False) -> Iterator[Connection]:
        """A transaction; one that writes waits until no other does."""
        try:
            with self._engine.execution_options(writes=writes).begin() as connection:
                if writes and not is_new:
                    connection.execute(select(META).with_for_update())  # what BEGIN IMMEDIATE does on SQLite
                yield connection
        except SQLAlchemyError as error:
            raise ReviewError(told(self._place, error)) from error


def _row_of(verdict: Verdict) -> dict[str, Any]:
    row = asdict(verdict) | {"key": _hashed(key_of(verdict.text)), "when": _moment(verdict.when)}
    return row | {"same": _same_of(row)}


def _same_of(row: dict[str, Any]) -> str:
    return _hashed("\n".join(row[name] for name in ("key", "reviewer", "when", "verdict", "label")))


def _latest(connection: Connection, keys: list[str]) -> dict[str, str]:
    """By key the time of the latest verdict that is there."""
    latest: dict[str, str] = {}
    for start in range(0, len(keys), _CHUNK):
        some = VERDICT.c.key.in_(keys[start : start + _CHUNK])
        found = connection.execute(select(VERDICT.c.key, func.max(VERDICT.c.when)).where(some).group_by(VERDICT.c.key))
        latest |= {key: when for key, when in found}
    return latest


def _put_after(latest: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """Changes the times of the rows so that each comes after those of its key."""
    for row in rows:
        if (last := latest.get(row["key"], "")) > row["when"]:
            row["when"] = _moment(datetime.fromisoformat(last) + timedelta(microseconds=1))
            row["same"] = _same_of(row)
        latest[row["key"]] = row["when"]


def _queue_row_of(activity: Queued) -> dict[str, Any]:
    source = activity.source.encode(errors="backslashreplace").decode()  # the name of a file may be no text
    return asdict(activity) | {"key": _hashed(key_of(activity.text)), "added": _moment(activity.added), "source": source}


def _prediction_of(row: dict[str, Any]) -> dict[str, Any]:
    return {"queued_key": row["key"], **{name: row[name] for name in _PREDICTED}}


def _known(connection: Connection, wanted: list[str]) -> set[str]:
    """Those of the hashes that are there."""
    known = set()
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        known.update(connection.scalars(select(VERDICT.c.same).where(VERDICT.c.same.in_(some))))
    return known


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()
