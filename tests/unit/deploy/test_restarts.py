"""A part that ends is started again, ever later, and given up only when it never gets going."""

import pytest

from deploy.restarts import (
    FIRST_DELAY_SECONDS,
    HEALTHY_SECONDS,
    LONGEST_DELAY_SECONDS,
    QUICK_FAILURES_ALLOWED,
    Restarts,
    Verdict,
)


def test_the_first_end_is_answered_at_once() -> None:
    """One crash costs half a second."""
    decision = Restarts().ended(1.0)
    assert decision.verdict is Verdict.RESTART
    assert decision.delay_seconds == FIRST_DELAY_SECONDS


def test_quick_ends_wait_longer_each_time_and_then_give_up() -> None:
    """Delays double up to the longest; after the last allowed quick end there is no further start."""
    restarts = Restarts()
    decisions = [restarts.ended(0.1) for _ in range(QUICK_FAILURES_ALLOWED)]
    delays = [each.delay_seconds for each in decisions[:-1]]
    assert delays == sorted(delays)
    assert max(delays) <= LONGEST_DELAY_SECONDS
    assert [each.verdict for each in decisions[:-1]] == [Verdict.RESTART] * (QUICK_FAILURES_ALLOWED - 1)
    assert decisions[-1].verdict is Verdict.GIVE_UP
    assert restarts.count == QUICK_FAILURES_ALLOWED - 1


@pytest.mark.parametrize("times", [10, 100])
def test_a_part_that_runs_well_between_its_ends_is_never_given_up(times: int) -> None:
    """A worker that dies once an hour is started again for ever, at once."""
    restarts = Restarts()
    for _ in range(times):
        assert restarts.ended(HEALTHY_SECONDS).delay_seconds == FIRST_DELAY_SECONDS
    assert restarts.count == times


def test_a_good_run_forgives_earlier_quick_ends() -> None:
    """The count of quick ends begins anew after a healthy run."""
    restarts = Restarts()
    for _ in range(QUICK_FAILURES_ALLOWED - 1):
        restarts.ended(0.1)
    restarts.ended(HEALTHY_SECONDS + 1)
    assert restarts.ended(0.1).verdict is Verdict.RESTART
