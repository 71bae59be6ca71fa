"""The incident rule: one alert opens, gathers revisions while it lasts, and closes after quiet."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from detectors.events import AlertKind, DecisionReason, EventName, Severity

if TYPE_CHECKING:
    from detectors.decision import Decision

_HOUR_SECONDS = 3600
_STAMP = "%Y%m%dT%H%MZ"
_DIGITS = 4
_AFTERMATH_SECONDS = 2 * _HOUR_SECONDS
#: An update is worth reading when the count doubled or halved since the last event, by ten mentions at least,
#: or when the negative share of twenty mentions or more moved by 0.15.
_COUNT_FACTOR = 2
_COUNT_MOVE = 10
_SHARE_MOVE = 0.15
_SHARE_LEAST = 20


class Incident(msgspec.Struct):
    """An open alert.

    Parameters
    ----------
    alert_id, opened
        Its id and the epoch second at which it opened.
    onset
        Epoch second at which the change is estimated to have begun.
    revision
        Number of its newest event, from 1.
    kind, severity, reason
        Of the most severe decision so far.
    last_signal, last_event
        Epoch seconds of the newest decision that told something and of the newest event.
    told_count, told_share, told_window
        Observed count, negative share and place in `WINDOW_SECONDS` of the window of the newest event.

    """

    alert_id: str
    opened: int
    onset: int
    revision: int
    kind: AlertKind
    severity: Severity
    reason: DecisionReason
    last_signal: int
    last_event: int
    told_count: int
    told_share: float
    told_window: int = 0

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [
            self.alert_id, self.opened, self.onset, self.revision, str(self.kind), str(self.severity),
            str(self.reason), self.last_signal, self.last_event, self.told_count, self.told_share,
            self.told_window,
        ]  # fmt: skip

    @classmethod
    def load(cls, state: list[Any]) -> Incident:
        """Read a state that `dump` returned."""
        return msgspec.convert(dict(zip(cls.__struct_fields__, state, strict=True)), cls)


class Rule(msgspec.Struct, frozen=True):
    """Times of the incident rule, in seconds."""

    quiet: int
    pause: int


def alert_id_of(topic_id: str, opened: int, part: str = "") -> str:
    """Return the id of the alert that `topic_id` opens at epoch second `opened`: the same every time.

    `part` tells apart what may open in the same minute: "story" for a story, nothing for the topic.
    """
    stamp = datetime.fromtimestamp(opened, UTC).strftime(_STAMP)
    digits = hashlib.sha256(f"{topic_id}\n{opened}{part}".encode()).hexdigest()[:_DIGITS]
    return f"{topic_id}-{stamp}-{digits}"


def is_of_a_story(topic_id: str, alert_id: str) -> bool:
    """Return whether an alert id of a topic is not the one that the topic itself gives at its time.

    False for what is no alert id. One story in 65,536 is taken for the topic's own alert.
    """
    try:
        stamp = alert_id.removeprefix(f"{topic_id}-")[:-_DIGITS]
        opened = datetime.strptime(stamp, f"{_STAMP}-").replace(tzinfo=UTC)
    except ValueError:
        return False
    return alert_id != alert_id_of(topic_id, round(opened.timestamp()))


class Figures(NamedTuple):
    """What an event would tell: place of its window in `WINDOW_SECONDS`, mentions in it, negative share."""

    window: int
    mentions: int
    share: float


def advance(
    incident: Incident, decision: Decision, at: int, figures: Figures, rule: Rule
) -> EventName | None:
    """Take one decision into an open alert and say which event it causes, if any.

    Severity only rises; the kind follows it, or sharpens to a crisis. An `updated` comes at most once a
    `pause`, and only when there is something new: see `_moved`.
    """
    if decision.severity is not None:
        incident.last_signal = at
    event = _event(incident, decision, at, figures, rule)
    if event is None:
        return None
    if event is EventName.RAISED or _sharper(incident, decision):
        _take_over(incident, decision)
    incident.revision += 1
    incident.last_event = at
    incident.told_window, incident.told_count, incident.told_share = figures
    return event


def _event(incident: Incident, decision: Decision, at: int, figures: Figures, rule: Rule) -> EventName | None:
    if rises(incident, decision):
        return EventName.RAISED
    if at - incident.last_signal >= rule.quiet:
        return EventName.CLOSED
    if at - incident.last_event < rule.pause:
        return None
    return EventName.UPDATED if _moved(incident, decision, at, figures) else None


def rises(incident: Incident, decision: Decision) -> bool:
    """Return whether the decision is more severe than the alert so far."""
    return decision.severity is not None and decision.severity.rank > incident.severity.rank


def _moved(incident: Incident, decision: Decision, at: int, figures: Figures) -> bool:
    """Return whether an officer would want to know: while it lasts, and of calming for two hours after."""
    if at - incident.last_signal > _AFTERMATH_SECONDS:
        return False
    if _sharper(incident, decision):
        return True
    less, more = sorted((figures.mentions, incident.told_count))
    if more >= _COUNT_FACTOR * less and more - less >= _COUNT_MOVE:
        return True
    return less >= _SHARE_LEAST and abs(figures.share - incident.told_share) >= _SHARE_MOVE


def _sharper(incident: Incident, decision: Decision) -> bool:
    """Return whether an alert as severe as before turns out to be a crisis."""
    same = decision.severity is incident.severity
    return same and decision.kind is AlertKind.CRISIS and incident.kind is not AlertKind.CRISIS


def _take_over(incident: Incident, decision: Decision) -> None:
    if decision.kind is not None and decision.severity is not None:
        incident.kind, incident.severity, incident.reason = decision.kind, decision.severity, decision.reason
