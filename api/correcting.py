"""How many corrections of polarity officers may give: pure.

One correction is bounded by the model; these bounds keep a mistaken or hostile officer from giving so many
that nothing else is learned, and keep what all workers hold and learn again within fractions of a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_PER_HOUR = 120
MOST_IN_FORCE = 1_000
HOUR_MS = 3_600_000


class RefusalReason(StrEnum):
    """Why a correction is not taken."""

    HOURLY_LIMIT = "hourly_limit"
    FULL = "full"


@dataclass(frozen=True)
class Refused:
    """Not taken: why, and when it may be; None when that is up to people."""

    reason: RefusalReason
    retry_seconds: int | None = None


def refusal(given_ms: Sequence[int], in_force: int, now_ms: int) -> Refused | None:
    """Say why an officer's next correction is not taken; None when it is.

    ``given_ms`` are the times of the officer's corrections of the last hour, ``in_force`` counts everybody's
    corrections but those of the same mention.
    """
    if in_force >= MOST_IN_FORCE:
        return Refused(RefusalReason.FULL)
    if len(given_ms) < MOST_PER_HOUR:
        return None
    free_ms = sorted(given_ms)[-MOST_PER_HOUR] + HOUR_MS
    return Refused(RefusalReason.HOURLY_LIMIT, max(1, -(-(free_ms - now_ms) // 1000)))
