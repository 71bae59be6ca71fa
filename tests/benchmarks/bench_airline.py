"""A week of real tweets to six airlines, polarity from their labels: events told, paged, and what else paged.

Run: HAIDANG_AIRLINE_DIR=.../airline make bench ARGS="-k airline"; HAIDANG_PAGES_PER_WEEK is the alert budget.

The folder holds airline.csv (tweet_id, ts, topic, sentiment, author_h, text) and events_utc.csv (event,
topic, kind, onset, due, end). Labels stand in for the polarity model, so that detection alone is judged.
Each airline is a topic; the recording is seven days long and begins cold; 'American' is recorded from
22 February on only.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings
from detectors.windows import KINDS
from streams.observation import author_bit
from streams.windows import TopicWindows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.events import AlertEvent

FOLDER = os.environ.get("HAIDANG_AIRLINE_DIR")
PAGES_PER_WEEK = float(os.environ.get("HAIDANG_PAGES_PER_WEEK", "14"))
SOCIAL = KINDS.index("social")
#: An event told this long before its onset is not told of it.
LEAD_SECONDS = 3600


class Tweet(NamedTuple):
    """One tweet as the detect stage sees it; `minute` counts from the epoch."""

    minute: int
    negative: int
    positive: int
    author: str


class Labelled(NamedTuple):
    """One labelled event, times in epoch seconds."""

    name: str
    topic: str
    kind: str
    onset: float
    due: float
    end: float


def stamp(text: str) -> float:
    """Return an ISO time as epoch seconds."""
    return datetime.fromisoformat(text).timestamp()


def tweets(folder: Path) -> dict[str, list[Tweet]]:
    """Return the tweets by airline in order of time."""
    found: dict[str, list[Tweet]] = defaultdict(list)
    with (folder / "airline.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sentiment = row["sentiment"]
            tweet = Tweet(
                int(stamp(row["ts"])) // 60,
                1000 * (sentiment == "negative"),
                1000 * (sentiment == "positive"),
                row["author_h"],
            )
            found[row["topic"]].append(tweet)
    return found


def labelled(folder: Path) -> list[Labelled]:
    """Return the labelled events."""
    with (folder / "events_utc.csv").open(encoding="utf-8", newline="") as file:
        return [
            Labelled(r["event"], r["topic"], r["kind"], stamp(r["onset"]), stamp(r["due"]), stamp(r["end"]))
            for r in csv.DictReader(file)
        ]


def decide(topic: str, said: list[Tweet], start: int, end: int, topics: int) -> Iterator[AlertEvent]:
    """Yield the alert events of one airline, watched from minute `start` on."""
    settings = DetectionSettings(pages_per_week=PAGES_PER_WEEK, topics=topics, utc_offset_minutes=-300)
    monitor = TopicMonitor(topic, topic, topic, settings, settings.digest())
    windows = TopicWindows(start - 1)
    for tweet in said:
        windows.add(tweet.minute, tweet.minute, tweet.negative, tweet.positive, SOCIAL, "twitter")
        bit = 1 << author_bit(tweet.author, topic, tweet.minute)
        windows.pending(tweet.minute).authors |= bit
        windows.pending(tweet.minute).angry |= bit if tweet.negative else 0
    for _ in range(start, end + 1):
        yield from monitor.close(windows.close())


def told_of(event: Labelled, alerts: list[AlertEvent]) -> list[AlertEvent]:
    """Return the alert events that tell of a labelled event."""
    return [
        a
        for a in alerts
        if a.topic.id == event.topic and event.onset - LEAD_SECONDS <= a.at.timestamp() <= event.end
    ]


def line(alert: AlertEvent) -> str:
    """Return an alert event in one line."""
    return (
        f"{alert.at:%d %b %H:%M} {alert.topic.id} {alert.event} {alert.kind} {alert.severity} "
        f"{alert.reason}: {alert.headline.en.partition(': ')[2]}"
    )


def report(event: Labelled, alerts: list[AlertEvent]) -> str:
    """Return how a labelled event was told: minutes from onset to the first word and the first page."""
    found = told_of(event, alerts)
    paged = [a for a in found if a.pages]
    first = [f"{(a[0].at.timestamp() - event.onset) / 60:.0f} min" if a else "never" for a in (found, paged)]
    due = (event.due - event.onset) / 60
    return f"{event.name} ({event.kind}, due {due:.0f} min): told {first[0]}, paged {first[1]}"


@pytest.mark.skipif(FOLDER is None, reason="HAIDANG_AIRLINE_DIR names no folder")
def test_the_airline_week() -> None:
    """Print each labelled event with the minutes until it was told and paged, then the further pages."""
    folder = Path(FOLDER or "")
    said, events = tweets(folder), labelled(folder)
    minutes = [tweet.minute for topic in said.values() for tweet in topic]
    start, end = min(minutes), max(minutes)
    alerts = [a for topic in said for a in decide(topic, said[topic], start, end, len(said))]
    told = [a for event in events for a in told_of(event, alerts)]
    further = [a for a in alerts if a.pages and a not in told]
    lines = [report(event, alerts) for event in events]
    lines += [f"{len(further)} further pages"] + [f"  {line(a)}" for a in further]
    if os.environ.get("HAIDANG_AIRLINE_ALL"):
        lines += [f"  {line(a)}" for a in sorted(alerts, key=lambda a: a.at)]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
