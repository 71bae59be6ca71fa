"""Early warning on a press archive; `HAIDANG_PRESS_DIR` names a folder with it and its `events.csv`.

The archive is one `*.jsonl` or `*.jsonl.gz` file as `deploy.press.convert` reads it.

Run: HAIDANG_PRESS_DIR=.../press make bench ARGS="-k press"
HAIDANG_PRESS_SPLIT (a date, 2025-11-01 if not set) parts what was developed on from what was held out.
"""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from bench_support import show
from press_scoring import EVER, Found, PressEvent, Told, judge, read_events

from deploy.press.convert import articles, mention
from detectors.events import Severity
from streams.backtest import records_by_arrival
from streams.pipeline import Pipeline
from streams.send_input import open_source
from streams.worker import read_catalogue

FOLDER = os.environ.get("HAIDANG_PRESS_DIR")
SPLIT = datetime.fromisoformat(os.environ.get("HAIDANG_PRESS_SPLIT", "2025-11-01") + "T00:00:00+07:00")
pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="HAIDANG_PRESS_DIR names no folder of a press archive (*.jsonl.gz, events.csv)"
)
PRESS_CATALOGUE = Path(__file__).parents[2] / "deploy" / "press" / "catalogue.toml"
#: Half a page a day.
WEEKLY = 3.5
DAY_SECONDS = 86_400


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    """Return the archive as Mention v1."""
    archive = next(iter(sorted(Path(str(FOLDER)).glob("*.jsonl*"))))
    with open_source(str(archive)) as source:
        return [msgspec.json.encode(mention(article)) for article in articles(source.lines())]


@pytest.mark.parametrize("catalogue", [PRESS_CATALOGUE, None], ids=["press", "default"])
def test_press(lines: list[bytes], catalogue: Path | None) -> None:
    """Print, per severity and span, what was told in time; no planned or foreign event pages."""
    events = read_events(Path(str(FOLDER)) / "events.csv")
    pipeline = Pipeline(read_catalogue(catalogue), WEEKLY)
    began = time.process_time()
    records, _ = records_by_arrival(lines, time.time_ns() // 1_000_000)
    alerts = list(pipeline.run(records))
    cost = (time.process_time() - began) / len(lines)
    name = "press" if catalogue else "default"
    show(f"\n{name} catalogue: {len(lines):,} articles, {cost * 1e6:.0f} us each")
    spans = {"developed": (EVER[0], SPLIT), "held out": (SPLIT, EVER[1])}
    for severity in (Severity.WARNING, Severity.INFO):
        for span, (since, until) in spans.items():
            table(
                f"{severity} {span}", judge(alerts, events, severity, since, until), days(lines, since, until)
            )
    paged = judge(alerts, events, Severity.WARNING, *EVER)
    per_event(paged, judge(alerts, events, Severity.INFO, *EVER))
    assert not [one.event.name for one in paged.others if _is_wrong(one.event)]


def days(lines: list[bytes], since: datetime, until: datetime) -> float:
    """Return the days of a span that the archive covers."""
    times = [datetime.fromisoformat(msgspec.json.decode(line)["fetched_at"]) for line in lines]
    return (min(until, max(times)) - max(since, min(times))).total_seconds() / DAY_SECONDS


def table(name: str, told: Told, span: float) -> None:
    """Print one line of the table."""
    in_time = sum(one.in_time for one in told.crises)
    never = sum(one.hours is None for one in told.crises)
    late = len(told.crises) - in_time - never
    wrong = sum(_is_wrong(one.event) for one in told.others)
    show(
        f"{name:20} in time {in_time} of {len(told.crises)}, late {late}, never {never}; "
        f"planned or foreign {wrong}; {told.alerts / span:.2f} a day, "
        f"{told.naming_none} of {told.alerts} name no listed event"
    )


def per_event(paged: Told, watched: Told) -> None:
    """Print what became of each crisis: hours before due at which it paged, and was watched."""
    for page, watch in zip(paged.crises, watched.crises, strict=True):
        show(f"  {page.event.name:20} paged {_hours(page):>8} {page.topic:20} watched {_hours(watch):>8}")


def _hours(found: Found) -> str:
    return "never" if found.hours is None else f"{found.hours:+.1f} h"


def _is_wrong(event: PressEvent) -> bool:
    """Return whether an event must not page: what is planned, and what happens abroad."""
    return event.kind in {"planned", "foreign"}
