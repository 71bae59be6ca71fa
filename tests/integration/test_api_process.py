"""The API process against a real broker: projection, posting, signals, a broker and a process that die."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from api_support import alert_event
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka_support import eventually, free_port, fresh_broker

from api.clock import now_ms
from api.projector import KEPT_ON_ALERTS_MS
from deploy.embedded_kafka import EmbeddedKafka
from detectors.events import AlertEvent, EventName, encode_event

ROOT = Path(__file__).parents[2]
START = """
import sys
from pathlib import Path
from api.server import run
from api.settings import ApiSettings
from streams.understanding import sample_gist
settings = ApiSettings(data_dir=Path(sys.argv[1]), api_port=int(sys.argv[2]), kafka_bootstrap=sys.argv[3])
sys.exit(run(settings, sample_gist))
"""
MENTION = {"id": "1", "text": "x", "published_at": "2026-01-01T00:00:00Z"}
STOP_SECONDS = 5.0


class ApiProcess:
    """One API process on a free port."""

    def __init__(self, folder: Path, bootstrap: str) -> None:
        """Start it."""
        self.folder = folder
        port = free_port()
        command = [sys.executable, "-c", START, str(folder), str(port), bootstrap]
        self.process = subprocess.Popen(command, cwd=ROOT)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)

    def ready(self) -> "ApiProcess":
        """Wait until it is ready and take its key."""
        eventually(self._is_ready, what="the API is ready")
        key = (self.folder / "admin.key").read_text().strip()
        self.client.headers["Authorization"] = f"Bearer {key}"
        return self

    def _is_ready(self) -> bool:
        """Whether it says so."""
        assert self.process.poll() is None
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def revisions(self) -> dict[str, int]:
        """Give the revision that each alert shows."""
        alerts = self.client.get("/v1/alerts?limit=200").json()["items"]
        return {alert["alert_id"]: alert["revision"] for alert in alerts}

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; gives its exit status."""
        self.client.close()
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def api_process(folder: Path, bootstrap: str) -> Iterator[ApiProcess]:
    """Run a process and end it with the test."""
    running = ApiProcess(folder, bootstrap)
    try:
        yield running.ready()
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGKILL)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """Give a broker of the test's own, since tests stop it."""
    with fresh_broker(tmp_path / "kafka") as running:
        yield running


def produce(bootstrap: str, *events: AlertEvent, topic: str = "alerts", at_ms: int | None = None) -> None:
    """Write alert events as the worker does."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, bootstrap_timeout_ms=120_000)
    for event in events:
        producer.send(topic, encode_event(event), key=event.alert_id.encode(), timestamp_ms=at_ms)
    producer.flush(30)
    producer.close()


def forget_alerts(bootstrap: str) -> None:
    """Let ``alerts`` lose all that is there, as by its retention."""
    consumer, admin = (
        KafkaConsumer(bootstrap_servers=bootstrap),
        KafkaAdminClient(bootstrap_servers=bootstrap),
    )
    places = [TopicPartition("alerts", number) for number in consumer.partitions_for_topic("alerts")]
    admin.delete_records(consumer.end_offsets(places))
    consumer.close()
    admin.close()


def read_all(bootstrap: str, topic: str) -> list[ConsumerRecord]:
    """Read a topic from its beginning, once there is something."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(places)
    batches = eventually(lambda: consumer.poll(timeout_ms=500), what=f"a record of {topic}")
    consumer.close()
    return [record for batch in batches.values() for record in batch]


def last_envelope(bootstrap: str) -> list[dict[str, object]]:
    """Read the only envelope of ``mentions``."""
    [record] = read_all(bootstrap, "mentions")
    found: list[dict[str, object]] = msgspec.json.decode(record.value)
    return found


def test_alerts_are_projected_once_through_kills_and_broker_restarts(
    tmp_path: Path, broker: EmbeddedKafka
) -> None:
    """What was read stays read; what came meanwhile is caught up with."""
    data = tmp_path / "data"
    with api_process(data, broker.bootstrap) as api:
        produce(broker.bootstrap, alert_event("a"), alert_event("b"))
        eventually(lambda: api.revisions() == {"a": 1, "b": 1}, what="two alerts")
        api.stop(signal.SIGKILL)
    produce(broker.bootstrap, alert_event("a", 2, EventName.UPDATED), alert_event("b"))
    with api_process(data, broker.bootstrap) as api:
        eventually(lambda: api.revisions() == {"a": 2, "b": 1}, what="the revision that came meanwhile")
        broker.stop()
        assert api.client.get("/readyz").status_code == 503
        broker.start()
        produce(broker.bootstrap, alert_event("a", 3, EventName.CLOSED))
        eventually(lambda: api.revisions() == {"a": 3, "b": 1}, what="the revision after the restart")
        events = api.client.get("/v1/alerts/a/events").json()["items"]
        assert [line["event"] for line in events] == ["opened", "updated", "closed"]


