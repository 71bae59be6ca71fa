"""Requests that carry an Idempotency-Key: what was answered to them, for a day.

Kept are digests of key and request, and the answer, in the transaction of what the request did: both are kept
or neither. A request is claimed at the transaction's beginning; a second one with the same key waits there
until the first is over, and is then answered as it was.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from api.store import tables as t
from api.store.engine import Store
from api.store.upsert import insert_into

KEPT_MS = 24 * 3_600_000
KEPT_REQUESTS = 10_000


class OtherRequestError(Exception):
    """The key was used for another request."""


@dataclass(frozen=True)
class Answered:
    """The request was carried out before: what was answered then."""

    status: int
    body: str


class RepeatedError(Exception):
    """The same request was carried out meanwhile; ``answered`` is what was answered to it."""

    def __init__(self, answered: Answered) -> None:
        """Keep the answer."""
        super().__init__()
        self.answered = answered


@dataclass(frozen=True)
class Asked:
    """A request of an API key under an Idempotency-Key; ``digest`` is that of what is asked for."""

    key_id: str
    idempotency_key: str
    digest: str

    @property
    def name(self) -> str:
        """Under what it is remembered."""
        return _sha256(self.key_id.encode(), self.idempotency_key.encode())


def _sha256(*parts: bytes) -> str:
    """Digest parts, each with its length, so that no two lists of parts are alike."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def request_digest(path: str, query: bytes, body: bytes) -> str:
    """Digest what is asked for."""
    return _sha256(path.encode(), query, body)


def look(connection: Connection, asked: Asked) -> Answered | None:
    """Give what was answered to a request; None when it was not carried out.

    Raises OtherRequestError when its key was used for another one.
    """
    found = connection.execute(select(t.requests).where(t.requests.c.name == asked.name)).first()
    if found is None:
        return None
    if found.digest != asked.digest:
        raise OtherRequestError
    return Answered(found.status, found.body)


def claim(connection: Connection, asked: Asked, now_ms: int) -> None:
    """Claim a request for the transaction; waits for another one that has it.

    Raises RepeatedError when that, or an earlier one, carried it out; OtherRequestError as ``look``.
    """
    _forget(connection, asked.key_id, now_ms)
    row = {"name": asked.name, "key_id": asked.key_id, "digest": asked.digest, "claimed_ms": now_ms}
    fresh = insert_into(connection, t.requests).values(**row).on_conflict_do_nothing()
    if connection.execute(fresh.returning(t.requests.c.name)).first() is None:
        answered = look(connection, asked)
        if answered is not None:
            raise RepeatedError(answered)


def _forget(connection: Connection, key_id: str, now_ms: int) -> None:
    """Forget what is older than a day, and of one API key all but the newest."""
    connection.execute(delete(t.requests).where(t.requests.c.claimed_ms <= now_ms - KEPT_MS))
    own = select(t.requests.c.claimed_ms).where(t.requests.c.key_id == key_id)
    newest = own.order_by(t.requests.c.claimed_ms.desc())
    last = connection.execute(newest.offset(KEPT_REQUESTS - 1).limit(1)).scalar_one_or_none()
    if last is not None:
        surplus = (t.requests.c.key_id == key_id) & (t.requests.c.claimed_ms <= last)
        connection.execute(delete(t.requests).where(surplus))


def answer(connection: Connection, asked: Asked, answered: Answered) -> None:
    """Keep what is answered to a claimed request."""
    values = {"status": answered.status, "body": answered.body}
    connection.execute(update(t.requests).where(t.requests.c.name == asked.name).values(**values))


class OneTransaction(Store):
    """A store as one request works with it: all that it writes is one transaction, which claims the request.

    The transaction begins with the first write and is kept by ``keep``; ``drop`` undoes what was not kept. So
    a killed process leaves both the deed and its answer, or neither.
    """

    def __init__(self, store: Store, asked: Asked, now_ms: int) -> None:
        """Begin nothing yet."""
        super().__init__(store.engine)
        self._asked = asked
        self._now_ms = now_ms
        self._connection: Connection | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the connection of the transaction; raises RepeatedError when there is nothing left to do."""
        if self._connection is None:
            self._connection = self.begin()
            claim(self._connection, self._asked, self._now_ms)
        yield self._connection

    def keep(self, answered: Answered) -> None:
        """Keep what was written, and the answer; raises RepeatedError as ``write``."""
        with self.write() as connection:
            answer(connection, self._asked, answered)
            connection.commit()

    def drop(self) -> None:
        """Undo what was not kept, and let others write."""
        if self._connection is not None:
            self._connection.close()
