"""Several processes on one PostgreSQL database: claims, duties, turns and calls."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from api_support import Log, alert_event, fresh_store, keep
from receiver_support import until
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from api.bell import Bell
from api.keys import ensure_admin_key
from api.lifecycle import Wish
from api.listener import Listener
from api.store import Store, alerts, outbox, tables
from api.store.calls import Call, call
from api.store.endpoints import NewEndpoint, create
from api.store.states import Action
from api.store.turns import Duty
from detectors.events import EventName, Severity

pytestmark = pytest.mark.stores("postgresql")
SECRET = "whsec_" + "eHh4" * 11
ALERTS = 40
PROCESSES = 4


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[list[Store]]:
    """Give the stores of several processes on one database."""
    with ExitStack() as opened:
        yield [opened.enter_context(fresh_store(tmp_path)) for _ in range(PROCESSES)]


def subscribe(store: Store) -> None:
    """Subscribe an endpoint to everything."""
    with store.write() as connection:
        create(connection, NewEndpoint("e", "https://e.example/", Severity.INFO, SECRET), "test", 0)


def claims(store: Store) -> list[str]:
    """Claim until nothing is due."""
    found: list[str] = []
    while True:
        with store.write() as connection:
            items = outbox.claim_due(connection, 1, {}, 3)
        if not items:
            return found
        found.extend(item.delivery_id for item in items)


def test_processes_that_claim_at_once_share_the_work(processes: list[Store]) -> None:
    """Each delivery is claimed, and by one only."""
    log = Log()
    subscribe(processes[0])
    keep(processes[0], [log.alert(alert_event(f"a{number}")) for number in range(ALERTS)])
    with ThreadPoolExecutor(PROCESSES) as threads:
        found = [one for claimed in threads.map(claims, processes) for one in claimed]
    found += claims(processes[0])  # what was locked when another looked
    assert (len(found), len(set(found))) == (ALERTS, ALERTS)


def test_what_another_is_claiming_is_passed_over(processes: list[Store]) -> None:
    """Nobody waits for a claim under way, and it is not claimed twice when it is over."""
    first, second, *_ = processes
    subscribe(first)
    keep(first, [Log().alert(alert_event())])
    with first.write() as connection:
        assert len(outbox.claim_due(connection, 1, {}, 4)) == 1
        assert claims(second) == []
    assert claims(second) == []


def test_a_duty_has_one_holder_until_its_connection_ends(processes: list[Store]) -> None:
    """Then the next one gets it; other duties are apart."""
    first, second, *_ = processes
    with first.on_duty(Duty.ALERTS) as held:
        assert held is not None
        held.check()
        with second.on_duty(Duty.ALERTS) as none, second.on_duty(Duty.SERIES) as other:
            assert (none is None, other is None) == (True, False)
    with second.on_duty(Duty.ALERTS) as held:
        assert held is not None


def test_a_reader_of_the_journal_misses_no_line(processes: list[Store]) -> None:
    """Who writes second waits for the first: places become visible in their order."""
    first, second, *_ = processes
    log = Log()
    keep(first, [log.alert(alert_event("a"))])
    written = threading.Event()

    def act() -> None:
        with second.write() as connection:
            alerts.act(connection, "a", Wish(Action.ACKNOWLEDGE), "officer", 1)
        written.set()

    with first.write() as connection:
        alerts.act(connection, "a", Wish(Action.COMMENT, comment="x"), "officer", 1)
        waiting = threading.Thread(target=act)
        waiting.start()
        with first.read() as reader:
            assert alerts.last_seq(reader) == 1
        assert not written.is_set()
    waiting.join()
    with first.read() as reader:
        assert [row.event for row in alerts.history(reader, "a", 0, 9)] == [
            "opened",
            "comment",
            "acknowledge",
        ]


def test_officers_and_projector_never_wait_for_each_other_in_a_circle(processes: list[Store]) -> None:
    """Side by side on one alert: no deadlock, nothing lost."""
    first, second, *_ = processes
    log = Log()
    keep(first, [log.alert(alert_event("a"))])

    def acts() -> None:
        for _ in range(ALERTS):
            with second.write() as connection:
                alerts.act(connection, "a", Wish(Action.COMMENT, comment="x"), "officer", 1)

    acting = threading.Thread(target=acts)
    acting.start()
    for revision in range(2, ALERTS + 2):
        keep(first, [log.alert(alert_event("a", revision, EventName.UPDATED))])
    acting.join()
    with first.read() as reader:
        row = alerts.find(reader, "a")
        assert row is not None
        assert (row.revision, row.handling_revision) == (ALERTS + 1, ALERTS)


def test_processes_that_start_together_make_one_admin_key(processes: list[Store], tmp_path: Path) -> None:
    """The others leave it alone."""
    paths = [tmp_path / str(number) / "admin.key" for number in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as threads:
        made = list(threads.map(ensure_admin_key, processes, paths))
    assert (sum(made), sum(path.exists() for path in paths)) == (1, 1)
    with processes[0].read() as connection:
        assert len(connection.execute(select(tables.keys)).all()) == 1


async def test_a_call_rings_the_bells_of_other_processes_once_it_is_kept(processes: list[Store]) -> None:
    """Only the bell that is meant, and nothing when the transaction fails."""
    first, second, *_ = processes
    bells = {what: Bell() for what in Call}
    for bell in bells.values():
        bell.bind()
    first_tickets = [bell.ticket() for bell in bells.values()]
    listener = Listener(first, bells)
    listener.start()
    try:
        await until(lambda: all(ticket.is_set() for ticket in first_tickets), "it rings once at its start")
        tickets = {what: bell.ticket() for what, bell in bells.items()}
        with pytest.raises(ZeroDivisionError):
            call_and_fail(second)
        with second.write() as connection:
            call(connection, Call.DUE)
        await until(tickets[Call.DUE].is_set, "the bell rings")
        assert not tickets[Call.JOURNAL].is_set()
    finally:
        await asyncio.to_thread(listener.stop)


def cut_off(store: Store) -> None:
    """End every other connection to the database, as a restart of the server does."""
    with store.alone() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_a_duty_is_lost_with_its_connection(processes: list[Store]) -> None:
    """Who has it hears of it at the next look, and another may have it at once."""
    first, second, *_ = processes
    with first.on_duty(Duty.ALERTS) as held:
        assert held is not None
        cut_off(second)
        with second.on_duty(Duty.ALERTS) as other:
            assert other is not None
        with pytest.raises(SQLAlchemyError):
            held.check()


async def test_a_listener_that_is_cut_off_listens_again(processes: list[Store]) -> None:
    """It rings once for what it may have missed, then for each call."""
    first, second, *_ = processes
    bell = Bell()
    bell.bind()
    ticket = bell.ticket()
    listener = Listener(first, {Call.DUE: bell})
    listener.start()
    try:
        await until(ticket.is_set, "it rings at its start")
        ticket = bell.ticket()
        await asyncio.to_thread(cut_off, second)
        await until(ticket.is_set, "it rings for what it may have missed")
        ticket = bell.ticket()
        with second.write() as connection:
            call(connection, Call.DUE)
        await until(ticket.is_set, "it hears again")
    finally:
        await asyncio.to_thread(listener.stop)


def call_and_fail(store: Store) -> None:
    """Call in a transaction that is not kept."""
    with store.write() as connection:
        call(connection, Call.JOURNAL)
        raise ZeroDivisionError
