"""The response clock: by when people must have done what about an alert, and how they stand: pure.

The defaults follow what Vietnamese crisis handbooks ask of an agency: acknowledge within a quarter of an
hour, say something in public within the first hour, more within five hours, the whole within a day.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.store.states import Action
from detectors.events import Severity

MINUTE_MS = 60_000
MILLISECONDS = 1000
LONGEST_MINUTES = 10_080
_FORM = re.compile(r"(info|warning|critical):(acknowledged|informed):(onset|detection):([1-9]\d{0,4})")


class Goal(StrEnum):
    """What must have been done: an officer has taken the alert on, or the public was informed."""

    ACKNOWLEDGED = "acknowledged"
    INFORMED = "informed"


ACKNOWLEDGING = frozenset(Action) - {Action.COMMENT}


class Start(StrEnum):
    """From when a deadline counts: the change's onset, or our first knowing that it is this severe."""

    ONSET = "onset"
    DETECTION = "detection"


class Standing(StrEnum):
    """How a deadline stands; ``ended``: the alert was resolved before it was due."""

    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    ENDED = "ended"


@dataclass(frozen=True)
class Rule:
    """One deadline that every alert of a severity gets."""

    severity: Severity
    goal: Goal
    start: Start
    minutes: int


@dataclass(frozen=True)
class Deadline:
    """One deadline of one alert.

    ``number``: the how-manieth of its goal; the second ``informed`` is met by the second publication.
    """

    goal: Goal
    number: int
    start: Start
    minutes: int
    due_ms: int


@dataclass(frozen=True)
class Course:
    """What became of a deadline; ``ended_ms``: when the alert was resolved."""

    due_ms: int
    met_ms: int | None = None
    ended_ms: int | None = None

    def standing(self, now_ms: int) -> Standing:
        """Say how it stands; done too late is missed."""
        if self.met_ms is not None:
            return Standing.MET if self.met_ms <= self.due_ms else Standing.MISSED
        if self.ended_ms is not None and self.ended_ms <= self.due_ms:
            return Standing.ENDED
        return Standing.RUNNING if now_ms <= self.due_ms else Standing.MISSED

    def remaining_seconds(self, now_ms: int) -> int:
        """Say how long is left, negative when it is overdue; 0 when it no longer runs."""
        if self.met_ms is not None or self.ended_ms is not None:
            return 0
        return (self.due_ms - now_ms) // MILLISECONDS


def parse_rule(text: str) -> Rule:
    """Read ``SEVERITY:GOAL:START:MINUTES``, e.g. ``critical:acknowledged:detection:15``.

    Raises ValueError naming the rule when it is not of that form or longer than a week.
    """
    found = _FORM.fullmatch(text)
    if found is None or int(found[4]) > LONGEST_MINUTES:
        raise ValueError(
            f"{text!r} is not SEVERITY:GOAL:START:MINUTES, e.g. critical:acknowledged:detection:15 (goals "
            f"acknowledged, informed; starts onset, detection; at most {LONGEST_MINUTES} minutes)"
        )
    return Rule(Severity(found[1]), Goal(found[2]), Start(found[3]), int(found[4]))


def deadlines(
    rules: Iterable[Rule], severity: Severity, onset_ms: int, detected_ms: int
) -> tuple[Deadline, ...]:
    """Give the deadlines of an alert that has come to a severity; each goal's are numbered as they fall due.

    ``detected_ms``: when we learnt that it is this severe.
    """
    starts = {Start.ONSET: onset_ms, Start.DETECTION: detected_ms}
    mine = [
        (starts[rule.start] + rule.minutes * MINUTE_MS, rule) for rule in rules if rule.severity is severity
    ]
    return tuple(
        Deadline(goal, number, rule.start, rule.minutes, due_ms)
        for goal in Goal
        for number, (due_ms, rule) in enumerate(_in_order(goal, mine), start=1)
    )


def _in_order(goal: Goal, found: Sequence[tuple[int, Rule]]) -> list[tuple[int, Rule]]:
    """Give the deadlines of one goal, the earliest first."""
    return sorted((pair for pair in found if pair[1].goal is goal), key=lambda pair: pair[0])


def escalate_ms(due_ms: int, minutes_before: int) -> int:
    """Give when an endpoint is told that hears of a deadline so many minutes before it passes."""
    return due_ms - minutes_before * MINUTE_MS
