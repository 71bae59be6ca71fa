"""Who is told of an alert event and when, and for what named reason someone is not or not yet: pure."""

import re
from dataclasses import dataclass
from datetime import timedelta, timezone
from enum import StrEnum

from api.clock import MILLISECONDS, from_ms
from detectors.events import AlertKind, EventName, Severity

VIETNAM = timezone(timedelta(hours=7))
MINUTE_MS = 60_000
DAY_MINUTES = 1440
QUIET_FORM = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"
AT_ONCE = 0


class WithheldReason(StrEnum):
    """Why an endpoint was not told of an event."""

    BELOW_SEVERITY = "below_severity"
    OTHER_KIND = "other_kind"
    OTHER_TOPIC = "other_topic"
    NOT_ESCALATED = "not_escalated"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    DEADLINE_MET = "deadline_met"
    ALERT_RESOLVED = "alert_resolved"


class HoldReason(StrEnum):
    """Why an endpoint is not told yet."""

    QUIET_HOURS = "quiet_hours"
    GROUPING = "grouping"
    BEFORE_DEADLINE = "before_deadline"


@dataclass(frozen=True)
class QuietHours:
    """The part of each day (+07:00) in which an endpoint rests: minutes after midnight, end excluded.

    ``start`` after ``end`` spans midnight.
    """

    start: int
    end: int

    def until_ms(self, at_ms: int) -> int | None:
        """Give when the rest that holds at that time ends; None when there is none."""
        local = from_ms(at_ms).astimezone(VIETNAM)
        minute = local.hour * 60 + local.minute
        length = (self.end - self.start) % DAY_MINUTES
        if (minute - self.start) % DAY_MINUTES >= length:
            return None
        return (at_ms // MINUTE_MS + (self.end - minute) % DAY_MINUTES) * MINUTE_MS


def parse_quiet_hours(text: str) -> QuietHours:
    """Read ``HH:MM-HH:MM`` in +07:00, e.g. ``22:00-06:00``.

    Raises ValueError when it is not of that form or both times are the same.
    """
    if re.fullmatch(QUIET_FORM, text) is None or text[:5] == text[6:]:
        raise ValueError("is HH:MM-HH:MM in +07:00 with two different times, e.g. 22:00-06:00")
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return QuietHours(start, end)


@dataclass(frozen=True)
class Subscription:
    """What an endpoint wants; empty kinds or topics mean all. A topic includes those below it.

    ``told``: it was told of an earlier event of the same alert. ``escalation_only``: it hears of an alert
    when a deadline is about to pass, and from then on. ``group_seconds``: what comes of one parent topic in
    that time is one delivery; 0 groups nothing.
    """

    min_severity: Severity
    kinds: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    told: bool = False
    escalation_only: bool = False
    quiet: QuietHours | None = None
    group_seconds: int = 0


@dataclass(frozen=True)
class Matchers:
    """Which alerts a silence is for: one of each list that is not empty. A topic includes those below it."""

    alerts: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    kinds: tuple[AlertKind, ...] = ()
    severities: tuple[Severity, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What is known of an event: ``lineage`` is its topic and all topics above it.

    ``group`` is what its delivery can be grouped by: the topic above, or its own where there is none.
    ``crisis_open``: a crisis of its topic is; ``crisis_shares``: one of them is told in a phrase of its own.
    """

    alert_id: str
    event: EventName
    kind: AlertKind
    severity: Severity
    lineage: frozenset[str]
    group: str
    silenced: bool = False
    crisis_open: bool = False
    crisis_shares: bool = False


@dataclass(frozen=True)
class Withhold:
    """The endpoint is not told."""

    reason: WithheldReason


@dataclass(frozen=True)
class Send:
    """The endpoint is told at ``at_ms`` (0: at once), with what else waits for it in ``group``.

    ``urgent``: what waits of the same alert or group goes now too.
    """

    at_ms: int = AT_ONCE
    reason: HoldReason | None = None
    group: str | None = None
    urgent: bool = False


def matches(matchers: Matchers, facts: Facts) -> bool:
    """Whether a silence is for this event; one without any matcher is for none."""
    wanted = (
        (matchers.alerts, frozenset({facts.alert_id})),
        (matchers.topics, facts.lineage),
        (matchers.kinds, frozenset({str(facts.kind)})),
        (matchers.severities, frozenset({str(facts.severity)})),
    )
    given = [(values, found) for values, found in wanted if values]
    return bool(given) and all(not found.isdisjoint(map(str, values)) for values, found in given)


def route(wish: Subscription, facts: Facts, decided_ms: int) -> Send | Withhold:
    """Say whether and when an endpoint is told of an event that was decided then."""
    reason = withheld(wish, facts)
    return Withhold(reason) if reason is not None else _schedule(wish, facts, decided_ms)


def quiet_until_ms(quiet: QuietHours | None, severity: Severity, at_ms: int) -> int | None:
    """Give until when quiet hours hold something back; None when they do not. Critical is never held."""
    return None if quiet is None or severity is Severity.CRITICAL else quiet.until_ms(at_ms)


def _schedule(wish: Subscription, facts: Facts, decided_ms: int) -> Send:
    """Say when an endpoint is told; what is held over quiet hours is one delivery where it groups."""
    group = facts.group if wish.group_seconds else None
    if facts.severity is Severity.CRITICAL:
        return Send(group=group, urgent=True)
    held_ms = quiet_until_ms(wish.quiet, facts.severity, decided_ms)
    if held_ms is not None:
        return Send(held_ms, HoldReason.QUIET_HOURS, f"quiet:{held_ms}" if wish.group_seconds else None)
    if group is None:
        return Send()
    return Send(decided_ms + wish.group_seconds * MILLISECONDS, HoldReason.GROUPING, group)


def withheld(wish: Subscription, facts: Facts) -> WithheldReason | None:
    """Say why an endpoint is not told of an event; None when it is.

    Who was told of an alert is told of its later events and its end, whatever its severity has become; only
    a silence keeps them back. An open crisis mutes the surge of the same topic, and the story of the press
    about the same matter: one that shares a phrase with it.
    """
    if not wish.told and (reason := unwanted(wish, facts)) is not None:
        return reason
    if not wish.told and wish.escalation_only:
        return WithheldReason.NOT_ESCALATED
    if facts.silenced:
        return WithheldReason.SILENCED
    ends = wish.told and facts.event is EventName.CLOSED
    surges = facts.kind is AlertKind.SURGE and facts.crisis_open
    retells = facts.kind is AlertKind.NARRATIVE and facts.crisis_shares
    return WithheldReason.INHIBITED if (surges or retells) and not ends else None


def unwanted(wish: Subscription, facts: Facts) -> WithheldReason | None:
    """Say what of an event an endpoint has not subscribed to."""
    if facts.severity.rank < wish.min_severity.rank:
        return WithheldReason.BELOW_SEVERITY
    if wish.kinds and facts.kind not in wish.kinds:
        return WithheldReason.OTHER_KIND
    if wish.topics and wish.topics.isdisjoint(facts.lineage):
        return WithheldReason.OTHER_TOPIC
    return None
