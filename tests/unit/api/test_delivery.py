"""Deliveries from the outbox to real receivers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from api_support import Api, Log, alert_event, fresh_store, keep, running_api
from receiver_support import Receiver, receiving, until
from sqlalchemy import select, update

from api.clock import now_ms
from api.dispatcher import Dispatcher, Pace
from api.signing import new_secret
from api.store import outbox, tables
from api.store.endpoints import NewEndpoint, create, rotate
from api.store.states import DeliveryState, EndpointState
from detectors.events import EventName, Severity

SECRET = "whsec_" + "eHh4" * 11
FAR_MS = 10**15
LEASE_MS = 60_000


@asynccontextmanager
async def delivering(api: Api, lanes: int = 4) -> AsyncIterator[Dispatcher]:
    """Run a dispatcher."""
    services = api.services
    dispatcher = Dispatcher(
        services.store,
        services.channels,
        services.metrics,
        services.due,
        services.journal,
        services.clock,
        Pace(lanes, LEASE_MS / 1000, 120),
    )
    running = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await dispatcher.stop()


def subscribe(api: Api, receiver: Receiver) -> str:
    """Subscribe a receiver and give the endpoint's id."""
    with api.store.write() as connection:
        new = NewEndpoint("e", receiver.url, Severity.INFO, SECRET)
        found: str = create(connection, new, "test", 0).endpoint_id
        return found


def states(api: Api) -> list[str]:
    """Give the states of all deliveries, in order."""
    with api.store.read() as connection:
        return list(
            connection.execute(select(tables.deliveries.c.state).order_by(tables.deliveries.c.seq)).scalars()
        )


def outcomes(api: Api) -> list[str | None]:
    """Give the outcomes of all attempts, in order."""
    with api.store.read() as connection:
        return list(
            connection.execute(select(tables.attempts.c.outcome).order_by(tables.attempts.c.seq)).scalars()
        )


def make_due(api: Api) -> None:
    """Let the time of every retry have come, and the end of every endpoint's rest.

    In two transactions: the dispatcher stores the end of an attempt in the other order, so each might wait.
    """
    for done in (
        update(tables.endpoints).values(paused_until_ms=None),
        update(tables.deliveries).values(next_ms=0),
    ):
        with api.store.write() as connection:
            connection.execute(done)
    api.services.due.ring()


