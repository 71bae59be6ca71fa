"""The running service decides what the backtest decides: same records, same alert events (real Kafka)."""

from __future__ import annotations

import io
import json
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from kafka_support import eventually, fresh_broker
from stream_support import make_producer, read_all, worker_part

from deploy.demo import scenario
from deploy.demo.texts import catalogue_text
from streams import backtest, send
from streams.catalogue import Catalogue
from streams.corrections import read_mark
from streams.understanding import Understanding, sample_gist

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kafka import KafkaProducer

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
BUDGET = scenario.PAGES_PER_WEEK
#: How long after the history the talk is replayed too: the officials speak some minutes into it.
AFTERMATH = timedelta(hours=2)
CORRECTIONS = 20
Event = dict[str, Any]


@pytest.fixture(scope="module")
def mentions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the demonstration's first episode and its aftermath."""
    plan = scenario.plan(NOW, 0, None)
    after = scenario.between(plan, plan.end_ms, plan.end_ms + int(AFTERMATH.total_seconds() * 1000))
    file = tmp_path_factory.mktemp("demo") / "demo.jsonl"
    file.write_bytes(b"".join(line.json + b"\n" for line in [*scenario.history(plan), *after]))
    return file


@pytest.fixture(scope="module")
def decided(mentions: Path) -> list[Event]:
    """Return the alert events of the backtest."""
    return backtest_of(mentions)


def backtest_of(file: Path, corrections: Path | None = None) -> list[Event]:
    """Return the alert events of the backtest of a file."""
    out, catalogue = file.parent / "decided", file.parent / "catalogue.toml"
    catalogue.write_text(catalogue_text(), encoding="utf-8")
    options = backtest.Options(catalogue, BUDGET, corrections=corrections)
    assert backtest.run([file], out, options, io.StringIO()) == 0
    return [json.loads(line) for line in (out / f"{file.stem}.jsonl").read_text("utf-8").splitlines()]


def test_the_service_decides_what_the_backtest_decides(
    mentions: Path, decided: list[Event], tmp_path: Path
) -> None:
    """Each alert event of the demonstration is the same, field by field, live and offline."""
    with fresh_broker(tmp_path / "kafka") as broker:
        worker = worker_part(broker.bootstrap, tmp_path, catalogue_text(), pages_per_week=BUDGET)
        worker.start()
        send.run([str(mentions)], bootstrap=broker.bootstrap, rate=None, speed=None, state_dir=tmp_path)
        live = alerts_of(broker.bootstrap, len(decided))
        worker.end(signal.SIGTERM)
    assert in_order(live) == in_order(decided)


def test_corrections_given_meanwhile_are_repeated_by_the_backtest(
    mentions: Path, decided: list[Event], tmp_path: Path
) -> None:
    """What Kafka holds of the mentions, with the marks of corrections among them, decides the same again."""
    calm, crisis = talk_of(mentions)
    said = tmp_path / "corrections.jsonl"
    said.write_bytes(b"".join(corrections_of(crisis)))
    with fresh_broker(tmp_path / "kafka") as broker:
        worker = worker_part(broker.bootstrap, tmp_path, catalogue_text(), pages_per_week=BUDGET)
        worker.start()
        producer = make_producer(broker.bootstrap)
        partition = sent(producer, "mentions", calm)
        sent(producer, "corrections", said.read_bytes().splitlines())
        while marks_in(broker.bootstrap, partition) < CORRECTIONS:  # never silent, so time is the mentions'
            sent(producer, "mentions", [crisis.pop(0)])
        sent(producer, "mentions", crisis)
        producer.close()
        dump = tmp_path / "dump.jsonl"
        dump.write_bytes(b"".join(lines_of(broker.bootstrap, partition)))
        repeated = backtest_of(dump, corrections=said)
        live = alerts_of(broker.bootstrap, len(repeated))
        worker.end(signal.SIGTERM)
    assert in_order(live) == in_order(repeated)
    assert in_order(repeated) != in_order(decided)


def alerts_of(bootstrap: str, many: int) -> list[Event]:
    """Wait until a running worker has told of so many alert events, and return all."""
    return eventually(
        lambda: [json.loads(value) for _, value in read_all(bootstrap, "alerts")],
        until=lambda events: len(events) >= many,
        within_seconds=120,
        what=f"{many} alert events",
    )


