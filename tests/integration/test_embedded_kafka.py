"""The embedded broker is a real Apache Kafka: it keeps data, ends when told, says what is wrong."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka_support import eventually, free_port, fresh_broker

from deploy.embedded_kafka import EmbeddedKafka
from deploy.errors import DeployError
from deploy.kafka_topics import MismatchReason, ensure_topics, find_mismatches, topic_specs


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One broker without topics for this module; tests may kill it but leave it running."""
    with fresh_broker(tmp_path_factory.mktemp("kafka"), partitions=None) as running:
        ensure_topics(running.bootstrap, 4)
        yield running


def produce(broker: EmbeddedKafka, value: bytes) -> None:
    """Write one record to partition 0 of `mentions`, acknowledged."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, max_request_size=20 << 20)
    producer.send("mentions", value, partition=0).get(timeout=30)
    producer.close()


def values(broker: EmbeddedKafka) -> list[bytes]:
    """Read everything in partition 0 of `mentions`."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=20 << 20,
    )
    partition = TopicPartition("mentions", 0)
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    found: list[bytes] = []
    while consumer.position(partition) < end:
        batches = consumer.poll(timeout_ms=500)
        found.extend(record.value for batch in batches.values() for record in batch)
    consumer.close()
    return found


def test_all_topics_exist_as_described(broker: EmbeddedKafka) -> None:
    """After `ensure_topics` nothing differs from the description, and doing it again creates nothing."""
    assert find_mismatches(broker.bootstrap, 4) == []
    assert ensure_topics(broker.bootstrap, 4) == []


def test_a_topic_with_other_partitions_is_named(broker: EmbeddedKafka) -> None:
    """A broker made for 4 partitions is refused for 8, topic by topic, with what to do."""
    found = find_mismatches(broker.bootstrap, 8)
    assert {mismatch.reason for mismatch in found} == {MismatchReason.PARTITIONS}
    assert [mismatch.topic for mismatch in found] == [spec.name for spec in topic_specs(8)]
    with pytest.raises(DeployError, match="HAIDANG_PARTITIONS=4"):
        ensure_topics(broker.bootstrap, 8)


def test_a_topic_with_another_setting_is_named(broker: EmbeddedKafka) -> None:
    """A missing topic is named as missing and made anew; one made by hand with other settings is refused."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.delete_topics(["series"])
    eventually(lambda: "series" not in admin.list_topics(), what="series is gone")
    assert [m.reason for m in find_mismatches(broker.bootstrap, 4)] == [MismatchReason.MISSING]
    admin.create_topics({"series": {"num_partitions": 4, "configs": {"retention.ms": "1000"}}})
    with pytest.raises(DeployError, match=r"'series' has retention\.ms=1000 where 2592000000 is needed"):
        ensure_topics(broker.bootstrap, 4)
    admin.delete_topics(["series"])
    eventually(lambda: "series" not in admin.list_topics(), what="series is gone")
    assert ensure_topics(broker.bootstrap, 4) == ["series"]
    admin.close()


def test_no_topic_appears_by_itself(broker: EmbeddedKafka) -> None:
    """Auto-creation is off: asking for an unknown topic does not make it."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    assert "typo" not in admin.list_topics()
    consumer = KafkaConsumer("typo", bootstrap_servers=broker.bootstrap)
    consumer.poll(timeout_ms=500)
    consumer.close()
    assert "typo" not in admin.list_topics()
    admin.close()


def test_data_survives_sigterm_and_sigkill(broker: EmbeddedKafka) -> None:
    """A record acknowledged before the broker is stopped or killed is there afterwards, on the same port."""
    before = values(broker)
    produce(broker, b"before stop")
    broker.restart()
    produce(broker, b"before kill")
    broker.kill()
    assert not broker.running
    broker.start()
    broker.wait_ready()
    assert values(broker) == [*before, b"before stop", b"before kill"]


def test_a_record_of_fifteen_mebibytes_fits(broker: EmbeddedKafka) -> None:
    """`mentions` takes far more than we accept, so that too large a record becomes a dead letter of ours."""
    before = len(values(broker))
    produce(broker, b"x" * (15 << 20))
    assert len(values(broker)[before]) == 15 << 20


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    """Another program on the port: the error names the port and the setting, and no Java runs."""
    port = free_port(2)
    with socket.create_server(("127.0.0.1", port)):
        broker = EmbeddedKafka(tmp_path, port=port)
        with pytest.raises(
            DeployError, match=rf"port {port} on 127\.0\.0\.1 is taken.*HAIDANG_EMBEDDED_KAFKA_PORT"
        ):
            broker.start()
        assert not broker.running


def test_a_failing_java_is_reported_with_its_last_words(tmp_path: Path) -> None:
    """Data that Kafka refuses: the error carries what the broker logged."""
    broker = EmbeddedKafka(tmp_path, port=free_port(2))
    broker.prepare()
    meta = tmp_path / "log" / "meta.properties"
    meta.write_text(meta.read_text(encoding="utf-8").replace("node.id=1", "node.id=7"), encoding="utf-8")
    broker.start()
    with pytest.raises(DeployError, match=r"ended while starting.*node"):
        broker.wait_ready()


def test_the_broker_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    """`kill -9` of the process that started it leaves no broker behind."""
    script = (
        "import sys, pathlib; from deploy.embedded_kafka import EmbeddedKafka\n"
        f"k = EmbeddedKafka(pathlib.Path({str(tmp_path)!r}), port={free_port(2)}, heap_mb=256)\n"
        "k.prepare(); k.start(); k.wait_ready(); print(k.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        broker_pid = int(starter.stdout.readline())
        assert is_alive(broker_pid)
        starter.send_signal(signal.SIGKILL)
    eventually(lambda: not is_alive(broker_pid), what="the broker has ended")


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists and is no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
