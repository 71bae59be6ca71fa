"""Which lines go into an envelope, and when."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.envelopes import (
    MAX_BYTES,
    MAX_LINE_BYTES,
    MAX_MENTIONS,
    STEP_SECONDS,
    Envelope,
    LineReason,
    Pace,
    arrival_seconds,
    refusal,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.lists(JSON, min_size=1, max_size=20))
def test_an_envelope_holds_its_lines_in_order_and_unchanged(values: list[object]) -> None:
    """Decoding the record's value gives back every line's value."""
    envelope = Envelope()
    for value in values:
        envelope.add(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    assert json.loads(envelope.value().decode("utf-8", "surrogatepass")) == values


@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=40))
def test_no_envelope_exceeds_its_size_unless_one_line_does(sizes: list[int]) -> None:
    """What fits is at most MAX_BYTES long."""
    envelope = Envelope()
    for size in sizes:
        if envelope.fits(b"1" * size):
            envelope.add(b"1" * size)
    assert len(envelope.value()) <= max(MAX_BYTES, sizes[0] + 2)


def test_an_envelope_takes_500_lines_and_no_more() -> None:
    """The stream refuses a longer array whole."""
    envelope = Envelope()
    while envelope.fits(b"1"):
        envelope.add(b"1")
    assert len(envelope) == MAX_MENTIONS


def test_an_empty_envelope_takes_any_line() -> None:
    """A line above the limit travels alone."""
    assert Envelope().fits(b"1" * (2 * MAX_BYTES))


@given(JSON)
def test_every_json_value_is_accepted(value: object) -> None:
    """Whether it is a good mention is for the stream to judge."""
    try:
        line = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        line = json.dumps(value).encode()
    assert refusal(line) is None or b"\\ud" in line


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", LineReason.NOT_JSON),
        (b"plain words", LineReason.NOT_JSON),
        (b'{"id": "1"} {"id": "2"}', LineReason.NOT_JSON),
        (b'{"id": NaN}', LineReason.NOT_JSON),
        (b'{"text": "tab\there"}', LineReason.NOT_JSON),
        (b'{"n": 1e999}', LineReason.NOT_JSON),
        (b"[" * 100_000, LineReason.NOT_JSON),
        (b'{"text": "\xff"}', LineReason.NOT_UTF8),
        (b'"' + b"a" * MAX_LINE_BYTES + b'"', LineReason.TOO_LARGE),
    ],
)
def test_a_line_that_would_break_its_envelope_is_refused_with_a_reason(
    line: bytes, reason: LineReason
) -> None:
    """Its neighbours must stay readable."""
    assert refusal(line) is reason


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (b'{"fetched_at": "1970-01-01T07:01:00+07:00", "published_at": "1970-01-01T00:00:00Z"}', 60.0),
        (b'{"published_at": "1970-01-01T00:00:01.5Z"}', 1.5),
        (b'{"fetched_at": "soon", "published_at": "1970-01-01T00:00:02Z"}', 2.0),
        (b'{"fetched_at": 7, "published_at": null}', None),
        (b'{"fetched_at": "1970-01-01T00:00:00"}', None),
        (b"[]", None),
        (b"{", None),
    ],
)
def test_arrival_is_fetched_at_else_published_at(line: bytes, seconds: float | None) -> None:
    """A time without offset is no time."""
    assert arrival_seconds(line) == seconds


def test_without_rate_and_speed_nothing_waits() -> None:
    """As fast as possible is the default, and what speed 0 means."""
    assert not Pace().paced
    assert not Pace(speed=0.0).paced
    assert Pace().due(b"{}") == 0.0


def test_a_rate_spreads_lines_evenly_in_whole_steps() -> None:
    """At 100 a second ten lines share a tenth of a second."""
    pace = Pace(rate=100.0)
    due = [pace.due(b"{}") for _ in range(101)]
    assert due[0] == 0.0
    assert due[100] == pytest.approx(1.0)
    assert due == sorted(due)
    assert all(round(wait / STEP_SECONDS, 6).is_integer() for wait in due)


def _at(seconds: int) -> bytes:
    return json.dumps({"fetched_at": f"2026-11-01T00:{seconds // 60:02}:{seconds % 60:02}Z"}).encode()


def test_speed_60_replays_a_minute_in_a_second() -> None:
    """The first line sets the replay's zero."""
    pace = Pace(speed=60.0)
    assert [pace.due(_at(seconds)) for seconds in (0, 60, 120)] == pytest.approx([0.0, 1.0, 2.0])


def test_a_replay_never_runs_backwards() -> None:
    """A line older than its predecessor, or without an arrival, goes with its predecessor."""
    pace = Pace(speed=1.0)
    assert [pace.due(line) for line in (_at(0), _at(30), _at(10), b"{}")] == [0.0, 30.0, 30.0, 30.0]


def test_of_rate_and_speed_the_slower_counts() -> None:
    """Both may be given."""
    pace = Pace(rate=1.0, speed=1.0)
    assert [pace.due(_at(0)) for _ in range(3)] == [0.0, 1.0, 2.0]
