"""Lines into envelopes: which lines are JSON, how many go into one Kafka record, and when each may go.

Pure: nothing here reads a file, a clock or a broker.
"""

import math
from datetime import datetime
from enum import StrEnum

import msgspec

MAX_MENTIONS = 500
"""Most mentions in one record: a longer array is refused whole by the stream."""
MAX_BYTES = 1_000_000
"""Size an envelope is closed at. One line may be larger: it then travels alone."""
MAX_LINE_BYTES = 15 * 1024 * 1024
"""Longest line that a record can hold (the topic takes 16 MiB); longer ones are refused before Kafka."""
STEP_SECONDS = 0.1
"""Paced lines go out in steps of this length, so that an envelope still holds more than one of them."""

_decode = msgspec.json.Decoder().decode


class LineReason(StrEnum):
    """Why a line was not sent at all. What is wrong with a mention is the stream's business, not ours."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_LARGE = "line_too_large"


class _Times(msgspec.Struct):
    fetched_at: object = None
    published_at: object = None


_decode_times = msgspec.json.Decoder(_Times).decode


def refusal(line: bytes) -> LineReason | None:
    """Say why `line` cannot stand in an envelope, or None when it can.

    The line is decoded whole: one broken line would otherwise cost its 499 neighbours, because the stream
    could no longer read the array (0.6 us for a line of 400 bytes).
    """
    if len(line) > MAX_LINE_BYTES:
        return LineReason.TOO_LARGE
    try:
        _decode(line)
    except UnicodeDecodeError:
        return LineReason.NOT_UTF8
    except (msgspec.DecodeError, RecursionError):
        return LineReason.NOT_JSON
    return None


def _seconds(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.timestamp()


def arrival_seconds(line: bytes) -> float | None:
    """Epoch seconds of `fetched_at`, else of `published_at`; None when neither is readable."""
    try:
        times = _decode_times(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    fetched = _seconds(times.fetched_at)
    return _seconds(times.published_at) if fetched is None else fetched


class Envelope:
    """Lines on their way into one Kafka record."""

    def __init__(self) -> None:
        """Start empty."""
        self._lines: list[bytes] = []
        self._bytes = 2

    def __len__(self) -> int:
        """Count the mentions held."""
        return len(self._lines)

    def fits(self, line: bytes) -> bool:
        """Whether `line` may join; an empty envelope takes any line."""
        return not self._lines or (
            len(self._lines) < MAX_MENTIONS and self._bytes + len(line) + 1 <= MAX_BYTES
        )

    def add(self, line: bytes) -> None:
        """Take one checked line."""
        self._lines.append(line)
        self._bytes += len(line) + 1

    def value(self) -> bytes:
        """Value of the record: the lines, unchanged and in order, as one JSON array."""
        return b"[" + b",".join(self._lines) + b"]"


class Pace:
    """When each line may go, in seconds after the first.

    `rate` is mentions per second; `speed` replays by arrival time, 60 meaning an hour in a minute. Neither:
    at once. A line without a readable arrival goes with its predecessor, and so does one that is older than
    its predecessor: the replay's clock does not run backwards.
    """

    def __init__(self, *, rate: float | None = None, speed: float | None = None) -> None:
        """Count from the first line asked for."""
        self._rate = rate
        self._speed = speed or None
        self._lines = 0
        self._first: float | None = None
        self._latest = 0.0

    @property
    def paced(self) -> bool:
        """Whether any line may have to wait."""
        return self._rate is not None or self._speed is not None

    def due(self, line: bytes) -> float:
        """Seconds after the first line at which `line`, the next one, may go; whole steps of STEP_SECONDS."""
        wait = 0.0
        if self._rate is not None:
            wait = self._lines / self._rate
        if self._speed is not None:
            wait = max(wait, self._since_first(line) / self._speed)
        self._lines += 1
        return math.ceil(wait / STEP_SECONDS) * STEP_SECONDS

    def _since_first(self, line: bytes) -> float:
        arrival = arrival_seconds(line)
        if arrival is not None and self._first is None:
            self._first = self._latest = arrival
        elif arrival is not None:
            self._latest = max(self._latest, arrival)
        return self._latest - (self._first or 0.0)
