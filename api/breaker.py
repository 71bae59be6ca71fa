"""The circuit breaker of one endpoint: pure.

Five failures in a row open the circuit: nothing is sent for half a minute, then one delivery probes. Each
failed probe doubles the rest, up to ten minutes; an answer of 2xx closes the circuit. A Retry-After rests the
whole endpoint, not only the delivery that was refused.
"""

from dataclasses import dataclass
from enum import StrEnum

from api.clock import MILLISECONDS
from api.outcome import JITTER_RATIO, Answer, Outcome, retry_after_seconds

OPEN_AFTER_FAILURES = 5
FIRST_REST_SECONDS = 30
LONGEST_REST_SECONDS = 600


class Circuit(StrEnum):
    """Whether deliveries flow to an endpoint."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class Health:
    """How an endpoint has answered: failures in a row, since when, and until when it rests."""

    failures: int = 0
    failing_since_ms: int | None = None
    paused_until_ms: int | None = None

    @property
    def tripped(self) -> bool:
        """Whether only a probe may be under way."""
        return self.failures >= OPEN_AFTER_FAILURES

    def circuit(self, now_ms: int) -> Circuit:
        """Say how the circuit stands."""
        if self.paused_until_ms is not None and self.paused_until_ms > now_ms:
            return Circuit.OPEN
        return Circuit.HALF_OPEN if self.tripped else Circuit.CLOSED

    def failing_ms(self, now_ms: int) -> int:
        """Say for how long it has failed; 0 when it has not."""
        return 0 if self.failing_since_ms is None else now_ms - self.failing_since_ms


def after(health: Health, answer: Answer, now_ms: int, chance: float) -> Health:
    """Give the endpoint's health after an attempt; ``chance`` in [0, 1) spreads the probes.

    What was under way when the circuit opened and fails too makes the rest no longer.
    """
    if answer.outcome is Outcome.DELIVERED:
        return Health(paused_until_ms=None if health.tripped else health.paused_until_ms)
    rests_already = health.tripped and health.circuit(now_ms) is Circuit.OPEN
    failures = health.failures if rests_already else health.failures + 1
    since_ms = now_ms if health.failing_since_ms is None else health.failing_since_ms
    rest_seconds = 0.0 if rests_already else _rest_seconds(failures, chance)
    rest_seconds = max(rest_seconds, retry_after_seconds(answer.retry_after, now_ms))
    until_ms = max(now_ms + round(rest_seconds * MILLISECONDS), health.paused_until_ms or 0)
    return Health(failures, since_ms, until_ms if until_ms > now_ms else None)


def _rest_seconds(failures: int, chance: float) -> float:
    """Give the rest that so many failures in a row ask for."""
    if failures < OPEN_AFTER_FAILURES:
        return 0.0
    doublings = min(failures - OPEN_AFTER_FAILURES, 16)
    planned = min(FIRST_REST_SECONDS * 2**doublings, LONGEST_REST_SECONDS)
    return float(planned * (1 + JITTER_RATIO * (2 * chance - 1)))
