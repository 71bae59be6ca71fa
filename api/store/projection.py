"""From Kafka records to rows: everything that one batch says, in the caller's one transaction.

Replaying a log from its beginning gives the same rows: an alert event is stored once per revision, an alert
shows its highest revision, a series row keeps the larger count.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
from sqlalchemy import Connection, delete, select

from api import wire
from api.clock import to_ms
from api.routing import Facts, Subscription, WithheldReason, withheld
from api.store import silences
from api.store import tables as t
from api.store.states import AlertState, DeliveryState, EndpointState, HumanState, Origin
from api.store.turns import Turn, take_turn
from api.store.upsert import insert_into
from detectors.events import AlertKind, EventName, Severity

ALERTS = "alerts"
SERIES = "series"
CATALOGUE = "catalogue"


@dataclass(frozen=True)
class Record:
    """One record of a Kafka log; ``appended_ms`` is its time there."""

    topic: str
    partition: int
    offset: int
    appended_ms: int
    key: bytes | None
    value: bytes | None


@dataclass
class Projected:
    """What a batch changed."""

    events: list[wire.AlertHead] = field(default_factory=list)
    deliveries: int = 0
    unreadable: list[tuple[Record, wire.Unreadable]] = field(default_factory=list)


def delivery_id(endpoint_id: str, alert_id: str, revision: int) -> str:
    """Give the id of a delivery, which is the webhook's id too: the same one for the same three things."""
    text = "\0".join((endpoint_id, alert_id, str(revision)))
    return "msg_" + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def next_offsets(connection: Connection, topic: str) -> dict[int, int]:
    """Give, per partition of a topic, the offset to read next."""
    rows = connection.execute(
        select(t.consumed.c.partition, t.consumed.c.next_offset).where(t.consumed.c.topic == topic)
    )
    return {row.partition: row.next_offset for row in rows}


def project(connection: Connection, records: Sequence[Record]) -> Projected:
    """Store what the records say, in their order, and how far they were read.

    An unreadable record changes nothing but the offset and is listed in the result.
    """
    projected = Projected()
    series: list[wire.SeriesRow] = []
    for record in records:
        if record.topic == ALERTS:
            _project_alert(connection, record, projected)
        elif record.topic == CATALOGUE:
            _project_topic(connection, record, projected)
        elif record.topic == SERIES:
            series.extend(_series_rows(record, projected))
    _upsert_series(connection, series)
    _store_offsets(connection, records)
    return projected


def _store_offsets(connection: Connection, records: Iterable[Record]) -> None:
    """Keep the place after the last record of each partition."""
    store_places(connection, {(record.topic, record.partition): record.offset + 1 for record in records})


def store_places(connection: Connection, places: Mapping[tuple[str, int], int]) -> None:
    """Keep, per topic and partition, the place to go on from."""
    if not places:
        return
    statement = insert_into(connection, t.consumed)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["topic", "partition"], set_={"next_offset": statement.excluded.next_offset}
        ),
        [
            {"topic": topic, "partition": part, "next_offset": place}
            for (topic, part), place in places.items()
        ],
    )


def _project_topic(connection: Connection, record: Record, projected: Projected) -> None:
    """Store, change or (tombstone) remove one catalogue topic."""
    if record.value is None and record.key:
        key = record.key.decode("utf-8", "replace")
        connection.execute(delete(t.topics).where(t.topics.c.topic_id == key))
        return
    topic = wire.read(wire.CatalogueTopic, record.value)
    if isinstance(topic, wire.Unreadable):
        projected.unreadable.append((record, topic))
        return
    row = {"name_vi": topic.name.vi, "name_en": topic.name.en, "parent": topic.parent}
    statement = insert_into(connection, t.topics).values(topic_id=topic.id, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["topic_id"], set_=row))


def _series_rows(record: Record, projected: Projected) -> tuple[wire.SeriesRow, ...]:
    """Read the rows of one series record."""
    series = wire.read(wire.Series, record.value)
    if isinstance(series, wire.Unreadable):
        projected.unreadable.append((record, series))
        return ()
    return series.rows


def _upsert_series(connection: Connection, rows: Sequence[wire.SeriesRow]) -> None:
    """Keep per topic and minute the row with the larger count, the newer one of equals."""
    if not rows:
        return
    statement = insert_into(connection, t.series)
    columns = ("count", "negative", "positive", "expected", "low", "high")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["topic_id", "minute"],
            set_={column: statement.excluded[column] for column in columns},
            where=statement.excluded["count"] >= t.series.c["count"],
        ),
        [{name: getattr(row, name) for name in ("topic_id", "minute", *columns)} for row in rows],
    )


def _project_alert(connection: Connection, record: Record, projected: Projected) -> None:
    """Store one alert event unless its revision is there already, with the deliveries that it causes."""
    head = wire.read(wire.AlertHead, record.value)
    if isinstance(head, wire.Unreadable):
        projected.unreadable.append((record, head))
        return
    body = (record.value or b"").decode()
    seq = _insert_event(connection, head, body, record.appended_ms)
    if seq is None:
        return
    _upsert_alert(connection, head, body)
    _name_topic(connection, head.topic)
    projected.events.append(head)
    projected.deliveries += _insert_deliveries(connection, head, seq, record.appended_ms)


