"""Requests that are carried out once: what is remembered of them, in the transaction of what they did."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from api_support import fresh_store
from sqlalchemy import func, select

from api.store import Store, audit, once
from api.store import tables as t
from api.store.once import Answered, Asked, OneTransaction, OtherRequestError, RepeatedError

DIGEST = once.request_digest("/v1/endpoints", b"", b"{}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a new store."""
    with fresh_store(tmp_path) as opened:
        yield opened


def asked(key: str = "k", digest: str = DIGEST, whose: str = "a") -> Asked:
    """Ask for something."""
    return Asked(whose, key, digest)


def carry_out(store: Store, request: Asked, now_ms: int = 1, body: str = "{}") -> None:
    """Do something and answer."""
    work = OneTransaction(store, request, now_ms)
    try:
        with work.write() as connection:
            audit.note(connection, "desk", "deed", request.idempotency_key, now_ms)
        work.keep(Answered(201, body))
    finally:
        work.drop()


def known(store: Store, request: Asked) -> Answered | None:
    """Look a request up."""
    with store.read() as connection:
        return once.look(connection, request)


def deeds(store: Store) -> int:
    """Count what was done."""
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(t.audit)).scalar_one()


def test_a_request_is_carried_out_once_and_then_answered_from_memory(store: Store) -> None:
    """Whoever tries to carry it out again is given the answer."""
    carry_out(store, asked(), body='{"id": 1}')
    assert known(store, asked()) == Answered(201, '{"id": 1}')
    with pytest.raises(RepeatedError) as refused:
        carry_out(store, asked())
    assert (refused.value.answered, deeds(store)) == (Answered(201, '{"id": 1}'), 1)


def test_a_key_belongs_to_one_request_of_one_api_key(store: Store) -> None:
    """Another body is refused; another API key's request is its own."""
    carry_out(store, asked())
    with pytest.raises(OtherRequestError):
        known(store, asked(digest="other"))
    with pytest.raises(OtherRequestError):
        carry_out(store, asked(digest="other"))
    carry_out(store, asked(whose="b"))


def test_what_was_not_kept_leaves_neither_deed_nor_answer(store: Store) -> None:
    """As when the process is killed between the two; it may be sent again."""
    work = OneTransaction(store, asked(), 1)
    with work.write() as connection:
        audit.note(connection, "desk", "deed", "k", 1)
    work.drop()
    assert (deeds(store), known(store, asked())) == (0, None)
    carry_out(store, asked())
    assert deeds(store) == 1


def test_two_that_come_at_once_are_carried_out_once(store: Store) -> None:
    """The second waits for the first and is given its answer."""

    def one(number: int) -> str:
        try:
            carry_out(store, asked(), body=str(number))
        except RepeatedError as error:
            return error.answered.body
        return str(number)

    with ThreadPoolExecutor(4) as threads:
        bodies = set(threads.map(one, range(4)))
    assert (len(bodies), deeds(store)) == (1, 1)


def test_a_request_that_writes_nothing_is_remembered_too(store: Store) -> None:
    """Its answer is all there is."""
    work = OneTransaction(store, asked(), 1)
    work.keep(Answered(202, "{}"))
    work.drop()
    assert known(store, asked()) == Answered(202, "{}")


def test_it_is_remembered_for_a_day(store: Store) -> None:
    """Then forgotten, rows and all."""
    carry_out(store, asked(), now_ms=0)
    with pytest.raises(RepeatedError):
        carry_out(store, asked(), now_ms=once.KEPT_MS - 1)
    carry_out(store, asked(), now_ms=once.KEPT_MS)


def test_memory_is_bounded_for_each_api_key(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first; another key's stay."""
    monkeypatch.setattr(once, "KEPT_REQUESTS", 3)
    carry_out(store, asked("mine", whose="b"))
    for number in range(10):
        carry_out(store, asked(f"k{number}"), now_ms=number)
    with store.read() as connection:
        kept = connection.execute(
            select(t.requests.c.key_id, func.count()).group_by(t.requests.c.key_id)
        ).all()
    assert dict(tuple(row) for row in kept) == {"a": 3, "b": 1}
    assert known(store, asked("k9")) == Answered(201, "{}")


def test_parts_of_a_request_do_not_run_together() -> None:
    """A query is not a longer path."""
    assert once.request_digest("/a", b"b", b"") != once.request_digest("/ab", b"", b"")
