"""Verdicts to Kafka ``feedback``, where detectors and thresholds can learn from them.

The journal of the store is the outbox: its place of the last published verdict is kept beside the consumed
offsets, so that a verdict given while Kafka is away is published later. At least once; ``id`` tells repeats.
"""

import asyncio
import logging
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import SQLAlchemyError

from api import logs
from api.bell import Bell
from api.clock import rfc3339
from api.producer import KafkaAwayError, MentionProducer
from api.store import Store
from api.store import tables as t
from api.store.places import next_offsets, store_places
from api.store.states import Action, Origin
from api.store.turns import Duty

FEEDBACK = "feedback"
SCHEMA = "haidang.feedback.v1"
BATCH_LINES = 100
IDLE_SECONDS = 60.0
TROUBLE_SECONDS = 5.0

LOG = logging.getLogger("haidang.feedback")

Message = tuple[bytes, bytes]


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


class FeedbackPublisher:
    """Publish verdicts for as long as the process lives."""

    def __init__(self, store: Store, producer: MentionProducer, journal: Bell) -> None:
        """Prepare; ``journal`` rings when there may be a new verdict."""
        self._store = store
        self._producer = producer
        self._journal = journal

    async def run(self) -> None:
        """Publish until cancelled; Kafka or a store in trouble only pauses it."""
        while True:
            ticket = self._journal.ticket()
            try:
                wait_seconds = 0.0 if await asyncio.to_thread(self.publish) else IDLE_SECONDS
            except (KafkaAwayError, SQLAlchemyError) as error:
                logs.warn(LOG, "feedback_waits", error=type(error).__name__)
                await asyncio.sleep(TROUBLE_SECONDS)
                continue
            await self._journal.wait(ticket, wait_seconds)

    def publish(self) -> int:
        """Publish the next verdicts and keep the place; gives how many, 0 when another process has the duty.

        Raises KafkaAwayError.
        """
        with self._store.on_duty(Duty.FEEDBACK) as held:
            if held is None:
                return 0
            with self._store.read() as connection:
                messages, place = unpublished(connection)
            if not messages:
                return 0
            self._producer.send_keyed(FEEDBACK, messages)
            with self._store.write() as connection:
                store_places(connection, {(FEEDBACK, 0): place + 1})
        logs.info(LOG, "feedback_published", verdicts=len(messages))
        return len(messages)
