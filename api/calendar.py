"""Planned events for Kafka ``calendar``, where what is expected is raised while they last."""

import msgspec
from sqlalchemy import Connection

from api.clock import MILLISECONDS
from api.publisher import Message, Outgoing
from api.store import planned
from api.store.listing import AnyRow
from api.store.turns import Duty

CALENDAR = "calendar"
SCHEMA = "haidang.calendar.v1"
BATCH_EVENTS = 100


def message(row: AnyRow) -> Message:
    """Give key (id) and value of one planned event, as calendar v1."""
    value = {
        "schema": SCHEMA,
        "id": row.event_id,
        "name": row.name,
        "topics": planned.topics(row),
        "from": row.starts_ms // MILLISECONDS,
        "to": -(-row.ends_ms // MILLISECONDS),
        "factor": row.factor,
        "cancelled": row.cancelled_ms is not None,
        "by": row.created_by if row.cancelled_by is None else row.cancelled_by,
    }
    return row.event_id.encode(), msgspec.json.encode(value)


def unpublished(connection: Connection) -> tuple[list[Message], dict[str, int]]:
    """Give the next planned events and the revision of each."""
    rows = planned.unpublished(connection, BATCH_EVENTS)
    return [message(row) for row in rows], {row.event_id: row.revision for row in rows}


PLANS = Outgoing(CALENDAR, Duty.CALENDAR, unpublished, planned.published)
