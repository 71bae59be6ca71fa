"""Opening the store: engine, pragmas, migrations, one kind of read and one kind of write transaction."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

_WRITE = "haidang_write"
_BUSY_SECONDS = 15
_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY")


class StoreError(Exception):
    """The store cannot be opened; the message says why and never quotes a password."""


class Store:
    """A database with two kinds of transaction: ``read`` sees one moment, ``write`` is alone.

    On SQLite a write takes the only write lock at its beginning (``BEGIN IMMEDIATE``), so that it never fails
    half-way for want of it. ``synchronous=NORMAL``: nothing is lost by a killed process; a power cut can lose
    the last moment, which Kafka gives again, and never corrupts.
    """

    def __init__(self, engine: Engine) -> None:
        """Wrap an engine whose database is migrated."""
        self._engine = engine
        self._writing = engine.execution_options(**{_WRITE: True})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading; nothing done on it is kept."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose work is kept as a whole, or not at all if an exception ends the block."""
        with self._writing.begin() as connection:
            yield connection

    @property
    def shared(self) -> bool:
        """Whether several processes may work on the database at once; SQLite serves one."""
        return self._engine.dialect.name != "sqlite"

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    """Set a new SQLite connection up; transactions are begun by hand."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin: at once with the write lock when something is to be written."""
    writing = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _own_file(url: URL) -> None:
    """Make the folder and an empty database file that only its owner can read: it holds webhook secrets."""
    if url.database is None or url.database in {"", ":memory:"}:
        raise StoreError("the store needs a file: sqlite:///PATH")
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _engine(url: URL) -> Engine:
    """Make the engine for an address."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    _own_file(url)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the database to the newest form; does nothing when it is there already."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.execution_options(**{_WRITE: True}).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def open_store(address: str) -> Store:
    """Open and migrate the store at a SQLAlchemy address, making an SQLite file if need be.

    Raises StoreError when the address is no database's, the folder is not writable or the database is newer
    than this program.
    """
    try:
        engine = _engine(make_url(address))
        migrate(engine)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError("database_url is not the address of a database that this program can use") from error
    except CommandError as error:
        raise StoreError("the store was written by another version of this program") from error
    except (OSError, SQLAlchemyError) as error:
        raise StoreError(f"the store cannot be opened: {_cause(error)}") from error
    return Store(engine)


def _cause(error: Exception) -> str:
    """Say what the database or the file system said, without the address."""
    if isinstance(error, OSError):
        return error.strerror or "no answer from the file system"
    return str(getattr(error, "orig", None) or type(error).__name__)