def _insert_event(connection: Connection, head: wire.AlertHead, body: str, decided_ms: int) -> int | None:
    """Write the event into the journal and give its place there; None if the revision is known."""
    take_turn(connection, Turn.JOURNAL)
    statement = insert_into(connection, t.alert_events).values(
        alert_id=head.alert_id,
        origin=Origin.MACHINE,
        revision=head.revision,
        event=head.event,
        kind=head.kind,
        severity=head.severity,
        at_ms=to_ms(head.at),
        decided_ms=decided_ms,
        body=body,
    )
    once = statement.on_conflict_do_nothing(index_elements=["alert_id", "revision"])
    return connection.execute(once.returning(t.alert_events.c.seq)).scalar_one_or_none()


def _upsert_alert(connection: Connection, head: wire.AlertHead, body: str) -> None:
    """Let the alert show its highest revision; what officers did stays."""
    machine = {
        "topic_id": head.topic.id,
        "kind": head.kind,
        "severity": head.severity,
        "state": AlertState.CLOSED if head.event is EventName.CLOSED else AlertState.OPEN,
        "revision": head.revision,
        "updated_ms": to_ms(head.at),
        "body": body,
    }
    statement = insert_into(connection, t.alerts).values(
        alert_id=head.alert_id, opened_ms=to_ms(head.at), human_state=HumanState.NEW, **machine
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["alert_id"], set_=machine, where=t.alerts.c.revision < head.revision
        )
    )


def _name_topic(connection: Connection, topic: wire.TopicRef) -> None:
    """List a topic that the catalogue has not named (yet)."""
    statement = insert_into(connection, t.topics).values(
        topic_id=topic.id, name_vi=topic.names.vi, name_en=topic.names.en
    )
    connection.execute(statement.on_conflict_do_nothing(index_elements=["topic_id"]))


def _insert_deliveries(connection: Connection, head: wire.AlertHead, seq: int, decided_ms: int) -> int:
    """Make the event's delivery to each active endpoint; give how many are to be sent.

    Who is not told has a row too, withheld, with its reason.
    """
    facts, silence_id = _facts(connection, head, decided_ms)
    rows = []
    for endpoint_id, wish in _subscriptions(connection, head.alert_id):
        reason = withheld(wish, facts)
        row = _delivery(endpoint_id, head, seq, decided_ms)
        if reason is not None:
            silence = silence_id if reason is WithheldReason.SILENCED else None
            row |= {"state": DeliveryState.WITHHELD, "reason": reason, "silence_id": silence}
        rows.append(row)
    if rows:
        statement = insert_into(connection, t.deliveries)
        connection.execute(statement.on_conflict_do_nothing(), rows)
    return sum(row["state"] == DeliveryState.DUE for row in rows)


def _facts(connection: Connection, head: wire.AlertHead, decided_ms: int) -> tuple[Facts, str | None]:
    """Gather what routing needs to know of an event, and the silence that is for it."""
    crisis = select(t.alerts.c.alert_id).where(
        t.alerts.c.topic_id == head.topic.id,
        t.alerts.c.kind == AlertKind.CRISIS,
        t.alerts.c.state == AlertState.OPEN,
        t.alerts.c.alert_id != head.alert_id,
    )
    facts = Facts(
        alert_id=head.alert_id,
        event=head.event,
        kind=head.kind,
        severity=head.severity,
        lineage=_lineage(connection, head.topic.id),
        crisis_open=connection.execute(crisis.limit(1)).first() is not None,
    )
    silence_id = silences.in_force(connection, facts, decided_ms)
    return replace(facts, silenced=silence_id is not None), silence_id


def _lineage(connection: Connection, topic_id: str) -> frozenset[str]:
    """Give a topic and all topics above it; a catalogue that goes in circles ends too."""
    found: set[str] = set()
    here: str | None = topic_id
    while here is not None and here not in found:
        found.add(here)
        above = select(t.topics.c.parent).where(t.topics.c.topic_id == here)
        here = connection.execute(above).scalar_one_or_none()
    return frozenset(found)


def _subscriptions(connection: Connection, alert_id: str) -> list[tuple[str, Subscription]]:
    """Give what each active endpoint wants, and whether it was told of this alert."""
    told = set(
        connection.execute(
            select(t.deliveries.c.endpoint_id).where(
                t.deliveries.c.alert_id == alert_id, t.deliveries.c.state != DeliveryState.WITHHELD
            )
        ).scalars()
    )
    active = select(t.endpoints).where(t.endpoints.c.state == EndpointState.ACTIVE)
    return [
        (
            row.endpoint_id,
            Subscription(
                min_severity=Severity(row.min_severity),
                kinds=frozenset(msgspec.json.decode(row.kinds, type=list[str])),
                topics=frozenset(msgspec.json.decode(row.topics, type=list[str])),
                told=row.endpoint_id in told,
            ),
        )
        for row in connection.execute(active.order_by(t.endpoints.c.endpoint_id))
    ]


def _delivery(endpoint_id: str, head: wire.AlertHead, seq: int, decided_ms: int) -> dict[str, object]:
    """One new delivery, due at once."""
    return {
        "delivery_id": delivery_id(endpoint_id, head.alert_id, head.revision),
        "endpoint_id": endpoint_id,
        "alert_id": head.alert_id,
        "revision": head.revision,
        "event_seq": seq,
        "state": DeliveryState.DUE,
        "reason": None,
        "silence_id": None,
        "attempts": 0,
        "round_attempts": 0,
        "next_ms": 0,
        "decided_ms": decided_ms,
    }
