"""The store: opening, migrating, keys."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from api_support import fresh_store
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError
from store_support import Server, store_address

from api.keys import KeyFaultError, Role, create_key, ensure_admin_key, fingerprint
from api.store import Store, StoreError, open_store
from api.store.tables import METADATA, keys, topics


def test_the_migrations_make_the_tables_as_they_are_declared(tmp_path: Path) -> None:
    """No difference between the migrated database and the code."""
    with fresh_store(tmp_path) as store, store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_opening_twice_migrates_once(tmp_path: Path) -> None:
    """A second start finds everything in place."""
    for _ in range(2):
        with fresh_store(tmp_path) as store, store.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1


@pytest.mark.stores("sqlite")
def test_sqlite_writes_ahead(tmp_path: Path) -> None:
    """Readers and the writer do not wait for each other."""
    with fresh_store(tmp_path) as store, store.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"


@pytest.mark.stores("sqlite")
def test_only_its_owner_reads_the_database(tmp_path: Path) -> None:
    """It holds webhook secrets."""
    with fresh_store(tmp_path):
        for file in (tmp_path / "store").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


@pytest.mark.parametrize(
    "address",
    [
        *("nonsense", "", "sqlite://", "sqlite:///:memory:", "sqlite://haidang.db"),
        *("sqlite:////proc/no/such/place.db", "nosuch://x/y", "mysql://u:hunter2@h/d"),
        *("postgresql+psycopg2://u:hunter2@h/d", "postgresql://u:hunter2@h", "postgresql://u:hunter2@h:x/d"),
        "postgresql+psycopg://u:hunter2@127.0.0.1:1/d",
    ],
)
def test_a_store_that_cannot_be_opened_says_so_without_secrets(address: str) -> None:
    """One line, and no password in it."""
    with pytest.raises(StoreError) as refused:
        open_store(address)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_postgresql_database_that_cannot_hold_vietnamese_is_refused(postgresql: Server) -> None:
    """The message names the encoding that is needed."""
    with postgresql.connect() as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(StoreError, match="UTF8"):
        open_store(postgresql.address("latin"))


def test_a_postgresql_server_refuses_in_one_line(postgresql: Server) -> None:
    """As when the database is not there: what the server says, on one line."""
    with pytest.raises(StoreError, match=r'cannot be opened: .*"nowhere" does not exist') as refused:
        open_store(postgresql.address("nowhere"))
    assert "\n" not in str(refused.value)


def test_processes_that_start_together_migrate_once(postgresql: Server) -> None:
    """The second waits for the first and finds everything in place."""
    address = postgresql.address(postgresql.make("template0"))
    with ThreadPoolExecutor(4) as threads:
        for store in threads.map(open_store, [address] * 4):
            with store.read() as connection:
                assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
            store.close()


def test_a_text_with_nul_is_stored(tmp_path: Path) -> None:
    """PostgreSQL knows no such character: another one stands in its place, and nothing fails."""
    with fresh_store(tmp_path) as store:
        with store.write() as connection:
            connection.execute(insert(topics).values(topic_id="a", name_vi="x\0y", name_en="z"))
        with store.read() as connection:
            found = connection.execute(select(topics.c.name_vi)).scalar_one()
    assert found in {"x\0y", "x\ufffdy"}


def test_a_reader_sees_one_moment_and_changes_nothing(tmp_path: Path) -> None:
    """What is written meanwhile is seen by the next reader only."""
    counted = select(func.count()).select_from(topics)
    with fresh_store(tmp_path) as store:
        with store.read() as connection:
            assert connection.execute(counted).scalar_one() == 0
            with store.write() as other:
                other.execute(insert(topics).values(topic_id="a", name_vi="x", name_en="z"))
            assert connection.execute(counted).scalar_one() == 0
        with store.read() as connection:
            assert connection.execute(counted).scalar_one() == 1


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    """An unknown migration is never guessed at."""
    with fresh_store(tmp_path) as store, store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="another version"):
        open_store(store_address(tmp_path))


@pytest.mark.stores("sqlite")
def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """It is not overwritten either."""
    file = tmp_path / "notes.db"
    file.write_text("these are my notes" * 100)
    with pytest.raises(StoreError):
        open_store(f"sqlite:///{file}")
    assert file.read_text().startswith("these are my notes")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """All of a transaction or none of it."""
    with fresh_store(tmp_path) as store:
        with pytest.raises(IntegrityError):
            _insert_twice(store)
        with store.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM topics")).scalar_one() == 0


def _insert_twice(store: Store) -> None:
    """Write one good row and one that cannot be."""
    with store.write() as connection:
        for _ in range(2):
            connection.execute(text("INSERT INTO topics VALUES ('a', 'a', 'a', NULL)"))


def test_the_store_keeps_a_key_as_its_hash_only(tmp_path: Path) -> None:
    """The key itself is in no byte of the database, where that is a file, and in no column."""
    with fresh_store(tmp_path) as store:
        key = create_key(store, "desk", Role.OFFICER)
        with store.read() as connection:
            row = connection.execute(select(keys)).one()
        assert (row.name, row.role, row.sha256) == ("desk", "officer", fingerprint(key))
        assert key not in str(row)
    assert all(key.encode() not in file.read_bytes() for file in tmp_path.glob("store/*"))


@pytest.mark.parametrize(
    ("name", "role"),
    [("", "viewer"), (" ", "viewer"), ("x" * 101, "viewer"), ("a\nb", "viewer"), ("a", "king")],
)
def test_a_bad_name_or_role_makes_no_key(tmp_path: Path, name: str, role: str) -> None:
    """The message says what is allowed."""
    with fresh_store(tmp_path) as store, pytest.raises(KeyFaultError, match=r"name is|role is"):
        create_key(store, name, role)


def test_a_name_is_used_once(tmp_path: Path) -> None:
    """The audit log names keys."""
    with fresh_store(tmp_path) as store:
        create_key(store, "desk", Role.VIEWER)
        with pytest.raises(KeyFaultError, match="desk"):
            create_key(store, "desk", Role.ADMIN)


def test_the_first_start_writes_an_admin_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    """The second start leaves it alone."""
    path = tmp_path / "data" / "admin.key"
    with fresh_store(tmp_path) as store:
        assert ensure_admin_key(store, path) is True
        key = path.read_text()
        assert ensure_admin_key(store, path) is False
        with store.read() as connection:
            row = connection.execute(select(keys)).one()
    assert (path.read_text(), row.sha256, row.role) == (key, fingerprint(key.strip()), "admin")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_roles_contain_each_other() -> None:
    """An admin may do what an officer may, an officer what a viewer may."""
    assert [[role.covers(needed) for needed in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
