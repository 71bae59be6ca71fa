"""The refresher: tells Alertmanager endpoints again and again what fires, as that protocol asks.

Changes go through the outbox like any delivery; this only keeps alive what was delivered. A refresh that
fails is not retried: the next one comes within a minute.
"""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from api import logs
from api.channels.alertmanager import AlertmanagerChannel
from api.clock import MILLISECONDS, Clock
from api.letter import Event, Language
from api.store import Store, firing
from api.store.listing import AnyRow

RESOLVED_SECONDS = 300

LOG = logging.getLogger("haidang.refresher")


class Refresher:
    """Refresh for as long as the process lives."""

    def __init__(
        self, store: Store, channel: AlertmanagerChannel, clock: Clock, refresh_seconds: float
    ) -> None:
        """Prepare; nothing runs yet."""
        self._store = store
        self._channel = channel
        self._clock = clock
        self._refresh_seconds = refresh_seconds

    async def run(self) -> None:
        """Refresh until cancelled; a store in trouble only costs a round."""
        while True:
            await asyncio.sleep(self._refresh_seconds)
            try:
                await self.round()
            except SQLAlchemyError as error:
                logs.warn(LOG, "refresh_trouble", error=type(error).__name__)

    async def round(self) -> None:
        """Tell every Alertmanager endpoint what fires, side by side."""
        standing = await asyncio.to_thread(self._standing)
        await asyncio.gather(*(self._refresh(endpoint, events) for endpoint, events in standing))

    def _standing(self) -> list[tuple[AnyRow, list[Event]]]:
        """Give, per endpoint, what it must hear again."""
        now = self._clock.now_ms()
        since_ms = now - RESOLVED_SECONDS * MILLISECONDS
        with self._store.read() as connection:
            return [
                (row, firing.events(connection, row.endpoint_id, since_ms))
                for row in firing.endpoints(connection, now)
            ]

    async def _refresh(self, endpoint: AnyRow, events: list[Event]) -> None:
        """Tell one endpoint."""
        if not events:
            return
        language, now = Language(endpoint.language), self._clock.now_ms()
        answer = await self._channel.refresh(endpoint.url, language, events, now)
        logs.info(LOG, "refreshed", endpoint=endpoint.endpoint_id, alerts=len(events), outcome=answer.outcome)
