"""Deliveries are made here, each born of a line of the journal; who is not told has a row too, withheld."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection, and_, func, or_, select, update

from api import wire
from api.routing import (
    AT_ONCE,
    Facts,
    HoldReason,
    Send,
    Subscription,
    WithheldReason,
    Withhold,
    parse_quiet_hours,
    route,
)
from api.store import silences
from api.store import tables as t
from api.store.calls import Call, call
from api.store.listing import AnyRow
from api.store.states import AlertState, DeliveryState, EndpointState, Purpose
from api.store.upsert import insert_into
from detectors.events import AlertKind, EventName, Severity


@dataclass(frozen=True)
class Cause:
    """What a delivery is about: one line of the journal, told for one purpose."""

    alert_id: str
    revision: int
    event_seq: int
    decided_ms: int
    purpose: str = Purpose.EVENT


def delivery_id(endpoint_id: str, cause: Cause) -> str:
    """Give the id of a delivery, which is the webhook's id too: the same one for the same cause."""
    parts = [endpoint_id, cause.alert_id, str(cause.revision)]
    if cause.purpose != Purpose.EVENT:
        parts.append(cause.purpose)
    return "msg_" + hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def make(
    connection: Connection,
    cause: Cause,
    routed: Iterable[tuple[str, Send | Withhold]],
    silence_id: str | None = None,
) -> int:
    """Make the deliveries of a cause to some endpoints, each once; give how many are to be sent."""
    rows = [_row(endpoint_id, cause, way, silence_id) for endpoint_id, way in routed]
    if rows:
        connection.execute(insert_into(connection, t.deliveries).on_conflict_do_nothing(), rows)
        call(connection, Call.DUE)
    return sum(row["state"] == DeliveryState.DUE for row in rows)


def _row(endpoint_id: str, cause: Cause, way: Send | Withhold, silence_id: str | None) -> dict[str, object]:
    """Give one new delivery."""
    withheld = isinstance(way, Withhold)
    return {
        "delivery_id": delivery_id(endpoint_id, cause),
        "endpoint_id": endpoint_id,
        "alert_id": cause.alert_id,
        "revision": cause.revision,
        "event_seq": cause.event_seq,
        "purpose": cause.purpose,
        "state": DeliveryState.WITHHELD if withheld else DeliveryState.DUE,
        "reason": way.reason,
        "silence_id": silence_id if way.reason is WithheldReason.SILENCED else None,
        "attempts": 0,
        "round_attempts": 0,
        "next_ms": AT_ONCE if isinstance(way, Withhold) else way.at_ms,
        "group_key": None if isinstance(way, Withhold) else way.group,
        "decided_ms": cause.decided_ms,
    }


def for_event(connection: Connection, head: wire.AlertHead, seq: int, decided_ms: int) -> int:
    """Make the deliveries of an alert event to the active endpoints; give how many are to be sent."""
    facts, silence_id = gather(connection, head, decided_ms)
    routed: list[tuple[str, Send | Withhold]] = []
    for endpoint_id, wish in subscriptions(connection, head.alert_id):
        way = route(wish, facts, decided_ms)
        if isinstance(way, Send):
            way = _join(connection, endpoint_id, facts, way, decided_ms)
        routed.append((endpoint_id, way))
    return make(connection, Cause(head.alert_id, head.revision, seq, decided_ms), routed, silence_id)


def _join(connection: Connection, endpoint_id: str, facts: Facts, way: Send, decided_ms: int) -> Send:
    """Let a delivery go with those that wait for the same group; what is urgent takes them along."""
    waits = and_(
        t.deliveries.c.endpoint_id == endpoint_id,
        t.deliveries.c.state == DeliveryState.DUE,
        t.deliveries.c.attempts == 0,
        t.deliveries.c.purpose == Purpose.EVENT,
    )
    if way.urgent:
        together = t.deliveries.c.alert_id == facts.alert_id
        if way.group is not None:
            together |= t.deliveries.c.group_key == way.group
        now = {"next_ms": AT_ONCE, "reason": None, "group_key": way.group}
        connection.execute(update(t.deliveries).where(waits, together).values(now))
        return way
    if way.reason is not HoldReason.GROUPING:
        return way
    same = and_(waits, t.deliveries.c.group_key == way.group, t.deliveries.c.next_ms > decided_ms)
    found = connection.execute(select(func.min(t.deliveries.c.next_ms)).where(same)).scalar_one()
    return way if found is None else replace(way, at_ms=found)


