"""The connection to SQLite or PostgreSQL: where the two differ, this file knows; nothing else does.

Reads go through SQLAlchemy's pool. Writes of a process share one connection, one transaction at a time; on SQLite the
processes queue at a lock file, which wakes the next at once, instead of SQLite's sleeping retries.
"""

import contextlib
import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

from isocenter.errors import IsocenterError, OutOfResourcesError

Row = Sequence[Any]
Parameters = Mapping[str, Any]

_KEYS_ON_SQLITE = "IN (SELECT value FROM json_each(:keys))"
#: An array, whose length the planner sees. Of what a function returns it expects 100 rows, and reads whole tables.
_KEYS_ON_POSTGRESQL = "= ANY (CAST(translate(:keys, '[]', '{}') AS BIGINT[]))"
_BUSY_SECONDS = 10  # that a statement waits for another process
#: Of 4 KiB in the write-ahead log, after which a commit copies them into the database; quiet moments come first.
_CHECKPOINT_PAGES = 16000
_TRANSIENT = frozenset({"40001", "40P01"})  # PostgreSQL: serialization failure, deadlock
_NO_ROOM = frozenset({"53100", "53200", "53300"})  # PostgreSQL: disk full, out of memory, too many connections


class Cursor(Protocol):
    """What this package uses of a driver's cursor (PEP 249)."""

    @property
    def rowcount(self) -> int:
        """Rows that the last statement changed."""

    def execute(self, operation: str, parameters: Any = ..., /) -> object:  # noqa: ANN401 - each driver has its own type
        """Run one statement."""

    def executemany(self, operation: str, parameters: Any, /) -> object:  # noqa: ANN401 - each driver has its own type
        """Run one statement for each row of parameters."""

    def fetchall(self) -> Sequence[Row]:
        """Return the rows of the last statement."""


class TransientError(IsocenterError):
    """The database undid the transaction for the sake of another one; run it again."""


class ConstraintError(IsocenterError):
    """A unique or foreign key does not allow this: what was known of other rows is out of date."""


