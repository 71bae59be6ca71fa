"""Alerts of a press archive beside a list of events: which crises were told in time, what paged besides.

The list is a CSV file: event, kind (crisis..., foreign, planned, ...), regex, first_fetched or window_start,
window_end, due_arrival (RFC 3339; +07:00 where no offset stands). An alert names an event when it comes
between the event's first article and 48 h after its window and at least half of its samples match the regex.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from detectors.events import AlertEvent, Severity

_LOCAL = timezone(timedelta(hours=7))
_AFTER = timedelta(days=2)
_HOUR_SECONDS = 3600


class PressEvent(NamedTuple):
    """One event of the list; `due` is None for what is no crisis."""

    name: str
    kind: str
    pattern: re.Pattern[str]
    start: datetime
    end: datetime
    due: datetime | None

    @property
    def at(self) -> datetime:
        """When it had to be told, or began."""
        return self.due or self.start


class Found(NamedTuple):
    """What became of an event: hours before its due time (below 0: late; None: never), and where."""

    event: PressEvent
    hours: float | None
    topic: str

    @property
    def in_time(self) -> bool:
        """Whether it was told by its due time."""
        return self.hours is not None and self.hours >= 0


class Told(NamedTuple):
    """The outcome of one severity in one span of time."""

    crises: Sequence[Found]
    others: Sequence[Found]
    alerts: int
    naming_none: int


def read_events(file: Path) -> list[PressEvent]:
    """Return the events of a list."""
    with file.open(encoding="utf-8") as lines:
        return [_event(row) for row in csv.DictReader(lines)]


def _event(row: dict[str, str]) -> PressEvent:
    due = _when(row["due_arrival"]) if row["due_arrival"] else None
    start, end = _when(row["first_fetched"] or row["window_start"]), _when(row["window_end"]) + _AFTER
    return PressEvent(row["event"], row["kind"], re.compile(row["regex"]), start, end, due)


def _when(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=_LOCAL)


def judge(
    alerts: Iterable[AlertEvent],
    events: Iterable[PressEvent],
    least: Severity,
    since: datetime,
    until: datetime,
) -> Told:
    """Judge the alerts that came to a severity between two times against the events of that time."""
    first: dict[str, AlertEvent] = {}
    for alert in alerts:
        if alert.severity.rank >= least.rank:
            first.setdefault(alert.alert_id, alert)
    told = sorted((one for one in first.values() if since <= one.at < until), key=lambda one: one.at)
    listed = [event for event in events if since <= event.at < until]
    found = [_found(event, told) for event in listed]
    named = {one.alert_id for one in told if any(_names(one, event) for event in listed)}
    crises = [one for one in found if one.event.due is not None]
    others = [one for one in found if one.event.due is None and one.hours is not None]
    return Told(crises, others, len(told), len(told) - len(named))


def _found(event: PressEvent, told: Iterable[AlertEvent]) -> Found:
    naming = next((alert for alert in told if _names(alert, event)), None)
    if naming is None:
        return Found(event, None, "")
    return Found(event, (event.at - naming.at).total_seconds() / _HOUR_SECONDS, naming.topic.id)


def _names(alert: AlertEvent, event: PressEvent) -> bool:
    if not event.start <= alert.at <= event.end:
        return False
    texts = [unicodedata.normalize("NFC", sample.title_or_text).lower() for sample in alert.samples]
    return bool(texts) and 2 * sum(bool(event.pattern.search(text)) for text in texts) >= len(texts)


#: Before and after everything.
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
