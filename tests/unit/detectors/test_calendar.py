"""The calendar: what is expected is no news."""

from datetime import date

import pytest
from detector_support import (
    DAY_MINUTES,
    MINUTE,
    START,
    monitor,
    ordinary,
    steps,
    watch,
)

from detectors.calendar import NOTHING_PLANNED, Calendar, is_day_off
from detectors.orders import Cancelled, PlannedEvent
from detectors.volume import HOURS, place_of
from detectors.windows import DAY, FIVE_MINUTES, HOUR

HANOI = 7 * 3600
HISTORY = ordinary(3 * DAY_MINUTES, rate=0.5, share=0.2)
RUSH = ordinary(180, rate=8.0, share=0.15, seed=3, joy=0.1)
BEGIN = START + len(HISTORY) * MINUTE
EXAM = PlannedEvent("exam", ("water",), BEGIN, BEGIN + 3 * 3600, 20.0)


def day(year: int, month: int, number: int) -> int:
    """Return a date as days since the epoch."""
    return (date(year, month, number) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    "found",
    [
        (2026, 2, 17),  # first day of Tet
        (2026, 2, 20),
        (2026, 4, 27),  # the Hung kings' day, which fell on a Sunday
        (2026, 4, 30),
        (2026, 9, 2),
        (2027, 2, 6),
    ],
)
def test_vietnams_public_holidays_are_days_off(found: tuple[int, int, int]) -> None:
    """Tet by the moon, the days of the sun, and the days given for those that fall on a Sunday."""
    assert is_day_off("VN", day(*found))
    assert not is_day_off("", day(*found))


def test_an_ordinary_day_is_none() -> None:
    """Nor is a Saturday: weekends are told apart elsewhere."""
    assert not is_day_off("VN", day(2026, 3, 5))
    assert not is_day_off("VN", day(2026, 3, 7))


def test_a_holiday_has_the_hours_of_a_weekend() -> None:
    """2 September 2026 is a Wednesday: with holidays its noon is a weekend's noon in Hanoi."""
    noon = day(2026, 9, 2) * 86_400 + 12 * 3600 + 60 - HANOI
    assert place_of(noon, HANOI).cell == 12
    assert place_of(noon, HANOI, "VN").cell == HOURS + 12


def test_an_event_raises_what_is_expected_while_it_lasts() -> None:
    """Whole factor for windows inside it, a part for those it covers in part, none after it is forgotten."""
    calendar = Calendar()
    assert calendar.factors(BEGIN) == NOTHING_PLANNED
    calendar.plan(EXAM)
    during = calendar.factors(BEGIN + 3600)
    assert during[FIVE_MINUTES] == during[HOUR] == 20.0
    assert during[DAY] == pytest.approx(1 + 19 / 24)
    assert calendar.factors(BEGIN) == NOTHING_PLANNED
    calendar.forget(EXAM.end + 86_400)
    assert calendar.dump() == []


def test_an_event_planned_again_replaces_itself_and_a_cancelled_one_is_gone() -> None:
    """Whatever comes last under one id holds; hearing it twice changes nothing."""
    calendar = Calendar()
    for factor in (3.0, 5.0, 5.0):
        calendar.plan(PlannedEvent("exam", (), BEGIN, BEGIN + 3600, factor))
    assert calendar.factors(BEGIN + 600)[FIVE_MINUTES] == 5.0
    again = Calendar()
    again.restore(calendar.dump())
    assert again.factors(BEGIN + 600) == calendar.factors(BEGIN + 600)
    calendar.cancel("exam")
    calendar.cancel("never planned")
    assert calendar.factors(BEGIN + 600) == NOTHING_PLANNED


def test_a_calendar_stays_bounded() -> None:
    """Of more than 64 events those that end last are kept."""
    calendar = Calendar()
    for number in range(100):
        calendar.plan(PlannedEvent(f"e{number}", (), BEGIN, BEGIN + 60 + number, 2.0))
    assert len(calendar.dump()) == 64
    assert "e0" not in {event[0] for event in calendar.dump()}


def test_a_planned_rush_is_no_alert_and_an_unplanned_one_is() -> None:
    """Sixteen times the usual talk, twenty times expected: silence; expected at a raised rate meanwhile."""
    watcher = monitor()
    watcher.hear(EXAM)
    assert watch(steps([*HISTORY, *RUSH]), watcher) == []
    assert watch(steps([*HISTORY, *RUSH]))


def test_a_planned_rush_teaches_nothing() -> None:
    """What is usual afterwards is what was usual before."""
    watcher = monitor()
    watch(steps(HISTORY), watcher)
    before = watcher.expected(BEGIN + 86_400).mean
    watcher.hear(EXAM)
    for closed in list(steps([*HISTORY, *RUSH]))[len(HISTORY) :]:
        watcher.close(closed)
    assert watcher.expected(BEGIN + 86_400).mean == pytest.approx(before)


def test_more_than_planned_is_told_all_the_same() -> None:
    """Twice expected and sixteen times come: an alert; so is a rush whose event was cancelled."""
    twice = monitor()
    twice.hear(PlannedEvent("exam", (), BEGIN, BEGIN + 3 * 3600, 2.0))
    cancelled = monitor()
    cancelled.hear(EXAM)
    cancelled.hear(Cancelled("exam"))
    for watcher in (twice, cancelled):
        assert watch(steps([*HISTORY, *RUSH]), watcher)
