"""Alert event v1 as others read it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from detector_support import START, example, monitor, ordinary, steps, watch

from detectors.events import AlertEvent, EventName, Severity, decode_event, encode_event

GOLDEN = Path(__file__).parents[2] / "golden" / "alert_event_v1.json"
FIELDS = {
    *("schema", "alert_id", "revision", "event", "at", "topic", "kind", "severity", "confidence", "onset"),
    *("window", "observed", "expected", "interval", "negative", "evidence", "phrases", "sources", "samples"),
    *("reason", "headline", "model"),
}


@pytest.fixture(scope="module")
def event() -> AlertEvent:
    """Return the first paging event of a made-up crisis."""
    talk = [*ordinary(4320), *ordinary(60, rate=8.0, share=0.7, seed=2, joy=0.0)]
    examples = (example(1), example(2, published=START + 259_200, kind="social", url=None))
    return next(e for e in watch(steps(talk, examples=examples), monitor()) if e.pages)


def test_an_event_is_what_the_golden_file_says(event: AlertEvent) -> None:
    """Byte for byte, save the model: a new model version alone is no new contract."""
    told = json.loads(encode_event(event)) | {"model": {"version": "-", "config_hash": "-"}}
    assert told == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_an_event_has_exactly_the_fields_of_the_contract(event: AlertEvent) -> None:
    """All of them are there, under their names."""
    told = json.loads(encode_event(event))
    assert set(told) == FIELDS
    assert told["schema"] == "haidang.alert.v1"
    assert set(told["window"]) == {"from", "to"}
    assert set(told["samples"][0]) == {"title_or_text", "source", "url", "published_at", "mention"}


def test_times_are_utc_with_a_z(event: AlertEvent) -> None:
    """RFC 3339 as every reader understands it."""
    told = json.loads(encode_event(event))
    for time in (told["at"], told["onset"], told["window"]["from"], told["samples"][0]["published_at"]):
        assert time.endswith("Z")
        assert datetime.fromisoformat(time).tzinfo == UTC


def test_an_event_survives_the_wire(event: AlertEvent) -> None:
    """Encode, decode, encode: the same event and the same bytes."""
    assert decode_event(encode_event(event)) == event
    assert encode_event(decode_event(encode_event(event))) == encode_event(event)


def test_what_is_no_event_is_refused() -> None:
    """A foreign value is an error, not half an event."""
    with pytest.raises(msgspec.ValidationError):
        decode_event(b'{"schema": "haidang.alert.v1"}')


def test_only_new_and_raised_alerts_of_rank_page(event: AlertEvent) -> None:
    """Updates, closings and info never wake an officer."""
    change = msgspec.structs.replace
    assert event.pages
    assert change(event, event=EventName.RAISED).pages
    assert not change(event, event=EventName.UPDATED).pages
    assert not change(event, event=EventName.CLOSED).pages
    assert not change(event, severity=Severity.INFO).pages


def test_severities_are_ranked() -> None:
    """Info, warning, critical."""
    assert [s.rank for s in (Severity.INFO, Severity.WARNING, Severity.CRITICAL)] == [0, 1, 2]
