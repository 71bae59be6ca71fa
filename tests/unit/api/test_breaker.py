"""The circuit breaker of an endpoint."""

from functools import reduce

import pytest

from api.breaker import OPEN_AFTER_FAILURES, Circuit, Health, after
from api.outcome import Answer, Outcome

FAILED = Answer(Outcome.TIMEOUT)
DELIVERED = Answer(Outcome.DELIVERED)
HALF = 0.5


def failing(count: int, now: int = 0) -> Health:
    """Give the health after so many failures at one moment."""
    return reduce(lambda health, _: after(health, FAILED, now, HALF), range(count), Health())


def test_a_few_failures_leave_the_circuit_closed() -> None:
    """Four of them; the fifth opens it."""
    assert failing(OPEN_AFTER_FAILURES - 1).circuit(0) is Circuit.CLOSED
    assert failing(OPEN_AFTER_FAILURES).circuit(0) is Circuit.OPEN


def test_the_rest_doubles_with_each_failed_probe_up_to_ten_minutes() -> None:
    """30 s, 60 s, ... 600 s, each spread by 20 %."""
    health, rests = failing(OPEN_AFTER_FAILURES), []
    for _ in range(7):
        until = health.paused_until_ms or 0
        assert health.circuit(until) is Circuit.HALF_OPEN
        health = after(health, FAILED, until, HALF)
        rests.append(((health.paused_until_ms or 0) - until) // 1000)
    assert rests == [60, 120, 240, 480, 600, 600, 600]
    spread = [after(failing(4), FAILED, 0, chance).paused_until_ms for chance in (0.0, 0.999999)]
    assert spread == [24_000, 36_000]


def test_what_fails_while_the_circuit_is_open_makes_the_rest_no_longer() -> None:
    """Attempts that were under way beside the fifth failure are no probes."""
    health = failing(OPEN_AFTER_FAILURES)
    assert after(health, FAILED, 1000, HALF) == health


def test_a_success_closes_the_circuit_and_forgets() -> None:
    """At once."""
    assert after(failing(9), DELIVERED, 1, HALF) == Health()


@pytest.mark.parametrize("answer", [DELIVERED, Answer(Outcome.SERVER_ERROR)])
def test_a_retry_after_outlasts_what_was_under_way_beside_it(answer: Answer) -> None:
    """The receiver asked to be left alone."""
    asked = after(Health(), Answer(Outcome.CLIENT_ERROR, 429, "600"), 0, HALF)
    assert asked.circuit(599_999) is Circuit.OPEN
    assert after(asked, answer, 1000, HALF).circuit(599_999) is Circuit.OPEN


def test_how_long_it_fails_counts_from_the_first_failure() -> None:
    """Until a success."""
    health = after(after(Health(), FAILED, 1000, HALF), FAILED, 5000, HALF)
    assert health.failing_ms(9000) == 8000
    assert after(health, DELIVERED, 9000, HALF).failing_ms(99_000) == 0
