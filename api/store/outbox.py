"""The outbox: which deliveries are due, who has claimed them, what became of them.

A delivery is claimed by compare-and-set before anything is sent; a claim whose holder died is taken back
and the attempt counts as interrupted. Deliveries of one alert to one endpoint keep the order of their
revisions. Those that waited for the same group go together: the first carries the others, under its id.
An endpoint whose circuit is open gets nothing until its rest is over, then one probe.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from api import breaker
from api.breaker import Health
from api.letter import Content, Escalation, Events, Language, Letter, Notice
from api.outcome import Answer, DeadReason, Decision, Delivered, DisabledReason, GiveUp, Outcome, Retry
from api.routing import HoldReason, QuietHours, WithheldReason, parse_quiet_hours, quiet_until_ms
from api.store import deadlines, due, notices
from api.store import tables as t
from api.store.calls import Call, call
from api.store.states import PENDING, ChannelName, DeliveryState, EndpointState, Origin, Purpose
from detectors.events import Severity

GROUP_DELIVERIES = 20


@dataclass(frozen=True)
class Claimed:
    """A delivery that is ours to attempt now, with what it tells.

    ``due_ms``: when its first attempt was due. ``severity``: the alert's, None for a notice.
    """

    delivery_id: str
    endpoint_id: str
    alert_id: str
    revision: int
    claim: str
    number: int
    round_attempts: int
    due_ms: int
    channel: ChannelName
    letter: Letter
    quiet: QuietHours | None
    severity: Severity | None

    @property
    def first(self) -> bool:
        """Whether it is the very first attempt."""
        return self.number == 1


def valid_secrets(row: Row[tuple[object, ...]], now_ms: int) -> tuple[str, ...]:
    """Give the secrets that sign now, the newest first; ``row`` has the three columns of ``endpoints``."""
    old = row.previous_secret
    overlapping = old is not None and row.previous_until_ms is not None and row.previous_until_ms > now_ms
    return (row.secret, old) if overlapping else (row.secret,)


def release(connection: Connection, now_ms: int) -> int:
    """Let go what was held back until now; gives how many lines that wrote into the journal."""
    _silence_held(connection, now_ms)
    return deadlines.escalate(connection, now_ms)


def claim_due(connection: Connection, now_ms: int, busy: Mapping[str, int], lanes: int) -> list[Claimed]:
    """Claim what is due, for each endpoint at most ``lanes`` less those under way (``busy``).

    ``release`` comes before it, in the same transaction.
    """
    free: dict[str, int] = {}
    claimed: list[Claimed] = []
    told: dict[int, Events] = {}
    for row in connection.execute(_due(now_ms, lanes)).all():
        open_lanes = 1 if health(row).tripped else lanes
        left = free.setdefault(row.endpoint_id, open_lanes - busy.get(row.endpoint_id, 0))
        if left > 0 and (item := _claim(connection, row, now_ms, told)) is not None:
            free[row.endpoint_id] = left - 1
            claimed.append(item)
    return claimed


def _silence_held(connection: Connection, now_ms: int) -> None:
    """Withhold what was held back until now and has been silenced meanwhile."""
    released = and_(
        t.deliveries.c.state == DeliveryState.DUE,
        t.deliveries.c.next_ms <= now_ms,
        t.deliveries.c.attempts == 0,
        t.deliveries.c.reason.is_not(None),
    )
    alerts = select(t.deliveries.c.alert_id).where(released).distinct()
    for alert_id in connection.execute(alerts).scalars().all():
        silence_id = due.silence_of(connection, alert_id, now_ms)
        if silence_id is not None:
            withheld = {"state": DeliveryState.WITHHELD, "reason": WithheldReason.SILENCED}
            mine = and_(released, t.deliveries.c.alert_id == alert_id)
            connection.execute(update(t.deliveries).where(mine).values(silence_id=silence_id, **withheld))


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
        earlier.c.purpose == Purpose.EVENT,
        delivery.c.purpose == Purpose.EVENT,
        earlier.c.state.in_(PENDING),
    )
    place = func.row_number().over(
        partition_by=delivery.c.endpoint_id, order_by=(delivery.c.next_ms, delivery.c.seq)
    )
    is_due = and_(
        delivery.c.state == DeliveryState.DUE,
        func.coalesce(delivery.c.reason, "") != HoldReason.BEFORE_DEADLINE,
    )
    heads = (
        select(delivery.c.seq, place.label("place"))
        .where(is_due, delivery.c.next_ms <= now_ms, ~waits_for_earlier)
        .subquery()
    )
    endpoint = and_(t.endpoints.c.endpoint_id == delivery.c.endpoint_id, _active(), ~_rests(now_ms))
    return (
        select(
            delivery,
            t.endpoints.c.url,
            t.endpoints.c.channel,
            t.endpoints.c.language,
            t.endpoints.c.quiet_hours,
            t.endpoints.c.secret,
            t.endpoints.c.previous_secret,
            t.endpoints.c.previous_until_ms,
            t.endpoints.c.failures,
            t.endpoints.c.failing_since_ms,
            t.endpoints.c.paused_until_ms,
            t.alert_events.c.body,
            t.alert_events.c.severity,
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


def _rests(now_ms: int) -> ColumnElement[bool]:
    """Whether an endpoint is to be left alone for now."""
    return func.coalesce(t.endpoints.c.paused_until_ms, 0) > now_ms


def health(row: Row[tuple[object, ...]]) -> Health:
    """Give how an endpoint has answered; ``row`` has the three columns of ``endpoints``."""
    return Health(row.failures, row.failing_since_ms, row.paused_until_ms)


def _claim(
    connection: Connection, row: Row[tuple[object, ...]], now_ms: int, told: dict[int, Events]
) -> Claimed | None:
    """Claim one delivery and note its attempt; None when someone else was faster.

    ``told``: the events that were read already; what a hundred endpoints are told is read and written once.
    """
    claim, number = secrets.token_hex(8), row.attempts + 1
    won = connection.execute(
        update(t.deliveries)
        .where(t.deliveries.c.seq == row.seq, t.deliveries.c.state == DeliveryState.DUE)
        .values(
            state=DeliveryState.SENDING,
            claim=claim,
            claimed_ms=now_ms,
            reason=None,
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
        due_ms=max(row.decided_ms, row.next_ms),
        channel=ChannelName(row.channel),
        letter=_letter(connection, row, now_ms, told),
        quiet=None if row.quiet_hours is None else parse_quiet_hours(row.quiet_hours),
        severity=None if row.severity is None else Severity(row.severity),
    )


def _letter(
    connection: Connection, row: Row[tuple[object, ...]], now_ms: int, told: dict[int, Events]
) -> Letter:
    """Give what a claimed delivery tells."""
    former: frozenset[tuple[str, str]] = frozenset()
    if row.channel == ChannelName.ALERTMANAGER:
        former = _former(connection, row.alert_id, row.event_seq)
    return Letter(
        id=row.delivery_id,
        url=row.url,
        language=Language(row.language),
        content=_content(connection, row, now_ms, told),
        secrets=valid_secrets(row, now_ms),
        former=former,
    )


def _content(
    connection: Connection, row: Row[tuple[object, ...]], now_ms: int, told: dict[int, Events]
) -> Content:
    """Give what a delivery is about; an escalation shows the alert as it is now."""
    if row.purpose.startswith(f"{Purpose.NOTICE}:"):
        return Notice(msgspec.json.decode(row.body))
    if row.purpose.startswith(f"{Purpose.ESCALATION}:"):
        latest = select(t.alerts.c.body).where(t.alerts.c.alert_id == row.alert_id)
        event = msgspec.json.decode(connection.execute(latest).scalar_one())
        return Escalation(event, deadlines.of_escalation(connection, row.alert_id, row.purpose, now_ms))
    if row.group_key is None:
        if row.event_seq not in told:
            told[row.event_seq] = Events((msgspec.json.decode(row.body),))
        return told[row.event_seq]
    return Events(tuple(msgspec.json.decode(body) for body in (row.body, *_carried(connection, row))))


def _former(connection: Connection, alert_id: str, before_seq: int) -> frozenset[tuple[str, str]]:
    """Give the kinds and severities that the machine's earlier events of an alert had."""
    lines = select(t.alert_events.c.kind, t.alert_events.c.severity).where(
        t.alert_events.c.alert_id == alert_id,
        t.alert_events.c.origin == Origin.MACHINE,
        t.alert_events.c.seq < before_seq,
    )
    return frozenset((row.kind, row.severity) for row in connection.execute(lines.distinct()))


