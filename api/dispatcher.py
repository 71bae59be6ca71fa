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
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from api import logs, outcome
from api.bell import Bell
from api.channels import Channels
from api.clock import MILLISECONDS, Clock
from api.metrics import Metrics
from api.store import Store, outbox
from api.store.outbox import Claimed, Ended

IDLE_SECONDS = 30.0
TROUBLE_SECONDS = 1.0
LEASE_SECONDS = 60.0
STOP_SECONDS = 1.5
HOUR_MS = 3_600_000

LOG = logging.getLogger("haidang.delivery")

Result = TypeVar("Result")
End = tuple[Claimed, Ended, "asyncio.Future[int]"]


@dataclass(frozen=True)
class Pace:
    """How hard the dispatcher tries.

    ``lanes``: attempts under way at once to one endpoint. ``lease_seconds`` after its claim, an attempt
    counts as dead (longer than any attempt). An endpoint that failed for ``disable_hours`` is disabled.
    """

    lanes: int
    lease_seconds: float
    disable_hours: float

    @property
    def disable_after_ms(self) -> int:
        """How long an endpoint may fail."""
        return round(self.disable_hours * HOUR_MS)


class Dispatcher:
    """Deliver for as long as the process lives; one per process, and one process per SQLite database."""

    def __init__(
        self,
        store: Store,
        channels: Channels,
        metrics: Metrics,
        due: Bell,
        journal: Bell,
        clock: Clock,
        pace: Pace,
    ) -> None:
        """Prepare; nothing is attempted yet.

        ``due`` wakes it, ``journal`` is rung when it has written there.
        """
        self._store = store
        self._channels = channels
        self._metrics = metrics
        self._due = due
        self._journal = journal
        self._clock = clock
        self._pace = pace
        self._lease_ms = round(pace.lease_seconds * MILLISECONDS)
        self._fresh = True
        self._ends: list[End] = []
        self._keeping = asyncio.Lock()
        self._busy: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._database = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._chance = random.SystemRandom()

    async def run(self) -> None:
        """Deliver until cancelled; a store in trouble only pauses it."""
        while True:
            ticket = self._due.ticket()
            try:
                wait_seconds = await self.round()
            except SQLAlchemyError as error:
                logs.warn(LOG, "outbox_trouble", error=type(error).__name__)
                wait_seconds = TROUBLE_SECONDS
            await self._due.wait(ticket, wait_seconds)

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

    async def settle(self) -> int | None:
        """Attempt all that is due now and what that makes due; give when the next will be (None: never)."""
        while True:
            next_ms = await self._start()
            if not self._tasks:
                return next_ms
            await asyncio.wait(self._tasks)

    async def round(self) -> float:
        """Start every attempt that may start now; gives the seconds until the next is due."""
        next_ms = await self._start()
        if next_ms is None:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.0, (next_ms - self._clock.now_ms()) / MILLISECONDS))

    async def _start(self) -> int | None:
        """Start every attempt that may start now; gives when the next is due."""
        items, next_ms = await self._in_store(self._claim)
        for item in items:
            self._busy[item.endpoint_id] += 1
            task = asyncio.create_task(self._attempt(item))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return next_ms

    def _claim(self) -> tuple[list[Claimed], int | None]:
        """Take back what was lost, claim what is due, and look when the next one will be."""
        now = self._clock.now_ms()
        with self._store.write() as connection:
            lost = outbox.take_back(connection, self._orphans_before_ms(now), now)
            escalated = outbox.release(connection, now)
            items = outbox.claim_due(connection, now, self._busy, self._pace.lanes)
            next_ms = outbox.next_due_ms(connection, now)
        if escalated:
            self._journal.ring()
        if lost:
            self._metrics.delivery_attempts.labels(outcome.Outcome.INTERRUPTED).inc(lost)
            logs.warn(LOG, "attempts_interrupted", attempts=lost)
        return items, next_ms

    def _orphans_before_ms(self, now: int) -> int:
        """Give before when a claim's holder must be dead: at the start any, if the database is ours alone."""
        fresh, self._fresh = self._fresh, False
        return now + 1 if fresh and not self._store.shared else now - self._lease_ms

    async def _attempt(self, item: Claimed) -> None:
        """Attempt one delivery and store the end of it."""
        started_ms = self._clock.now_ms()
        if item.first:
            self._metrics.delivery_delay.observe(max(0, started_ms - item.due_ms) / MILLISECONDS)
        try:
            answer = await self._channels.send(item.channel, item.letter, started_ms)
            ended = self._judge(item, answer)
            notices = await self._keep(item, ended)
            if notices:
                logs.warn(LOG, "endpoint_disabled", endpoint=item.endpoint_id, told=notices)
            self._tell(item, ended, started_ms)
        except SQLAlchemyError as error:  # taken back when the lease ends
            logs.warn(LOG, "outbox_trouble", delivery=item.delivery_id, error=type(error).__name__)
        finally:
            self._busy[item.endpoint_id] -= 1
            self._due.ring()

    def _judge(self, item: Claimed, answer: outcome.Answer) -> Ended:
        """Say what follows from an answer."""
        now, chance = self._clock.now_ms(), self._chance.random()
        return Ended(answer, outcome.decide(answer, item.round_attempts, now, chance), now, chance)

    async def _keep(self, item: Claimed, ended: Ended) -> int:
        """Store the end of an attempt; give how many endpoints are told that this one was disabled.

        What ended while the store was busy shares one transaction. Raises SQLAlchemyError.
        """
        kept: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._ends.append((item, ended, kept))
        async with self._keeping:
            if not kept.done():
                batch, self._ends = self._ends, []
                await self._keep_all(batch)
        return await kept

    async def _keep_all(self, batch: list[End]) -> None:
        """Store some ends in one transaction and tell who waits for each."""
        try:
            notices = await self._in_store(lambda: self._finish(batch))
        except SQLAlchemyError as error:
            for _, _, kept in batch:
                if not kept.done():
                    kept.set_exception(error)
            return
        for (_, _, kept), number in zip(batch, notices, strict=True):
            if not kept.done():  # the process's end cuts waiting off
                kept.set_result(number)

    def _finish(self, batch: list[End]) -> list[int]:
        """Store some ends; give for each how many endpoints are told of a disabled one."""
        with self._store.write() as connection:
            ends = [(item, ended) for item, ended, _ in batch]
            return outbox.finish_all(connection, ends, self._pace.disable_after_ms)

    def _tell(self, item: Claimed, ended: Ended, started_ms: int) -> None:
        """Count and log the end of an attempt."""
        answer = ended.answer
        self._metrics.delivery_attempts.labels(answer.outcome).inc()
        logs.info(
            LOG,
            "attempt",
            delivery=item.delivery_id,
            endpoint=item.endpoint_id,
            channel=item.channel,
            alert=item.alert_id,
            revision=item.revision,
            number=item.number,
            outcome=answer.outcome,
            status=answer.status,
            then=type(ended.decision).__name__.lower(),
            took_ms=ended.now_ms - started_ms,
        )
