"""Webhook body v1."""

from pathlib import Path

import msgspec
import pytest
from api_support import alert_event

from api import webhook
from api.letter import Events, Trial
from detectors.events import AlertEvent, EventName, Sample, encode_event

GOLDEN = Path(__file__).parents[2] / "golden" / "webhook_body_v1.json"


def told(*events: AlertEvent) -> Events:
    """Give events as a delivery carries them."""
    return Events(tuple(msgspec.json.decode(encode_event(event)) for event in events))


def test_the_body_is_the_golden_one() -> None:
    """What receivers parse changes only in a visible diff."""
    body = webhook.body(told(alert_event()))
    assert msgspec.json.format(body, indent=2).decode() + "\n" == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("event", list(EventName))
def test_the_type_names_the_event_and_the_data_is_the_event(event: EventName) -> None:
    """Nothing of the event is lost, and its time is the body's."""
    content = told(alert_event(event=event))
    body = msgspec.json.decode(webhook.body(content))
    assert body["message"].keys() == {"vi", "en"}
    del body["message"]
    assert body == {
        "type": f"alert.{event}",
        "timestamp": "2026-11-24T03:00:00Z",
        "data": content.events[0],
    }


@pytest.mark.parametrize("part", ["samples", "phrases", "headline"])
def test_a_body_is_always_below_20_kb(part: str) -> None:
    """What an alert can spare is left out; which alert it is never is."""
    event, long = alert_event(), "ệ" * 12_000
    changes = {
        "samples": {"samples": (Sample(long, "a", None, event.at),)},
        "phrases": {"phrases": (long,)},
        "headline": {"headline": msgspec.structs.replace(event.headline, vi=long)},
    }
    body = webhook.body(told(msgspec.structs.replace(event, **changes[part])))
    data = msgspec.json.decode(body)["data"]
    assert len(body) < webhook.MAX_BODY_BYTES
    assert (data["alert_id"], data["revision"], data["severity"]) == (event.alert_id, 1, "warning")


def test_a_test_delivery_is_no_alert() -> None:
    """Its type lets a receiver tell it from an alert."""
    body = webhook.body(Trial("ep_1", "2026-11-24T03:00:00Z"))
    assert msgspec.json.decode(body)["type"] == "endpoint.test"


def test_a_group_follows_its_first_event_in_order() -> None:
    """Nobody who parses only ``data`` is surprised; below 20 kB even with twenty alerts."""
    events = [alert_event(f"alert-{number}") for number in range(20)]
    body = webhook.body(told(*events))
    found = msgspec.json.decode(body)
    assert [found["data"]["alert_id"], *(one["alert_id"] for one in found["group"])] == [
        event.alert_id for event in events
    ]
    assert len(body) < webhook.MAX_BODY_BYTES
