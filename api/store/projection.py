"""From Kafka records to rows: everything that one batch says, in the caller's one transaction.

Replaying a log from its beginning gives the same rows: an alert event is stored once per revision, an alert
shows its highest revision, a series row keeps the larger count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete

from api import wire
from api.clock import to_ms
from api.response import Rule
from api.store import deadlines, due, samples, series
from api.store import tables as t
from api.store.calls import Call, call
from api.store.places import next_offsets, store_places
from api.store.states import AlertState, HumanState, Origin
from api.store.turns import Turn, take_turn
from api.store.upsert import insert_into
from detectors.events import EventName

ALERTS = "alerts"
HISTORY = "alert_history"
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


class PlaceMovedError(Exception):
    """Another process has projected what this one was about to."""


def check_places(connection: Connection, expected: Mapping[str, Mapping[int, int]]) -> None:
    """Take the projector's turn and make sure that the store stands where the caller has left it.

    ``expected`` is `next_offsets` of each topic. Raises PlaceMovedError when another process has projected
    meanwhile.
    """
    take_turn(connection, Turn.PROJECTION)
    for topic, places in expected.items():
        if next_offsets(connection, topic) != places:
            raise PlaceMovedError(topic)


def project(connection: Connection, records: Sequence[Record], rules: Sequence[Rule] = ()) -> Projected:
    """Store what the records say, in their order, and how far they were read.

    An unreadable record changes nothing but the offset and is listed in the result.
    """
    projected = fold(connection, records, rules)
    _store_offsets(connection, records)
    return projected


def fold(connection: Connection, records: Sequence[Record], rules: Sequence[Rule] = ()) -> Projected:
    """Store what the records say, in their order.

    ``rules`` say by when people must have answered an alert.
    """
    projected = Projected()
    counted: list[wire.SeriesRow] = []
    for record in records:
        if record.topic in (ALERTS, HISTORY):
            _project_alert(connection, record, projected, rules)
        elif record.topic == CATALOGUE:
            _project_topic(connection, record, projected)
        elif record.topic == SERIES:
            counted.extend(_series_rows(record, projected))
    series.keep(connection, counted)
    return projected


def _store_offsets(connection: Connection, records: Iterable[Record]) -> None:
    """Keep the place after the last record of each partition."""
    store_places(connection, {(record.topic, record.partition): record.offset + 1 for record in records})


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
    found = wire.read(wire.Series, record.value)
    if isinstance(found, wire.Unreadable):
        projected.unreadable.append((record, found))
        return ()
    return found.rows


def _project_alert(
    connection: Connection, record: Record, projected: Projected, rules: Sequence[Rule]
) -> None:
    """Store one alert event unless its revision is there already, with the deliveries that it causes."""
    head = wire.read(wire.AlertHead, record.value)
    if isinstance(head, wire.Unreadable):
        projected.unreadable.append((record, head))
        return
    body = samples.without_erased(connection, (record.value or b"").decode())
    seq = _insert_event(connection, head, body, record.appended_ms)
    if seq is None:
        return
    _upsert_alert(connection, head, body)
    _name_topic(connection, head.topic)
    projected.events.append(head)
    projected.deliveries += due.for_event(connection, head, seq, record.appended_ms)
    projected.deliveries += deadlines.start(connection, head, seq, record.appended_ms, rules)


def _insert_event(connection: Connection, head: wire.AlertHead, body: str, decided_ms: int) -> int | None:
    """Write the event into the journal and give its place there; None if the revision is known."""
    take_turn(connection, Turn.JOURNAL)
    call(connection, Call.JOURNAL)
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
        has_samples=True,
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
