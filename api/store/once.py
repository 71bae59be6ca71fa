"""Requests that carry an Idempotency-Key: what was answered to them, for a day.

Kept are digests of key and request, and the answer. A request is claimed before it is carried out, so that
two that come at once are carried out once.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, select, update

from api.store import tables as t
from api.store.upsert import insert_into

KEPT_MS = 24 * 3_600_000
KEPT_REQUESTS = 10_000
LEASE_MS = 60_000
"""A claim whose process died is free again after this; no request takes so long."""


class Refusal(StrEnum):
    """Why a request is not carried out."""

    OTHER_REQUEST = "other_request"
    UNDER_WAY = "under_way"


@dataclass(frozen=True)
class Claimed:
    """The request is ours to carry out; ``name`` is what `answer` and `release` need."""

    name: str


@dataclass(frozen=True)
class Answered:
    """The request was carried out before: what was answered then."""

    status: int
    body: str


Claim = Claimed | Answered | Refusal


def _sha256(*parts: bytes) -> str:
    """Digest parts, each with its length, so that no two lists of parts are alike."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def request_digest(path: str, query: bytes, body: bytes) -> str:
    """Digest what is asked for."""
    return _sha256(path.encode(), query, body)


def claim(connection: Connection, key_id: str, idempotency_key: str, digest: str, now_ms: int) -> Claim:
    """Claim a request of an API key, or say what became of it."""
    name = _sha256(key_id.encode(), idempotency_key.encode())
    _forget(connection, key_id, now_ms)
    row = {"name": name, "key_id": key_id, "digest": digest, "claimed_ms": now_ms}
    fresh = insert_into(connection, t.requests).values(**row).on_conflict_do_nothing()
    if connection.execute(fresh.returning(t.requests.c.name)).first() is not None:
        return Claimed(name)
    found = connection.execute(select(t.requests).where(t.requests.c.name == name)).one()
    if found.digest != digest:
        return Refusal.OTHER_REQUEST
    if found.status is not None:
        return Answered(found.status, found.body)
    return Claimed(name) if _take_over(connection, name, found.claimed_ms, now_ms) else Refusal.UNDER_WAY


def _take_over(connection: Connection, name: str, claimed_ms: int, now_ms: int) -> bool:
    """Claim what a process that died had claimed; gives whether that succeeded."""
    if claimed_ms > now_ms - LEASE_MS:
        return False
    stale = (t.requests.c.name == name) & (t.requests.c.claimed_ms == claimed_ms)
    return connection.execute(update(t.requests).where(stale).values(claimed_ms=now_ms)).rowcount == 1


def _forget(connection: Connection, key_id: str, now_ms: int) -> None:
    """Forget what is older than a day, and of one API key all but the newest."""
    connection.execute(delete(t.requests).where(t.requests.c.claimed_ms <= now_ms - KEPT_MS))
    own = select(t.requests.c.claimed_ms).where(t.requests.c.key_id == key_id)
    newest = own.order_by(t.requests.c.claimed_ms.desc())
    last = connection.execute(newest.offset(KEPT_REQUESTS - 1).limit(1)).scalar_one_or_none()
    if last is not None:
        surplus = (t.requests.c.key_id == key_id) & (t.requests.c.claimed_ms <= last)
        connection.execute(delete(t.requests).where(surplus))


def answer(connection: Connection, claimed: Claimed, status: int, body: str) -> None:
    """Keep what was answered."""
    connection.execute(
        update(t.requests).where(t.requests.c.name == claimed.name).values(status=status, body=body)
    )


def release(connection: Connection, claimed: Claimed) -> None:
    """Give a claim up: the request changed nothing and may be sent again."""
    connection.execute(delete(t.requests).where(t.requests.c.name == claimed.name))
