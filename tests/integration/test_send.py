"""`haidang send` on a real broker: acknowledged, in order, resumable, across a broker restart."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka_support import eventually, fresh_broker

from deploy.embedded_kafka import EmbeddedKafka
from streams.send import key_of, run
from streams.send_kafka import Parcel, Sender
from streams.send_position import Position

TOPIC = "mentions"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One broker for the file; every test uses inputs of its own name."""
    with fresh_broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


def _records(bootstrap: str, key: bytes) -> list[tuple[int, list[dict[str, object]]]]:
    """Read partition and decoded value of every record under `key`, in order of offset."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    partitions = [TopicPartition(TOPIC, number) for number in consumer.partitions_for_topic(TOPIC) or ()]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    found = []
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for records in consumer.poll(timeout_ms=200).values():
            found += [(record.partition, json.loads(record.value)) for record in records if record.key == key]
    consumer.close()
    return found


def _ids(bootstrap: str, path: Path) -> list[int]:
    return [mention["id"] for _, value in _records(bootstrap, key_of(str(path))) for mention in value]


def _write(path: Path, count: int, filler: int = 0) -> Path:
    lines = (json.dumps({"id": number, "text": "x" * filler}) for number in range(count))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _send(path: Path, broker: EmbeddedKafka, *, rate: float | None = None, speed: float | None = None) -> int:
    state = path.parent / "state"
    return run([str(path)], bootstrap=broker.bootstrap, rate=rate, speed=speed, state_dir=state)


def test_every_line_arrives_once_in_order_in_one_partition_in_envelopes(
    broker: EmbeddedKafka, tmp_path: Path
) -> None:
    """2,345 lines make five records."""
    path = _write(tmp_path / "plain.jsonl", 2345)
    assert _send(path, broker) == 0
    records = _records(broker.bootstrap, key_of(str(path)))
    assert [len(value) for _, value in records] == [500, 500, 500, 500, 345]
    assert len({partition for partition, _ in records}) == 1
    assert _ids(broker.bootstrap, path) == list(range(2345))


def test_a_sent_file_is_not_sent_again_unless_fresh(
    broker: EmbeddedKafka, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second run says so."""
    path = _write(tmp_path / "twice.jsonl", 10)
    assert _send(path, broker) == 0
    assert _send(path, broker) == 0
    assert "already sent, 10 mentions" in capsys.readouterr().out
    state = tmp_path / "state"
    again = run([str(path)], bootstrap=broker.bootstrap, rate=None, speed=None, state_dir=state, fresh=True)
    assert again == 0
    assert _ids(broker.bootstrap, path) == [*range(10), *range(10)]


def test_lines_added_to_a_sent_file_are_sent_alone(broker: EmbeddedKafka, tmp_path: Path) -> None:
    """A growing log is followed run by run."""
    path = _write(tmp_path / "growing.jsonl", 10)
    assert _send(path, broker) == 0
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": 10}\n')
    assert _send(path, broker) == 0
    assert _ids(broker.bootstrap, path) == list(range(11))


