"""Requests that are carried out once: claims in the store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_support import fresh_store
from sqlalchemy import func, select

from api.store import Store, once
from api.store.tables import requests

DIGEST = once.request_digest("/v1/endpoints", b"", b"{}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a new store."""
    with fresh_store(tmp_path) as opened:
        yield opened


def claim(
    store: Store, key: str = "k", digest: str = DIGEST, now_ms: int = 1, whose: str = "a"
) -> once.Claim:
    """Claim a request."""
    with store.write() as connection:
        return once.claim(connection, whose, key, digest, now_ms)


def settle(store: Store, claimed: once.Claim, body: str = "{}") -> None:
    """Answer a claimed request."""
    assert isinstance(claimed, once.Claimed)
    with store.write() as connection:
        once.answer(connection, claimed, 201, body)


def test_a_request_is_claimed_once_and_then_answered_from_memory(store: Store) -> None:
    """While it is under way nobody else may carry it out."""
    first = claim(store)
    assert claim(store) is once.Refusal.UNDER_WAY
    settle(store, first, '{"id": 1}')
    assert claim(store) == once.Answered(201, '{"id": 1}')


def test_a_key_belongs_to_one_request_of_one_api_key(store: Store) -> None:
    """Another body is refused; another API key's request is its own."""
    settle(store, claim(store))
    assert claim(store, digest="other") is once.Refusal.OTHER_REQUEST
    assert isinstance(claim(store, whose="b"), once.Claimed)


def test_what_was_given_up_may_be_sent_again(store: Store) -> None:
    """A refused request changed nothing."""
    first = claim(store)
    assert isinstance(first, once.Claimed)
    with store.write() as connection:
        once.release(connection, first)
    assert isinstance(claim(store), once.Claimed)


def test_the_claim_of_a_process_that_died_is_free_after_a_minute(store: Store) -> None:
    """Not before."""
    claim(store, now_ms=0)
    assert claim(store, now_ms=once.LEASE_MS - 1) is once.Refusal.UNDER_WAY
    assert isinstance(claim(store, now_ms=once.LEASE_MS), once.Claimed)


def test_it_is_remembered_for_a_day(store: Store) -> None:
    """Then forgotten, rows and all."""
    settle(store, claim(store, now_ms=0))
    assert isinstance(claim(store, now_ms=once.KEPT_MS - 1), once.Answered)
    assert isinstance(claim(store, now_ms=once.KEPT_MS), once.Claimed)


def test_memory_is_bounded_for_each_api_key(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first; another key's stay."""
    monkeypatch.setattr(once, "KEPT_REQUESTS", 3)
    claim(store, "mine", whose="b")
    for number in range(10):
        settle(store, claim(store, f"k{number}", now_ms=number))
    with store.read() as connection:
        kept = connection.execute(select(requests.c.key_id, func.count()).group_by(requests.c.key_id)).all()
    assert dict(tuple(row) for row in kept) == {"a": 3, "b": 1}
    assert isinstance(claim(store, "k9", now_ms=10), once.Answered)


def test_parts_of_a_request_do_not_run_together() -> None:
    """A query is not a longer path."""
    assert once.request_digest("/a", b"b", b"") != once.request_digest("/ab", b"", b"")
