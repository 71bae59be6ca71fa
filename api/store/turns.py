"""Turns and duties: what one transaction, or one process, does at a time where several share PostgreSQL.

A turn ends with its transaction. A duty ends with the connection that holds it, so with the process that has
it, however that ends. SQLite serves one process with one writer: there is nothing to take.
"""

from enum import IntEnum

from sqlalchemy import Connection, func, select, text

ADVISORY_SPACE = 0x4841_4944
"""First half of every advisory lock's key ("HAID"), apart from what else uses the database."""

_GONE_IN_SECONDS = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")


class Turn(IntEnum):
    """What is done in turn; the values are second halves of advisory locks' keys and never change."""

    MIGRATION = 1
    ADMIN_KEY = 2
    JOURNAL = 3
    PROJECTION = 4


class Duty(IntEnum):
    """What one process does for all; the values are second halves of advisory locks' keys as well."""

    ALERTS = 101
    SERIES = 102
    FEEDBACK = 103
    HOUSEKEEPING = 104
    CALENDAR = 105
    CORRECTIONS = 106


def is_shared(connection: Connection) -> bool:
    """Whether the database serves several processes at once."""
    return connection.dialect.name == "postgresql"


def take_turn(connection: Connection, turn: Turn) -> None:
    """Wait until no other transaction has this turn; it ends with the caller's transaction.

    ``Turn.JOURNAL`` is taken before a line is added to the journal: whoever reads the journal from a place on
    would otherwise miss a line with a smaller place that is committed later.
    """
    if is_shared(connection):
        connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_SPACE, turn.value)))


def take_duty(connection: Connection, duty: Duty) -> bool:
    """Take a duty for as long as the connection lives; gives whether no other process has it.

    The server is told to notice within half a minute when this machine is gone without a word.
    """
    for setting in _GONE_IN_SECONDS:
        connection.execute(text(f"SET {setting}"))
    taken = select(func.pg_try_advisory_lock(ADVISORY_SPACE, duty.value))
    return bool(connection.execute(taken).scalar_one())


class Held:
    """A duty that this process has."""

    def __init__(self, connection: Connection | None = None) -> None:
        """Keep the connection that it hangs on, if it hangs on one."""
        self._connection = connection

    def check(self) -> None:
        """Raise SQLAlchemyError when the connection is gone, and with it the duty."""
        if self._connection is not None:
            self._connection.execute(text("SELECT 1"))