def test_broken_lines_are_named_and_the_rest_goes_on(
    broker: EmbeddedKafka, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, file and line of each; what is JSON is left to the stream to judge."""
    path = tmp_path / "broken.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": 0}\nnonsense\n\n{"id": 1}\n{"id": "\xff"}\n{"id": 2}'))
    assert _send(path, broker) == 1
    out = capsys.readouterr().out
    assert f"{path}:2: refused, not_json" in out
    assert f"{path}:5: refused, not_utf8" in out
    assert "3 mentions acknowledged" in out
    assert _ids(broker.bootstrap, path) == [0, 1, 2]


def test_speed_replays_by_arrival_whatever_the_order_of_the_file(
    broker: EmbeddedKafka, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is sorted first, and says so."""
    path = tmp_path / "unordered.jsonl"
    order = [3, 1, 4, 0, 2]
    lines = [json.dumps({"id": n, "fetched_at": f"2026-11-01T00:00:0{n}Z"}) for n in order]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert _send(path, broker, speed=100.0) == 0
    assert "sorting it first" in capsys.readouterr().out
    assert _ids(broker.bootstrap, path) == [0, 1, 2, 3, 4]
    assert not list((tmp_path / "state").glob("*.ordered"))
    assert _send(path, broker, speed=100.0) == 0
    assert "already sent" in capsys.readouterr().out


def _start(path: Path, bootstrap: str, rate: float) -> "subprocess.Popen[str]":
    code = (  # what a shell starts in the background has Ctrl-C ignored, and so has all that it starts
        "import signal, sys; from pathlib import Path; from streams.send import run; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "sys.exit(run([sys.argv[1]], bootstrap=sys.argv[2], rate=float(sys.argv[3]), speed=None, "
        "state_dir=Path(sys.argv[1]).parent / 'state'))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), bootstrap, str(rate)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("zipped", [False, True])
def test_standard_input_is_sent_and_not_remembered(
    broker: EmbeddedKafka, tmp_path: Path, *, zipped: bool
) -> None:
    """Plain or gzipped, once per run."""
    before = _ids(broker.bootstrap, Path("-"))
    data = _write(tmp_path / "x.jsonl", 1234).read_bytes()
    code = (
        "import sys; from pathlib import Path; from streams.send import run; "
        "sys.exit(run(['-'], bootstrap=sys.argv[1], rate=None, speed=None, state_dir=Path(sys.argv[2])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, broker.bootstrap, str(tmp_path / "state")],
        input=gzip.compress(data) if zipped else data,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"1,234 mentions acknowledged" in done.stdout
    assert _ids(broker.bootstrap, Path("-"))[len(before) :] == list(range(1234))
    assert not (tmp_path / "state").exists()


def _acknowledged(path: Path) -> int:
    files = list((path.parent / "state").glob("*.json"))
    return json.loads(files[0].read_bytes())["mentions"] if files else 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_continues_and_loses_nothing(
    broker: EmbeddedKafka, tmp_path: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    """After kill -9 at most the last half second is repeated, after Ctrl-C nothing."""
    path = _write(tmp_path / f"stopped-{number}.jsonl", 20_000)
    process = _start(path, broker.bootstrap, rate=2_000.0)
    eventually(lambda: _acknowledged(path) > 2_000, what="some acknowledgements on file")
    process.send_signal(number)
    output = process.communicate(timeout=30)[0]
    before = len(_ids(broker.bootstrap, path))
    assert before < 20_000
    assert _send(path, broker) == 0
    assert "continuing after line" in capsys.readouterr().out
    ids = _ids(broker.bootstrap, path)
    assert sorted(set(ids)) == list(range(20_000))
    if number is signal.SIGINT:
        assert "interrupted: run the same command again" in output
        assert process.returncode == 1
        assert len(ids) == 20_000
    else:
        assert len(ids) <= 20_000 + 2_000


def test_a_broker_restart_in_the_middle_is_survived(tmp_path: Path) -> None:
    """Sending waits, then goes on in order; a repeated envelope is the worst that happens."""
    with fresh_broker(tmp_path / "kafka") as broker:
        path = _write(tmp_path / "restart.jsonl", 30_000)
        process = _start(path, broker.bootstrap, rate=5_000.0)
        eventually(lambda: _acknowledged(path) > 3_000, what="some acknowledgements on file")
        broker.stop()
        broker.start()
        broker.wait_ready()
        output = process.communicate(timeout=90)[0]
        assert process.returncode == 0, output
        assert list(dict.fromkeys(_ids(broker.bootstrap, path))) == list(range(30_000))


def test_parcels_are_acknowledged_in_the_order_sent(broker: EmbeddedKafka) -> None:
    """Each acknowledgement carries the place that is done with it."""
    places = [Position(path="", size=0, modified_ns=0, inode=0, line=line) for line in range(12)]
    with Sender(broker.bootstrap, TOPIC, b"parcels") as sender:
        for place in places:
            sender.send(Parcel(b"[]", place))
        acknowledged: list[Position] = []
        while sender.unacknowledged:
            acknowledged += [parcel.end for parcel in sender.acknowledged(1.0)]
    assert acknowledged == places


@pytest.mark.parametrize(
    ("files", "rate", "speed", "status", "message"),
    [
        (["x"], 0.0, None, 2, "--rate 0.0"),
        (["x"], None, -1.0, 2, "--speed -1.0"),
        (["-", "-"], None, None, 2, "only once"),
        (["/nowhere/at/all"], None, None, 1, "/nowhere/at/all: No such file"),
        ([os.devnull + "/x"], None, None, 1, "Not a directory"),
    ],
)
def test_what_cannot_be_sent_is_said_in_one_line(
    broker: EmbeddedKafka,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    files: list[str],
    rate: float | None,
    speed: float | None,
    status: int,
    message: str,
) -> None:
    """2 for usage, 1 for the rest."""
    assert run(files, bootstrap=broker.bootstrap, rate=rate, speed=speed, state_dir=tmp_path) == status
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_missing_topic_and_a_missing_broker_are_named(
    broker: EmbeddedKafka, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to do."""
    for bootstrap, topic, message in (
        (broker.bootstrap, "nothing", "no topic 'nothing'"),
        ("127.0.0.1:9", TOPIC, "no Kafka at 127.0.0.1:9"),
    ):
        status = run(["x"], bootstrap=bootstrap, rate=None, speed=None, state_dir=tmp_path, topic=topic)
        assert status == 1
        assert message in capsys.readouterr().err
