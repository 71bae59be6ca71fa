"""How often a key may ask: a token bucket per key, pure.

A bucket holds a minute's requests and is refilled evenly, so a key may ask in a burst and then at the steady
rate (https://en.wikipedia.org/wiki/Token_bucket).
"""

import math
from dataclasses import dataclass

WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Bucket:
    """What is left at a moment (seconds of a clock that never runs backwards)."""

    tokens: float
    at_seconds: float


@dataclass(frozen=True)
class Granted:
    """The request may go on; ``reset_seconds`` until the bucket is full again."""

    remaining: int
    reset_seconds: int


@dataclass(frozen=True)
class Exhausted:
    """Too many requests; the next one is possible in ``retry_seconds``."""

    retry_seconds: int
    reset_seconds: int

    @property
    def remaining(self) -> int:
        """Nothing is left."""
        return 0


Grant = Granted | Exhausted


def take(bucket: Bucket | None, per_minute: int, now_seconds: float) -> tuple[Bucket, Grant]:
    """Take one token from a bucket (None: a full one); gives the bucket afterwards and what follows."""
    rate = per_minute / WINDOW_SECONDS
    elapsed = 0.0 if bucket is None else max(0.0, now_seconds - bucket.at_seconds)
    tokens = per_minute if bucket is None else min(float(per_minute), bucket.tokens + elapsed * rate)
    if tokens < 1:
        full_in = math.ceil((per_minute - tokens) / rate)
        return Bucket(tokens, now_seconds), Exhausted(math.ceil((1 - tokens) / rate), full_in)
    left = tokens - 1
    return Bucket(left, now_seconds), Granted(int(left), math.ceil((per_minute - left) / rate))


def headers(grant: Grant, per_minute: int) -> dict[str, str]:
    """Give the RateLimit fields of an answer (draft-ietf-httpapi-ratelimit-headers-06)."""
    return {
        "RateLimit-Limit": str(per_minute),
        "RateLimit-Remaining": str(grant.remaining),
        "RateLimit-Reset": str(grant.reset_seconds),
        "RateLimit-Policy": f"{per_minute};w={WINDOW_SECONDS}",
    }
