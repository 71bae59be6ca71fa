"""The guard against names that lie: a real DNS server, real receivers, several addresses of this machine."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from dns_support import DnsResolver, Zone, dns_server
from receiver_support import Receiver, receiving

from api.egress import parse_rule
from api.outcome import Answer, Outcome
from api.sender import Sender

NAME = "receiver.bo.example"
GOOD, INNER = "127.0.0.1", "127.0.0.2"


@pytest.fixture
def zone() -> Iterator[Zone]:
    """Give a DNS server."""
    with dns_server() as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a receiver that listens on every address of this machine and ends each connection."""
    async with receiving("0.0.0.0") as running:  # noqa: S104 - the test needs two addresses
        running.answers.extend([(200, {"Connection": "close"}, "ok")] * 9)
        yield running


@asynccontextmanager
async def sending(zone: Zone, *rules: str) -> AsyncIterator[Sender]:
    """Give a sender that asks the test's DNS server."""
    parsed = tuple(parse_rule(rule) for rule in rules)
    sender = Sender(parsed, 5.0, DnsResolver(zone.port))
    try:
        yield sender
    finally:
        await sender.close()


async def post(sender: Sender, receiver: Receiver, name: str = NAME) -> Answer:
    """Make one attempt to a name."""
    return await sender.send(f"http://{name}:{receiver.port}/hook", {"webhook-id": "m"}, b"{}")


async def test_a_name_that_moves_inside_is_caught_when_it_is_connected_to(
    zone: Zone, receiver: Receiver
) -> None:
    """DNS rebinding: the first answer may be reached, the second may not."""
    zone.say(NAME, GOOD)
    zone.say(NAME, INNER)
    async with sending(zone, f"{GOOD}/32:{receiver.port}") as sender:
        first, second = [await post(sender, receiver) for _ in range(2)]
    assert (first.outcome, second.outcome) == (Outcome.DELIVERED, Outcome.BLOCKED_ADDRESS)
    assert len(receiver.got) == 1
    assert zone.asked.count(NAME) >= 2


async def test_of_several_addresses_only_those_that_pass_are_tried(zone: Zone, receiver: Receiver) -> None:
    """An inner address hidden between good ones gets no connection."""
    zone.say(NAME, INNER, GOOD, "10.0.0.1", "::1")
    async with sending(zone, f"{GOOD}/32:{receiver.port}") as sender:
        answer = await post(sender, receiver)
    assert answer.outcome is Outcome.DELIVERED
    assert [got.headers["Host"] for got in receiver.got] == [f"{NAME}:{receiver.port}"]
    assert receiver.peers == [GOOD]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.2",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - an address to be refused
        "::1",
        "::ffff:127.0.0.2",
        "64:ff9b::7f00:2",
        "fd00:ec2::254",
        "fe80::1",
    ],
)
async def test_a_name_of_the_outside_that_points_inside_is_refused(
    zone: Zone, receiver: Receiver, address: str
) -> None:
    """Whatever kind of address it has."""
    zone.say(NAME, address)
    async with sending(zone, f"{GOOD}/32:{receiver.port}") as sender:
        answer = await post(sender, receiver)
    assert (answer.outcome, receiver.got) == (Outcome.BLOCKED_ADDRESS, [])


async def test_an_alias_is_judged_by_where_it_ends(zone: Zone, receiver: Receiver) -> None:
    """A CNAME of the outside to a name of the inside."""
    zone.say("intranet.bo.example", INNER)
    zone.say(NAME, "=intranet.bo.example")
    async with sending(zone, f"{GOOD}/32:{receiver.port}") as sender:
        answer = await post(sender, receiver)
    assert (answer.outcome, receiver.got) == (Outcome.BLOCKED_ADDRESS, [])


async def test_a_metadata_service_is_never_reached_by_name(zone: Zone, receiver: Receiver) -> None:
    """Not even where the allow-list names everything."""
    zone.say(NAME, "169.254.169.254")
    async with sending(zone, f"0.0.0.0/0:{receiver.port}", f"[::/0]:{receiver.port}") as sender:
        assert (await post(sender, receiver)).outcome is Outcome.BLOCKED_ADDRESS


async def test_a_redirect_to_an_inner_name_is_not_followed(zone: Zone, receiver: Receiver) -> None:
    """It is a failure of the receiver; the name is not even asked for."""
    zone.say(NAME, GOOD)
    zone.say("inner.bo.example", INNER)
    receiver.answers.clear()
    receiver.answer(308, Location=f"http://inner.bo.example:{receiver.port}/")
    async with sending(zone, f"127.0.0.0/8:{receiver.port}") as sender:
        answer = await post(sender, receiver)
    assert (answer.outcome, len(receiver.got)) == (Outcome.REDIRECT, 1)
    assert "inner.bo.example" not in zone.asked


async def test_a_name_that_does_not_exist_is_a_failed_connection(zone: Zone, receiver: Receiver) -> None:
    """Not a blocked address: it may come back."""
    async with sending(zone) as sender:
        assert (await post(sender, receiver)).outcome is Outcome.CONNECT_FAILED
