"""Simulated topics that are stationary save for their hours and days: for the budget's honesty."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from detector_support import DAY_MINUTES, Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Mentions a minute between which the classes of topics lie.
CLASSES = ((0.01, 0.1), (0.1, 1.0), (1.0, 10.0), (10.0, 50.0))


class Topic(NamedTuple):
    """A simulated topic.

    Parameters
    ----------
    number
        Seed of all that is random in it; its class is the number modulo four.
    rate
        Mean mentions a minute.
    dispersion
        Variance / mean of a minute's count: 1 for Poisson, more for a negative binomial.

    """

    number: int
    rate: float
    dispersion: float

    @property
    def rate_class(self) -> int:
        """Place in `CLASSES`."""
        return self.number % len(CLASSES)


def topic(number: int) -> Topic:
    """Return topic `number`: its rate log-uniform in its class; half of the topics are Poisson."""
    low, high = CLASSES[number % len(CLASSES)]
    rng = np.random.default_rng((number, 1))
    rate = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    poisson = number // len(CLASSES) % 2 == 0
    return Topic(number, rate, 1.0 if poisson else float(rng.uniform(1.5, 4.0)))


def talk(simulated: Topic, days: int) -> Iterator[Talk]:
    """Yield the minutes of a topic: a daily rhythm, days of the week of their own, a fixed negative share."""
    rng = np.random.default_rng((simulated.number, 2))
    minute = np.arange(days * DAY_MINUTES)
    rhythm = 1 + rng.uniform(0.2, 0.8) * np.sin(2 * np.pi * (minute / DAY_MINUTES + rng.uniform()))
    week = np.exp(rng.normal(0, 0.12, 7))
    week[5:] *= rng.uniform(0.6, 1.0)
    mean = simulated.rate * rhythm * week[minute // DAY_MINUTES % 7]
    beyond = simulated.dispersion - 1.0
    totals = rng.poisson(rng.gamma(mean / beyond, beyond) if beyond else mean)
    negatives = rng.binomial(totals, rng.uniform(0.1, 0.5))
    positives = rng.binomial(totals - negatives, 0.25)
    for counts in zip(totals.tolist(), negatives.tolist(), positives.tolist(), strict=True):
        yield Talk(*counts)
