"""A webhook receiver on this machine that answers as told and remembers what it got."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web
from standardwebhooks import Webhook

PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.005


@dataclass
class Got:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The webhook's id."""
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        """The alert event inside."""
        found: dict[str, Any] = msgspec.json.decode(self.body)["data"]
        return found

    def verify(self, secret: str) -> None:
        """Check the signature with the public library; raises when it is wrong."""
        Webhook(secret).verify(self.body, self.headers)

    def verify_at(self, secret: str) -> None:
        """Check the signature at the time that the headers name; raises when it is wrong."""
        moment = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        signature = Webhook(secret).sign(self.id, moment, self.body.decode())
        assert signature in self.headers["webhook-signature"].split()


@dataclass
class Receiver:
    """The receiver: takes its next answer from ``answers``, ``usual`` when there is none."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: deque[tuple[int, dict[str, str], str]] = field(default_factory=deque)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    host: str = "127.0.0.1"
    usual: int = 200
    peers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Answer at once unless a test closes the gate."""
        self.gate.set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}/hook"

    @property
    def rule(self) -> str:
        """The allow-list's rule that lets it be reached."""
        return f"127.0.0.0/8:{self.port}"

    def answer(self, status: int, text: str = "", **headers: str) -> None:
        """Give the next request this answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, text))

    async def handle(self, request: web.Request) -> web.Response:
        """Remember a request, and by which of our addresses it came, and answer it."""
        if request.transport is not None:
            self.peers.append(request.transport.get_extra_info("sockname")[0])
        self.got.append(Got(dict(request.headers), await request.read()))
        status, headers, text = self.answers.popleft() if self.answers else (self.usual, {}, "ok")
        await self.gate.wait()
        return web.Response(status=status, headers=headers, text=text)


@asynccontextmanager
async def receiving(address: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """Run a receiver on a free port."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, address, 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        receiver.gate.set()
        await runner.cleanup()


async def until(true: Callable[[], object], what: str = "") -> None:
    """Wait until something is true; fails after ten seconds."""
    for _ in range(round(PATIENCE_SECONDS / PAUSE_SECONDS)):
        if true():
            return
        await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what or true}")