def _carried(connection: Connection, row: Row[tuple[object, ...]]) -> list[str]:
    """Give what a delivery carries besides its own; at its first attempt it takes its group along."""
    carried = t.deliveries.c.carried_by == row.delivery_id
    if row.attempts == 0:
        fellows = select(t.deliveries.c.seq).where(_fellow_of(row)).order_by(t.deliveries.c.seq)
        free = fellows.limit(GROUP_DELIVERIES).with_for_update(skip_locked=True)
        seqs = list(connection.execute(free).scalars())
        connection.execute(
            update(t.deliveries)
            .where(t.deliveries.c.seq.in_(seqs))
            .values(state=DeliveryState.CARRIED, carried_by=row.delivery_id)
        )
    bodies = select(t.alert_events.c.body).join(
        t.deliveries, t.deliveries.c.event_seq == t.alert_events.c.seq
    )
    return list(connection.execute(bodies.where(carried).order_by(t.deliveries.c.seq)).scalars())


def _fellow_of(row: Row[tuple[object, ...]]) -> ColumnElement[bool]:
    """Whether a delivery waits for the same group; not behind one of its alert that is outside the group."""
    delivery, earlier = t.deliveries, t.deliveries.alias()
    waits_for_other = exists().where(
        earlier.c.endpoint_id == delivery.c.endpoint_id,
        earlier.c.alert_id == delivery.c.alert_id,
        earlier.c.revision < delivery.c.revision,
        earlier.c.state.in_(PENDING),
        earlier.c.delivery_id != row.delivery_id,
        or_(earlier.c.attempts > 0, func.coalesce(earlier.c.group_key, "") != row.group_key),
    )
    return and_(
        delivery.c.endpoint_id == row.endpoint_id,
        delivery.c.group_key == row.group_key,
        delivery.c.state == DeliveryState.DUE,
        delivery.c.attempts == 0,
        ~waits_for_other,
    )


