"""One webhook attempt over HTTP, through a client that only reaches what it may.

The guard sits where sockets are made, so it sees every address of every connection: a name that resolves to
an inner address, or to another one the second time, gets no socket. Redirects are not followed, proxies and
credentials of the environment are not used, at most a few hundred bytes of an answer are read.
"""

import contextlib
import socket
import ssl
from contextvars import ContextVar

import aiohttp
from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver

from api import egress
from api.capped import read_at_most
from api.egress import AllowRule
from api.outcome import Answer, Outcome, outcome_of

ANSWER_BYTES = 512
CONNECTIONS = 256

_blocked: ContextVar[list[egress.Verdict] | None] = ContextVar("haidang_blocked", default=None)


class BlockedAddressError(OSError):
    """The guard refused an address."""


class SocketGuard:
    """Make sockets for allowed addresses only; plain HTTP reaches the allow-list alone."""

    def __init__(self, rules: tuple[AllowRule, ...], *, encrypted: bool) -> None:
        """Keep the allow-list."""
        self._rules = rules
        self._encrypted = encrypted

    def __call__(self, info: AddrInfoType) -> socket.socket:
        """Make the socket of one resolved address; raises BlockedAddressError when it may not be reached."""
        family, kind, protocol, _, address = info
        verdict = egress.judge(address[0], address[1], self._rules, encrypted=self._encrypted)
        if not verdict.passes:
            seen = _blocked.get()
            if seen is not None:
                seen.append(verdict)
            raise BlockedAddressError(f"address refused: {verdict}")
        return socket.socket(family=family, type=kind, proto=protocol)


class Sender:
    """Send signed bodies; one per process."""

    def __init__(
        self, rules: tuple[AllowRule, ...], timeout_seconds: float, resolver: AbstractResolver | None = None
    ) -> None:
        """Keep the rules; the client is made when first needed, on the loop that needs it.

        ``resolver``: who is asked for the addresses of names, the system when left out.
        """
        self._rules = rules
        self._resolver = resolver
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._clients: dict[bool, aiohttp.ClientSession] = {}

    def _client(self, *, encrypted: bool) -> aiohttp.ClientSession:
        """Give the client for https, or the stricter one for http."""
        if encrypted not in self._clients:
            connector = aiohttp.TCPConnector(
                limit=CONNECTIONS,
                use_dns_cache=False,
                resolver=self._resolver,
                socket_factory=SocketGuard(self._rules, encrypted=encrypted),
            )
            self._clients[encrypted] = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                raise_for_status=False,
            )
        return self._clients[encrypted]

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Make one attempt; every way in which it can end is an outcome."""
        seen: list[egress.Verdict] = []
        token = _blocked.set(seen)
        try:
            return await self._post(url, headers, body)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return Answer(Outcome.BLOCKED_ADDRESS if seen else _failure(error))
        finally:
            _blocked.reset(token)

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Post, and read the beginning of the answer."""
        client = self._client(encrypted=url.lower().startswith("https:"))
        async with client.post(url, data=body, headers=headers, allow_redirects=False) as response:
            text = ""
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                text = (await read_at_most(response.content, ANSWER_BYTES)).decode("utf-8", "replace")
            outcome = outcome_of(response.status)
            return Answer(outcome, response.status, response.headers.get("Retry-After"), text)

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()


def _failure(error: BaseException) -> Outcome:
    """Name what went wrong before there was an answer."""
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError | aiohttp.ClientConnectorCertificateError):
        return Outcome.TLS_FAILED
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ServerDisconnectedError | OSError):
        return Outcome.CONNECT_FAILED
    return Outcome.BAD_ANSWER
