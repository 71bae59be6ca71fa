"""What is asked for all the time is found by an index, however much the store holds."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text
from store_support import Stores

from api.store import Store, alerts, audit, endpoints, open_store, outbox, samples, series, tables, topics
from api.store.alerts import Filter

MANY = 4000
FEW = 40
HOUR_MS = 3_600_000
TABLES = set(tables.METADATA.tables)
Ask = Callable[[Connection], object]

ASKED: dict[str, Ask] = {
    "an alert": lambda c: alerts.find(c, "a7"),
    "open alerts": lambda c: alerts.page(c, Filter(state=("open",)), None, 51),
    "open alerts, further on": lambda c: alerts.page(c, Filter(state=("open",)), (HOUR_MS, "a7"), 51),
    "new alerts": lambda c: alerts.page(c, Filter(human_state=("new",)), None, 51),
    "critical alerts": lambda c: alerts.page(c, Filter(severity=("critical",)), None, 51),
    "alerts of a kind": lambda c: alerts.page(c, Filter(kind=("surge",)), None, 51),
    "alerts of a topic": lambda c: alerts.page(c, Filter(topic=("t7",)), None, 51),
    "alerts of three topics": lambda c: alerts.page(c, Filter(topic=("t1", "t2", "t3")), None, 51),
    "alerts since": lambda c: alerts.page(c, Filter(since_ms=(MANY - FEW) * HOUR_MS), None, 51),
    "what happened to an alert": lambda c: alerts.history(c, "a7", 0, 100),
    "the journal from a place on": lambda c: alerts.journal(c, MANY - FEW, 100),
    "topics": lambda c: topics.page(c, "t1", 20),
    "dead letters": lambda c: endpoints.deliveries(c, {"state": "dead"}, None, 51),
    "deliveries of an alert": lambda c: endpoints.deliveries(c, {"alert_id": "a7"}, None, 51),
    "a delivery": lambda c: endpoints.find_delivery(c, "d7"),
    "what is due": lambda c: outbox.claim_due(c, 1, {}, 4),
    "claims of the dead": lambda c: outbox.take_back(c, 1, 1),
    "a day of a series": lambda c: series.sums(c, "t7", range(1440), 60),
    "samples to strip": lambda c: samples.strip_old(c, FEW, 500),
    "the audit log of an alert": lambda c: audit.page(c, audit.Filter(object="a7"), None, 51),
}


def fill(store: Store) -> None:
    """Give the store much that is over and a little that is not."""
    alert: list[dict[str, Any]] = [
        {
            "alert_id": f"a{number}",
            "topic_id": f"t{number % 100}",
            "kind": "surge" if number % 100 == 0 else "crisis",
            "severity": "critical" if number % 100 == 1 else "info",
            "state": "open" if number % 100 == 2 else "closed",
            "human_state": "new" if number % 100 == 3 else "resolved",
            "revision": 1,
            "opened_ms": number * HOUR_MS,
            "updated_ms": number * HOUR_MS,
            "body": "{}",
        }
        for number in range(MANY)
    ]
    line = {"origin": "machine", "event": "opened", "at_ms": 0, "decided_ms": 0, "body": "{}"}
    delivery = {"attempts": 1, "round_attempts": 1, "next_ms": 0, "decided_ms": 0, "claimed_ms": 5}
    with store.write() as connection:
        connection.execute(insert(tables.alerts), alert)
        lines = [{"alert_id": f"a{n}", "revision": 1, "has_samples": n < FEW, **line} for n in range(MANY)]
        connection.execute(insert(tables.alert_events), lines)
        connection.execute(
            insert(tables.deliveries),
            [
                {
                    "delivery_id": f"d{number}",
                    "endpoint_id": f"e{number % 20}",
                    "alert_id": f"a{number}",
                    "revision": 1,
                    "event_seq": number + 1,
                    "state": {1: "due", 2: "sending", 3: "dead"}.get(number % 200, "delivered"),
                    **delivery,
                }
                for number in range(MANY)
            ],
        )
        names = [{"topic_id": f"t{n}", "name_vi": "x", "name_en": "x"} for n in range(MANY)]
        connection.execute(insert(tables.topics), names)
        counts = {"count": 1, "negative": 0, "positive": 0}
        minutes = [{"topic_id": f"t{n % 100}", "minute": n // 100, **counts} for n in range(MANY)]
        connection.execute(insert(tables.series), minutes)
        noted = {"actor": "x", "action": "x", "detail": "{}", "at_ms": 0}
        connection.execute(insert(tables.audit), [{"object": f"a{n}", **noted} for n in range(MANY)])
        if store.shared:  # there the server does it by itself
            connection.execute(text("ANALYZE"))


@contextmanager
def heard(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """Collect the SELECTs that are carried out."""
    found: list[tuple[str, Any]] = []

    def hear(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", hear)


def plan(connection: Connection, statement: str, parameters: object) -> list[str]:
    """Give the lines of a statement's plan; on PostgreSQL, of one that avoids what an index can replace."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
    else:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = connection.exec_driver_sql("EXPLAIN " + statement, parameters)
    return [str(row[-1]) for row in rows]


def scans(lines: list[str]) -> list[str]:
    """Give the lines of a plan that read a table from end to end (``SCAN t``, ``Seq Scan on t``)."""
    found = [re.search(r"SCAN (\w+)|Seq Scan on (\w+)", line) for line in lines]
    return [match[0] for match in found if match and (match[1] or match[2]).removesuffix("_1") in TABLES]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Give one full store of each kind to all tests."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    stores = Stores(server)
    store = open_store(stores.address(tmp_path_factory.mktemp("full")))
    fill(store)
    yield store
    store.close()
    stores.give_back()


@pytest.mark.parametrize("asked", ASKED)
def test_nothing_is_read_from_end_to_end(full_store: Store, asked: str) -> None:
    """Every table of the plan is searched by an index."""
    with full_store.write() as connection:
        with heard(connection) as statements:
            ASKED[asked](connection)
        found = [line for statement in statements for line in scans(plan(connection, *statement))]
        connection.rollback()
    assert statements
    assert found == []


def test_the_whole_list_is_read_in_the_order_of_its_index(full_store: Store) -> None:
    """No sorting: it stops after a page."""
    with full_store.write() as connection:
        with heard(connection) as statements:
            alerts.page(connection, Filter(), None, 51)
        [statement] = statements
        lines = " ".join(plan(connection, *statement))
    assert "ix_alerts_opened_ms_alert_id" in lines
    assert "B-TREE" not in lines
    assert "Sort" not in lines
