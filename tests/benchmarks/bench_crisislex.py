"""From a sudden event to the page on real arrival times; `HAIDANG_CRISISLEX_DIR` names the folder.

It holds `arrivals.csv.gz` (event, ts: milliseconds) and `events_utc.csv` (event, event_time_utc, ...).

Run: HAIDANG_CRISISLEX_DIR=... make bench ARGS="-k crisislex"
"""

from __future__ import annotations

import csv
import gzip
import os
import statistics
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from bench_support import show
from detector_support import DAY_MINUTES, MINUTE, Talk, monitor, steps, watch
from msgspec.structs import replace

FOLDER = os.environ.get("HAIDANG_CRISISLEX_DIR")
pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="HAIDANG_CRISISLEX_DIR names no folder with arrivals.csv.gz and events_utc.csv"
)
HISTORY_DAYS = 7
#: The pages of a day from the event on are looked at.
AFTER_MINUTES = DAY_MINUTES


def arrivals() -> dict[str, list[int]]:
    """Return the arrival minutes (since the epoch) of each recording."""
    found: dict[str, list[int]] = defaultdict(list)
    with gzip.open(Path(str(FOLDER)) / "arrivals.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["event"]].append(minute_of(row["ts"]))
    return {event: sorted(minutes) for event, minutes in found.items()}


def minute_of(stamp: str) -> int:
    """Return a stamp, epoch milliseconds or ISO 8601 taken as UTC, as minute."""
    if stamp.isdigit():
        return int(stamp) // 60_000
    return int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()) // MINUTE


def events() -> dict[str, int]:
    """Return the minute of each event whose time is on public record."""
    with (Path(str(FOLDER)) / "events_utc.csv").open(encoding="utf-8", newline="") as file:
        return {row["event"]: minute_of(row["event_time_utc"]) for row in csv.DictReader(file)}


def delay(minutes: list[int], event: int, history_days: int) -> tuple[float | None, int]:
    """Return minutes from the event to the first page within a day (None: no page), and pages before it.

    Before the recording comes Poisson talk at the rate of what was recorded before the event.
    """
    begin = min(minutes[0], event - 60)
    before = sum(minute < event for minute in minutes)
    counts = np.bincount(np.array(minutes) - begin, minlength=event - begin + AFTER_MINUTES)
    quiet = np.random.default_rng(1).poisson(before / (event - begin), history_days * DAY_MINUTES)
    talk = [Talk(int(n)) for n in (*quiet, *counts[: event - begin + AFTER_MINUTES])]
    start = (begin - history_days * DAY_MINUTES) * MINUTE
    feed = (replace(closed, has_text=False) for closed in steps(talk, start=start))
    pages = [e.at.timestamp() / MINUTE - event for e in watch(feed, monitor()) if e.pages]
    return next((page for page in pages if page >= 0), None), sum(page < 0 for page in pages)


@pytest.mark.parametrize("history_days", [0, HISTORY_DAYS])
def test_minutes_from_the_event_to_the_page(history_days: int) -> None:
    """Counts only, twenty topics sharing 14 pages a week; as recorded, and after a week of its quiet talk."""
    recorded, found = arrivals(), []
    for event, at in sorted(events().items()):
        minutes, early = delay(recorded[event], at, history_days)
        fifth = sorted(minute for minute in recorded[event] if minute >= at)[4] - at
        found.append(float("inf") if minutes is None else minutes)
        page = "no page within a day" if minutes is None else f"page after {minutes:.0f} min"
        show(f"{history_days} days of history, {event}: {page}, {early} before; fifth mention {fifth} min")
    paged = sum(minutes < float("inf") for minutes in found)
    median = statistics.median(found)
    show(f"{history_days} days of history: {paged} of {len(found)} paged, median {median:.0f} min")