def next_due_ms(connection: Connection, now_ms: int) -> int | None:
    """Give when the next delivery that cannot start yet will be due; None when there is none."""
    rest_ms = func.coalesce(t.endpoints.c.paused_until_ms, 0)
    start_ms = case((rest_ms > t.deliveries.c.next_ms, rest_ms), else_=t.deliveries.c.next_ms)
    later = (
        select(func.min(start_ms))
        .join_from(t.deliveries, t.endpoints, t.endpoints.c.endpoint_id == t.deliveries.c.endpoint_id)
        .where(t.deliveries.c.state == DeliveryState.DUE, _active(), start_ms > now_ms)
    )
    found: int | None = connection.execute(later).scalar_one()
    return found


@dataclass(frozen=True)
class Ended:
    """How an attempt ended: what came back, what follows, when; ``chance`` in [0, 1) spreads probes."""

    answer: Answer
    decision: Decision
    now_ms: int
    chance: float


def finish_all(
    connection: Connection, ends: Sequence[tuple[Claimed, Ended]], disable_after_ms: int
) -> list[int]:
    """Store how some attempts ended; for each see ``finish``.

    The endpoints are locked first and in their order: processes that share the database would wait for each
    other for ever if each took them as its attempts happened to end.
    """
    ids = {item.endpoint_id for item, _ in ends}
    locked = select(t.endpoints.c.endpoint_id).where(t.endpoints.c.endpoint_id.in_(ids))
    connection.execute(locked.order_by(t.endpoints.c.endpoint_id).with_for_update()).all()
    return [finish(connection, item, ended, disable_after_ms) for item, ended in ends]


