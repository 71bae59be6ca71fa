"""When a part that ended is started again: pure, takes the time, returns what should happen."""

from enum import StrEnum

import msgspec

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 15.0
HEALTHY_SECONDS = 30.0
"""A part that ran this long had started properly: its next end begins the count anew."""

QUICK_FAILURES_ALLOWED = 6
"""Ends in a row, each within `HEALTHY_SECONDS` of its start, after which the supervisor gives up."""


class Verdict(StrEnum):
    """What to do about a part that ended."""

    RESTART = "restart"
    GIVE_UP = "give_up"


class Decision(msgspec.Struct, frozen=True):
    """The verdict and, for a restart, how many seconds to wait before it."""

    verdict: Verdict
    delay_seconds: float = 0.0


class Restarts:
    """The history of one part: how often it was started again, and how often in a row it ended at once."""

    def __init__(self) -> None:
        self.count = 0
        self.quick_failures = 0

    def ended(self, lived_seconds: float) -> Decision:
        """Decide what follows an end after ``lived_seconds``; each quick end in a row doubles the delay."""
        self.quick_failures = 0 if lived_seconds >= HEALTHY_SECONDS else self.quick_failures + 1
        if self.quick_failures >= QUICK_FAILURES_ALLOWED:
            return Decision(Verdict.GIVE_UP)
        self.count += 1
        doublings = max(0, self.quick_failures - 1)
        return Decision(Verdict.RESTART, min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**doublings))
