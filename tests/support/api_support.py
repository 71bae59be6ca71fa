"""The API without Kafka, for tests: a real store, the real application, events as the worker writes them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
from fastapi import FastAPI
from store_support import store_address

from api.app import create_app
from api.keys import Role, create_key
from api.server import listen, new_server
from api.services import Services, build
from api.settings import ApiSettings
from api.store import Store, open_store
from api.store.projection import ALERTS, Projected, Record, project
from detectors.events import (
    AlertEvent,
    AlertKind,
    DecisionReason,
    EventName,
    Evidence,
    EvidenceName,
    Model,
    Name,
    Sample,
    Severity,
    Shares,
    Span,
    TopicRef,
    encode_event,
)
from streams.understanding import sample_gist

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NO_KAFKA = "127.0.0.1:1"


def alert_event(
    alert_id: str = "health-20261124T0300Z-0a1b",
    revision: int = 1,
    event: EventName = EventName.OPENED,
    severity: Severity = Severity.WARNING,
    kind: AlertKind = AlertKind.CRISIS,
    topic: str = "health",
) -> AlertEvent:
    """Give one complete alert event; its time moves a minute with each revision."""
    at = START + timedelta(minutes=revision - 1)
    return AlertEvent(
        schema="haidang.alert.v1",
        alert_id=alert_id,
        revision=revision,
        event=event,
        at=at,
        topic=TopicRef(topic, Name("Y tế", "Health")),
        kind=kind,
        severity=severity,
        confidence=0.9,
        onset=START - timedelta(minutes=10),
        window=Span(at - timedelta(minutes=15), at),
        observed=120,
        expected=20.0,
        interval=(12.0, 31.0),
        negative=Shares(0.7, 0.3),
        evidence=(Evidence(EvidenceName.VOLUME, 9.1, 4.0, START - timedelta(minutes=10)),),
        phrases=("thiếu thuốc",),
        sources={"press": 20, "social": 100},
        samples=(
            Sample("bệnh viện hết thuốc", "bao-a", "https://bao-a.example/1", START, "acfbaee0fc54578e"),
        ),
        reason=DecisionReason.VOLUME_AND_NEGATIVITY,
        headline=Name("Y tế: lượng đề cập gấp 6 lần", "Health: mentions 6 times the usual"),
        model=Model("1", "abc123"),
    )


@dataclass
class Log:
    """A Kafka log in memory: gives records the offsets and times that a broker would."""

    offsets: dict[tuple[str, int], int] = field(default_factory=dict)

    def record(
        self, topic: str, value: bytes | None, *, key: bytes | None = None, partition: int = 0, at_ms: int = 0
    ) -> Record:
        """Append one record."""
        place = (topic, partition)
        offset = self.offsets.get(place, 0)
        self.offsets[place] = offset + 1
        return Record(topic, partition, offset, at_ms, key, value)

    def alert(self, event: AlertEvent, *, at_ms: int = 0) -> Record:
        """Append an alert event."""
        return self.record(ALERTS, encode_event(event), key=event.alert_id.encode(), at_ms=at_ms)

    def json(self, topic: str, value: object, *, key: str | None = None, partition: int = 0) -> Record:
        """Append a value as JSON."""
        encoded = None if key is None else key.encode()
        return self.record(topic, msgspec.json.encode(value), key=encoded, partition=partition)


def keep(store: Store, records: Sequence[Record]) -> Projected:
    """Project records as the projector does."""
    with store.write() as connection:
        return project(connection, records)


@contextmanager
def fresh_store(folder: Path) -> Iterator[Store]:
    """Open a new store in a folder."""
    store = open_store(store_address(folder))
    try:
        yield store
    finally:
        store.close()


@dataclass
class Api:
    """The application in this process, and a key of each role."""

    app: FastAPI
    services: Services
    keys: dict[Role, str]

    @property
    def store(self) -> Store:
        """The application's store."""
        return self.services.store

    def client(self, role: Role | None = Role.ADMIN, **headers: str) -> httpx.AsyncClient:
        """Give a client that sends the key of a role, or none."""
        if role is not None:
            headers["Authorization"] = f"Bearer {self.keys[role]}"
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://haidang.test", headers=headers)

    def project(self, *events: AlertEvent) -> None:
        """Let alert events arrive."""
        log = Log()
        batch = keep(self.store, [log.alert(event) for event in events])
        self.services.on_projected(batch)


@asynccontextmanager
async def running_api(folder: Path, **settings: object) -> AsyncIterator[Api]:
    """Run the application without Kafka in a folder of its own."""
    own = {"data_dir": folder, "kafka_bootstrap": NO_KAFKA, "database_url": store_address(folder)}
    chosen = ApiSettings.model_validate(own | {"rate_limit_per_minute": 0} | settings)
    store = open_store(chosen.store_url)
    services = build(chosen, store, sample_gist)
    services.projectors = ()
    services.journal.bind()
    services.due.bind()
    keys = {role: create_key(store, f"the-{role}", role) for role in Role}
    try:
        yield Api(create_app(services), services, keys)
    finally:
        services.journal.close()
        await services.sender.close()
        services.producer.close()
        store.close()


@asynccontextmanager
async def serving(api: Api) -> AsyncIterator[str]:
    """Serve the application on a port of this machine, for what needs a connection; gives its address."""
    listening = listen("127.0.0.1", 0)
    server = new_server(api.services, api.app)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
