"""Verdicts for Kafka ``feedback``, where thresholds learn from them.

The journal of the store is the outbox: its place of the last published verdict is kept beside the consumed
offsets, so that a verdict given while Kafka is away is published later. At least once; ``id`` tells repeats.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from api.clock import rfc3339
from api.publisher import Message, Outgoing
from api.store import tables as t
from api.store.places import next_offsets, store_places
from api.store.states import Action, Origin
from api.store.turns import Duty

FEEDBACK = "feedback"
SCHEMA = "haidang.feedback.v1"
BATCH_LINES = 100


def message(row: Row[*tuple[Any, ...]]) -> Message:
    """Give key (alert id) and value of one verdict; a reopened alert withdraws its verdict (null)."""
    said = msgspec.json.decode(row.line_body)
    value = {
        "schema": SCHEMA,
        "id": row.seq,
        "at": rfc3339(row.at_ms),
        "alert_id": row.alert_id,
        "revision": row.revision,
        "topic": row.topic_id,
        "kind": row.kind,
        "severity": row.severity,
        "opened_at": rfc3339(row.opened_ms),
        "verdict": said.get("verdict"),
        "reason": said.get("reason"),
        "by": row.actor,
    }
    return row.alert_id.encode(), msgspec.json.encode(value)


def unpublished(connection: Connection) -> tuple[list[Message], int]:
    """Give the next verdicts and the place of the last of them; the place is 0 when there are none."""
    line, alert = t.alert_events.c, t.alerts.c
    after = next_offsets(connection, FEEDBACK).get(0, 1)
    query = (
        select(
            line.seq,
            line.at_ms,
            line.actor,
            line.body.label("line_body"),
            *(alert.alert_id, alert.revision, alert.topic_id, alert.kind, alert.severity, alert.opened_ms),
        )
        .join(t.alerts, alert.alert_id == line.alert_id)
        .where(
            line.seq >= after, line.origin == Origin.OFFICER, line.event.in_((Action.CLOSE, Action.REOPEN))
        )
    )
    rows = connection.execute(query.order_by(line.seq).limit(BATCH_LINES)).all()
    return [message(row) for row in rows], rows[-1].seq if rows else 0


def keep_place(connection: Connection, place: int) -> None:
    """Keep the place of the last published verdict."""
    store_places(connection, {(FEEDBACK, 0): place + 1})


VERDICTS = Outgoing(FEEDBACK, Duty.FEEDBACK, unpublished, keep_place)
