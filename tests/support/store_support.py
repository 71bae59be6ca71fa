"""The stores that tests run on: SQLite, and a real PostgreSQL server of the test run's own.

Every test below ``tests/unit/api`` and ``tests/contract/api`` that opens a store in a folder of its own
(it takes ``tmp_path``) runs once on each; ``@pytest.mark.stores("sqlite")`` says that it is about one, and
elsewhere, ``@pytest.mark.stores("sqlite", "postgresql")`` that it runs on both. A machine without PostgreSQL
skips the second, CI never does.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka_support import eventually
from psycopg import sql
from sqlalchemy.engine import URL

from api.store import open_store
from api.store.tables import METADATA

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = (SQLITE, POSTGRESQL)
ON_BOTH = ("unit/api", "contract/api")
SUPERUSER = "haidang"
TEMPLATE = "haidang_template"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")


def programs() -> Path | None:
    """Give the folder of PostgreSQL's newest programs on this machine; None when there is no server."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("postgres")
    found = [*debian, *([Path(on_path).resolve().parent] if on_path else [])]
    return found[-1] if found else None


def _not_root() -> dict[str, Any]:
    """Give what makes a child process someone else's: PostgreSQL refuses to be root's."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@dataclass
class Server:
    """A PostgreSQL server that only this machine's file system leads to.

    Emptying a database takes a twentieth of the time that making one takes, so they are used again.
    """

    folder: Path
    head: str = ""
    made: int = 0
    free: list[str] = field(default_factory=list)

    def address(self, database: str) -> str:
        """Give the address of a database."""
        url = URL.create("postgresql+psycopg", SUPERUSER, database=database, query={"host": str(self.folder)})
        return url.render_as_string()

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as the administrator; each statement is kept at once."""
        return psycopg.connect(host=str(self.folder), user=SUPERUSER, dbname=database, autocommit=True)

    def make(self, template: str = TEMPLATE) -> str:
        """Make a database and give its name; without another template it is migrated already."""
        self.made += 1
        name = f"test_{self.made}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        with self.connect() as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def make_template(self) -> None:
        """Migrate the database of which others are copies."""
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        open_store(self.address(TEMPLATE)).close()
        with self.connect(TEMPLATE) as connection:
            [(self.head,)] = connection.execute("SELECT version_num FROM alembic_version").fetchall()

    def borrow(self) -> str:
        """Give the name of an empty, migrated database."""
        return self.free.pop() if self.free else self.make()

    def give_back(self, name: str) -> None:
        """Empty a database for the next test; fails if someone still works on it."""
        tables = sql.SQL(", ").join(sql.Identifier(table) for table in METADATA.tables)
        with self.connect(name) as connection:
            connection.execute("SET lock_timeout = '10s'")
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(tables))
            connection.execute("UPDATE alembic_version SET version_num = %s", (self.head,))
        self.free.append(name)


@contextmanager
def postgresql_server(bin_folder: Path) -> Iterator[Server]:
    """Run a server in a folder of its own; everything goes at the end.

    Not in pytest's folder, into which only its owner can look.
    """
    folder = Path(tempfile.mkdtemp(prefix="haidang-pg-"))
    someone = _not_root()
    if someone:
        os.chown(folder, someone["user"], someone["group"])
    data = folder / "data"
    init = ("-D", data, "-U", SUPERUSER, "-A", "trust", "--locale=C", "--encoding=UTF8", "--no-sync")
    subprocess.run(
        [bin_folder / "initdb", *init], cwd=folder, check=True, stdout=subprocess.DEVNULL, **someone
    )
    options = [part for option in FAST for part in ("-c", option)]
    command = [bin_folder / "postgres", "-D", data, "-k", folder, *options]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **someone) as process,
    ):
        try:
            server = Server(folder)
            eventually(lambda: _answers(server), what="PostgreSQL answers")
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)
    shutil.rmtree(folder)


def _answers(server: Server) -> bool:
    """Whether a server takes connections."""
    try:
        with server.connect():
            return True
    except psycopg.OperationalError:
        return False


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """Give the one PostgreSQL server of the test run; skips where none is installed, but not in CI."""
    bin_folder = programs()
    if bin_folder is None:
        reason = "no PostgreSQL server is installed here (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with postgresql_server(bin_folder) as server:
        server.make_template()
        yield server


@dataclass
class Stores:
    """Where the stores of one test are: each folder has one."""

    server: Server | None = None
    databases: dict[Path, str] = field(default_factory=dict)

    def address(self, folder: Path) -> str:
        """Give the address of a folder's store, the same one each time."""
        if self.server is None:
            return f"sqlite:///{folder / 'store' / 'haidang.db'}"
        if folder not in self.databases:
            self.databases[folder] = self.server.borrow()
        return self.server.address(self.databases[folder])

    def give_back(self) -> None:
        """Let the next test have the databases."""
        for name in self.databases.values():
            if self.server is not None:
                self.server.give_back(name)


class _Present:
    """The stores of the test that runs now."""

    stores = Stores()


def store_address(folder: Path) -> str:
    """Give the address of the store that belongs to a folder, in the kind of store that the test runs on."""
    return _Present.stores.address(folder)


@pytest.fixture(autouse=True)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Let `store_address` give databases of the kind that the test runs on; SQLite unless it has a choice."""
    wants_server = getattr(request, "param", SQLITE) == POSTGRESQL
    found = Stores(request.getfixturevalue("postgresql") if wants_server else None)
    _Present.stores = found
    yield found
    _Present.stores = Stores()
    found.give_back()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what opens a store on both kinds, or on those that the test's marker names."""
    folder = metafunc.definition.path.parent.as_posix()
    chosen = metafunc.definition.get_closest_marker("stores")
    if chosen is not None or (folder.endswith(ON_BOTH) and "tmp_path" in metafunc.fixturenames):
        metafunc.parametrize("stores", BOTH if chosen is None else chosen.args, indirect=True)
