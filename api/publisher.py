"""What people decide, from the store to Kafka: the store is the outbox, should Kafka be away."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from api import logs
from api.bell import Bell
from api.producer import KafkaAwayError, MentionProducer
from api.store import Store
from api.store.turns import Duty

IDLE_SECONDS = 60.0
TROUBLE_SECONDS = 5.0

LOG = logging.getLogger("haidang.publisher")

Message = tuple[bytes, bytes]
Place = TypeVar("Place")


@dataclass(frozen=True)
class Outgoing(Generic[Place]):
    """What goes to one Kafka topic.

    ``unpublished`` gives the next messages (key, value) and what ``published`` needs to mark them as sent.
    """

    topic: str
    duty: Duty
    unpublished: Callable[[Connection], tuple[list[Message], Place]]
    published: Callable[[Connection, Place], None]


class Publisher(Generic[Place]):
    """Publish for as long as the process lives; each message at least once."""

    def __init__(
        self, store: Store, producer: MentionProducer, journal: Bell, outgoing: Outgoing[Place]
    ) -> None:
        """Prepare; ``journal`` rings when there may be something new."""
        self._store = store
        self._producer = producer
        self._journal = journal
        self._outgoing = outgoing

    async def run(self) -> None:
        """Publish until cancelled; Kafka or a store in trouble only pauses it."""
        while True:
            ticket = self._journal.ticket()
            try:
                wait_seconds = 0.0 if await asyncio.to_thread(self.publish) else IDLE_SECONDS
            except (KafkaAwayError, SQLAlchemyError) as error:
                logs.warn(LOG, "waits", topic=self._outgoing.topic, error=type(error).__name__)
                await asyncio.sleep(TROUBLE_SECONDS)
                continue
            await self._journal.wait(ticket, wait_seconds)

    def publish(self) -> int:
        """Publish what is next and mark it; gives how many, 0 when another process has the duty.

        Raises KafkaAwayError.
        """
        outgoing = self._outgoing
        with self._store.on_duty(outgoing.duty) as held:
            if held is None:
                return 0
            with self._store.read() as connection:
                messages, place = outgoing.unpublished(connection)
            if not messages:
                return 0
            self._producer.send_keyed(outgoing.topic, messages)
            with self._store.write() as connection:
                outgoing.published(connection, place)
        logs.info(LOG, "published", topic=outgoing.topic, records=len(messages))
        return len(messages)
