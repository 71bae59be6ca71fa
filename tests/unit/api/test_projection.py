"""From Kafka records to rows: laws of the projection."""

from itertools import permutations
from pathlib import Path

import pytest
from api_support import Log, alert_event, fresh_store, keep
from sqlalchemy import insert, select

from api.store import Store, tables
from api.store import series as series_store
from api.store.due import Cause, delivery_id
from api.store.endpoints import NewEndpoint, create
from api.store.places import next_offsets
from api.store.projection import (
    ALERTS,
    CATALOGUE,
    SERIES,
    PlaceMovedError,
    Record,
    check_places,
    project,
)
from api.store.states import DeliveryState
from detectors.events import EventName, Severity, encode_event

STEPS = (EventName.OPENED, EventName.UPDATED, EventName.RAISED, EventName.CLOSED)
SECRET = "whsec_" + "eHh4" * 11


def rows(store: Store, table: str, *without: str) -> list[tuple[object, ...]]:
    """Give a table's rows in a fixed order, leaving some columns out."""
    columns = [column for column in tables.METADATA.tables[table].c if column.name not in without]
    with store.read() as connection:
        return sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)


def life(alert_id: str, log: Log) -> list[Record]:
    """Give the four records of an alert's life."""
    return [
        log.alert(alert_event(alert_id, number, event), at_ms=number * 1000)
        for number, event in enumerate(STEPS, start=1)
    ]


def catalogue(log: Log, topic: str, vi: str) -> Record:
    """Give a catalogue record."""
    value = {"schema": "haidang.topic.v1", "id": topic, "name": {"vi": vi, "en": topic}, "parent": None}
    return log.json(CATALOGUE, value, key=topic)


def series(log: Log, *triples: list[object]) -> Record:
    """Give a series record."""
    return log.json(SERIES, {"schema": "haidang.series.v1", "rows": triples})


def endpoint(store: Store, min_severity: Severity = Severity.INFO) -> str:
    """Subscribe an endpoint and give its id."""
    with store.write() as connection:
        new = NewEndpoint("e", "https://receiver.example/", min_severity, SECRET)
        found: str = create(connection, new, "test", 0).endpoint_id
        return found


def everything(log: Log) -> list[Record]:
    """Give a small history of all three topics."""
    return [
        catalogue(log, "health", "Y tế"),
        *life("a", log),
        series(log, ["health", 10, 5, 2, 1, 4.0, 1.0, 8.0], ["health", 11, 1, 0, 0]),
        *life("b", log),
        series(log, ["health", 10, 7, 3, 1, 4.0, 1.0, 8.0], ["health", 11, 1, 0, 0, 2.0, 0.0, 5.0]),
    ]


def test_a_replay_from_the_beginning_gives_the_same_database(tmp_path: Path) -> None:
    """Whatever the batches: every table but the attempts, deliveries and their ids too."""
    history = everything(Log())
    with fresh_store(tmp_path / "one") as one, fresh_store(tmp_path / "two") as two:
        for _ in range(2):
            endpoint(one)
        copy_endpoints(one, two)
        keep(one, history)
        for record in history:
            keep(two, [record])
        for table in set(tables.METADATA.tables) - {"attempts", "audit"}:
            assert rows(one, table) == rows(two, table), table
        assert len(rows(one, "deliveries")) == 2 * 2 * len(STEPS)


def copy_endpoints(one: Store, two: Store) -> None:
    """Give a store the endpoints of another; they are not on Kafka."""
    with one.read() as connection:
        found = [dict(row) for row in connection.execute(select(tables.endpoints)).mappings()]
    with two.write() as connection:
        connection.execute(insert(tables.endpoints), found)


def test_a_record_read_again_changes_nothing(tmp_path: Path) -> None:
    """The same revision is a no-op, with no second delivery."""
    history = everything(Log())
    with fresh_store(tmp_path) as store:
        endpoint(store)
        keep(store, history)
        before = {table: rows(store, table) for table in tables.METADATA.tables}
        again = keep(store, history)
        assert {table: rows(store, table) for table in tables.METADATA.tables} == before
        assert (again.events, again.deliveries) == ([], 0)


@pytest.mark.parametrize("order", list(permutations(range(4)))[1::5])
def test_an_alert_shows_its_highest_revision_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    """Late and repeated revisions never take an alert back."""
    log = Log()
    records = life("a", log)
    shuffled = [records[number] for number in (*order, *order)]
    with fresh_store(tmp_path) as store:
        keep(store, shuffled)
        [alert] = rows(store, "alerts", "body", "opened_ms", "updated_ms")
        assert "closed" in alert
        assert 4 in alert
        assert len(rows(store, "alert_events")) == 4


def test_the_offset_is_kept_with_what_was_read(tmp_path: Path) -> None:
    """A transaction that fails keeps neither."""
    log = Log()
    with fresh_store(tmp_path) as store:
        keep(store, life("a", log))
        broken = [*life("b", log), None]
        with pytest.raises(AttributeError):
            keep(store, broken)  # type: ignore[list-item]
        with store.read() as connection:
            assert next_offsets(connection, "alerts") == {0: 4}
        assert len(rows(store, "alerts")) == 1


def test_a_projector_that_others_have_overtaken_is_refused(tmp_path: Path) -> None:
    """It keeps nothing of its batch, however it came to believe that it was alone."""
    log = Log()
    first, second = life("a", log), life("b", log)
    with fresh_store(tmp_path) as store:
        with store.read() as connection:
            left = {topic: next_offsets(connection, topic) for topic in (ALERTS, CATALOGUE)}
        keep(store, first)
        with pytest.raises(PlaceMovedError):
            keep_from(store, left, second)
        assert len(rows(store, "alerts")) == 1
        keep_from(store, {ALERTS: {0: 4}, CATALOGUE: {}}, second)
        assert len(rows(store, "alerts")) == 2


