"""Opening the store: engine, migrations, one kind of read and one kind of write transaction."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from psycopg.types.string import StrDumper
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from api.store.address import SQLITE, AddressError, parse_address
from api.store.turns import Duty, Held, Turn, take_duty, take_turn

_WRITE = "haidang_write"
_BUSY_SECONDS = 15
_CONNECT_SECONDS = 10
_POOL_CONNECTIONS = 10
_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY")
_ONE_MOMENT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class StoreError(Exception):
    """The store cannot be opened; the message says why and never quotes a password."""


class Store:
    """A database with two kinds of transaction: ``read`` sees one moment, ``write`` is kept as a whole.

    On SQLite a write takes the only write lock at its beginning (``BEGIN IMMEDIATE``), so that it never fails
    half-way for want of it. ``synchronous=NORMAL``: nothing is lost by a killed process; a power cut can lose
    the last moment, which Kafka gives again, and never corrupts. On PostgreSQL writes of several processes
    run side by side (READ COMMITTED): what must be done in turn says so (`api.store.turns`), and what two may
    want is taken by compare-and-set.
    """

    def __init__(self, engine: Engine) -> None:
        """Wrap an engine whose database is migrated."""
        self.engine = engine
        self._reading = engine.execution_options(**_ONE_MOMENT) if self.shared else engine
        self._writing = engine.execution_options(**{_WRITE: True})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading; nothing done on it is kept."""
        with self._reading.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose work is kept as a whole, or not at all if an exception ends the block."""
        with self._writing.begin() as connection:
            yield connection

    def begin(self) -> Connection:
        """Give a connection with a write transaction, which is undone when it is closed uncommitted."""
        connection = self._writing.connect()
        connection.begin()
        return connection

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """Give a connection for one purpose, kept apart from all others and closed at the end.

        Each statement is a transaction of its own.
        """
        with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            try:
                yield connection
            finally:
                connection.invalidate()

    @contextmanager
    def on_duty(self, duty: Duty) -> Iterator[Held | None]:
        """Have a duty for the length of the block, or None when another process has it."""
        if not self.shared:
            yield Held()
            return
        with self.alone() as connection:
            yield Held(connection) if take_duty(connection, duty) else None

    @property
    def shared(self) -> bool:
        """Whether several processes may work on the database at once; SQLite serves one."""
        return self.engine.dialect.name != "sqlite"

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


class _TextDumper(StrDumper):
    """Text to PostgreSQL, which knows no NUL character: U+FFFD takes its place."""

    def dump(self, obj: str) -> bytes:
        """Give the text's bytes."""
        return bytes(super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}")) or b"")


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    """Set a new SQLite connection up; transactions are begun by hand."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin: at once with the write lock when something is to be written."""
    writing = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _prepare_postgresql(connection: psycopg.Connection[object], _record: object) -> None:
    """Set a new PostgreSQL connection up."""
    connection.adapters.register_dumper(str, _TextDumper)


def _own_file(path: Path) -> None:
    """Make the folder and an empty database file that only its owner can read: it holds webhook secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _engine(url: URL) -> Engine:
    """Make the engine for an address."""
    if url.get_backend_name() == SQLITE:
        _own_file(Path(str(url.database)))
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    engine = create_engine(url, pool_pre_ping=True, pool_size=_POOL_CONNECTIONS, connect_args=patience)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _migrations() -> Config:
    """Give Alembic's configuration."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def migrate(engine: Engine) -> None:
    """Bring the database to the newest form; does nothing when it is there already.

    Processes that start together take turns.
    """
    config = _migrations()
    with engine.execution_options(**{_WRITE: True}).begin() as connection:
        _check_encoding(connection)
        take_turn(connection, Turn.MIGRATION)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _check_encoding(connection: Connection) -> None:
    """Refuse a PostgreSQL database that cannot hold Vietnamese."""
    if connection.dialect.name == "postgresql":
        encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
        if encoding != "UTF8":
            raise StoreError(f"the database's encoding is {encoding}: make one with ENCODING 'UTF8'")


def open_store(address: str) -> Store:
    """Open and migrate the store at a SQLAlchemy address, making an SQLite file if need be.

    Raises StoreError when the address is no database's, the folder is not writable, the server does not
    answer or the database is newer than this program.
    """
    try:
        return Store(_migrated(_engine(_parsed(address))))
    except CommandError as error:
        raise StoreError("the store was written by another version of this program") from error
    except (OSError, SQLAlchemyError) as error:
        raise StoreError(f"the store cannot be opened: {_cause(error)}") from error


def _parsed(address: str) -> URL:
    """Read an address; raises StoreError."""
    try:
        return parse_address(address)
    except AddressError as error:
        raise StoreError(f"database_url {error}") from error


def _migrated(engine: Engine) -> Engine:
    """Migrate; an engine for which that fails keeps no connection."""
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


class Form(StrEnum):
    """How a database looks to this program."""

    EMPTY = "empty"
    OLDER = "older"
    NEWEST = "newest"
    UNKNOWN = "unknown"


def look(address: str) -> Form:
    """Look at a database without changing it; raises StoreError when it cannot be used.

    An SQLite file must be there.
    """
    try:
        engine = create_engine(_parsed(address), poolclass=NullPool)
        with engine.connect() as connection:
            _check_encoding(connection)
            return _form(MigrationContext.configure(connection).get_current_revision())
    except SQLAlchemyError as error:
        raise StoreError(f"the store cannot be opened: {_cause(error)}") from error


def _form(revision: str | None) -> Form:
    """Judge a database by its migration."""
    known = [script.revision for script in ScriptDirectory.from_config(_migrations()).walk_revisions()]
    if revision is None:
        return Form.EMPTY
    if revision not in known:
        return Form.UNKNOWN
    return Form.NEWEST if revision == known[0] else Form.OLDER


@contextmanager
def serving(address: str) -> Iterator[None]:
    """Be the one API process of an SQLite database for the length of the block; PostgreSQL serves several.

    Raises StoreError when another process is.
    """
    url = _parsed(address)
    if url.get_backend_name() != SQLITE:
        yield
        return
    descriptor = _lock(Path(f"{url.database}.lock"))
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int:
    """Lock a file for as long as its descriptor, which is given, is open; raises StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StoreError(f"the store cannot be opened: {_cause(error)}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StoreError(f"another API process serves {path.with_suffix('')}: stop it first") from error
    return descriptor


def _cause(error: Exception) -> str:
    """Say in one line what the database or the file system said, without the address."""
    if isinstance(error, OSError):
        return error.strerror or "no answer from the file system"
    said = str(getattr(error, "orig", None) or type(error).__name__)
    return " ".join(said.split())