def finish(connection: Connection, item: Claimed, ended: Ended, disable_after_ms: int) -> int:
    """Store how an attempt ended and what follows; give how many deliveries of a notice it made.

    A claim that was taken back meanwhile decides nothing any more. A receiver that is gone, or has failed
    for ``disable_after_ms``, disables its endpoint, and the other endpoints are told.
    """
    _finish_delivery(connection, item, ended)
    why = _finish_endpoint(connection, item.endpoint_id, ended, disable_after_ms)
    if why is not None:
        reason = DeadReason.ENDPOINT_GONE if why is DisabledReason.GONE else DeadReason.ENDPOINT_DISABLED
        disabled = disable(connection, item.endpoint_id, why, reason)
        return notices.tell(connection, item.endpoint_id, why, ended.now_ms) if disabled else 0
    if isinstance(ended.decision, Retry) and not _is_active(connection, item.endpoint_id):
        bury(connection, item.endpoint_id, DeadReason.ENDPOINT_DISABLED)
    return 0


def _finish_endpoint(
    connection: Connection, endpoint_id: str, ended: Ended, disable_after_ms: int
) -> DisabledReason | None:
    """Keep how the endpoint has answered; give why it is to be disabled, None when it is not."""
    this = t.endpoints.c.endpoint_id == endpoint_id
    before = health(connection.execute(select(t.endpoints).where(this)).one())
    now = breaker.after(before, ended.answer, ended.now_ms, ended.chance)
    if now != before:
        values = {"failing_since_ms": now.failing_since_ms, "paused_until_ms": now.paused_until_ms}
        connection.execute(update(t.endpoints).where(this).values(failures=now.failures, **values))
    if before.tripped and not now.tripped:
        _hurry(connection, endpoint_id, ended.now_ms)
    if ended.answer.outcome is Outcome.GONE:
        return DisabledReason.GONE
    return DisabledReason.FAILING if now.failing_ms(ended.now_ms) >= disable_after_ms else None


def move(connection: Connection, endpoint_id: str, now_ms: int) -> None:
    """Begin afresh with an endpoint whose address has changed; what waits for its retry is due at once."""
    this = t.endpoints.c.endpoint_id == endpoint_id
    fresh = {"failures": 0, "failing_since_ms": None, "paused_until_ms": None}
    connection.execute(update(t.endpoints).where(this).values(**fresh))
    call(connection, Call.DUE)
    _hurry(connection, endpoint_id, now_ms)


def _hurry(connection: Connection, endpoint_id: str, now_ms: int) -> None:
    """Let what waits for its retry be due at once: the endpoint answers again."""
    waits = and_(
        t.deliveries.c.endpoint_id == endpoint_id,
        t.deliveries.c.state == DeliveryState.DUE,
        t.deliveries.c.attempts > 0,
        t.deliveries.c.reason.is_(None),
        t.deliveries.c.next_ms > now_ms,
    )
    connection.execute(update(t.deliveries).where(waits).values(next_ms=now_ms))


def _finish_delivery(connection: Connection, item: Claimed, ended: Ended) -> None:
    """Store how an attempt ended; what the delivery carried shares its end."""
    answer, now_ms = ended.answer, ended.now_ms
    attempt = and_(t.attempts.c.delivery_id == item.delivery_id, t.attempts.c.number == item.number)
    connection.execute(
        update(t.attempts)
        .where(attempt)
        .values(finished_ms=now_ms, outcome=answer.outcome, status=answer.status, answer=answer.text)
    )
    mine = and_(t.deliveries.c.delivery_id == item.delivery_id, t.deliveries.c.claim == item.claim)
    end = _end(ended)
    kept = connection.execute(
        update(t.deliveries).where(mine).values(claim=None, **(end or _wait(item, ended.decision)))
    )
    if end is not None and kept.rowcount == 1:
        carried = and_(
            t.deliveries.c.carried_by == item.delivery_id, t.deliveries.c.state == DeliveryState.CARRIED
        )
        connection.execute(update(t.deliveries).where(carried).values(**end))


