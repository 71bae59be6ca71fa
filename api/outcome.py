"""What became of one delivery attempt, and what follows from it: pure.

The schedule is that of svix with its last two waits shortened (5 s, 5 min, 30 min, 2 h, 5 h, 6 h, 6 h, each
+-20 %), so that the last attempt comes within 24 hours whatever the chance. A receiver's Retry-After can
lengthen a wait, never shorten it.
"""

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

from api.clock import MILLISECONDS, to_ms

SCHEDULE_SECONDS = (5, 300, 1800, 7200, 18_000, 21_600, 21_600)
JITTER_RATIO = 0.2
LONGEST_WAIT_SECONDS = 86_400


class Outcome(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"
    REDIRECT = "redirect"
    GONE = "gone"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    BLOCKED_ADDRESS = "blocked_address"
    BAD_ANSWER = "bad_answer"
    CHANNEL_OFF = "channel_off"
    INTERRUPTED = "interrupted"


class DeadReason(StrEnum):
    """Why a delivery was given up."""

    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    ENDPOINT_GONE = "endpoint_gone"
    ENDPOINT_DISABLED = "endpoint_disabled"


class DisabledReason(StrEnum):
    """Why an endpoint receives nothing any more."""

    BY_REQUEST = "by_request"
    GONE = "gone"
    FAILING = "failing"


@dataclass(frozen=True)
class Answer:
    """What an attempt brought: its outcome and, if there was one, the HTTP answer."""

    outcome: Outcome
    status: int | None = None
    retry_after: str | None = None
    text: str = ""


@dataclass(frozen=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True)
class Retry:
    """Try again, not before ``at_ms``."""

    at_ms: int


@dataclass(frozen=True)
class GiveUp:
    """Never again unless someone replays it."""

    reason: DeadReason


Decision = Delivered | Retry | GiveUp


def outcome_of(status: int) -> Outcome:
    """Name an HTTP status: only 2xx is a delivery, a redirect is a failure."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome.DELIVERED
    if status == HTTPStatus.GONE:
        return Outcome.GONE
    if status < HTTPStatus.OK:
        return Outcome.BAD_ANSWER
    if status < HTTPStatus.BAD_REQUEST:
        return Outcome.REDIRECT
    return Outcome.CLIENT_ERROR if status < HTTPStatus.INTERNAL_SERVER_ERROR else Outcome.SERVER_ERROR


def retry_after_seconds(header: str | None, now_ms: int) -> float:
    """Read a Retry-After header (seconds or an HTTP date): 0 when there is none or it cannot be read.

    At most 24 hours.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), LONGEST_WAIT_SECONDS))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return min(max(0.0, (to_ms(aware) - now_ms) / MILLISECONDS), LONGEST_WAIT_SECONDS)


def decide(answer: Answer, attempts: int, now_ms: int, chance: float) -> Decision:
    """Judge an attempt.

    ``attempts`` counts this one and those before it since the delivery was made or last replayed (1 or more);
    ``chance`` in [0, 1) spreads the retries of many deliveries.
    """
    if answer.outcome is Outcome.DELIVERED:
        return Delivered()
    if answer.outcome is Outcome.GONE:
        return GiveUp(DeadReason.ENDPOINT_GONE)
    if attempts > len(SCHEDULE_SECONDS):
        return GiveUp(DeadReason.ATTEMPTS_EXHAUSTED)
    planned = SCHEDULE_SECONDS[attempts - 1] * (1 + JITTER_RATIO * (2 * chance - 1))
    wait_seconds = max(planned, retry_after_seconds(answer.retry_after, now_ms))
    return Retry(now_ms + round(wait_seconds * MILLISECONDS))