def talk_of(mentions: Path) -> tuple[list[bytes], list[bytes]]:
    """Return the records before the crisis, in envelopes of 100, and those since, in smaller ones."""
    lines = mentions.read_bytes().splitlines()
    crisis_ms = scenario.plan(NOW, 0, None).crisis_ms
    calm = sum(_arrived_ms(line) < crisis_ms for line in lines)
    return list(envelopes(lines[:calm], 100)), list(envelopes(lines[calm:], 4))


def _arrived_ms(line: bytes) -> float:
    return datetime.fromisoformat(json.loads(line)["fetched_at"]).timestamp() * 1000


def envelopes(lines: list[bytes], size: int) -> Iterator[bytes]:
    """Yield arrays of so many mentions."""
    for place in range(0, len(lines), size):
        yield b"[" + b",".join(lines[place : place + size]) + b"]"


def corrections_of(crisis: list[bytes]) -> Iterator[bytes]:
    """Yield corrections, a line each, that call neutral what people say late in the crisis."""
    texts = [mention["text"] for value in crisis for mention in json.loads(value) if "title" not in mention]
    for number, text in enumerate(dict.fromkeys(texts[-200:]), 1):
        if number > CORRECTIONS:
            break
        said = {"id": f"cor_{number}", "revision": 1, "number": number, "label": "neutral"}
        gist = msgspec.to_builtins(sample_gist(text))
        yield msgspec.json.encode({"schema": "haidang.correction.v1", **said, "gist": gist}) + b"\n"


def sent(producer: KafkaProducer, topic: str, values: Iterable[bytes]) -> int:
    """Write record values under one key; return the partition that they are in."""
    futures = [producer.send(topic, value=value, key=b"one") for value in values]
    [partition] = {future.get(60).partition for future in futures}
    return int(partition)


def marks_in(bootstrap: str, partition: int) -> int:
    """Return how many corrections are marked in a partition of ``mentions``."""
    return sum(read_mark(value) is not None for _, value in read_all(bootstrap, "mentions", [partition]))


def lines_of(bootstrap: str, partition: int) -> Iterator[bytes]:
    """Yield mentions and marks of a partition as lines, in their order there."""
    for _, value in read_all(bootstrap, "mentions", [partition]):
        is_mark = read_mark(value) is not None
        for line in [value] if is_mark else msgspec.json.decode(value, type=list[msgspec.Raw]):
            yield bytes(line) + b"\n"


def test_the_crisis_pages_and_the_announcement_does_not(decided: list[Event]) -> None:
    """Only the crisis topic pages, within half an hour of the first angry mention, as a crisis."""
    paging = [event for event in decided if event["severity"] != "info"]
    assert {event["topic"]["id"] for event in paging} == {scenario.crisis_topic(0)}
    assert {event["kind"] for event in paging} == {"crisis"}
    began = scenario.plan(NOW, 0, None).crisis_ms / 1000
    first = datetime.fromisoformat(paging[0]["at"]).timestamp()
    assert 0 <= first - began <= 1800


def test_negativity_falls_after_the_officials_have_spoken(mentions: Path) -> None:
    """The share of negative mentions of the crisis topic is far lower an hour after the correction."""
    plan = scenario.plan(NOW, 0, None)
    understanding = Understanding(Catalogue.parse(catalogue_text(), "demo"))
    before, after = [], []
    for line in mentions.read_text("utf-8").splitlines():
        mention = json.loads(line)
        title, text = mention.get("title", ""), mention["text"]
        if scenario.crisis_topic(0) not in understanding.topics(title, text):
            continue
        arrived = datetime.fromisoformat(mention["fetched_at"]).timestamp() * 1000
        negative = understanding.polarity(title, text).negative >= 0.5
        if plan.crisis_ms <= arrived < plan.correction_ms:
            before.append(negative)
        elif arrived >= plan.correction_ms + 3_600_000:
            after.append(negative)
    assert sum(before) / len(before) > 0.5
    assert sum(after) / len(after) < 0.25


def in_order(events: list[Event]) -> list[Event]:
    """Return the events sorted by alert and revision."""
    return sorted(events, key=lambda event: (event["alert_id"], event["revision"]))
