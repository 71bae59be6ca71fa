"""Turns: what only one transaction at a time may do, over all processes that share a PostgreSQL database.

SQLite has one writer anyway, so there is nothing to take.
"""

from enum import IntEnum

from sqlalchemy import Connection, func, select

ADVISORY_SPACE = 0x4841_4944
"""First half of every advisory lock's key ("HAID"), apart from what else uses the database."""


class Turn(IntEnum):
    """What is done in turn; the values are second halves of advisory locks' keys and never change."""

    MIGRATION = 1
    ADMIN_KEY = 2
    JOURNAL = 3


def take_turn(connection: Connection, turn: Turn) -> None:
    """Wait until no other transaction has this turn; it ends with the caller's transaction.

    ``Turn.JOURNAL`` is taken before a line is added to the journal: whoever reads the journal from a place on
    would otherwise miss a line with a smaller place that is committed later.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_SPACE, turn.value)))
