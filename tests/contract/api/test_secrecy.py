"""No secret and nobody's words in a log line, a metric, a problem or the audit log, whatever goes wrong.

Secrets are planted wherever a request can carry one, and every route is walked with every kind of error: no
key, a wrong key, a wrong method, form, query, path or body, a conflict, Kafka away, a store that fails.
"""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from api_support import Api, alert_event, running_api, serving
from sqlalchemy import select, text

from api.gate import CHANGING
from api.keys import Role, create_key, revoke_key
from api.logs import LineFormatter
from api.signing import new_secret
from api.store import tables

TEXT = "bà Nguyễn Thị Kín ở số 4711 nói bệnh viện hết thuốc"
AUTHOR = "tai-khoan-kin-4711"
PASSWORD = "mat-khau-4711"  # noqa: S105 - planted, to be found nowhere
WEBHOOK_SECRET = new_secret()
URL = f"https://nguoidung:{PASSWORD}@receiver.example/kin?token={PASSWORD}"
MENTION = {"id": "1", "published_at": "2026-01-01T00:00:00Z", "text": TEXT, "author_key": AUTHOR}
BODIES: list[object] = [
    {"comment": TEXT, "to": TEXT, "reason": TEXT, "verdict": TEXT, "revision": TEXT, "handling_revision": -1},
    {"comment": TEXT, "to": TEXT * 100, "verdict": "useful", "unknown": TEXT},
    {"url": URL, "secret": WEBHOOK_SECRET, "name": TEXT},
    {"url": "https://receiver.example/", "secret": WEBHOOK_SECRET[:-4], "quiet_hours": TEXT},
    {"url": f"tgram://{PASSWORD}/1", "channel": "apprise", "name": TEXT},
    {"url": f"mailto:{PASSWORD}", "channel": "email"},
    {"topics": [TEXT], "reason": TEXT, "ends_at": TEXT},
    {"topics": [TEXT], "reason": TEXT, "ends_at": "2000-01-01T00:00:00Z"},
    [MENTION],
    [MENTION | {"published_at": TEXT}],
    [MENTION | {"topics": [TEXT]}],
    [MENTION | {"source": {"kind": TEXT}, "url": URL, "lang": TEXT}],
    TEXT,
]


