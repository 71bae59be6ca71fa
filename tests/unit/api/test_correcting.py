"""How many corrections an officer may give: laws of the pure decision."""

from hypothesis import given
from hypothesis import strategies as st

from api.correcting import HOUR_MS, MOST_IN_FORCE, MOST_PER_HOUR, RefusalReason, Refused, refusal

NOW_MS = 10 * HOUR_MS
times = st.lists(
    st.integers(NOW_MS - HOUR_MS + 1, NOW_MS), min_size=MOST_PER_HOUR, max_size=2 * MOST_PER_HOUR
)


def test_the_first_ones_are_taken() -> None:
    """All but one of the hour's, and all but one of those in force."""
    assert refusal([NOW_MS] * (MOST_PER_HOUR - 1), MOST_IN_FORCE - 1, NOW_MS) is None


def test_when_all_are_in_force_waiting_does_not_help() -> None:
    """So no time is named: someone has to take one back."""
    assert refusal([], MOST_IN_FORCE, NOW_MS) == Refused(RefusalReason.FULL)


@given(times)
def test_after_the_time_that_was_named_the_next_one_is_taken(given_ms: list[int]) -> None:
    """And not a second earlier."""
    refused = refusal(given_ms, 0, NOW_MS)
    assert refused is not None
    assert refused.reason is RefusalReason.HOURLY_LIMIT
    assert refused.retry_seconds is not None
    for seconds, is_taken in ((refused.retry_seconds, True), (refused.retry_seconds - 1, False)):
        later = NOW_MS + 1000 * seconds
        left = [at_ms for at_ms in given_ms if at_ms > later - HOUR_MS]
        assert (refusal(left, 0, later) is None) is is_taken