def keep_from(store: Store, places: dict[str, dict[int, int]], records: list[Record]) -> None:
    """Project as a projector does that believes the store to be at these places."""
    with store.write() as connection:
        check_places(connection, places)
        project(connection, records)


def test_each_endpoint_gets_each_revision_once(tmp_path: Path) -> None:
    """Deliveries are born with the event, due at once, under an id that never changes."""
    with fresh_store(tmp_path) as store:
        endpoints = [endpoint(store), endpoint(store)]
        keep(store, life("a", Log()))
        found = rows(store, "deliveries")
        ids = {delivery_id(one, Cause("a", revision, 0, 0)) for one in endpoints for revision in (1, 2, 3, 4)}
        assert {row[1] for row in found} == ids
        assert {row[6] for row in found} == {DeliveryState.DUE}


def test_an_endpoint_hears_of_what_reaches_its_severity_and_then_of_the_end(tmp_path: Path) -> None:
    """An alert below the bar is silent; one above it is followed to its end."""
    severities = (Severity.INFO, Severity.WARNING, Severity.CRITICAL, Severity.INFO)
    log = Log()
    records = [
        log.alert(alert_event("a", number, STEPS[number - 1], severity))
        for number, severity in enumerate(severities, start=1)
    ]
    with fresh_store(tmp_path) as store:
        wary = endpoint(store, Severity.CRITICAL)
        every = endpoint(store)
        keep(store, records)
        got = [(row[2], row[4]) for row in rows(store, "deliveries") if row[6] != DeliveryState.WITHHELD]
        assert sorted(revision for one, revision in got if one == wary) == [3, 4]
        assert sorted(revision for one, revision in got if one == every) == [1, 2, 3, 4]


def test_a_series_row_with_the_larger_count_wins_and_equals_are_renewed(tmp_path: Path) -> None:
    """Counts only grow; what was expected may come later."""
    log = Log()
    with fresh_store(tmp_path) as store:
        keep(store, [series(log, ["health", 10, 7, 3, 1, 4.0, 1.0, 8.0])])
        keep(store, [series(log, ["health", 10, 5, 2, 1, 4.0, 1.0, 8.0])])
        assert rows(store, "series") == [("health", 10, 7, 3, 1, 4.0, 1.0, 8.0)]
        keep(store, [series(log, ["health", 10, 7, 3, 1, 5.0, 2.0, 9.0])])
        assert rows(store, "series") == [("health", 10, 7, 3, 1, 5.0, 2.0, 9.0)]


def test_the_catalogue_names_topics_over_what_alerts_say(tmp_path: Path) -> None:
    """An alert lists an unknown topic; the catalogue renames it; a tombstone removes it."""
    log = Log()
    with fresh_store(tmp_path) as store:
        keep(store, life("a", log))
        assert rows(store, "topics") == [("health", "Y tế", "Health", None)]
        keep(store, [catalogue(log, "health", "Sức khỏe")])
        keep(store, life("b", log))
        assert rows(store, "topics") == [("health", "Sức khỏe", "health", None)]
        keep(store, [log.record(CATALOGUE, None, key=b"health")])
        assert rows(store, "topics") == []


@pytest.mark.parametrize("topic", ["alerts", "series", "catalogue"])
@pytest.mark.parametrize(
    "value",
    [
        *(
            None,
            b"",
            b"not json",
            b"\xff\xfe",
            b"[]",
            b'{"schema":"other"}',
            b'{"schema":"haidang.alert.v1"}',
        ),
        pytest.param(encode_event(alert_event())[:-1] + b',"x":"\xff"}', id="not_utf8_where_nobody_reads"),
        pytest.param(encode_event(alert_event("a" * 201)), id="too_long"),
        pytest.param(encode_event(alert_event(revision=2**31)), id="too_large"),
        pytest.param(b'{"schema":"haidang.series.v1","rows":[["a",10,2147483648,0,0]]}', id="too_many"),
    ],
)
def test_an_unreadable_record_is_passed_over_and_named(
    tmp_path: Path, topic: str, value: bytes | None
) -> None:
    """It changes nothing but the offset; its neighbours count."""
    log = Log()
    with fresh_store(tmp_path) as store:
        batch = keep(store, [log.record(topic, value), *life("a", log)])
        assert [record.value for record, _ in batch.unreadable] == [value]
        assert len(rows(store, "alert_events")) == 4
        with store.read() as connection:
            assert next_offsets(connection, topic)[0] >= 1


def test_the_body_is_kept_byte_for_byte(tmp_path: Path) -> None:
    """What the worker wrote is what everyone reads."""
    event = alert_event()
    with fresh_store(tmp_path) as store:
        keep(store, [Log().alert(event)])
        assert encode_event(event).decode() in rows(store, "alerts")[0]


def test_series_are_summed_by_steps(tmp_path: Path) -> None:
    """Three minutes in steps of two: the first two together, the third alone."""
    minutes = [["health", minute, 10, 1, 2, 5.0, 3.0, 8.0] for minute in (10, 11, 12)]
    with fresh_store(tmp_path) as store:
        keep(store, [series(Log(), *minutes)])
        with store.read() as connection:
            found = series_store.sums(connection, "health", range(10, 14), 2)
        assert {slot: found_sum.count for slot, found_sum in found.items()} == {10: 20, 12: 10}
