"""An officer's correction, from HTTP to how the next mention is judged, on a real Kafka."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import msgspec
import pytest
from api_support import alert_event
from kafka_support import eventually, free_port, fresh_broker
from stream_support import PARTITIONS, Api, local_text, make_producer, offsets, read_all, worker_part

from detectors.events import Sample, encode_event, mention_key
from streams import observation as wire
from streams.corrections import read_mark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kafka import KafkaProducer
    from stream_support import Part

TOPIC = "chu-de-3"
TEXT = "Hôm nay bà con bức xúc vì chuyện số 3 ở xã"
SOURCE = "báo 1"
KEY = f"{mention_key(SOURCE, 'first'):016x}"
ALERT = alert_event(topic=TOPIC)
POLARITY = f"/v1/alerts/{ALERT.alert_id}/samples/{KEY}/polarity"
AT = "2026-11-01T00:00:00Z"


class Service:
    """A worker and an API on a broker."""

    def __init__(self, bootstrap: str, folder: Path, producer: KafkaProducer) -> None:
        self.bootstrap = bootstrap
        self.worker: Part = worker_part(bootstrap, folder)
        self.api = Api(bootstrap, folder)
        self.parts = [self.worker, self.api.part]
        self._producer = producer
        self._sent = 0

    def judged(self) -> set[int]:
        """Send the words once to each partition; return P(negative), in thousandths, of all of them."""
        names = {f"m{self._sent + partition}": partition for partition in range(PARTITIONS)}
        self._sent += PARTITIONS
        for name, partition in names.items():
            mention = {"id": name, "published_at": AT, "fetched_at": AT, "text": TEXT}
            value = msgspec.json.encode(mention | {"source": {"name": SOURCE, "kind": "press"}})
            self._producer.send("mentions", value=value, partition=partition).get(60)
        found = eventually(
            self._observed,
            until=lambda known: {mention_key(SOURCE, name) for name in names} <= known.keys(),
            within_seconds=60,
            what="the mentions are observed",
        )
        return set().union(*(found[mention_key(SOURCE, name)] for name in names))

    def _observed(self) -> dict[int, set[int]]:
        """Return P(negative) of each mention of the topic, as told to the detect stage, however often."""
        found: dict[int, set[int]] = {}
        for _, value in read_all(self.bootstrap, "observations"):
            for rows in wire.decode(value).rows:
                if rows.topic == TOPIC:
                    for mention, milli in zip(rows.mentions, rows.negative, strict=True):
                        found.setdefault(mention, set()).add(milli)
        return found

    def join(self, folder: Path) -> None:
        """Let a second worker take over some of the partitions, and wait until it has recovered them."""
        folder.mkdir()
        port = free_port()
        joined = worker_part(self.bootstrap, folder, metrics_port=port)
        self.parts.append(joined)
        joined.start()
        eventually(
            lambda: "haidang_worker_ready 1.0" in local_text(f"http://127.0.0.1:{port}/metrics"),
            within_seconds=60,
            what="the second worker is ready",
        )

    def tell(self, value: bytes) -> None:
        """Let an alert event arrive."""
        self._producer.send("alerts", value=value, key=ALERT.alert_id.encode()).get(60)

    def wait_for_marks(self, revision: int) -> None:
        """Wait until a revision of the one correction is marked in every partition of ``mentions``."""
        eventually(
            lambda: [read_mark(value) for _, value in read_all(self.bootstrap, "mentions")],
            until=lambda marks: (
                sum(mark is not None and mark.revision == revision for mark in marks) >= PARTITIONS
            ),
            within_seconds=60,
            what="marks in all partitions",
        )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Run it, with an alert that shows the words."""
    with fresh_broker(tmp_path / "kafka") as broker:
        producer = make_producer(broker.bootstrap)
        found = Service(broker.bootstrap, tmp_path, producer)
        try:
            for part in found.parts:
                part.start()
            sample = Sample(TEXT, SOURCE, None, ALERT.at, KEY)
            found.tell(encode_event(msgspec.structs.replace(ALERT, samples=(sample,))))
            key = tmp_path / "admin.key"
            eventually(key.exists, within_seconds=60, what="the administrator's key")
            path = f"/v1/alerts/{ALERT.alert_id}"
            eventually(lambda: found.api.get(path)["samples"], within_seconds=60, what="the alert")
            yield found
        finally:
            producer.close()
            for part in found.parts:
                part.end(signal.SIGTERM)


def test_a_correction_changes_the_next_prediction_until_it_is_taken_back(
    service: Service, tmp_path: Path
) -> None:
    """In all partitions alike, across kill -9, at a worker that joins; each mention is told as one."""
    [usual] = service.judged()
    made = service.api.post(POLARITY, {"label": "neutral"})
    service.wait_for_marks(1)
    [corrected] = service.judged()
    assert corrected < usual - 50

    service.worker.end(signal.SIGKILL)
    service.worker.start()
    assert service.judged() == {corrected}

    service.join(tmp_path / "second")
    assert service.judged() == {corrected}

    service.api.post(f"/v1/corrections/{made['id']}/take_back")
    service.wait_for_marks(2)
    assert service.judged() == {usual}

    service.worker.end(signal.SIGKILL)
    service.worker.start()
    assert service.judged() == {usual}
    eventually(
        lambda: sum(found.remaining for found in offsets(service.bootstrap).values()),
        until=lambda left: left == 0,
        within_seconds=60,
        what="everything read is acknowledged",
    )
    assert read_all(service.bootstrap, "dead_letters") == []
