"""The token bucket: what a key may ask, as laws."""

from hypothesis import given
from hypothesis import strategies as st

from api import quota

RATES = st.integers(1, 100_000)
GAPS = st.lists(st.floats(0, 120, allow_nan=False), max_size=200)


def granted(per_minute: int, gaps: list[float]) -> list[float]:
    """Give the times at which requests were granted, asked after each gap."""
    bucket, now, times = None, 0.0, []
    for gap in gaps:
        now += gap
        bucket, grant = quota.take(bucket, per_minute, now)
        if isinstance(grant, quota.Granted):
            times.append(now)
    return times


@given(per_minute=st.integers(1, 50), gaps=GAPS)
def test_never_more_than_a_burst_and_the_steady_rate(per_minute: int, gaps: list[float]) -> None:
    """In any span of s seconds at most ``per_minute * (1 + s / 60)`` requests pass."""
    times = granted(per_minute, gaps)
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            assert last - first + 1 <= per_minute * (1 + (times[last] - start) / 60) + 1e-6


@given(per_minute=RATES)
def test_a_full_bucket_grants_a_minutes_requests_at_once_and_no_more(per_minute: int) -> None:
    """Then it says when the next one is possible, and keeps its word."""
    bucket = quota.Bucket(1.5, 0.0)
    bucket, first = quota.take(bucket, per_minute, 0.0)
    bucket, second = quota.take(bucket, per_minute, 0.0)
    assert isinstance(first, quota.Granted)
    assert isinstance(second, quota.Exhausted)
    _, later = quota.take(bucket, per_minute, float(second.retry_seconds))
    assert isinstance(later, quota.Granted)


@given(per_minute=RATES, tokens=st.floats(0, 1), now=st.floats(-1e6, 0))
def test_a_clock_that_stands_still_or_goes_back_adds_nothing(
    per_minute: int, tokens: float, now: float
) -> None:
    """The bucket never fills by accident."""
    before = quota.Bucket(tokens, 0.0)
    after, _ = quota.take(before, per_minute, now)
    assert after.tokens <= before.tokens


def test_the_fields_say_what_is_left() -> None:
    """Limit, remaining, seconds until the bucket is full, and the policy."""
    _, grant = quota.take(None, 120, 0.0)
    assert quota.headers(grant, 120) == {
        "RateLimit-Limit": "120",
        "RateLimit-Remaining": "119",
        "RateLimit-Reset": "1",
        "RateLimit-Policy": "120;w=60",
    }
