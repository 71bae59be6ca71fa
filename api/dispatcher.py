"""The dispatcher: claims due deliveries, attempts them side by side, stores what became of them.

It sleeps until the projector rings (no polling), an attempt ends or the next retry is due. Each endpoint
has a few lanes of its own, so a slow one keeps only itself waiting.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from api import logs, outcome, signing, webhook
from api.bell import Bell
from api.clock import MILLISECONDS, now_ms
from api.metrics import Metrics
from api.sender import Sender
from api.store import Store, outbox
from api.store.outbox import Claimed

IDLE_SECONDS = 30.0
TROUBLE_SECONDS = 1.0
LEASE_SECONDS = 60.0
STOP_SECONDS = 1.5

LOG = logging.getLogger("haidang.delivery")

Result = TypeVar("Result")


class Dispatcher:
    """Deliver for as long as the process lives; one per process, and one process per SQLite database."""

    def __init__(
        self, store: Store, sender: Sender, metrics: Metrics, due: Bell, *, lanes: int, lease_seconds: float
    ) -> None:
        """Prepare; ``lease_seconds`` after its claim, an attempt counts as dead (longer than any attempt)."""
        self._store = store
        self._sender = sender
        self._metrics = metrics
        self._due = due
        self._lanes = lanes
        self._lease_ms = round(lease_seconds * MILLISECONDS)
        self._busy: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._database = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._chance = random.SystemRandom()

    async def run(self) -> None:
        """Deliver until cancelled; a store in trouble only pauses it."""
        orphans_before_ms = now_ms() - (self._lease_ms if self._store.shared else -1)
        while True:
            ticket = self._due.ticket()
            try:
                wait_seconds = await self._round(orphans_before_ms)
            except SQLAlchemyError as error:
                logs.warn(LOG, "outbox_trouble", error=type(error).__name__)
                wait_seconds = TROUBLE_SECONDS
            await self._due.wait(ticket, wait_seconds)
            orphans_before_ms = now_ms() - self._lease_ms

    async def stop(self) -> None:
        """Let attempts under way end for a moment; what is cut off is retried at the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._database.shutdown()

    async def _in_store(self, work: Callable[[], Result]) -> Result:
        """Do some work on the store in the thread that is kept for it."""
        return await asyncio.get_running_loop().run_in_executor(self._database, work)

    async def _round(self, orphans_before_ms: int) -> float:
        """Start every attempt that may start now; gives the seconds until the next is due."""
        items, next_ms = await self._in_store(lambda: self._claim(orphans_before_ms))
        for item in items:
            self._busy[item.endpoint_id] += 1
            task = asyncio.create_task(self._attempt(item))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if next_ms is None:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.0, (next_ms - now_ms()) / MILLISECONDS))

    def _claim(self, orphans_before_ms: int) -> tuple[list[Claimed], int | None]:
        """Take back what was lost, claim what is due, and look when the next one will be."""
        now = now_ms()
        with self._store.write() as connection:
            lost = outbox.take_back(connection, orphans_before_ms, now)
            items = outbox.claim_due(connection, now, self._busy, self._lanes)
            next_ms = outbox.next_due_ms(connection, now)
        if lost:
            self._metrics.delivery_attempts.labels(outcome.Outcome.INTERRUPTED).inc(lost)
            logs.warn(LOG, "attempts_interrupted", attempts=lost)
        return items, next_ms

    async def _attempt(self, item: Claimed) -> None:
        """Attempt one delivery and store the end of it."""
        started_ms = now_ms()
        if item.first:
            self._metrics.delivery_delay.observe(max(0, started_ms - item.decided_ms) / MILLISECONDS)
        try:
            answer = await self._post(item, started_ms // MILLISECONDS)
            decision = outcome.decide(answer, item.round_attempts, now_ms(), self._chance.random())
            await self._in_store(lambda: self._finish(item, answer, decision))
            self._tell(item, answer, decision, now_ms() - started_ms)
        except SQLAlchemyError as error:  # taken back when the lease ends
            logs.warn(LOG, "outbox_trouble", delivery=item.delivery_id, error=type(error).__name__)
        finally:
            self._busy[item.endpoint_id] -= 1
            self._due.ring()

    async def _post(self, item: Claimed, timestamp: int) -> outcome.Answer:
        """Sign and send."""
        body = webhook.body(item.event)
        headers = signing.headers(item.secrets, item.delivery_id, timestamp, body)
        return await self._sender.send(item.url, headers, body)

    def _finish(self, item: Claimed, answer: outcome.Answer, decision: outcome.Decision) -> None:
        """Store the end of an attempt."""
        with self._store.write() as connection:
            outbox.finish(connection, item, answer, decision, now_ms())

    def _tell(self, item: Claimed, answer: outcome.Answer, decision: outcome.Decision, took_ms: int) -> None:
        """Count and log the end of an attempt."""
        self._metrics.delivery_attempts.labels(answer.outcome).inc()
        logs.info(
            LOG,
            "attempt",
            delivery=item.delivery_id,
            endpoint=item.endpoint_id,
            alert=item.alert_id,
            revision=item.revision,
            number=item.number,
            outcome=answer.outcome,
            status=answer.status,
            then=type(decision).__name__.lower(),
            took_ms=took_ms,
        )
