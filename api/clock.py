"""The process's clock and the forms of time that cross its borders."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

MILLISECONDS = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def now_ms() -> int:
    """Wall-clock time in milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """What tells the parts of the process the time; a test may hold one in its hand."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 (UTC)."""


class WallClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Wall-clock time in milliseconds since 1970 (UTC)."""
        return now_ms()


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(moment_ms: int) -> datetime:
    """Aware datetime (UTC) of milliseconds since 1970."""
    return _EPOCH + moment_ms * _MILLISECOND


def rfc3339(moment_ms: int) -> str:
    """RFC 3339 in UTC with a ``Z``; the fraction only where there is one."""
    form = "seconds" if moment_ms % MILLISECONDS == 0 else "milliseconds"
    return from_ms(moment_ms).isoformat(timespec=form).replace("+00:00", "Z")