def events(alert_id: str, count: int = 1) -> list[object]:
    """Give the first events of an alert."""
    names = [EventName.OPENED, *[EventName.UPDATED] * (count - 1)]
    return [alert_event(alert_id, number, name) for number, name in enumerate(names, start=1)]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a running receiver."""
    async with receiving() as running:
        yield running


async def test_an_alert_arrives_signed_and_once(tmp_path: Path, receiver: Receiver) -> None:
    """The public library verifies it; the delivery is over."""
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api, delivering(api):
        subscribe(api, receiver)
        api.project(alert_event())
        await until(lambda: states(api) == [DeliveryState.DELIVERED])
    [got] = receiver.got
    got.verify(SECRET)
    assert got.data["alert_id"] == alert_event().alert_id


async def test_a_retry_has_the_same_id_and_a_new_signature(tmp_path: Path, receiver: Receiver) -> None:
    """So a receiver can drop what it has seen."""
    receiver.answer(500, "try later")
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api, delivering(api):
        subscribe(api, receiver)
        api.project(alert_event())
        await until(lambda: states(api) == [DeliveryState.DUE] and outcomes(api) == ["server_error"])
        make_due(api)
        await until(lambda: states(api) == [DeliveryState.DELIVERED])
    first, second = receiver.got
    assert first.id == second.id
    for got in receiver.got:
        got.verify(SECRET)


async def test_a_failure_waits_for_the_schedule(tmp_path: Path, receiver: Receiver) -> None:
    """The second attempt is due 4 to 6 seconds after the first, not at once."""
    receiver.answer(500)
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api, delivering(api):
        subscribe(api, receiver)
        before = now_ms()
        api.project(alert_event())
        await until(lambda: outcomes(api) == ["server_error"] and states(api) == [DeliveryState.DUE])
        with api.store.read() as connection:
            due_ms = connection.execute(select(tables.deliveries.c.next_ms)).scalar_one()
    assert before + 4000 <= due_ms <= now_ms() + 6000


async def test_revisions_of_an_alert_keep_their_order(tmp_path: Path, receiver: Receiver) -> None:
    """While the first waits for its retry, those after it wait too; another alert does not."""
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api, delivering(api):
        subscribe(api, receiver)
        receiver.answer(500)
        api.project(*events("a", 3))
        await until(lambda: outcomes(api) == ["server_error"])
        api.project(*events("b"))
        await until(lambda: len(outcomes(api)) == 2)
        make_due(api)
        await until(lambda: set(states(api)) == {DeliveryState.DELIVERED})
    order = [(got.data["alert_id"], got.data["revision"]) for got in receiver.got]
    assert order == [("a", 1), ("b", 1), ("a", 1), ("a", 2), ("a", 3)]


async def test_a_slow_endpoint_holds_up_only_itself(tmp_path: Path, receiver: Receiver) -> None:
    """With twenty alerts waiting for it, the other endpoint gets all its own."""
    async with receiving() as slow:
        slow.gate.clear()
        rules = [receiver.rule, slow.rule]
        async with running_api(tmp_path, egress_allow=rules) as api, delivering(api, lanes=2):
            subscribe(api, slow)
            subscribe(api, receiver)
            for number in range(20):
                api.project(*events(f"a{number}"))
            await until(lambda: len(receiver.got) == 20)
            assert len(slow.got) == 2


async def test_a_receiver_that_is_gone_is_disabled(tmp_path: Path, receiver: Receiver) -> None:
    """410 ends its deliveries; later events make none."""
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api, delivering(api):
        subscribe(api, receiver)
        receiver.answer(410)
        api.project(*events("a", 2))
        await until(lambda: states(api) == [DeliveryState.DEAD] * 2)
        api.project(*events("b"))
        with api.store.read() as connection:
            row = connection.execute(select(tables.endpoints)).one()
        assert (row.state, row.disabled_reason, len(states(api))) == (EndpointState.DISABLED, "gone", 2)


async def test_after_the_schedule_a_dead_letter_can_be_replayed(tmp_path: Path, receiver: Receiver) -> None:
    """Eight failures, then silence, then one call."""
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api, delivering(api):
        subscribe(api, receiver)
        for _ in range(8):
            receiver.answer(503)
        api.project(alert_event())
        for number in range(1, 9):
            await until(lambda number=number: len([one for one in outcomes(api) if one]) == number)
            make_due(api)
        await until(lambda: states(api) == [DeliveryState.DEAD])
        async with api.client() as client:
            [delivery] = (await client.get("/v1/deliveries?state=dead")).json()["items"]
            assert delivery["reason"] == "attempts_exhausted"
            assert len(delivery["attempts"]) == 8
            assert (await client.post(f"/v1/deliveries/{delivery['id']}/replay")).status_code == 202
            await until(lambda: states(api) == [DeliveryState.DELIVERED])
            assert (await client.post("/v1/deliveries/msg_none/replay")).status_code == 404
    assert len({got.id for got in receiver.got}) == 1


async def test_what_a_killed_process_had_claimed_is_sent_again(tmp_path: Path, receiver: Receiver) -> None:
    """The claim of the dead is taken back at the start; its attempt counts as interrupted.

    Where other processes may live, only when the lease of the claim is over.
    """
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api:
        subscribe(api, receiver)
        api.project(alert_event())
        with api.store.write() as connection:
            at_ms = now_ms() - (LEASE_MS + 1 if api.store.shared else 0)
            [claimed] = outbox.claim_due(connection, at_ms, {}, 4)
        async with delivering(api):
            await until(lambda: states(api) == [DeliveryState.DELIVERED])
        assert outcomes(api) == ["interrupted", "delivered"]
    assert [got.id for got in receiver.got] == [claimed.delivery_id]


def test_a_process_that_is_killed_again_and_again_uses_no_retry_up(tmp_path: Path) -> None:
    """Only the receiver's failures bring a delivery nearer to its end as a dead letter."""
    with fresh_store(tmp_path) as store:
        with store.write() as connection:
            create(connection, NewEndpoint("e", "https://e.example/", Severity.INFO, SECRET), "test", 0)
        keep(store, [Log().alert(alert_event())])
        for number in range(1, 20):
            with store.write() as connection:
                [claimed] = outbox.claim_due(connection, number, {}, 4)
                assert (claimed.number, claimed.round_attempts) == (number, 1)
                assert outbox.take_back(connection, number + 1, number) == 1


async def test_a_delivery_is_claimed_by_one(tmp_path: Path, receiver: Receiver) -> None:
    """Compare-and-set: the second claim finds nothing."""
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api:
        subscribe(api, receiver)
        api.project(alert_event())
        with api.store.write() as connection:
            assert len(outbox.claim_due(connection, now_ms(), {}, 4)) == 1
            assert outbox.claim_due(connection, now_ms(), {}, 4) == []


async def test_a_rotated_secret_signs_with_both_until_the_overlap_ends(
    tmp_path: Path, receiver: Receiver
) -> None:
    """Receivers change secrets without losing a delivery."""
    fresh = new_secret()
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api, delivering(api):
        endpoint_id = subscribe(api, receiver)
        with api.store.write() as connection:
            rotate(connection, endpoint_id, fresh, FAR_MS)
        api.project(*events("a"))
        await until(lambda: len(receiver.got) == 1)
        with api.store.write() as connection:
            connection.execute(update(tables.endpoints).values(previous_until_ms=1))
        api.project(*events("b"))
        await until(lambda: len(receiver.got) == 2)
    for secret in (SECRET, fresh):
        receiver.got[0].verify(secret)
    receiver.got[1].verify(fresh)
    assert len(receiver.got[1].headers["webhook-signature"].split()) == 1


async def test_attempts_and_the_delay_of_the_first_are_counted(tmp_path: Path, receiver: Receiver) -> None:
    """One delay a delivery, one count an attempt."""
    receiver.answer(500)
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as api, delivering(api):
        subscribe(api, receiver)
        api.project(alert_event())
        await until(lambda: outcomes(api) == ["server_error"] and states(api) == [DeliveryState.DUE])
        make_due(api)
        await until(lambda: states(api) == [DeliveryState.DELIVERED])
        async with api.client(None) as client:
            page = (await client.get("/metrics")).text
    assert 'haidang_delivery_attempts_total{outcome="server_error"} 1.0' in page
    assert "haidang_delivery_delay_seconds_count 1.0" in page
