"""The guarded client against a real receiver on this machine."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from receiver_support import Receiver, receiving

from api.egress import parse_rule
from api.outcome import Outcome
from api.sender import ANSWER_BYTES, Sender


@asynccontextmanager
async def sending(*rules: str, timeout_seconds: float = 5.0) -> AsyncIterator[Sender]:
    """Give a sender with an allow-list."""
    sender = Sender(tuple(parse_rule(rule) for rule in rules), timeout_seconds)
    try:
        yield sender
    finally:
        await sender.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a running receiver."""
    async with receiving() as running:
        yield running


async def test_an_allowed_receiver_is_reached(receiver: Receiver) -> None:
    """Headers and body arrive as they are."""
    async with sending(receiver.rule) as sender:
        answer = await sender.send(receiver.url, {"webhook-id": "msg_1"}, b"{}")
    assert (answer.outcome, answer.status, answer.text) == (Outcome.DELIVERED, 200, "ok")
    assert (receiver.got[0].id, receiver.got[0].body) == ("msg_1", b"{}")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_an_inner_address_gets_no_connection_however_it_is_written(
    receiver: Receiver, host: str
) -> None:
    """The guard judges what is connected to, not what is written."""
    async with sending() as sender:
        answer = await sender.send(f"http://{host}:{receiver.port}/", {}, b"{}")
    assert answer.outcome is not Outcome.DELIVERED
    assert receiver.got == []


async def test_a_name_is_judged_by_what_it_resolves_to(receiver: Receiver) -> None:
    """A name of the outside that points inside is a blocked address."""
    async with sending() as sender:
        answer = await sender.send(f"http://localhost:{receiver.port}/", {}, b"{}")
    assert answer.outcome is Outcome.BLOCKED_ADDRESS


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    """Not even to an address that would be allowed."""
    receiver.answer(302, Location=f"http://127.0.0.1:{receiver.port}/other")
    async with sending(receiver.rule) as sender:
        answer = await sender.send(receiver.url, {}, b"{}")
    assert (answer.outcome, len(receiver.got)) == (Outcome.REDIRECT, 1)


async def test_a_long_answer_is_cut(receiver: Receiver) -> None:
    """A receiver cannot fill our memory."""
    receiver.answer(200, "x" * 1_000_000)
    async with sending(receiver.rule) as sender:
        answer = await sender.send(receiver.url, {}, b"{}")
    assert (answer.outcome, len(answer.text)) == (Outcome.DELIVERED, ANSWER_BYTES)


async def test_a_compressed_answer_is_not_unpacked(receiver: Receiver) -> None:
    """No bomb goes off, and no broken stream hurts."""
    receiver.answer(200, "not gzip", Content_Encoding="gzip")
    async with sending(receiver.rule) as sender:
        answer = await sender.send(receiver.url, {}, b"{}")
    assert (answer.outcome, answer.text) == (Outcome.DELIVERED, "not gzip")


async def test_a_receiver_that_does_not_answer_is_a_timeout(receiver: Receiver) -> None:
    """The attempt ends when its time is over."""
    receiver.gate.clear()
    async with sending(receiver.rule, timeout_seconds=0.2) as sender:
        answer = await sender.send(receiver.url, {}, b"{}")
    assert answer.outcome is Outcome.TIMEOUT


async def test_a_closed_port_is_a_failed_connection() -> None:
    """Nobody listens there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with sending(f"127.0.0.1:{port}") as sender:
            answer = await sender.send(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert answer.outcome is Outcome.CONNECT_FAILED


async def test_plain_http_where_tls_is_asked_for_is_a_tls_failure(receiver: Receiver) -> None:
    """An https address never falls back."""
    async with sending(receiver.rule) as sender:
        answer = await sender.send(f"https://127.0.0.1:{receiver.port}/", {}, b"{}")
    assert answer.outcome is Outcome.TLS_FAILED


async def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would connect in our place, past the guard."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with sending(receiver.rule) as sender:
        answer = await sender.send(receiver.url, {}, b"{}")
    assert answer.outcome is Outcome.DELIVERED


async def test_cookies_of_a_receiver_are_forgotten(receiver: Receiver) -> None:
    """Receivers do not track each other's deliveries."""
    receiver.answer(200, "", Set_Cookie="a=b")
    async with sending(receiver.rule) as sender:
        for _ in range(2):
            await sender.send(receiver.url, {}, b"{}")
    assert "Cookie" not in receiver.got[1].headers
