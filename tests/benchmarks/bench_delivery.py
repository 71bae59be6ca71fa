"""Delivery delay with bad endpoints beside good ones: prints the report, asserts the target.

A hundred endpoints subscribe to everything; ten of them are bad: a third refuse connections, a third answer
after the attempt's time is over, a third answer 500. The worker decides an alert every half second. The delay
of a delivery is from the decision (the time of its Kafka record) to the beginning of its first attempt, the
same as ``haidang_delivery_delay_seconds``; the projector's poll of Kafka is not in it. The same load without
bad endpoints runs first, so that the report stands side by side.

``.venv/bin/python -m pytest tests/benchmarks/bench_delivery.py -o python_files='bench_*.py' -s``
``BENCH_DATABASE`` names another store than SQLite.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from api_support import Api, Log, alert_event, running_api
from receiver_support import Receiver, receiving, until
from sqlalchemy import func, select

from api.clock import now_ms
from api.outcome import Outcome
from api.signing import new_secret
from api.store.endpoints import NewEndpoint, create
from api.store.projection import project
from api.store.tables import attempts, deliveries
from detectors.events import Severity

ENDPOINTS = 100
BAD = 10
ALERTS = 40
PERIOD_SECONDS = 0.5
TIMEOUT_SECONDS = 5.0
TARGET_SECONDS = 1.0


@dataclass(frozen=True)
class Measured:
    """Seconds from the decision to the first attempt, and to the answer, of the good endpoints."""

    first: list[float]
    answered: list[float]

    def line(self, name: str) -> str:
        """Give one line of the report."""
        shown = "  ".join(
            f"{what} p50 {_quantile(values, 50):6.3f} p95 {_quantile(values, 95):6.3f} max {max(values):6.3f}"
            for what, values in (("first attempt", self.first), ("answered", self.answered))
        )
        return f"{name:<28} {len(self.first):5d} deliveries  {shown}  (seconds)"


def _quantile(values: list[float], percent: int) -> float:
    """Give a percentile."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


@contextmanager
def refusing() -> Iterator[str]:
    """Give an address that refuses connections for as long as it is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


def subscribe(api: Api, urls: list[str]) -> list[str]:
    """Subscribe addresses and give the endpoints' ids."""
    with api.store.write() as connection:
        return [
            create(connection, NewEndpoint("e", url, Severity.INFO, new_secret()), "bench", 0).endpoint_id
            for url in urls
        ]


def decide(api: Api, log: Log, number: int) -> None:
    """Let the worker decide one alert now."""
    record = log.alert(alert_event(f"alert-{number}"), at_ms=now_ms())
    with api.store.write() as connection:
        batch = project(connection, [record], api.services.settings.deadline_rules)
    api.services.on_projected(batch)


def delays(api: Api, good: list[str]) -> Measured:
    """Read the delays of the good endpoints from the delivery log."""
    first = (
        select(
            attempts.c.started_ms - deliveries.c.decided_ms, attempts.c.finished_ms - deliveries.c.decided_ms
        )
        .join(deliveries, deliveries.c.delivery_id == attempts.c.delivery_id)
        .where(deliveries.c.endpoint_id.in_(good), attempts.c.number == 1)
    )
    with api.store.read() as connection:
        rows = connection.execute(first).all()
    return Measured([row[0] / 1000 for row in rows], [row[1] / 1000 for row in rows])


def delivered(api: Api) -> int:
    """Count what was delivered at the first attempt."""
    with api.store.read() as connection:
        done = attempts.c.outcome == Outcome.DELIVERED
        return connection.execute(select(func.count()).select_from(attempts).where(done)).scalar_one()


async def run(folder: Path, bad: int) -> Measured:
    """Deliver ``ALERTS`` alerts to a hundred endpoints of which some are bad."""
    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(receiving()) for _ in range(ENDPOINTS - bad)]
        urls = [receiver.url for receiver in receivers] + [await _bad(stack, number) for number in range(bad)]
        settings: dict[str, object] = {"webhook_timeout_seconds": TIMEOUT_SECONDS}
        if "BENCH_DATABASE" in os.environ:
            settings["database_url"] = os.environ["BENCH_DATABASE"]
        ports = [url.split(":")[2].split("/")[0] for url in urls]
        rules = [f"127.0.0.1/32:{port}" for port in ports]
        api = await stack.enter_async_context(running_api(folder, egress_allow=rules, **settings))
        good = subscribe(api, urls)[: ENDPOINTS - bad]
        dispatcher = api.services.new_dispatcher()
        running = asyncio.create_task(dispatcher.run())
        before, log = delivered(api), Log()
        for number in range(ALERTS):
            await asyncio.to_thread(decide, api, log, number)
            await asyncio.sleep(PERIOD_SECONDS)
        await until(lambda: delivered(api) - before >= ALERTS * len(good), "all good endpoints have all")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await dispatcher.stop()
        return delays(api, good)


async def _bad(stack: AsyncExitStack, number: int) -> str:
    """Give the address of a bad endpoint: dead, slow or failing."""
    if number % 3 == 0:
        return stack.enter_context(refusing())
    receiver: Receiver = await stack.enter_async_context(receiving())
    if number % 3 == 1:
        receiver.gate.clear()
    else:
        receiver.usual = 500
    return receiver.url


async def test_the_bad_do_not_slow_the_good(tmp_path: Path) -> None:
    """p95 from the decision to the first attempt stays below a second with ten of a hundred dead or slow."""
    alone = await run(tmp_path / "alone", 0)
    beside = await run(tmp_path / "beside", BAD)
    print(f"\n{alone.line('100 good endpoints')}\n{beside.line('90 good beside 10 bad')}")  # noqa: T201
    ratio = _quantile(beside.first, 95) / max(_quantile(alone.first, 95), 0.001)
    print(f"p95 beside bad / alone: {ratio:.2f}")  # noqa: T201
    assert _quantile(beside.first, 95) <= TARGET_SECONDS
