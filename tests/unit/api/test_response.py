"""The response clock."""

from itertools import product
from pathlib import Path

import pytest
from api_support import alert_event, fresh_store
from sqlalchemy import insert

from api.response import Course, Goal, Standing, Start, deadlines, escalate_ms, parse_rule
from api.settings import ApiSettings
from api.store import deadlines as rows
from api.store import tables
from detectors.events import Severity

MINUTE = 60_000
RULES = ApiSettings().deadline_rules


def test_the_defaults_are_for_critical_alerts() -> None:
    """Acknowledged in 15 min; the public informed in 60 min, again in 5 h and in 24 h."""
    found = deadlines(RULES, Severity.CRITICAL, 0, 100 * MINUTE)
    assert [(one.goal, one.number, one.due_ms // MINUTE) for one in found] == [
        (Goal.ACKNOWLEDGED, 1, 115),
        (Goal.INFORMED, 1, 160),
        (Goal.INFORMED, 2, 400),
        (Goal.INFORMED, 3, 1540),
    ]
    assert deadlines(RULES, Severity.WARNING, 0, 0) == ()


def test_deadlines_of_one_goal_are_numbered_as_they_fall_due() -> None:
    """Whatever they count from and in whatever order they are given."""
    rules = [parse_rule("warning:informed:detection:30"), parse_rule("warning:informed:onset:60")]
    first, second = deadlines(rules, Severity.WARNING, 0, 40 * MINUTE)
    assert (first.start, first.number, first.due_ms) == (Start.ONSET, 1, 60 * MINUTE)
    assert (second.start, second.number, second.due_ms) == (Start.DETECTION, 2, 70 * MINUTE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "critical",
        "critical:acknowledged:15",
        "urgent:acknowledged:detection:15",
        "info:done:onset:1",
        "critical:informed:detection:0",
        "critical:informed:detection:10081",
        "critical:informed:never:5",
    ],
)
def test_a_rule_of_another_form_is_refused_by_name(text: str) -> None:
    """The message quotes the rule and shows the form."""
    with pytest.raises(ValueError, match="SEVERITY:GOAL:START:MINUTES"):
        parse_rule(text)


@pytest.mark.parametrize(
    ("course", "now", "standing", "left"),
    [
        (Course(10_000), 4000, Standing.RUNNING, 6),
        (Course(10_000), 10_000, Standing.RUNNING, 0),
        (Course(10_000), 12_000, Standing.MISSED, -2),
        (Course(10_000, met_ms=10_000), 99_000, Standing.MET, 0),
        (Course(10_000, met_ms=10_001), 99_000, Standing.MISSED, 0),
        (Course(10_000, ended_ms=9000), 99_000, Standing.ENDED, 0),
        (Course(10_000, ended_ms=11_000), 99_000, Standing.MISSED, 0),
    ],
)
def test_a_deadline_is_met_missed_ended_or_runs(
    course: Course, now: int, standing: Standing, left: int
) -> None:
    """Done too late is missed; resolved before it was due is neither."""
    assert (course.standing(now), course.remaining_seconds(now)) == (standing, left)


def test_an_escalation_comes_before_the_deadline() -> None:
    """As many minutes as the endpoint says."""
    assert escalate_ms(100 * MINUTE, 5) == 95 * MINUTE


def test_the_store_counts_as_the_clock_says(tmp_path: Path) -> None:
    """Every combination of due, met and ended before, at and after each other."""
    times = (None, 10, 20, 30)
    courses = [Course(due, met, ended) for due, met, ended in product(times[1:], times, times)]
    with fresh_store(tmp_path) as store, store.write() as connection:
        for number, course in enumerate(courses):
            key = {"alert_id": alert_event().alert_id, "severity": "critical", "goal": "informed"}
            values = {"due_ms": course.due_ms, "met_ms": course.met_ms, "ended_ms": course.ended_ms}
            row = key | values | {"number": number, "start": "onset", "minutes": 1}
            connection.execute(insert(tables.deadlines).values(**row))
        for now in (5, 10, 15, 20, 25, 30, 35):
            wanted = [course.standing(now) for course in courses]
            counted = rows.counts(connection, now)
            assert {state: counted.get(("informed", state), 0) for state in Standing} == {
                state: wanted.count(state) for state in Standing
            }
