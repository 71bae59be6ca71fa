"""Planned events: made, listed, cancelled; never deleted, since they explain what was expected."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, insert, select, update

from api.store import listing
from api.store import tables as t
from api.store.calls import Call, call
from api.store.listing import AnyRow


@dataclass(frozen=True)
class NewEvent:
    """What an officer says of a planned event; no topics means all."""

    name: str
    topics: tuple[str, ...]
    starts_ms: int
    ends_ms: int
    factor: float


def plan(connection: Connection, new: NewEvent, actor: str, now_ms: int) -> str:
    """Store a planned event, not yet published, and give its id."""
    event_id = "cal_" + secrets.token_hex(8)
    connection.execute(
        insert(t.planned_events).values(
            event_id=event_id,
            name=new.name,
            topics=msgspec.json.encode(new.topics).decode(),
            starts_ms=new.starts_ms,
            ends_ms=new.ends_ms,
            factor=new.factor,
            created_by=actor,
            created_ms=now_ms,
            revision=1,
            published_revision=0,
        )
    )
    call(connection, Call.JOURNAL)
    return event_id


def cancel(connection: Connection, event_id: str, actor: str, now_ms: int) -> bool:
    """Cancel an event that is not over; gives whether it was still expected."""
    event = t.planned_events
    expected = (event.c.event_id == event_id) & (event.c.ends_ms > now_ms) & event.c.cancelled_ms.is_(None)
    changes = {"cancelled_by": actor, "cancelled_ms": now_ms, "revision": event.c.revision + 1}
    call(connection, Call.JOURNAL)
    return connection.execute(update(event).where(expected).values(changes)).rowcount == 1


def topics(row: AnyRow) -> list[str]:
    """Give the topics that an event is about."""
    return msgspec.json.decode(row.topics, type=list[str])


def page(connection: Connection, after: str, limit: int, expected_ms: int | None) -> Sequence[AnyRow]:
    """List events by id, from after ``after`` on; only those still expected at ``expected_ms``."""
    event = t.planned_events.c
    expected = [] if expected_ms is None else [event.ends_ms > expected_ms, event.cancelled_ms.is_(None)]
    return listing.page(connection, t.planned_events, after, limit, *expected)


def unpublished(connection: Connection, limit: int) -> Sequence[AnyRow]:
    """List events that have changed since they were published."""
    event = t.planned_events.c
    waiting = select(t.planned_events).where(event.revision > event.published_revision)
    return connection.execute(waiting.order_by(event.event_id).limit(limit)).all()


def published(connection: Connection, revisions: Mapping[str, int]) -> None:
    """Note up to which revision each event has been published."""
    for event_id, revision in revisions.items():
        chosen = t.planned_events.c.event_id == event_id
        connection.execute(update(t.planned_events).where(chosen).values(published_revision=revision))
