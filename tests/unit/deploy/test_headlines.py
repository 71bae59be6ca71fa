"""Alert events become lines for the terminal."""

import json

import pytest

from deploy.headlines import StreamEvent, alert_of, events_of, headline, local_time

EVENT: dict[str, object] = {
    "event": "opened",
    "at": "2026-11-24T03:12:00Z",
    "severity": "critical",
    "headline": {"vi": "Khủng hoảng: nước máy", "en": "Crisis: tap water"},
}


def test_a_line_has_local_time_event_severity_and_vietnamese_headline() -> None:
    """What an officer wants to see, in the officer's time and language."""
    assert headline(EVENT) == "24/11/2026 10:12 +07:00 | MỚI | KHẨN CẤP | Khủng hoảng: nước máy"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"event": "raised"}, "NẶNG HƠN"),
        ({"event": "closed"}, "KẾT THÚC"),
        ({"severity": "info"}, "THÔNG TIN"),
    ],
)
def test_each_event_and_severity_has_its_word(change: dict[str, object], word: str) -> None:
    """Closed words, no English in a Vietnamese line."""
    line = headline({**EVENT, **change})
    assert line is not None
    assert f"| {word} |" in line


@pytest.mark.parametrize("change", [{"event": "updated"}, {"headline": None}, {"at": None}, {"event": 7}])
def test_an_update_or_an_unreadable_event_is_not_shown(change: dict[str, object]) -> None:
    """The terminal tells of changes that matter; garbage does not end the thread."""
    assert headline({**EVENT, **change}) is None


def test_midnight_belongs_to_the_local_day() -> None:
    """17:30 UTC is half past midnight of the next day in Vietnam."""
    assert local_time("2026-11-24T17:30:00Z") == "25/11/2026 00:30 +07:00"


def test_a_stream_is_read_event_by_event() -> None:
    """Ids, names and data are kept together; comments and retry hints are no events of their own."""
    stream = (
        b"retry: 2000\nid: 4\nevent: ready\ndata: {}\n\n: keepalive\n\n"
        b'id: 5\nevent: alert\ndata: {"event": "opened"}\n\nid: 6\nevent: action\ndata: {}\n\n'
    )
    events = list(events_of(stream.splitlines(keepends=True)))
    assert events == [
        StreamEvent("4", "ready", "{}"),
        StreamEvent("5", "alert", '{"event": "opened"}'),
        StreamEvent("6", "action", "{}"),
    ]


def test_only_alert_events_carry_an_alert() -> None:
    """An officer's action is not an alert, nor is a data field that holds no object."""
    assert alert_of(StreamEvent("1", "alert", json.dumps(EVENT))) == EVENT
    assert alert_of(StreamEvent("1", "action", json.dumps(EVENT))) == {}
    assert alert_of(StreamEvent("1", "alert", "[]")) == {}
