"""List and detail over HTTP with 100,000 alerts in the store, beside the same query on bare SQLite.

``BENCH_ALERTS=10000`` before ``make bench ARGS="-k bench_store"`` runs with fewer. Prints p50, p99 and ratios
of the p99s; asserts only that every answer is one.
"""

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
from api_support import Api, alert_event, running_api, serving
from sqlalchemy import insert

from api.keys import Role
from api.store import tables
from detectors.events import encode_event

ALERTS = int(os.environ.get("BENCH_ALERTS", "100000"))
REQUESTS = 300
LIMIT = 50
BATCH = 5000
HOUR_MS = 3_600_000
LIST = "SELECT body FROM alerts ORDER BY opened_ms DESC, alert_id DESC LIMIT ?"
OPEN = "SELECT body FROM alerts WHERE state = 'open' ORDER BY opened_ms DESC, alert_id DESC LIMIT ?"
DETAIL = "SELECT body FROM alerts WHERE alert_id = ?"


def fill(api: Api) -> None:
    """Store the alerts as the projector would have: one in fifty is open."""
    body = encode_event(alert_event()).decode()
    with api.store.write() as connection:
        for start in range(0, ALERTS, BATCH):
            rows = [row(number, body) for number in range(start, min(start + BATCH, ALERTS))]
            connection.execute(insert(tables.alerts), rows)


def row(number: int, body: str) -> dict[str, object]:
    """Give one alert."""
    return {
        "alert_id": f"a{number}",
        "topic_id": f"t{number % 113}",
        "kind": "crisis",
        "severity": "warning",
        "state": "open" if number % 50 == 0 else "closed",
        "human_state": "new",
        "revision": 1,
        "opened_ms": number * HOUR_MS,
        "updated_ms": number * HOUR_MS,
        "body": body,
    }


def quantiles(seconds: list[float]) -> tuple[float, float]:
    """Give median and p99 in milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[len(ordered) // 2], 1000 * ordered[int(len(ordered) * 0.99)]


def timed(ask: Callable[[], object]) -> float:
    """Give how long something takes."""
    before = time.perf_counter()
    ask()
    return time.perf_counter() - before


async def over_http(client: httpx.AsyncClient, paths: list[str]) -> list[float]:
    """Ask one after the other; gives how long each took."""
    found = []
    for path in paths:
        before = time.perf_counter()
        answer = await client.get(path)
        found.append(time.perf_counter() - before)
        assert answer.status_code == 200
    return found


def bare(file: Path, query: str, parameters: list[object]) -> list[float]:
    """Ask bare SQLite for the same and read the events as JSON; gives how long each took."""
    with closing(sqlite3.connect(file)) as database:

        def ask(parameter: object) -> None:
            for (body,) in database.execute(query, (parameter,)):
                msgspec.json.decode(body)

        return [timed(lambda one=parameter: ask(one)) for parameter in parameters]


async def test_list_and_detail_with_many_alerts(tmp_path: Path) -> None:
    """The figures are read by people."""
    chance = random.Random(7)  # noqa: S311 - which alerts are looked at
    ids = [f"a{chance.randrange(ALERTS)}" for _ in range(REQUESTS)]
    async with running_api(tmp_path) as api:
        await asyncio.to_thread(fill, api)
        file = tmp_path / "store" / "haidang.db"
        headers = {"Authorization": f"Bearer {api.keys[Role.VIEWER]}"}
        async with serving(api) as address, httpx.AsyncClient(base_url=address, headers=headers) as client:
            listed = (await client.get(f"/v1/alerts?limit={LIMIT}")).json()["items"]
            assert len(listed) == LIMIT
            for name, path, query, parameters in (
                ("list", f"/v1/alerts?limit={LIMIT}", LIST, [LIMIT] * REQUESTS),
                ("list of open", f"/v1/alerts?limit={LIMIT}&state=open", OPEN, [LIMIT] * REQUESTS),
                ("detail", "/v1/alerts/{}", DETAIL, ids),
            ):
                http = quantiles(await over_http(client, [path.format(one) for one in parameters]))
                alone = quantiles(await asyncio.to_thread(bare, file, query, list(parameters)))
                print(  # noqa: T201 - the report
                    f"{name}: HTTP p50 {http[0]:.1f} ms, p99 {http[1]:.1f} ms; bare SQLite p50 "
                    f"{alone[0]:.3f} ms, p99 {alone[1]:.3f} ms; p99 {http[1] / alone[1]:.0f} times"
                )