def _end(ended: Ended) -> dict[str, object] | None:
    """Give the columns of a delivery that is over; None when it is not."""
    if isinstance(ended.decision, Delivered):
        return {"state": DeliveryState.DELIVERED, "reason": None, "delivered_ms": ended.now_ms}
    if isinstance(ended.decision, GiveUp):
        return {"state": DeliveryState.DEAD, "reason": ended.decision.reason}
    return None


def _wait(item: Claimed, decision: Decision) -> dict[str, object]:
    """Give the columns of a delivery that is tried again; quiet hours hold a retry back too."""
    at_ms = decision.at_ms if isinstance(decision, Retry) else 0
    severity = Severity.WARNING if item.severity is None else item.severity
    held_ms = quiet_until_ms(item.quiet, severity, at_ms)
    reason = None if held_ms is None else HoldReason.QUIET_HOURS
    return {
        "state": DeliveryState.DUE,
        "next_ms": at_ms if held_ms is None else held_ms,
        "reason": reason,
    }


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
    mine = t.deliveries.c.endpoint_id == endpoint_id
    dead = {"state": DeliveryState.DEAD, "reason": reason}
    connection.execute(
        update(t.deliveries).where(mine, t.deliveries.c.state == DeliveryState.DUE).values(**dead)
    )
    carrier = t.deliveries.alias()
    gone = exists().where(
        carrier.c.delivery_id == t.deliveries.c.carried_by, carrier.c.state == DeliveryState.DEAD
    )
    connection.execute(
        update(t.deliveries).where(mine, t.deliveries.c.state == DeliveryState.CARRIED, gone).values(**dead)
    )


def take_back(connection: Connection, claimed_before_ms: int, now_ms: int) -> int:
    """Make deliveries due again whose claim is older than that: its holder died. Gives how many.

    That is no failure of the receiver, so the schedule of retries goes on where it was.
    """
    lost = and_(t.deliveries.c.state == DeliveryState.SENDING, t.deliveries.c.claimed_ms < claimed_before_ms)
    ids = list(connection.execute(select(t.deliveries.c.delivery_id).where(lost)).scalars())
    open_attempts = and_(t.attempts.c.delivery_id.in_(ids), t.attempts.c.outcome.is_(None))
    if ids:
        connection.execute(
            update(t.attempts).where(open_attempts).values(finished_ms=now_ms, outcome=Outcome.INTERRUPTED)
        )
        again = {"state": DeliveryState.DUE, "next_ms": now_ms, "claim": None}
        before = t.deliveries.c.round_attempts - 1
        connection.execute(update(t.deliveries).where(lost).values(**again, round_attempts=before))
    return len(ids)


def replay(connection: Connection, delivery_id: str, now_ms: int) -> bool:
    """Make a finished delivery due again, with a fresh schedule and the same id; gives whether it was.

    What was carried by another goes alone now.
    """
    over = and_(
        t.deliveries.c.delivery_id == delivery_id,
        t.deliveries.c.state.in_((DeliveryState.DEAD, DeliveryState.DELIVERED)),
    )
    return _replay(connection, over, now_ms) == 1


def replay_dead(connection: Connection, endpoint_id: str, now_ms: int) -> int:
    """Make all dead letters of an endpoint due again; give how many."""
    dead = and_(t.deliveries.c.endpoint_id == endpoint_id, t.deliveries.c.state == DeliveryState.DEAD)
    return _replay(connection, dead, now_ms)


def _replay(connection: Connection, chosen: ColumnElement[bool], now_ms: int) -> int:
    """Make deliveries due again; give how many."""
    call(connection, Call.DUE)
    fresh = {"reason": None, "round_attempts": 0, "next_ms": now_ms, "carried_by": None}
    again = update(t.deliveries).where(chosen).values(state=DeliveryState.DUE, **fresh)
    return connection.execute(again).rowcount