class Transaction:
    """A transaction that writes; statements are SQL with ``:name`` parameters that run on both databases."""

    __slots__ = ("_cursor", "_database")

    def __init__(self, database: "Database", cursor: Cursor) -> None:
        self._database = database
        self._cursor = cursor

    def rows(self, sql: str, **parameters: Any) -> Sequence[Row]:  # noqa: ANN401 - values of any column
        """Run a query, or a change with RETURNING, and return its rows."""
        self._cursor.execute(self._database.translate(sql), parameters)
        return self._cursor.fetchall()

    def change(self, sql: str, parameters: Parameters) -> int:
        """Run a change and return how many rows it touched."""
        self._cursor.execute(self._database.translate(sql), parameters)
        return self._cursor.rowcount

    def change_many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Run a change for each set of parameters."""
        self._cursor.executemany(self._database.translate(sql), parameters)

    def serialize_events(self) -> None:
        """Make event numbers appear in their order: on PostgreSQL one transaction at a time passes here and ends.

        Long ones come here as their last step.
        """
        if not self._database.is_sqlite:
            self._cursor.execute("SELECT pg_advisory_xact_lock(73660001)", {})


class Database:
    """One database, used by all threads of this process."""

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self._url = sa.make_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._durable = durable
        self._lock = threading.Lock()
        self._lock_descriptor = self._prepare_file() if self.is_sqlite else -1
        self.engine = self._engine()
        self._writer: Any = None
        self._waits = False  # whether a commit of the writer waits for the disk
        self._translated: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            self._drop_writer()
            self.engine.dispose()
            if self._lock_descriptor >= 0:
                os.close(self._lock_descriptor)
                self._lock_descriptor = -1

    def translate(self, sql: str) -> str:
        """Return the statement with parameters as this driver wants them."""
        translated = self._translated.get(sql)
        if translated is None:
            translated = self._translated[sql] = str(sa.text(sql).compile(dialect=self.engine.dialect))
        return translated

    @contextlib.contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Transaction]:
        """Run one transaction; it is committed at the end of the block, or undone by an exception.

        On SQLite one that is not ``durable`` does not wait for the disk: a crash of the program does not undo it, a
        loss of power may.

        Raises:
            TransientError, ConstraintError: see there; run it again.
            OutOfResourcesError: no room.
            IsocenterError: any other error of the database.
        """
        with self._lock, self._process_lock():
            error_class = self.engine.dialect.loaded_dbapi.Error
            try:
                writer = self._open_writer()
                cursor = writer.cursor()
                try:
                    if self.is_sqlite:
                        self._wait_for_disk(cursor, wait=durable and self._durable)
                        cursor.execute("BEGIN IMMEDIATE")
                    yield Transaction(self, cursor)
                    writer.commit()
                except BaseException:
                    with contextlib.suppress(error_class):
                        writer.rollback()
                    raise
                finally:
                    cursor.close()
            except error_class as error:
                self._drop_writer()
                raise self._named(error) from error

    @contextlib.contextmanager
    def _process_lock(self) -> Iterator[None]:
        if self._lock_descriptor < 0:
            yield
            return
        fcntl.flock(self._lock_descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock_descriptor, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Lend a connection for queries."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise self._named(error.orig or error) from error

    def rows(self, sql: str, **parameters: Any) -> Sequence[Row]:  # noqa: ANN401 - values of any column
        """Run a query whose text is always the same, on the driver's own cursor: half the time of a built one."""
        error_class = self.engine.dialect.loaded_dbapi.Error
        try:
            with contextlib.closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(self.translate(sql), parameters)
                found: Sequence[Row] = cursor.fetchall()
                return found
        except error_class as error:
            raise self._named(error) from error

    def rows_by_key(self, sql: str, keys: Iterable[int]) -> Sequence[Row]:
        """Run a query with ``IN (:keys)``, which is one text for any number of keys."""
        condition = _KEYS_ON_SQLITE if self.is_sqlite else _KEYS_ON_POSTGRESQL
        return self.rows(sql.replace("IN (:keys)", condition), keys=json.dumps(list(keys)))

    @contextlib.contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        """Run one transaction in which tables are made or changed, while no other process does the same."""
        with self._lock, self._process_lock(), self.engine.begin() as connection:
            connection.exec_driver_sql(
                "BEGIN IMMEDIATE" if self.is_sqlite else "SELECT pg_advisory_xact_lock(73660002)"
            )
            yield connection

    def make_durable(self) -> None:
        """Return when all that was committed, by any process, would survive a loss of power."""
        if self.is_sqlite and self._durable:
            assert self._url.database is not None
            with contextlib.suppress(FileNotFoundError), Path(f"{self._url.database}-wal").open("rb") as log:
                os.fsync(log.fileno())
            with self.read() as connection:  # in a quiet moment, so that few commits have to do it
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def _wait_for_disk(self, cursor: Cursor, *, wait: bool) -> None:
        if wait is not self._waits:
            cursor.execute(f"PRAGMA synchronous = {'FULL' if wait else 'NORMAL'}")
            self._waits = wait

    def _open_writer(self) -> Any:  # noqa: ANN401 - the driver's connection
        if self._writer is None:
            self._writer = self.engine.raw_connection()
            self._waits = False
        return self._writer

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.invalidate()
            self._writer = None

    def _named(self, error: BaseException) -> IsocenterError:
        """Return the error of this package for one of the driver's."""
        state = getattr(error, "sqlstate", None) or ""
        if isinstance(error, self.engine.dialect.loaded_dbapi.IntegrityError):
            return ConstraintError(f"the index refused a row: {error}")
        if state in _TRANSIENT:
            return TransientError(f"the index undid a transaction: {error}")
        if state in _NO_ROOM or "disk is full" in str(error):
            return OutOfResourcesError("no room left for the index")
        return IsocenterError(f"the index does not work: {error}")

    def _prepare_file(self) -> int:
        """Make the file private before SQLite sees it, open the lock file beside it, and choose the journal.

        Only one process may turn a new file to write-ahead logging; SQLite tells the others "locked" without waiting.
        """
        assert self._url.database is not None
        path = Path(self._url.database)
        for each in (path, path.with_name(path.name + ".lock")):
            descriptor = os.open(each, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if each == path:
                os.close(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        return descriptor

    def _engine(self) -> sa.Engine:
        if not self.is_sqlite:
            return sa.create_engine(self._url, pool_size=4, max_overflow=28)
        engine = sa.create_engine(
            self._url, paramstyle="named", pool_size=4, max_overflow=-1, connect_args={"check_same_thread": False}
        )
        sa.event.listen(engine, "connect", self._set_up_sqlite)
        return engine

    def _set_up_sqlite(self, connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where this file says so
        cursor = connection.cursor()
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
            f"busy_timeout = {_BUSY_SECONDS * 1000}",
            "foreign_keys = ON",
            "case_sensitive_like = ON",
            "temp_store = MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
