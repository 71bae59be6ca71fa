"""Simulated topics in their first week: day and night, hours that swing, talk that is mostly negative."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from detector_support import DAY_MINUTES, Talk

HOUR_MINUTES = 60
WEEK_MINUTES = 7 * DAY_MINUTES
#: Mentions a minute by day between which the topics lie.
RATES = (0.2, 3.0)
#: At night so small a part of the talk by day is left.
NIGHT = 0.1
#: Standard deviation of the logarithm of an hour's rate and of a day's, and of the log odds of an hour's
#: share; hours resemble their neighbours.
HOUR_SWING, DAY_SWING, SHARE_SWING = 0.25, 0.15, 0.3
LIKENESS = 0.6


class Happening(NamedTuple):
    """What happens to a topic: mentions and odds of a negative one so many times as many, for some hours."""

    name: str
    volume: float
    odds: float
    hours: int


HAPPENINGS = (
    Happening("anger alone", 1.0, 4.0, 10),
    Happening("twice the talk, angrier", 2.0, 3.0, 8),
    Happening("twice the talk, as angry as ever", 2.0, 1.0, 8),
    Happening("four times the talk, angrier", 4.0, 4.0, 4),
)


class Onset(NamedTuple):
    """A happening and the minute of the week at which it begins."""

    happening: Happening
    minute: int


def onset(number: int, happening: Happening) -> Onset:
    """Return when it happens to topic `number`: by day, on the fifth, sixth or seventh day."""
    rng = np.random.default_rng((number, 3))
    day, hour = rng.integers(4, 7), rng.uniform(8, 18)
    return Onset(happening, int(day * DAY_MINUTES + hour * HOUR_MINUTES))


def first_week(number: int, happens: Onset | None = None) -> list[Talk]:
    """Return the minutes of the first week of topic `number`, from midnight on."""
    rng = np.random.default_rng((number, 4))
    rate, odds = _means(rng)
    if happens is not None:
        span = slice(happens.minute, happens.minute + happens.happening.hours * HOUR_MINUTES)
        rate[span] *= happens.happening.volume
        odds[span] *= happens.happening.odds
    totals = rng.poisson(rate)
    negatives = rng.binomial(totals, odds / (1.0 + odds))
    positives = rng.binomial(totals - negatives, 0.3)
    return [Talk(*map(int, talk)) for talk in zip(totals, negatives, positives, strict=True)]


def _means(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the rate and the odds of a negative mention of each minute."""
    low, high = RATES
    by_day = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    share = rng.uniform(0.5, 0.7)
    hour = np.arange(WEEK_MINUTES) / HOUR_MINUTES % 24
    rhythm = NIGHT + (1 - NIGHT) / (1 + np.exp(-(5 + 7 * np.sin((hour - 8.0) / 24 * 2 * np.pi))))
    days = np.repeat(rng.normal(0, DAY_SWING, 7), DAY_MINUTES)
    rate = by_day * rhythm * np.exp(days + _swing(rng, HOUR_SWING))
    return rate, share / (1 - share) * np.exp(_swing(rng, SHARE_SWING))


def _swing(rng: np.random.Generator, deviation: float) -> np.ndarray:
    """Return a value for each minute that drifts from hour to hour."""
    hours = np.zeros(7 * 24 + 1)
    fresh = rng.normal(0, deviation, len(hours))
    for i in range(len(hours)):
        hours[i] = LIKENESS * hours[i - 1] + (1 - LIKENESS**2) ** 0.5 * fresh[i] if i else fresh[0]
    return np.interp(np.arange(WEEK_MINUTES) / HOUR_MINUTES, np.arange(len(hours)), hours)