def test_what_alerts_have_lost_is_read_in_the_history(tmp_path: Path, broker: EmbeddedKafka) -> None:
    """Without samples, once; what ``alerts`` still has comes from there, with them."""
    old_ms = now_ms() - KEPT_ON_ALERTS_MS - 60_000
    first, second = alert_event("a"), alert_event("a", 2, EventName.UPDATED)
    recent = alert_event("b")
    for event, at_ms in ((first, old_ms), (second, old_ms + 1), (recent, now_ms())):
        produce(
            broker.bootstrap, msgspec.structs.replace(event, samples=()), topic="alert_history", at_ms=at_ms
        )
        produce(broker.bootstrap, event, at_ms=at_ms)
    forget_alerts(broker.bootstrap)
    produce(broker.bootstrap, recent)
    for _ in range(2):
        with api_process(tmp_path / "data", broker.bootstrap) as api:
            eventually(lambda: api.revisions() == {"a": 2, "b": 1}, what="all alerts")
            events = {name: api.client.get(f"/v1/alerts/{name}/events").json()["items"] for name in "ab"}
        shown = {name: [len(line["data"]["samples"]) for line in lines] for name, lines in events.items()}
        assert shown == {"a": [0, 0], "b": [1]}


def test_posted_mentions_are_on_kafka_when_the_answer_comes(tmp_path: Path, broker: EmbeddedKafka) -> None:
    """202 only once Kafka has them, 503 while it is away, 202 again when it is back."""
    with api_process(tmp_path / "data", broker.bootstrap) as api:
        answer = api.client.post("/v1/mentions", json=[MENTION, MENTION | {"id": "2"}])
        assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
        assert last_envelope(broker.bootstrap) == [MENTION, MENTION | {"id": "2"}]
        broker.stop()
        assert api.client.post("/v1/mentions", json=[MENTION]).status_code == 503
        broker.start()
        eventually(
            lambda: api.client.post("/v1/mentions", json=[MENTION]).status_code == 202, what="Kafka is back"
        )


def test_sigterm_ends_it_cleanly_while_a_stream_is_open(tmp_path: Path, broker: EmbeddedKafka) -> None:
    """Exit status 0, within five seconds."""
    with (
        api_process(tmp_path / "data", broker.bootstrap) as api,
        api.client.stream("GET", "/v1/stream") as stream,
    ):
        assert next(stream.iter_lines()) == "event: ready"
        before = time.monotonic()
        api.process.send_signal(signal.SIGTERM)
        assert api.process.wait(30) == 0
        assert time.monotonic() - before < STOP_SECONDS


def test_a_port_that_is_taken_refuses_to_start(tmp_path: Path) -> None:
    """Exit status 1 and one line that names the place and the settings."""
    second = start_second(tmp_path / "one", tmp_path / "two", port := free_port(), port)
    assert f"127.0.0.1:{port}" in second
    assert "api_port" in second


def test_a_store_that_is_served_refuses_to_start(tmp_path: Path) -> None:
    """Two processes on one SQLite database would send what the other is sending."""
    second = start_second(tmp_path, tmp_path, free_port(), 0)
    assert "another API process serves" in second


def start_second(one: Path, two: Path, port: int, other_port: int) -> str:
    """Start a process, and beside it one that must end with exit status 1; gives what that one says."""
    script = [sys.executable, "-c", START, str(one), str(port), "127.0.0.1:1"]
    other = [*script[:3], str(two), str(other_port), "127.0.0.1:1"]
    with subprocess.Popen(script, cwd=ROOT) as first:
        eventually(lambda: _answers(port), what="the first process answers")
        second = subprocess.run(other, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        first.terminate()
    assert second.returncode == 1
    assert "Traceback" not in second.stderr
    return second.stderr


def _answers(port: int) -> bool:
    """Whether a process answers on a port."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_verdict_reaches_kafka_also_when_it_was_away(tmp_path: Path, broker: EmbeddedKafka) -> None:
    """Given while the broker is down, published when it is back."""
    with api_process(tmp_path / "data", broker.bootstrap) as api:
        produce(broker.bootstrap, alert_event("a"))
        eventually(lambda: api.revisions() == {"a": 1}, what="the alert")
        broker.stop()
        closed = api.client.post("/v1/alerts/a/close", json={"verdict": "planned", "reason": "a launch"})
        assert closed.json()["human_state"] == "resolved"
        broker.start()
        [record] = read_all(broker.bootstrap, "feedback")
    said = msgspec.json.decode(record.value)
    assert (record.key, said["verdict"], said["reason"]) == (b"a", "planned", "a launch")
