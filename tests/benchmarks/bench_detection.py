"""Budget and delay of the monitor on simulated topics.

Run: make bench ARGS="-k detection"
"""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING

import numpy as np
from detector_support import DAY_MINUTES, MINUTE, START, Talk, monitor, ordinary, steps, watch
from msgspec.structs import replace

if TYPE_CHECKING:
    from detectors.events import AlertEvent

DAYS = 28
SEEDS = (1, 2, 3)
HISTORY = 7 * DAY_MINUTES


def show(line: str) -> None:
    """Print a figure where `-s` shows it."""
    sys.stdout.write(f"{line}\n")


def seasonal(rate: float, dispersion: float, seed: int, *, text: bool) -> list[AlertEvent]:
    """Return the events of four weeks of talk with a daily rhythm and quieter weekends."""
    rng = np.random.default_rng(seed)
    minute = np.arange(DAYS * DAY_MINUTES)
    mean = rate * (1 + 0.6 * np.sin(2 * np.pi * minute / DAY_MINUTES))
    mean = mean * np.where(minute // DAY_MINUTES % 7 >= 5, 0.7, 1.0)
    drawn = rng.gamma(mean / (dispersion - 1), dispersion - 1) if dispersion > 1 else mean
    totals = rng.poisson(drawn)
    negatives = rng.binomial(totals, 0.25)
    talk = (Talk(int(n), int(k)) for n, k in zip(totals, negatives, strict=True))
    watcher = monitor(pages_per_week=1.0, topics=1)
    return watch((replace(closed, has_text=text) for closed in steps(talk)), watcher)


def test_pages_of_stationary_topics_against_the_budget() -> None:
    """One page a week allowed; realised pages a week without and with text."""
    for dispersion in (1.0, 3.0):
        for rate in (0.01, 0.5, 5.0, 50.0):
            per_week = []
            for text in (False, True):
                events = [e for seed in SEEDS for e in seasonal(rate, dispersion, seed, text=text)]
                per_week.append(sum(e.pages for e in events) / len(SEEDS) / (DAYS / 7))
            show(
                f"rate {rate}/min, variance {dispersion:.0f}x: "
                f"{per_week[0]:.2f} pages a week without text, {per_week[1]:.2f} with"
            )


def delay(after: tuple[float, float], rate: float, share: float, seed: int) -> float | None:
    """Return minutes from a change to the page, None when there is none within six hours."""
    talk = [
        *ordinary(HISTORY, rate=rate, share=share, seed=seed),
        *ordinary(360, rate=after[0], share=after[1], seed=seed + 100, joy=0.0),
    ]
    events = watch(steps(talk))
    change = START + HISTORY * MINUTE
    pages = [e.at.timestamp() - change for e in events if e.pages and e.at.timestamp() > change]
    return pages[0] / 60 if pages else None


def test_delay_from_a_change_to_the_page() -> None:
    """Minutes to the page after seven days of history, twenty topics sharing 14 pages a week."""
    for rate, share, after in (
        (2.0, 0.2, (6.0, 0.6)),
        (0.05, 0.2, (0.5, 0.6)),
        (0.5, 0.2, (5.0, 0.7)),
        (3.0, 0.2, (3.0, 0.5)),
    ):
        found = [delay(after, rate, share, seed) for seed in SEEDS]
        seen = [minutes for minutes in found if minutes is not None]
        median = statistics.median(seen) if seen else float("nan")
        show(
            f"{rate}/min with {share:.0%} negative -> {after[0]}/min with {after[1]:.0%}: "
            f"{len(seen)} of {len(found)} paged, median {median:.0f} min"
        )
