"""Backup and restore of an SQLite store."""

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from api_support import Log, alert_event, fresh_store, keep
from sqlalchemy import func, select, text
from store_support import store_address

from api.keys import Role, create_key
from api.store import Store, StoreError, backup, open_store, serving, tables

pytestmark = pytest.mark.stores("sqlite")
WRITES = 40


def count(store: Store, table: str) -> int:
    """Count a table's rows."""
    with store.read() as connection:
        found: int = connection.execute(
            select(func.count()).select_from(tables.METADATA.tables[table])
        ).scalar_one()
        return found


def dump(address: str) -> list[str]:
    """Give the whole database as text."""
    with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database:
        return list(database.iterdump())


def test_a_restored_store_is_the_one_that_was_backed_up(tmp_path: Path) -> None:
    """Every table; what was there meanwhile is kept beside it, and only its owner reads any of it."""
    address, file = store_address(tmp_path), tmp_path / "copy.db"
    log = Log()
    with fresh_store(tmp_path) as store:
        keep(store, [log.alert(alert_event("a"))])
        create_key(store, "desk", Role.OFFICER)
        backup.back_up(address, file)
        before = dump(address)
        keep(store, [log.alert(alert_event("b"))])
    after = dump(address)
    former = backup.restore(address, file)
    assert former is not None
    assert (dump(address), dump(f"sqlite:///{former}")) == (before, after)
    for path in (file, former, *(tmp_path / "store").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert {path.name for path in tmp_path.iterdir()} == {"copy.db", "store"}
    with fresh_store(tmp_path) as store:
        keep(store, [log.alert(alert_event("b"))])
        assert count(store, "alerts") == 2


def test_a_backup_is_one_moment_while_the_service_writes(tmp_path: Path) -> None:
    """Alert and event of one transaction are both in it or neither; writers go on."""
    log = Log()
    with fresh_store(tmp_path) as store:
        keep(store, [log.alert(alert_event("first"))])

        def write() -> None:
            for number in range(WRITES):
                keep(store, [log.alert(alert_event(f"a{number}"))])

        writing = threading.Thread(target=write)
        writing.start()
        for number in range(3):
            backup.back_up(store_address(tmp_path), tmp_path / f"{number}.db")
        writing.join()
        assert count(store, "alerts") == WRITES + 1
    for number in range(3):
        copy = open_store(f"sqlite:///{tmp_path / f'{number}.db'}")
        assert count(copy, "alerts") == count(copy, "alert_events") >= 1
        copy.close()


def test_a_backup_is_restored_where_there_is_no_store_yet(tmp_path: Path) -> None:
    """On a new machine."""
    with fresh_store(tmp_path / "old") as store:
        keep(store, [Log().alert(alert_event("a"))])
        backup.back_up(store_address(tmp_path / "old"), tmp_path / "copy.db")
    assert backup.restore(store_address(tmp_path / "new"), tmp_path / "copy.db") is None
    with fresh_store(tmp_path / "new") as store:
        assert count(store, "alerts") == 1


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """Neither a file of the user's by a backup nor a backup by a restore."""
    file = tmp_path / "notes"
    file.write_text("mine")
    with fresh_store(tmp_path), pytest.raises(StoreError, match="exists already"):
        backup.back_up(store_address(tmp_path), file)
    assert file.read_text() == "mine"


def test_without_a_store_there_is_no_backup(tmp_path: Path) -> None:
    """Nor is one made."""
    with pytest.raises(StoreError, match="no store"):
        backup.back_up(store_address(tmp_path), tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def bad_backups(folder: Path) -> dict[str, Path]:
    """Give files that are no backups, by what is wrong with them."""
    found = {name: folder / f"{name}.db" for name in ("absent", "text", "foreign", "newer", "damaged")}
    found["text"].write_text("these are my notes" * 100)
    with closing(sqlite3.connect(found["foreign"])) as database:
        database.execute("CREATE TABLE notes (x)")
    with fresh_store(folder / "other") as store:
        backup.back_up(store_address(folder / "other"), found["damaged"])
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        backup.back_up(store_address(folder / "other"), found["newer"])
    content = found["damaged"].read_bytes()
    found["damaged"].write_bytes(content[: len(content) // 2])
    return found


@pytest.mark.parametrize("fault", ["absent", "text", "foreign", "newer", "damaged"])
def test_what_is_no_backup_changes_nothing(tmp_path: Path, fault: str) -> None:
    """The file is named; the store stays as it is, and nothing is left beside it."""
    file = bad_backups(tmp_path)[fault]
    with fresh_store(tmp_path) as store:
        keep(store, [Log().alert(alert_event("a"))])
    before = dump(store_address(tmp_path))
    with pytest.raises(StoreError, match=file.name):
        backup.restore(store_address(tmp_path), file)
    assert dump(store_address(tmp_path)) == before
    assert {path.name for path in (tmp_path / "store").iterdir()} <= {"haidang.db", "haidang.db.lock"}


def test_a_store_that_is_served_is_not_replaced(tmp_path: Path) -> None:
    """Nor is it served twice."""
    address, file = store_address(tmp_path), tmp_path / "copy.db"
    with fresh_store(tmp_path), serving(address):
        backup.back_up(address, file)
        with pytest.raises(StoreError, match="stop it first"):
            backup.restore(address, file)


def test_postgresql_has_its_own_tools() -> None:
    """The refusal names them, and no password."""
    address = "postgresql+psycopg://u:hunter2@h/d"
    with pytest.raises(StoreError, match="pg_dump") as refused:
        backup.back_up(address, Path("x"))
    assert "hunter2" not in str(refused.value)
    with pytest.raises(StoreError, match="pg_restore"):
        backup.restore(address, Path("x"))
