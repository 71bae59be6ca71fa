"""Silences: made, listed, ended; never deleted, since they explain what was not sent."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from api.routing import Facts, Matchers, matches
from api.store import listing
from api.store import tables as t
from api.store.listing import AnyRow


@dataclass(frozen=True)
class NewSilence:
    """What an officer says of a new silence."""

    matchers: Matchers
    reason: str
    starts_ms: int
    ends_ms: int


def create(connection: Connection, new: NewSilence, actor: str, now_ms: int) -> str:
    """Store a silence and give its id."""
    silence_id = "sil_" + secrets.token_hex(8)
    connection.execute(
        insert(t.silences).values(
            silence_id=silence_id,
            matchers=msgspec.json.encode(asdict(new.matchers)).decode(),
            reason=new.reason,
            created_by=actor,
            created_ms=now_ms,
            starts_ms=new.starts_ms,
            ends_ms=new.ends_ms,
        )
    )
    return silence_id


def matchers(row: AnyRow) -> Matchers:
    """Give what a silence is for."""
    return msgspec.json.decode(row.matchers, type=Matchers)


def page(connection: Connection, after: str, limit: int, active_ms: int | None) -> Sequence[AnyRow]:
    """List silences by id, from after ``after`` on; only those in force at ``active_ms`` if it is given."""
    active = [] if active_ms is None else [_in_force(active_ms)]
    return listing.page(connection, t.silences, after, limit, *active)


def _in_force(at_ms: int) -> ColumnElement[bool]:
    """Whether a silence is in force at that time."""
    return and_(t.silences.c.starts_ms <= at_ms, t.silences.c.ends_ms > at_ms)


def end(connection: Connection, silence_id: str, now_ms: int) -> bool:
    """End a silence now; gives whether it was not over yet."""
    running = (t.silences.c.silence_id == silence_id) & (t.silences.c.ends_ms > now_ms)
    return connection.execute(update(t.silences).where(running).values(ends_ms=now_ms)).rowcount == 1


def in_force(connection: Connection, facts: Facts, at_ms: int) -> str | None:
    """Give the id of a silence that is for this event at that time; None when there is none."""
    now = select(t.silences).where(_in_force(at_ms))
    for row in connection.execute(now.order_by(t.silences.c.silence_id)):
        if matches(matchers(row), facts):
            return str(row.silence_id)
    return None
