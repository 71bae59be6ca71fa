"""A time line: what is pushed when, and what reaches whom between when and when, on a clock held in the hand.

The application, the store, the dispatcher and the receivers are the real ones; only time is the test's.
"""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from api_support import START, Api, Log, alert_event, running_api
from receiver_support import Got, Receiver, receiving

from api.clock import from_ms, to_ms
from api.dispatcher import Dispatcher
from api.keys import Role
from api.store.projection import CATALOGUE, project
from detectors.events import AlertKind, EventName, Severity

SECOND_MS = 1000


def milliseconds(text: str) -> int:
    """Read a span: ``3h``, ``5m 30s``, ``2d``."""
    units = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
    return sum(int(number) * units[unit] * SECOND_MS for number, unit in re.findall(r"(\d+)([dhms])", text))


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    time_ms: int

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return self.time_ms


@dataclass
class Timeline:
    """The application on a clock of the test's; spans count from ``start``."""

    api: Api
    clock: HandClock
    start_ms: int
    client: httpx.AsyncClient
    stack: AsyncExitStack
    dispatcher: Dispatcher
    receivers: dict[str, Receiver]
    ids: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    log: Log = field(default_factory=Log)

    @property
    def now(self) -> datetime:
        """The time on the clock."""
        return from_ms(self.clock.time_ms)

    async def subscribe(self, name: str, **more: object) -> str:
        """Subscribe a receiver of this name; gives the endpoint's id."""
        return await self.endpoint(name, url=self.receivers[name].url, **more)

    async def endpoint(self, name: str, **body: object) -> str:
        """Make an endpoint; gives its id."""
        made = await self.post("/v1/endpoints", name=name, **body)
        self.ids[name], self.secrets[name] = made["id"], made["secret"] or ""
        return str(made["id"])

    async def post(self, path: str, **body: object) -> dict[str, Any]:
        """Call the API as an administrator; fails unless it is done."""
        answer = await self.client.post(path, json=body or None)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str) -> dict[str, Any]:
        """Read from the API."""
        answer = await self.client.get(path)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def at(self, span: str) -> None:
        """Let time pass until so long after the start, with all that falls due on the way."""
        target_ms = self.start_ms + milliseconds(span)
        assert target_ms >= self.clock.time_ms, "time never runs backwards"
        next_ms = await self.dispatcher.settle()
        while next_ms is not None and next_ms <= target_ms:
            self.clock.time_ms = max(next_ms, self.clock.time_ms)
            next_ms = await self.dispatcher.settle()
        self.clock.time_ms = target_ms
        await self.dispatcher.settle()

    async def push(
        self,
        alert_id: str,
        revision: int,
        event: str,
        severity: str = "warning",
        kind: str = "crisis",
        topic: str = "health",
        phrases: tuple[str, ...] = ("thiếu thuốc",),
    ) -> None:
        """Let the worker decide something now, and deliver what is due of it."""
        self.decide(alert_id, revision, event, severity, kind, topic, phrases)
        await self.dispatcher.settle()

    def decide(
        self,
        alert_id: str,
        revision: int,
        event: str,
        severity: str = "warning",
        kind: str = "crisis",
        topic: str = "health",
        phrases: tuple[str, ...] = ("thiếu thuốc",),
    ) -> None:
        """Let the worker decide something now."""
        made = alert_event(alert_id, revision, EventName(event), Severity(severity), AlertKind(kind), topic)
        onset = self.now - timedelta(minutes=10)
        made = msgspec.structs.replace(made, at=self.now, onset=onset, phrases=phrases)
        self._project([self.log.alert(made, at_ms=self.clock.time_ms)])

    def catalogue(self, **parents: str) -> None:
        """Let the catalogue say which topic is below which."""
        for topic, parent in parents.items():
            name = {"vi": topic, "en": topic}
            value = {"schema": "haidang.topic.v1", "id": topic, "name": name, "parent": parent}
            self._project([self.log.json(CATALOGUE, value, key=topic)])

    def _project(self, records: Iterable[Any]) -> None:
        """Let records arrive as the projector lets them."""
        rules = self.api.services.settings.deadline_rules
        with self.api.store.write() as connection:
            batch = project(connection, list(records), rules)
        self.api.services.on_projected(batch)

    def got(self, name: str) -> list[tuple[int, str]]:
        """Give what a receiver got: seconds after the start, and ``opened a/1`` or the type."""
        return [
            (int(got.headers["webhook-timestamp"]) - self.start_ms // SECOND_MS, _called(got))
            for got in self.receivers[name].got
        ]

    def want(self, name: str, *expected: tuple[str, str] | tuple[str, str, str]) -> None:
        """Require what a receiver got, in order: each (what, from when) or (what, from when, until when)."""
        got = self.got(name)
        assert [what for _, what in got] == [what for what, *_ in expected], got
        for (seconds, what), (_, *span) in zip(got, expected, strict=True):
            first, last = (milliseconds(text) // SECOND_MS for text in (span[0], span[-1]))
            assert first <= seconds <= last, (what, seconds, span)

    async def deliveries(self, name: str) -> list[tuple[str, str | None]]:
        """Give the state and reason of each delivery to an endpoint, the oldest first."""
        found = await self.get(f"/v1/deliveries?endpoint={self.ids[name]}&limit=200")
        return [(one["state"], one["reason"]) for one in reversed(found["items"])]

    def restart(self) -> None:
        """Let another process take over: what the former had under way is lost."""
        self.dispatcher = self.api.services.new_dispatcher()


def _called(got: Got) -> str:
    """Name what was got."""
    body = msgspec.json.decode(got.body)
    data, kind = body["data"], body["type"]
    if "alert_id" not in data:
        return str(kind)
    named = [f"{one['alert_id']}/{one['revision']}" for one in (data, *body.get("group", []))]
    return f"{kind.removeprefix('alert.')} {' '.join(named)}"


@asynccontextmanager
async def timeline(
    folder: Path, *names: str, start: datetime = START, allow: str | None = None, **settings: object
) -> AsyncIterator[Timeline]:
    """Run the application and a receiver for each name; ``allow`` lets one more address be reached."""
    async with AsyncExitStack() as stack:
        receivers = {name: await stack.enter_async_context(receiving()) for name in names}
        rules = [receiver.rule for receiver in receivers.values()] + ([] if allow is None else [allow])
        api = await stack.enter_async_context(running_api(folder, egress_allow=rules, **settings))
        clock = HandClock(to_ms(start))
        api.services.clock = clock
        client = await stack.enter_async_context(api.client(Role.ADMIN))
        line = Timeline(api, clock, clock.time_ms, client, stack, api.services.new_dispatcher(), receivers)
        try:
            yield line
        finally:
            await line.dispatcher.stop()