def gather(connection: Connection, head: wire.AlertHead, decided_ms: int) -> tuple[Facts, str | None]:
    """Gather what routing needs to know of an event, and the silence that is for it."""
    open_crises = select(t.alerts.c.body).where(
        t.alerts.c.topic_id == head.topic.id,
        t.alerts.c.kind == AlertKind.CRISIS,
        t.alerts.c.state == AlertState.OPEN,
        t.alerts.c.alert_id != head.alert_id,
    )
    crises = connection.execute(open_crises).scalars().all()
    phrases = {phrase.casefold() for phrase in head.phrases}
    lineage = _lineage(connection, head.topic.id)
    facts = Facts(
        alert_id=head.alert_id,
        event=head.event,
        kind=head.kind,
        severity=head.severity,
        lineage=frozenset(lineage),
        group=lineage[1] if len(lineage) > 1 else lineage[0],
        crisis_open=bool(crises),
        crisis_shares=any(not phrases.isdisjoint(_phrases(body)) for body in crises),
    )
    silence_id = silences.in_force(connection, facts, decided_ms)
    return replace(facts, silenced=silence_id is not None), silence_id


def _phrases(body: str) -> set[str]:
    """Give the phrases of a stored alert, in one case."""
    return {phrase.casefold() for phrase in msgspec.json.decode(body, type=wire.AlertHead).phrases}


def silence_of(connection: Connection, alert_id: str, now_ms: int) -> str | None:
    """Give the silence that is for an alert as it stands; None when there is none, or no such alert."""
    row = connection.execute(select(t.alerts).where(t.alerts.c.alert_id == alert_id)).first()
    if row is None:
        return None
    lineage = frozenset(_lineage(connection, row.topic_id))
    kind, severity = AlertKind(row.kind), Severity(row.severity)
    facts = Facts(alert_id, EventName.UPDATED, kind, severity, lineage, group=row.topic_id)
    return silences.in_force(connection, facts, now_ms)


def _lineage(connection: Connection, topic_id: str) -> Sequence[str]:
    """Give a topic and all topics above it, upwards; a catalogue that goes in circles ends too."""
    found: list[str] = []
    here: str | None = topic_id
    while here is not None and here not in found:
        found.append(here)
        above = select(t.topics.c.parent).where(t.topics.c.topic_id == here)
        here = connection.execute(above).scalar_one_or_none()
    return found


def subscriptions(connection: Connection, alert_id: str) -> list[tuple[str, Subscription]]:
    """Give what each active endpoint wants, and whether it was told of this alert."""
    was_told = and_(
        t.deliveries.c.alert_id == alert_id,
        t.deliveries.c.state != DeliveryState.WITHHELD,
        or_(t.deliveries.c.purpose == Purpose.EVENT, t.deliveries.c.attempts > 0),
    )
    told = set(connection.execute(select(t.deliveries.c.endpoint_id).where(was_told)).scalars())
    active = select(t.endpoints).where(t.endpoints.c.state == EndpointState.ACTIVE)
    rows = connection.execute(active.order_by(t.endpoints.c.endpoint_id))
    return [(row.endpoint_id, subscription(row, told=row.endpoint_id in told)) for row in rows]


def subscription(row: AnyRow, *, told: bool) -> Subscription:
    """Give what an endpoint wants; ``row`` is its row."""
    return Subscription(
        min_severity=Severity(row.min_severity),
        kinds=frozenset(msgspec.json.decode(row.kinds, type=list[str])),
        topics=frozenset(msgspec.json.decode(row.topics, type=list[str])),
        told=told,
        escalation_only=row.escalation_minutes is not None,
        quiet=None if row.quiet_hours is None else parse_quiet_hours(row.quiet_hours),
        group_seconds=row.group_seconds,
    )
