"""Calls between the processes that share a PostgreSQL database: NOTIFY, heard once the caller has committed.

In one process its bells do the same without the database.
"""

from collections.abc import Iterator
from enum import StrEnum

from sqlalchemy import Connection, func, select, text

from api.store.turns import is_shared

CHANNEL = "haidang"


class Call(StrEnum):
    """What there is news of."""

    JOURNAL = "journal"
    DUE = "due"


def call(connection: Connection, what: Call) -> None:
    """Tell the other processes of news, if and when the caller's transaction is kept."""
    if is_shared(connection):
        connection.execute(select(func.pg_notify(CHANNEL, what.value)))


def heard(connection: Connection, timeout_seconds: float) -> Iterator[Call]:
    """Wait for calls, and give each as it comes, for so long; `listen` on the connection comes first."""
    driver = connection.connection.driver_connection
    if driver is not None:
        for notice in driver.notifies(timeout=timeout_seconds):
            yield Call(notice.payload)


def listen(connection: Connection) -> None:
    """Hear calls on this connection from now on."""
    connection.execute(text(f"LISTEN {CHANNEL}"))
