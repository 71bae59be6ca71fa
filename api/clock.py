"""The process's clock and the forms of time that cross its borders."""

import time
from datetime import UTC, datetime

MILLISECONDS = 1000


def now_ms() -> int:
    """Wall-clock time in milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime, rounded down."""
    return int(moment.timestamp() * MILLISECONDS)


def from_ms(moment_ms: int) -> datetime:
    """Aware datetime (UTC) of milliseconds since 1970."""
    return datetime.fromtimestamp(moment_ms / MILLISECONDS, UTC)


def rfc3339(moment_ms: int) -> str:
    """RFC 3339 in UTC with a ``Z``; the fraction only where there is one."""
    form = "seconds" if moment_ms % MILLISECONDS == 0 else "milliseconds"
    return from_ms(moment_ms).isoformat(timespec=form).replace("+00:00", "Z")
