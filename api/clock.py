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


def rfc3339(moment_ms: int) -> str:
    """RFC 3339 in UTC with a ``Z``; the fraction only where there is one."""
    moment = datetime.fromtimestamp(moment_ms / MILLISECONDS, UTC)
    form = "seconds" if moment_ms % MILLISECONDS == 0 else "milliseconds"
    return moment.isoformat(timespec=form).replace("+00:00", "Z")
