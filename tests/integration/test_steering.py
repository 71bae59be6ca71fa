"""What people change while the worker runs: the catalogue, the calendar, verdicts."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import msgspec
import pytest
from kafka_support import eventually, free_port, fresh_broker
from prometheus_client.parser import text_string_to_metric_families
from stream_support import CATALOGUE, Truth, local_text, make_producer, read_all, send, series, worker_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream_support import Part

TRUTH = Truth(1200)
NEW_TOPIC = '[[topic]]\nid = "moi"\nname = { vi = "Mới", en = "New" }\naliases = ["hôm nay bà con"]\n'
FALSE_ALARM = {"schema": "haidang.feedback.v1", "topic": "chu-de-3", "verdict": "false_alarm"}
EXAM = {
    "schema": "haidang.calendar.v1",
    "id": "exam",
    "topics": ["chu-de-3"],
    "from": int(Truth.START.timestamp()),
    "to": int(Truth.START.timestamp()) + 86_400,
    "factor": 50.0,
}


class Running:
    """A worker on a broker with its catalogue's file and metrics."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap = bootstrap
        self.port = free_port()
        self.part: Part = worker_part(bootstrap, folder, metrics_port=self.port)
        self.catalogue = folder / "catalogue.toml"
        self.producer = make_producer(bootstrap)

    def metric(self, name: str, **labels: str) -> float | None:
        """Return a sample of the worker's metrics; None while there is none."""
        text = local_text(f"http://127.0.0.1:{self.port}/metrics")
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        return None


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a worker; half of the mentions are sent."""
    folder: Path = tmp_path_factory.mktemp("steering")
    with fresh_broker(folder / "kafka") as broker:
        found = Running(broker.bootstrap, folder)
        found.part.start()
        values = [msgspec.json.encode(TRUTH.mentions[place : place + 50]) for place in range(0, 600, 50)]
        send(found.producer, values)
        eventually(lambda: sum(series(broker.bootstrap).values()) > 0, within_seconds=60, what="first counts")
        yield found
        found.producer.close()
        found.part.end(signal.SIGTERM)


def test_a_verdict_reaches_the_topics_precision(running: Running) -> None:
    """Four false alarms on one topic; the record of a stranger is a dead letter and stops nothing."""
    running.producer.send("feedback", value=b"not ours", key=b"x")
    for number in range(4):
        said = msgspec.json.encode(FALSE_ALARM | {"alert_id": f"a{number}"})
        running.producer.send("feedback", value=said, key=b"a")
    running.producer.send("calendar", value=msgspec.json.encode(EXAM), key=b"exam")
    running.producer.flush()
    eventually(
        lambda: [json.loads(value)["topic"] for _, value in read_all(running.bootstrap, "dead_letters")],
        until=lambda letters: letters == ["feedback"],
        what="a dead letter for the foreign record",
    )
    send(running.producer, [msgspec.json.encode(TRUTH.mentions[600:700])])
    eventually(
        lambda: running.metric("haidang_topic_precision_ratio", topic="chu-de-3"),
        until=lambda precision: precision == 0.25,
        what="the precision of a topic after four false alarms",
    )


def test_a_broken_catalogue_changes_nothing_and_a_good_one_is_taken(running: Running) -> None:
    """No restart: a new topic counts from now on, and no count of the others is lost or doubled."""
    running.catalogue.write_text(CATALOGUE + "[[topic]]", encoding="utf-8")
    eventually(
        lambda: running.metric("haidang_catalogue_changes_total", outcome="refused"),
        until=lambda refused: refused == 1,
        what="the broken catalogue is refused",
    )
    running.catalogue.write_text(CATALOGUE + NEW_TOPIC, encoding="utf-8")
    eventually(
        lambda: running.metric("haidang_catalogue_changes_total", outcome="taken"),
        until=lambda taken: taken == 1,
        what="the new catalogue is taken",
    )
    values = [msgspec.json.encode(TRUTH.mentions[place : place + 50]) for place in range(700, 1200, 50)]
    send(running.producer, values)
    eventually(
        lambda: series(running.bootstrap),
        until=lambda counted: (
            sum(count for (topic, _), count in counted.items() if topic == "moi") == len(TRUTH.mentions) - 700
            and {cell: count for cell, count in counted.items() if cell[0] != "moi"} == dict(TRUTH.counts)
        ),
        within_seconds=60,
        what="every later mention counts for the new topic, and all of them for the others",
    )
    assert b"moi" in {key for key, _ in read_all(running.bootstrap, "catalogue")}
    assert "status=catalogue_refused" in running.part.log()


def test_a_topic_that_leaves_is_told_to_the_store(running: Running) -> None:
    """Its last record on Kafka's catalogue is empty, and its series are shown no more."""
    running.catalogue.write_text(CATALOGUE, encoding="utf-8")
    eventually(
        lambda: dict(read_all(running.bootstrap, "catalogue")).get(b"moi", b"still there"),
        until=lambda value: value is None,
        what="the topic that left",
    )
    assert running.metric("haidang_topic_mentions_total", topic="moi") is None
    assert running.metric("haidang_topic_mentions_total", topic="chu-de-3") is not None
