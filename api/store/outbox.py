"""The outbox: which deliveries are due, who has claimed them, what became of them.

A delivery is claimed by compare-and-set before anything is sent; a claim whose holder died is taken back
and the attempt counts as interrupted. Deliveries of one alert to one endpoint keep the order of their
revisions.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, insert, select, update

from api.outcome import Answer, DeadReason, Decision, Delivered, GiveUp, Outcome, Retry
from api.store import tables as t
from api.store.states import PENDING, DeliveryState, EndpointState

GONE = "gone"


@dataclass(frozen=True)
class Claimed:
    """A delivery that is ours to attempt now."""

    delivery_id: str
    endpoint_id: str
    alert_id: str
    revision: int
    claim: str
    number: int
    round_attempts: int
    decided_ms: int
    url: str
    secrets: tuple[str, ...]
    event: str

    @property
    def first(self) -> bool:
        """Whether it is the very first attempt."""
        return self.number == 1


def valid_secrets(row: Row[tuple[object, ...]], now_ms: int) -> tuple[str, ...]:
    """Give the secrets that sign now, the newest first; ``row`` has the three columns of ``endpoints``."""
    old = row.previous_secret
    overlapping = old is not None and row.previous_until_ms is not None and row.previous_until_ms > now_ms
    return (row.secret, old) if overlapping else (row.secret,)


def claim_due(connection: Connection, now_ms: int, busy: Mapping[str, int], lanes: int) -> list[Claimed]:
    """Claim what is due, for each endpoint at most ``lanes`` less those under way (``busy``)."""
    free: dict[str, int] = {}
    claimed: list[Claimed] = []
    for row in connection.execute(_due(now_ms, lanes)).all():
        left = free.setdefault(row.endpoint_id, lanes - busy.get(row.endpoint_id, 0))
        if left > 0 and (item := _claim(connection, row, now_ms)) is not None:
            free[row.endpoint_id] = left - 1
            claimed.append(item)
    return claimed


def _due(now_ms: int, lanes: int) -> Select[*tuple[Any, ...]]:
    """Select the due heads of the queues, at most ``lanes`` an endpoint.

    On PostgreSQL, what another process is claiming at this moment is passed over (SKIP LOCKED), and what it
    has claimed meanwhile is not due any more (the outer ``is_due`` is judged on the locked row).
    """
    delivery, earlier = t.deliveries, t.deliveries.alias()
    waits_for_earlier = exists().where(
        earlier.c.endpoint_id == delivery.c.endpoint_id,
        earlier.c.alert_id == delivery.c.alert_id,
        earlier.c.revision < delivery.c.revision,
        earlier.c.state.in_(PENDING),
    )
    place = func.row_number().over(
        partition_by=delivery.c.endpoint_id, order_by=(delivery.c.next_ms, delivery.c.seq)
    )
    is_due = delivery.c.state == DeliveryState.DUE
    heads = (
        select(delivery.c.seq, place.label("place"))
        .where(is_due, delivery.c.next_ms <= now_ms, ~waits_for_earlier)
        .subquery()
    )
    endpoint = and_(t.endpoints.c.endpoint_id == delivery.c.endpoint_id, _active())
    return (
        select(
            delivery,
            t.endpoints.c.url,
            t.endpoints.c.secret,
            t.endpoints.c.previous_secret,
            t.endpoints.c.previous_until_ms,
            t.alert_events.c.body,
        )
        .join(heads, heads.c.seq == delivery.c.seq)
        .join(t.endpoints, endpoint)
        .join(t.alert_events, t.alert_events.c.seq == delivery.c.event_seq)
        .where(heads.c.place <= lanes, is_due)
        .order_by(delivery.c.next_ms, delivery.c.seq)
        .with_for_update(of=delivery, skip_locked=True)
    )


def _active() -> ColumnElement[bool]:
    """Whether an endpoint receives deliveries."""
    return t.endpoints.c.state == EndpointState.ACTIVE


def _claim(connection: Connection, row: Row[tuple[object, ...]], now_ms: int) -> Claimed | None:
    """Claim one delivery and note its attempt; None when someone else was faster."""
    claim, number = secrets.token_hex(8), row.attempts + 1
    won = connection.execute(
        update(t.deliveries)
        .where(t.deliveries.c.seq == row.seq, t.deliveries.c.state == DeliveryState.DUE)
        .values(
            state=DeliveryState.SENDING,
            claim=claim,
            claimed_ms=now_ms,
            attempts=number,
            round_attempts=row.round_attempts + 1,
        )
    )
    if won.rowcount != 1:
        return None
    connection.execute(
        insert(t.attempts).values(delivery_id=row.delivery_id, number=number, started_ms=now_ms)
    )
    return Claimed(
        delivery_id=row.delivery_id,
        endpoint_id=row.endpoint_id,
        alert_id=row.alert_id,
        revision=row.revision,
        claim=claim,
        number=number,
        round_attempts=row.round_attempts + 1,
        decided_ms=row.decided_ms,
        url=row.url,
        secrets=valid_secrets(row, now_ms),
        event=row.body,
    )


def next_due_ms(connection: Connection, now_ms: int) -> int | None:
    """Give when the next delivery that is not due yet will be; None when there is none."""
    later = and_(t.deliveries.c.state == DeliveryState.DUE, t.deliveries.c.next_ms > now_ms)
    found: int | None = connection.execute(select(func.min(t.deliveries.c.next_ms)).where(later)).scalar_one()
    return found


def finish(connection: Connection, item: Claimed, answer: Answer, decision: Decision, now_ms: int) -> None:
    """Store how an attempt ended and what follows.

    A claim that was taken back meanwhile decides nothing any more. A receiver that is gone disables its
    endpoint.
    """
    attempt = and_(t.attempts.c.delivery_id == item.delivery_id, t.attempts.c.number == item.number)
    connection.execute(
        update(t.attempts)
        .where(attempt)
        .values(finished_ms=now_ms, outcome=answer.outcome, status=answer.status, answer=answer.text)
    )
    mine = and_(t.deliveries.c.delivery_id == item.delivery_id, t.deliveries.c.claim == item.claim)
    connection.execute(update(t.deliveries).where(mine).values(claim=None, **_after(decision, now_ms)))
    if answer.outcome is Outcome.GONE:
        disable(connection, item.endpoint_id, GONE, DeadReason.ENDPOINT_GONE)
    elif isinstance(decision, Retry) and not _is_active(connection, item.endpoint_id):
        bury(connection, item.endpoint_id, DeadReason.ENDPOINT_DISABLED)


def _after(decision: Decision, now_ms: int) -> dict[str, object]:
    """Give the columns that a decision sets."""
    if isinstance(decision, Delivered):
        return {"state": DeliveryState.DELIVERED, "reason": None, "delivered_ms": now_ms}
    if isinstance(decision, GiveUp):
        return {"state": DeliveryState.DEAD, "reason": decision.reason}
    return {"state": DeliveryState.DUE, "next_ms": decision.at_ms}


def _is_active(connection: Connection, endpoint_id: str) -> bool:
    """Whether this endpoint receives deliveries."""
    found = select(t.endpoints.c.endpoint_id).where(t.endpoints.c.endpoint_id == endpoint_id, _active())
    return connection.execute(found).first() is not None


def disable(connection: Connection, endpoint_id: str, why: str, reason: DeadReason) -> bool:
    """Stop deliveries to an endpoint and bury what waits for it; gives whether it was active."""
    changed = connection.execute(
        update(t.endpoints)
        .where(t.endpoints.c.endpoint_id == endpoint_id, _active())
        .values(state=EndpointState.DISABLED, disabled_reason=why)
    )
    bury(connection, endpoint_id, reason)
    return changed.rowcount == 1


def bury(connection: Connection, endpoint_id: str, reason: DeadReason) -> None:
    """Give up what waits for an endpoint; each can be replayed later."""
    waiting = and_(t.deliveries.c.endpoint_id == endpoint_id, t.deliveries.c.state == DeliveryState.DUE)
    connection.execute(update(t.deliveries).where(waiting).values(state=DeliveryState.DEAD, reason=reason))


def take_back(connection: Connection, claimed_before_ms: int, now_ms: int) -> int:
    """Make deliveries due again whose claim is older than that: its holder died. Gives how many."""
    lost = and_(t.deliveries.c.state == DeliveryState.SENDING, t.deliveries.c.claimed_ms < claimed_before_ms)
    ids = list(connection.execute(select(t.deliveries.c.delivery_id).where(lost)).scalars())
    open_attempts = and_(t.attempts.c.delivery_id.in_(ids), t.attempts.c.outcome.is_(None))
    if ids:
        connection.execute(
            update(t.attempts).where(open_attempts).values(finished_ms=now_ms, outcome=Outcome.INTERRUPTED)
        )
        connection.execute(
            update(t.deliveries).where(lost).values(state=DeliveryState.DUE, next_ms=now_ms, claim=None)
        )
    return len(ids)


def replay(connection: Connection, delivery_id: str, now_ms: int) -> bool:
    """Make a finished delivery due again, with a fresh schedule and the same id; gives whether it was."""
    over = and_(
        t.deliveries.c.delivery_id == delivery_id,
        t.deliveries.c.state.in_((DeliveryState.DEAD, DeliveryState.DELIVERED)),
    )
    changed = connection.execute(
        update(t.deliveries)
        .where(over)
        .values(state=DeliveryState.DUE, reason=None, round_attempts=0, next_ms=now_ms)
    )
    return changed.rowcount == 1
