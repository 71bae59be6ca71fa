"""The demonstration on a real broker: what is on file is what was sent, whatever interrupts it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka_support import fresh_broker

from deploy.demo import scenario
from deploy.demo.run import KEY, TOPIC, Demo, State, append_whole, last_arrival_ms, span
from deploy.demo.scenario import Line, Plan
from deploy.embedded_kafka import EmbeddedKafka
from streams.send_kafka import Sender, cluster_of

NOW = datetime(2026, 11, 24, 10, 0, 17, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """Run a broker of its own for each test: all send under one key."""
    with fresh_broker(tmp_path / "kafka") as running:
        yield running


class Runs:
    """Starts the demonstration again and again in one folder."""

    def __init__(self, broker: EmbeddedKafka, folder: Path) -> None:
        self.broker = broker
        self.folder = folder
        self.said: list[str] = []

    def go(self, now: datetime, live_seconds: int, cluster: str = "") -> Plan:
        """Replay at `now`, then that long in real time, a step every ten seconds."""
        cluster = cluster or cluster_of(self.broker.bootstrap, TOPIC)
        with Sender(self.broker.bootstrap, TOPIC, KEY) as sender:
            demo = Demo(self.folder, cluster, sender, self.said.append)
            plan = demo.replay(now)
            for second in range(0, live_seconds, 10):
                demo.step(plan, plan.end_ms + second * 1000)
        return plan

    def sent(self) -> list[str]:
        """Ids of all mentions on Kafka, in order of the log."""
        consumer = KafkaConsumer(bootstrap_servers=self.broker.bootstrap)
        partitions = [TopicPartition(TOPIC, number) for number in consumer.partitions_for_topic(TOPIC) or ()]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        ids: list[str] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for records in consumer.poll(timeout_ms=200).values():
                ids += [mention["id"] for record in records for mention in json.loads(record.value)]
        consumer.close()
        return ids

    def on_file(self) -> list[str]:
        """Ids of all mentions on file, in order of the files' names."""
        files = sorted(self.folder.glob("episode-*.jsonl"))
        return [json.loads(line)["id"] for file in files for line in file.read_bytes().splitlines()]

    def state(self) -> State:
        """State on file."""
        return msgspec.json.decode((self.folder / "state.json").read_bytes(), type=State)


@pytest.fixture
def runs(broker: EmbeddedKafka, tmp_path: Path) -> Runs:
    """Start with an empty folder."""
    return Runs(broker, tmp_path / "demo")


def test_what_is_sent_is_on_file_and_a_second_run_continues(runs: Runs) -> None:
    """Each mention once, in order of arrival, the crisis on another topic."""
    first = runs.go(NOW, live_seconds=300)
    second = runs.go(NOW + timedelta(minutes=7), live_seconds=60)
    assert runs.sent() == runs.on_file()
    assert len(set(runs.sent())) == len(runs.sent())
    assert (first.episode, second.episode) == (0, 1)
    assert second.since_ms > first.end_ms
    assert any("the crisis is on ho-thuong-lim" in text for text in runs.said)


def test_the_files_together_are_in_order_of_arrival(runs: Runs) -> None:
    """So they go through a backtest as they are."""
    runs.go(NOW, live_seconds=120)
    runs.go(NOW + timedelta(minutes=3), live_seconds=60)
    files = sorted(runs.folder.glob("episode-*.jsonl"))
    times = [json.loads(line)["fetched_at"] for file in files for line in file.read_bytes().splitlines()]
    assert times == sorted(times)


def test_a_run_killed_during_the_replay_sends_the_rest_under_the_same_ids(runs: Runs) -> None:
    """Nothing is lost, and what is repeated is repeated under its own id."""
    plan = runs.go(NOW, live_seconds=0)
    before = runs.sent()
    (position,) = (runs.folder / "positions").glob("*.json")
    held = json.loads(position.read_bytes())
    lines = (runs.folder / "episode-000.history.jsonl").read_bytes().splitlines(keepends=True)
    half = {"offset": len(b"".join(lines[:9000])), "line": 9000, "mentions": 9000, "complete": False}
    position.write_bytes(json.dumps(held | half).encode())
    killed = msgspec.structs.replace(runs.state(), replayed=False)
    (runs.folder / "state.json").write_bytes(msgspec.json.encode(killed))
    again = runs.go(NOW + timedelta(minutes=2), live_seconds=0)
    assert again == plan
    assert runs.sent() == before + before[9000:]
    assert runs.state().replayed


def test_a_run_killed_before_its_last_lines_were_sent_sends_them_first(runs: Runs) -> None:
    """They were written before they were sent."""
    plan = runs.go(NOW, live_seconds=60)
    live = runs.folder / "episode-000.live.jsonl"
    written = scenario.between(plan, last_arrival_ms(live) or 0, plan.end_ms + 180_000)
    append_whole(live, written)
    with live.open("ab") as file:
        file.write(b'{"id":"cut off in the mid')
    runs.go(NOW + timedelta(hours=1), live_seconds=30)
    sent = runs.sent()
    assert {line.id for line in written} <= set(sent)
    assert len(set(sent)) == len(sent)


def test_a_new_cluster_starts_the_demonstration_over(runs: Runs) -> None:
    """Its log is empty: continuing would leave every topic without its history."""
    runs.go(NOW, live_seconds=0, cluster="former")
    plan = runs.go(NOW + timedelta(minutes=2), live_seconds=0)
    assert plan.episode == 0
    assert [file.name for file in sorted(runs.folder.glob("episode-*"))] == ["episode-000.history.jsonl"]


def test_half_a_line_is_cut_off_before_the_next_is_written(tmp_path: Path) -> None:
    """Two lines run together would be none."""
    file = tmp_path / "live.jsonl"
    first = Line(1, "a", b'{"fetched_at":"2026-11-24T10:00:00.001Z"}')
    append_whole(file, [first])
    with file.open("ab") as out:
        out.write(b'{"fetched_at":"2026')
    assert last_arrival_ms(file) == NOW_MS - 17_000 + 1
    append_whole(file, [first])
    assert file.read_bytes().splitlines() == [first.json, first.json]


def test_an_empty_file_has_no_last_arrival(tmp_path: Path) -> None:
    """Nor has a missing one."""
    assert last_arrival_ms(tmp_path / "missing") is None
    (tmp_path / "empty").touch()
    assert last_arrival_ms(tmp_path / "empty") is None


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(119_000, "119 seconds"), (120_000, "2.0 minutes"), (7_200_000, "2.0 hours"), (604_800_000, "7.0 days")],
)
def test_a_span_is_said_in_its_fitting_unit(milliseconds: int, text: str) -> None:
    """For people."""
    assert span(milliseconds) == text
