"""``haidang backtest --compare``: ours beside other detectors, under one incident rule and budget (pure)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from detectors.rivals import RIVALS, alerts_of
from detectors.settings import DetectionSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from detectors.events import AlertEvent
    from detectors.trace import Trace

__all__ = ["OURS", "Row", "Span", "WindowsError", "compare", "parse_windows", "table"]

OURS = "Haidang"
_WEEK_SECONDS = 7 * 86_400


class WindowsError(ValueError):
    """A file of labelled windows that cannot be used; the message names place and fix."""


class Span(NamedTuple):
    """A labelled window, epoch seconds, both ends included."""

    start: int
    end: int


class Row(NamedTuple):
    """One detector: alerts, alerts a week, labelled windows with an alert inside, alerts outside of all."""

    name: str
    alerts: int
    a_week: float
    hit: int
    outside: int


def parse_windows(text: str) -> dict[str, list[Span]]:
    """Return the labelled windows by topic or by the file's stem.

    Parameters
    ----------
    text
        JSON as NAB has it: ``{"name.csv": [["2015-03-03 21:00:00", "2015-03-04 10:00:00"], ...]}``; times
        without an offset are UTC.

    Raises
    ------
    WindowsError
        Names the entry and what is wrong with it.

    """
    try:
        found = json.loads(text)
        return {_stem(name): [_span(pair) for pair in pairs] for name, pairs in found.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise WindowsError(
            f'labelled windows cannot be read ({error}); write {{"NAME.csv": [["FROM", "TO"], ...]}}'
        ) from error


def _stem(name: str) -> str:
    """Return a file's name without folder and ending; a topic's id is its own."""
    return name.rpartition("/")[2].removesuffix(".csv")


def _span(pair: Sequence[str]) -> Span:
    start, end = (datetime.fromisoformat(one) for one in pair)
    return Span(*(int((one if one.tzinfo else one.replace(tzinfo=UTC)).timestamp()) for one in (start, end)))


def compare(
    trace: Trace, events: Iterable[AlertEvent], pages_per_week: float, windows: Mapping[str, Sequence[Span]]
) -> list[Row]:
    """Return one row for ours, which sees everything, and for each rival, which sees counts.

    Each topic that was mentioned has an equal part of the budget; nothing opens while a topic warms up.
    """
    topics = trace.topics()
    weeks = max((len(trace.bins(topic)) * trace.bin_seconds / _WEEK_SECONDS for topic in topics), default=1.0)
    ours = [(event.topic.id, round(event.at.timestamp())) for event in events if event.pages]
    found = {OURS: ours}
    for name in RIVALS:
        found[name] = [
            (topic, at)
            for topic in topics
            for at in _opened(name, trace, topic, pages_per_week / len(topics))
        ]
    return [_row(name, alerts, weeks, windows) for name, alerts in found.items()]


def _opened(name: str, trace: Trace, topic: str, pages_per_week: float) -> list[int]:
    settings, step = DetectionSettings(pages_per_week=pages_per_week), trace.bin_seconds
    bins = trace.bins(topic)
    places = alerts_of(
        RIVALS[name](step),
        [one.mentions for one in bins],
        rate=settings.topic_rate(step),
        quiet=settings.quiet_steps(step),
        warm_up=round(settings.warm_up_hours * 3600 / step),
    )
    return [bins[place].at for place in places]


def _row(
    name: str, alerts: Sequence[tuple[str, int]], weeks: float, windows: Mapping[str, Sequence[Span]]
) -> Row:
    labelled = [(topic, span) for topic, spans in windows.items() for span in spans]
    hit = {
        (topic, span) for topic, span in labelled for of, at in alerts if of == topic and _inside(at, span)
    }
    inside = sum(any(of == topic and _inside(at, span) for topic, span in labelled) for of, at in alerts)
    return Row(name, len(alerts), len(alerts) / weeks, len(hit), len(alerts) - inside)


def _inside(at: int, span: Span) -> bool:
    return span.start <= at <= span.end


def table(rows: Sequence[Row], labelled: int) -> str:
    """Return the rows as text; the columns of labelled windows only where there are any."""
    lines = [
        f"{'detector':34}{'alerts':>8}{'a week':>9}" + (f"{'windows':>10}{'outside':>9}" * bool(labelled))
    ]
    for row in rows:
        line = f"{row.name:34}{row.alerts:8}{row.a_week:9.2f}"
        lines.append(line + (f"{row.hit:7}/{labelled:<2}{row.outside:9}" if labelled else ""))
    return "\n".join(lines) + "\n"
