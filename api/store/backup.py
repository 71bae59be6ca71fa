"""Backup and restore of an SQLite store by SQLite's own means: what is copied is one moment, whoever writes.

PostgreSQL has its own tools, which the refusal names.
"""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from api.store.address import SQLITE, parse_address
from api.store.engine import StoreError, open_store, serving

_TABLES_OF_OURS = {"alembic_version", "alerts", "alert_events", "endpoints", "deliveries", "keys"}
_BESIDE = ("-wal", "-shm", "-journal")


def back_up(address: str, file: Path) -> None:
    """Write the store into a new file that only its owner reads, while it is served or not.

    The file appears when it is complete. Raises StoreError when there is no store, the file exists already or
    the store is PostgreSQL's.
    """
    path = _path(address)
    if not path.exists():
        raise StoreError(f"there is no store at {path} to back up")
    if file.exists():
        raise StoreError(f"{file} exists already: name a new file")
    partial = _empty(file.with_name(file.name + ".partial"))
    try:
        _copy(path, partial)
        partial.replace(file)
    except sqlite3.Error as error:
        raise StoreError(f"the backup failed: {error}") from error
    finally:
        _remove(partial)


def restore(address: str, file: Path) -> Path | None:
    """Put a backup in the store's place; gives the file that keeps what was there, None if nothing was.

    The backup is checked, and brought to this program's form, before anything is changed. Raises StoreError
    when it is no backup, an API process serves the store, or the store is PostgreSQL's.
    """
    path = _path(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    with serving(address):
        checked = _checked(file, path.with_name(path.name + ".restoring"))
        try:
            former = _keep(address, path)
            _copy(checked, _empty(path) if former is None else path)
        except sqlite3.Error as error:
            raise StoreError(f"the restore failed: {error}") from error
        finally:
            _remove(checked)
    return former


def _path(address: str) -> Path:
    """Give the database file; raises StoreError for PostgreSQL."""
    url = parse_address(address)
    if url.get_backend_name() != SQLITE:
        raise StoreError(
            "the store is PostgreSQL: use pg_dump --format=custom --file FILE, and pg_restore --clean "
            f"--if-exists --dbname={url.database} FILE with the API stopped"
        )
    return Path(str(url.database))


def _empty(path: Path) -> Path:
    """Make an empty file that only its owner reads."""
    _remove(path)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    return path


def _remove(path: Path) -> None:
    """Remove a database file and what SQLite keeps beside it."""
    for name in (path.name, *(path.name + suffix for suffix in _BESIDE)):
        path.with_name(name).unlink(missing_ok=True)


def _copy(origin: Path, target: Path) -> None:
    """Copy one moment of a database into another, in one transaction; raises sqlite3.Error."""
    with closing(sqlite3.connect(origin)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _checked(file: Path, beside: Path) -> Path:
    """Copy a backup and make sure that it is whole and ours; gives the copy, in this program's form."""
    if not file.is_file():
        raise StoreError(f"there is no file {file}")
    copy = _empty(beside)
    try:
        _copy(file, copy)
        _check(copy)
        open_store(f"{SQLITE}:///{copy}").close()
    except (sqlite3.Error, StoreError) as error:
        _remove(copy)
        raise StoreError(f"{file} is no backup that can be used: {error}") from error
    return copy


def _check(path: Path) -> None:
    """Raise StoreError when a database is damaged or another program's."""
    with closing(sqlite3.connect(path)) as database:
        [(verdict,)] = database.execute("PRAGMA quick_check(1)").fetchall()
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if verdict != "ok":
        raise StoreError("it is damaged")
    if not tables >= _TABLES_OF_OURS:
        raise StoreError("it is another program's database")


def _keep(address: str, path: Path) -> Path | None:
    """Back the present store up beside itself; None if there is none."""
    if not path.exists():
        return None
    former = path.with_name(f"{path.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z")
    back_up(address, former)
    return former
