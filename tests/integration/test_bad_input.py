"""Bad input is a dead letter with field, reason and position; the rest counts and the stream goes on."""

from __future__ import annotations

import json
import signal
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest
from kafka import KafkaProducer
from kafka_support import eventually, fresh_broker
from stream_support import Truth, read_all, series, worker_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = Truth(600)
SAMPLE = next(found for found in GOOD.mentions if found["text"])
#: name of the fault -> (value of the record, reason, field, index)
BAD: dict[str, tuple[bytes, str, str, int]] = {
    "broken JSON": (b'{"id": "x"', "not_json", "", -1),
    "wrong type": (msgspec.json.encode(SAMPLE | {"id": 7}), "wrong_type", "id", 0),
    "missing field": (
        msgspec.json.encode({key: value for key, value in SAMPLE.items() if key != "text"}),
        "missing_field",
        "text",
        0,
    ),
    "envelope of 501": (msgspec.json.encode([SAMPLE] * 501), "envelope_too_large", "", -1),
    "record of 5 MB": (
        msgspec.json.encode(SAMPLE | {"text": "a" * 5_000_000}),
        "record_too_large",
        "",
        -1,
    ),
    "unknown topic": (msgspec.json.encode(SAMPLE | {"topics": ["khong-co"]}), "unknown_topic", "topics", 0),
    "time without offset": (
        msgspec.json.encode(SAMPLE | {"published_at": "2026-11-01T10:00:00"}),
        "time_without_offset",
        "published_at",
        0,
    ),
    "the year 2099": (
        msgspec.json.encode(SAMPLE | {"published_at": "2099-01-01T10:00:00+07:00"}),
        "time_in_future",
        "published_at",
        0,
    ),
    "second of an envelope": (
        msgspec.json.encode([GOOD.mentions[0], SAMPLE | {"reach": -1}, GOOD.mentions[1]]),
        "bad_value",
        "reach",
        1,
    ),
}


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, object]]]:
    """Send every fault among good mentions through a real worker; return the dead letters it wrote."""
    folder: Path = tmp_path_factory.mktemp("bad")
    with fresh_broker(folder / "kafka") as broker:
        worker = worker_part(broker.bootstrap, folder)
        worker.start()
        with closing(
            KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", max_request_size=16 << 20)
        ) as producer:
            good = list(GOOD.records(50))
            for place, (value, *_) in enumerate(BAD.values()):
                producer.send("mentions", value=good[place], key=b"test")
                producer.send("mentions", value=value, key=b"test")
            producer.send("observations", value=b"from somebody else", partition=0)
            for value in good[len(BAD) :]:
                producer.send("mentions", value=value, key=b"test")
            producer.flush()
        eventually(
            lambda: series(broker.bootstrap),
            until=lambda counted: counted == dict(GOOD.counts),
            within_seconds=60,
            what="every good mention counted, and nothing else",
        )
        found = eventually(
            lambda: [json.loads(value) for _, value in read_all(broker.bootstrap, "dead_letters")],
            until=lambda letters: len(letters) >= len(BAD) + 1,
            what="a dead letter for each fault",
        )
        yield found
        worker.end(signal.SIGTERM)


def test_each_fault_is_one_dead_letter_with_reason_field_and_index(letters: list[dict[str, object]]) -> None:
    """The worker says what is wrong where; what it counted was checked when the letters were read."""
    found = Counter(
        (letter["reason"], letter["field"], letter["index"])
        for letter in letters
        if letter["topic"] == "mentions"
    )
    assert found == Counter(tuple(expected) for _, *expected in BAD.values())


def test_a_dead_letter_says_where_its_record_stands(letters: list[dict[str, object]]) -> None:
    """Partition and offset lead to the record, in the order in which the faults were sent."""
    placed = [(letter["partition"], letter["offset"]) for letter in letters if letter["topic"] == "mentions"]
    assert len(set(placed)) == len(BAD)
    assert all(str(letter["at"]).endswith("Z") for letter in letters)


def test_what_others_write_to_observations_is_a_dead_letter_too(letters: list[dict[str, object]]) -> None:
    """A foreign record on an inner topic neither ends the worker nor goes unnoticed."""
    assert [letter["reason"] for letter in letters if letter["topic"] == "observations"] == ["bad_value"]


def test_no_dead_letter_repeats_what_a_person_wrote(letters: list[dict[str, object]]) -> None:
    """Neither text nor author is in a dead letter."""
    assert not any("tac-gia" in json.dumps(letter) or "bà con" in str(letter) for letter in letters)
