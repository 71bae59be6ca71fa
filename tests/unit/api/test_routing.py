"""Who is told of an event, and why someone is not."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from api.clock import to_ms
from api.routing import (
    Facts,
    HoldReason,
    Matchers,
    QuietHours,
    Send,
    Subscription,
    WithheldReason,
    Withhold,
    matches,
    parse_quiet_hours,
    route,
    withheld,
)
from detectors.events import AlertKind, EventName, Severity

ALL = Subscription(Severity.INFO)


def facts(
    event: EventName = EventName.OPENED,
    kind: AlertKind = AlertKind.SURGE,
    *,
    silenced: bool = False,
    crisis_open: bool = False,
    crisis_shares: bool = False,
) -> Facts:
    """Give an event, a surge if nothing else is said, in a topic that has one above it."""
    above = frozenset({"hospital", "health"})
    return Facts("a", event, kind, Severity.WARNING, above, "health", silenced, crisis_open, crisis_shares)


@pytest.mark.parametrize(
    ("wish", "event", "reason"),
    [
        (ALL, facts(), None),
        (Subscription(Severity.CRITICAL), facts(), WithheldReason.BELOW_SEVERITY),
        (Subscription(Severity.CRITICAL, told=True), facts(EventName.CLOSED), None),
        (Subscription(Severity.INFO, frozenset({"crisis"})), facts(), WithheldReason.OTHER_KIND),
        (Subscription(Severity.INFO, topics=frozenset({"water"})), facts(), WithheldReason.OTHER_TOPIC),
        (Subscription(Severity.INFO, topics=frozenset({"health"})), facts(), None),
        (ALL, facts(silenced=True), WithheldReason.SILENCED),
        (ALL, facts(crisis_open=True), WithheldReason.INHIBITED),
        (Subscription(Severity.INFO, told=True), facts(EventName.CLOSED, crisis_open=True), None),
        (ALL, facts(kind=AlertKind.NARRATIVE, crisis_open=True), None),
        (
            ALL,
            facts(kind=AlertKind.NARRATIVE, crisis_open=True, crisis_shares=True),
            WithheldReason.INHIBITED,
        ),
        (ALL, facts(kind=AlertKind.CRISIS, crisis_open=True, crisis_shares=True), None),
    ],
)
def test_each_decision_not_to_send_has_a_reason(
    wish: Subscription, event: Facts, reason: WithheldReason | None
) -> None:
    """None means that it is sent."""
    assert withheld(wish, event) == reason


@pytest.mark.parametrize(
    ("matchers", "hit"),
    [
        (Matchers(), False),
        (Matchers(topics=("health",)), True),
        (Matchers(topics=("health",), kinds=(AlertKind.CRISIS,)), False),
        (Matchers(alerts=("a", "b"), severities=(Severity.WARNING,)), True),
    ],
)
def test_a_silence_is_for_what_fits_all_its_lists(matchers: Matchers, hit: object) -> None:
    """And for nothing when it names nothing."""
    assert matches(matchers, facts()) is hit


NIGHT = parse_quiet_hours("22:00-06:00")
VIETNAM = timezone(timedelta(hours=7))


def at(hour: int, minute: int = 0, day: int = 24) -> int:
    """Give a moment of November 2026 in Vietnam, in milliseconds."""
    return to_ms(datetime(2026, 11, day, hour, minute, tzinfo=VIETNAM))


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        ("22:00-06:00", at(21, 59), None),
        ("22:00-06:00", at(22), at(6, 0, 25)),
        ("22:00-06:00", at(0, 30), at(6)),
        ("22:00-06:00", at(5, 59) + 59_999, at(6)),
        ("22:00-06:00", at(6), None),
        ("12:00-13:30", at(12, 15), at(13, 30)),
        ("12:00-13:30", at(13, 30), None),
    ],
)
def test_quiet_hours_are_of_the_clock_in_vietnam(quiet: str, now: int, until: int | None) -> None:
    """The start is inside, the end is not; they may span midnight."""
    assert parse_quiet_hours(quiet).until_ms(now) == until


@pytest.mark.parametrize("text", ["", "22-06", "22:00-24:00", "22:00-22:00", "9:00-10:00", "22:00-06:00 "])
def test_quiet_hours_of_another_form_are_refused(text: str) -> None:
    """The message shows the form."""
    with pytest.raises(ValueError, match="HH:MM-HH:MM"):
        parse_quiet_hours(text)


CRITICAL = replace(facts(), severity=Severity.CRITICAL)
GROUPING = replace(ALL, group_seconds=60)
QUIET = replace(ALL, quiet=NIGHT)


@pytest.mark.parametrize(
    ("wish", "event", "now", "way"),
    [
        (ALL, facts(), at(23), Send()),
        (QUIET, facts(), at(23), Send(at(6, 0, 25), HoldReason.QUIET_HOURS)),
        (QUIET, facts(), at(12), Send()),
        (QUIET, CRITICAL, at(23), Send(urgent=True)),
        (GROUPING, facts(), at(12), Send(at(12, 1), HoldReason.GROUPING, "health")),
        (GROUPING, CRITICAL, at(12), Send(group="health", urgent=True)),
        (
            replace(GROUPING, quiet=NIGHT),
            facts(),
            at(23),
            Send(at(6, 0, 25), HoldReason.QUIET_HOURS, f"quiet:{at(6, 0, 25)}"),
        ),
        (replace(ALL, escalation_only=True), facts(), at(12), Withhold(WithheldReason.NOT_ESCALATED)),
        (replace(ALL, escalation_only=True, told=True), facts(), at(12), Send()),
        (QUIET, facts(silenced=True), at(23), Withhold(WithheldReason.SILENCED)),
    ],
)
def test_what_waits_says_why_and_until_when(
    wish: Subscription, event: Facts, now: int, way: Send | Withhold
) -> None:
    """Quiet hours and grouping hold back; nothing holds what is critical."""
    assert route(wish, event, now) == way


def test_quiet_hours_never_hold_critical_at_any_minute_of_the_day() -> None:
    """Whatever the hour and whatever the quiet hours."""
    for start in range(0, 1440, 97):
        wish = replace(ALL, quiet=QuietHours(start, (start + 700) % 1440))
        for minute in range(0, 1440, 53):
            assert route(wish, CRITICAL, at(0) + minute * 60_000) == Send(urgent=True)
