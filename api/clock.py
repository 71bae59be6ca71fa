"""The process's clock and the forms of time that cross its borders."""

import time
from datetime import UTC, datetime, timedelta

MILLISECONDS = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def now_ms() -> int:
    """Wall-clock time in milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


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
