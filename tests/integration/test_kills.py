"""kill -9 of the API at random points while alert events flow: nothing is lost, nothing is told twice as new.

The routine run kills a few times. ``KILLS=200 EVENTS=1000 ENDPOINTS=20`` before ``make test
ARGS="-n0 -s tests/integration/test_kills.py"`` is the full one.
"""

import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec
import pytest
from api_support import alert_event, fresh_store
from kafka import KafkaProducer
from kafka_support import eventually, free_port
from killed_api import context, start
from store_support import store_address

from api.store.endpoints import NewEndpoint, create
from deploy.embedded_kafka import EmbeddedKafka
from detectors.events import AlertEvent, EventName, Severity, encode_event

KILLS = int(os.environ.get("KILLS", "5"))
EVENTS = int(os.environ.get("EVENTS", "60"))
ENDPOINTS = int(os.environ.get("ENDPOINTS", "5"))
REVISIONS = 4
START_SECONDS = 1.0
MIDST_SECONDS = 0.3
PATIENCE_SECONDS = 120.0
DRAIN_SECONDS = 120.0 + EVENTS * ENDPOINTS / 20
SECRET = "whsec_" + "eHh4" * 11
Triple = tuple[str, str, int]


@dataclass
class Heard:
    """What the endpoints got, in order: the webhook's id, and endpoint, alert and revision."""

    got: list[tuple[str, Triple]] = field(default_factory=list)

    def triples(self, alert_ids: set[str]) -> list[Triple]:
        """Give what was told, each id once, in the order of its first arrival."""
        got = list(self.got)  # more may arrive meanwhile
        first = dict(reversed(got))
        ordered = dict.fromkeys(first[one] for one, _ in got)
        return [triple for triple in ordered if triple[1] in alert_ids]


@contextmanager
def receivers(heard: Heard) -> Iterator[int]:
    """Answer on a port of this machine; the path is the endpoint."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = msgspec.json.decode(self.rfile.read(int(self.headers["content-length"])))
            event = body["data"]
            triple = (self.path, event["alert_id"], event["revision"])
            heard.got.append((self.headers["webhook-id"], triple))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *_: object) -> None:
            """Say nothing of callers that were killed."""

    with Server(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            serving.join()


@dataclass
class Fleet:
    """The API processes on one store."""

    folder: Path
    settings: dict[str, object]
    forks: ForkServerContext = field(default_factory=context)
    running: list[BaseProcess] = field(default_factory=list)

    def start(self) -> None:
        """Start one process more."""
        self.running.append(start(self.forks, self.folder, free_port(), **self.settings))

    def kill(self, which: int) -> None:
        """Kill one process."""
        process = self.running.pop(which)
        process.kill()
        process.join()
        process.close()

    def end(self) -> None:
        """Kill all."""
        while self.running:
            self.kill(0)


def events(prefix: str) -> list[AlertEvent]:
    """Give the events: each alert opens, is updated and closes."""
    names = [EventName.OPENED, *[EventName.UPDATED] * (REVISIONS - 2), EventName.CLOSED]
    return [
        alert_event(f"{prefix}-{number // REVISIONS}", number % REVISIONS + 1, names[number % REVISIONS])
        for number in range(EVENTS)
    ]


@contextmanager
def producing(bootstrap: str) -> Iterator[Callable[[AlertEvent], None]]:
    """Give what writes an alert event as the worker does; it is on Kafka when the call returns."""
    producer = KafkaProducer(bootstrap_servers=bootstrap)

    def produce(event: AlertEvent) -> None:
        producer.send("alerts", encode_event(event), key=event.alert_id.encode()).get(30)

    try:
        yield produce
    finally:
        producer.close()


@pytest.mark.stores("sqlite", "postgresql")
def test_no_delivery_is_lost_and_none_is_new_twice(tmp_path: Path, kafka_broker: EmbeddedKafka) -> None:
    """Every (endpoint, alert, revision) arrives; after dropping repeated ids exactly once, and in order.

    On PostgreSQL two processes share the work, and one of them is killed.
    """
    address, heard = store_address(tmp_path), Heard()
    chance = random.Random(KILLS)  # noqa: S311 - when and whom to kill
    shared = address.startswith("postgresql")
    told = events("shared" if shared else "alone")
    share = -(-len(told) // KILLS)
    with receivers(heard) as port, producing(kafka_broker.bootstrap) as produce:
        subscribe(tmp_path, port)
        settings = {"kafka_bootstrap": kafka_broker.bootstrap, "database_url": address}
        fleet = Fleet(tmp_path, settings | {"egress_allow": (f"127.0.0.0/8:{port}",)})
        try:
            for _ in range(2 if shared else 1):
                fleet.start()
            for number in range(KILLS):
                arrived = partial(len, heard.got)
                before = arrived()
                for event in told[number * share : (number + 1) * share]:
                    produce(event)
                if number % 2:  # at any point of its start or its work
                    time.sleep(chance.uniform(0, START_SECONDS))
                else:  # in the midst of deliveries
                    eventually(
                        arrived, until=before.__lt__, within_seconds=PATIENCE_SECONDS, what="a delivery"
                    )
                    time.sleep(chance.uniform(0, MIDST_SECONDS))
                fleet.kill(chance.randrange(len(fleet.running)))
                fleet.start()
            alert_ids = {event.alert_id for event in told}
            wanted = len(told) * ENDPOINTS
            eventually(
                lambda: len(heard.triples(alert_ids)),
                until=lambda count: count >= wanted,
                within_seconds=DRAIN_SECONDS,
                what="every delivery",
            )
        finally:
            fleet.end()
    judge(heard, told)


def subscribe(folder: Path, port: int) -> None:
    """Subscribe the endpoints to everything."""
    with fresh_store(folder) as store, store.write() as connection:
        for number in range(ENDPOINTS):
            new = NewEndpoint(f"e{number}", f"http://127.0.0.1:{port}/e{number}", Severity.INFO, SECRET)
            create(connection, new, "test", 0)


def judge(heard: Heard, told: list[AlertEvent]) -> None:
    """Compare what arrived with what had to."""
    alert_ids = {event.alert_id for event in told}
    wanted = {
        (f"/e{number}", event.alert_id, event.revision) for event in told for number in range(ENDPOINTS)
    }
    meanings: defaultdict[str, set[Triple]] = defaultdict(set)
    for one, triple in heard.got:
        meanings[one].add(triple)
    assert all(len(found) == 1 for found in meanings.values()), "an id always means the same"
    by_triple = Counter(triple for found in meanings.values() for triple in found if triple[1] in alert_ids)
    assert set(by_triple) == wanted
    assert set(by_triple.values()) == {1}, "one id for each (endpoint, alert, revision)"
    seen: dict[tuple[str, str], int] = {}
    for endpoint, alert_id, revision in heard.triples(alert_ids):
        assert revision == seen.get((endpoint, alert_id), 0) + 1, "in order"
        seen[endpoint, alert_id] = revision
    arrived = sum(triple[1] in alert_ids for _, triple in heard.got)
    print(f"{KILLS} kills: {len(wanted)} deliveries, {arrived - len(wanted)} repeated")  # noqa: T201 - a figure
