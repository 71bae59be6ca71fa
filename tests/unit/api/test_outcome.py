"""What follows from an attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.outcome import (
    LONGEST_WAIT_SECONDS,
    SCHEDULE_SECONDS,
    Answer,
    DeadReason,
    Delivered,
    GiveUp,
    Outcome,
    Retry,
    decide,
    outcome_of,
    retry_after_seconds,
)

NOW_MS = 1_795_489_200_000  # 2026-11-24T03:00:00Z


@given(status=st.integers(100, 599))
def test_only_2xx_is_a_delivery(status: int) -> None:
    """A redirect, too, is a failure."""
    assert (outcome_of(status) is Outcome.DELIVERED) == (200 <= status < 300)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (301, Outcome.REDIRECT),
        (410, Outcome.GONE),
        (404, Outcome.CLIENT_ERROR),
        (503, Outcome.SERVER_ERROR),
        (101, Outcome.BAD_ANSWER),
    ],
)
def test_each_class_of_status_has_its_outcome(status: int, outcome: Outcome) -> None:
    """The same word is metric label and API field."""
    assert outcome_of(status) is outcome


def test_a_delivery_is_over_and_a_receiver_that_is_gone_is_given_up() -> None:
    """2xx ends well, 410 ends at once."""
    assert decide(Answer(Outcome.DELIVERED, 204), 1, NOW_MS, 0.5) == Delivered()
    assert decide(Answer(Outcome.GONE, 410), 1, NOW_MS, 0.5) == GiveUp(DeadReason.ENDPOINT_GONE)


@given(attempts=st.integers(1, len(SCHEDULE_SECONDS)), chance=st.floats(0, 1, exclude_max=True))
def test_retries_follow_the_schedule_within_a_fifth(attempts: int, chance: float) -> None:
    """The n-th failure waits the n-th time of the schedule, +-20 %."""
    decision = decide(Answer(Outcome.TIMEOUT), attempts, NOW_MS, chance)
    assert isinstance(decision, Retry)
    wait_seconds = (decision.at_ms - NOW_MS) / 1000
    assert (
        0.8 * SCHEDULE_SECONDS[attempts - 1] - 0.01
        <= wait_seconds
        <= 1.2 * SCHEDULE_SECONDS[attempts - 1] + 0.01
    )


def test_the_last_attempt_comes_within_a_day() -> None:
    """However chance lengthens each wait."""
    latest = 1 - 2**-53
    waits = [
        decide(Answer(Outcome.TIMEOUT), attempts, 0, latest)
        for attempts in range(1, len(SCHEDULE_SECONDS) + 1)
    ]
    assert sum(wait.at_ms for wait in waits if isinstance(wait, Retry)) <= LONGEST_WAIT_SECONDS * 1000


def test_after_the_schedule_it_is_a_dead_letter() -> None:
    """The eighth failure is the last."""
    last = decide(Answer(Outcome.SERVER_ERROR, 500), len(SCHEDULE_SECONDS) + 1, NOW_MS, 0.5)
    assert last == GiveUp(DeadReason.ATTEMPTS_EXHAUSTED)


def test_retry_after_lengthens_a_wait_and_never_shortens_it() -> None:
    """The receiver may ask for patience, not for a storm."""
    longer = decide(Answer(Outcome.CLIENT_ERROR, 429, "120"), 1, NOW_MS, 0.5)
    shorter = decide(Answer(Outcome.CLIENT_ERROR, 429, "1"), 2, NOW_MS, 0.5)
    assert longer == Retry(NOW_MS + 120_000)
    assert shorter == Retry(NOW_MS + 300_000)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("30", 30),
        ("99999999999999999999", LONGEST_WAIT_SECONDS),
        ("Tue, 24 Nov 2026 03:02:00 GMT", 120),
        ("Tue, 24 Nov 2026 02:00:00 GMT", 0),
        ("٣٠", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float) -> None:
    """What cannot be read asks for nothing."""
    assert retry_after_seconds(header, NOW_MS) == seconds