class Walk:
    """Asks, and remembers every problem that was answered."""

    def __init__(self, client: httpx.AsyncClient, key: str) -> None:
        """Keep who asks."""
        self.client = client
        self.key = key
        self.problems: list[str] = []
        self.statuses: set[int] = set()

    async def ask(self, method: str, path: str, **options: object) -> None:
        """Ask once."""
        answer = await self.client.request(method, path, **options)  # type: ignore[arg-type]
        self.statuses.add(answer.status_code)
        if answer.status_code >= 400:
            self.problems.append(f"{answer.text} {answer.headers}")

    async def operation(self, method: str, path: str) -> None:
        """Ask one operation for everything that is wrong."""
        own = {"Authorization": f"Bearer {self.key}"}
        for headers in ({}, {"Authorization": f"Bearer {self.key}x"}, {"Authorization": f"Basic {self.key}"}):
            await self.ask(method, path, headers=headers)
        await self.ask("DELETE", path, headers=own)
        await self.ask(method, f"{path}?text={quote(TEXT)}&key={self.key}", headers=own)
        for name in ("cursor", "since", "limit", "topic", "severity", "from", "step"):
            await self.ask(method, f"{path}?{name}={quote(TEXT)}&{name}={PASSWORD}", headers=own)
        if method in CHANGING:
            await self._bodies(method, path, own)

    async def _bodies(self, method: str, path: str, own: dict[str, str]) -> None:
        """Send everything that is wrong."""
        json = own | {"Content-Type": "application/json"}
        for body in BODIES:
            await self.ask(method, path, headers=own, json=body)
        await self.ask(method, path, headers=own, content=TEXT.encode())
        await self.ask(method, path, headers=json, content=b'{"text": "' + TEXT.encode())
        await self.ask(method, path, headers=json, content=TEXT.encode() + b"\xff")
        await self.ask(method, path, headers=own | {"Idempotency-Key": PASSWORD * 50}, json=BODIES[0])
        for body in BODIES[:2]:
            await self.ask(method, path, headers=own | {"Idempotency-Key": PASSWORD}, json=body)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Give the application without Kafka, with an alert and an endpoint that nobody answers at."""
    async with running_api(tmp_path, kafka_produce_seconds=0.05, webhook_timeout_seconds=0.2) as running:
        running.project(alert_event("a"))
        yield running


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> None:
    """Let every log line be seen, also those that a process would not write."""
    caplog.set_level(logging.DEBUG)


def operations(api: Api) -> Iterator[tuple[str, str]]:
    """Give method and path of every operation, with the alert's id and with nobody's."""
    for path, methods in api.app.openapi()["paths"].items():
        for method in methods:
            for value in {"a", quote(TEXT)} if "{" in path else {""}:
                start, _, rest = path.partition("{")
                yield method.upper(), start + value + rest.partition("}")[2]


def told(api: Api, caplog: pytest.LogCaptureFixture, walk: Walk, metrics: str) -> dict[str, str]:
    """Give everything that was told to anyone, by where."""
    formatter = LineFormatter()
    lines = [
        formatter.format(record)
        for record in caplog.records
        if record.name.startswith(("haidang", "uvicorn"))
    ]
    with api.store.read() as connection:
        rows = [str(tuple(row)) for row in connection.execute(select(tables.audit))]
    return {
        "log": "\n".join(lines),
        "metrics": metrics,
        "problems": "\n".join(walk.problems),
        "audit": "\n".join(rows),
    }


def assert_silent(places: dict[str, str], secrets: dict[str, str]) -> None:
    """Every place holds something, and none of the secrets."""
    for place, held in places.items():
        assert held, place
        for name, secret in secrets.items():
            assert secret not in held, (place, name)
            assert quote(secret) not in held, (place, name)


async def test_nothing_that_goes_wrong_tells_a_secret(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Every route, every error."""
    key = api.keys[Role.ADMIN]
    extra = create_key(api.store, "kín", Role.VIEWER)
    revoke_key(api.store, "kín")
    async with api.client(None) as client:
        walk = Walk(client, key)
        for method, path in operations(api):
            if path != "/v1/stream":
                await walk.operation(method, path)
        for _ in range(2):
            taken = {"Authorization": f"Bearer {key}"}
            await walk.ask(
                "POST", "/v1/alerts/a/close", headers=taken, json={"verdict": "useful", "reason": TEXT}
            )
        await walk.ask("GET", f"/v1/stream?key={key}", headers={"Authorization": f"Bearer {key}"})
        await walk.ask("GET", f"/{quote(TEXT)}?key={key}")
        await walk.ask("POST", "/login", data={"key": key + "x", "text": TEXT})
        await walk.ask("POST", "/login", data={"key": extra}, headers={"sec-fetch-site": "cross-site"})
        metrics = (await client.get("/metrics")).text
    assert walk.statuses >= {200, 400, 401, 403, 404, 405, 409, 415, 422, 503}
    secrets = {"key": key, "revoked": extra, "text": TEXT, "author": AUTHOR, "password": PASSWORD}
    assert_silent(told(api, caplog, walk, metrics), secrets | {"webhook": WEBHOOK_SECRET})


@contextmanager
def renamed(api: Api, table: str) -> Iterator[None]:
    """Take a table away for a while."""
    with api.store.write() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO away"))
    try:
        yield
    finally:
        with api.store.write() as connection:
            connection.execute(text(f"ALTER TABLE away RENAME TO {table}"))


async def test_a_store_that_fails_tells_nothing_either(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """500 as a problem; the log names the kind of error and the place, not the statement's values."""
    key = api.keys[Role.ADMIN]
    headers = {"Authorization": f"Bearer {key}"}
    async with serving(api) as address, httpx.AsyncClient(base_url=address, headers=headers) as client:
        walk = Walk(client, key)
        with renamed(api, "alert_events"):
            await walk.ask("POST", "/v1/alerts/a/comment", json={"comment": TEXT})
        metrics = (await client.get("/metrics")).text
    assert walk.statuses == {500}
    places = told(api, caplog, walk, metrics)
    assert "Exception in ASGI application" in places["log"]
    assert_silent(places, {"key": key, "text": TEXT})
