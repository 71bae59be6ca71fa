"""What an alert says of itself, held against simulated talk: interval, onset."""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest
from detector_support import DAY_MINUTES, START, Talk, monitor, ordinary, steps, watch

from detectors.compose import interval
from detectors.events import AlertKind
from detectors.settings import DetectionSettings
from detectors.volume import VolumeEvidence, place_of
from detectors.windows import FIVE_MINUTES, HOUR

HISTORY = 7 * DAY_MINUTES


def bursty(minutes: int, rate: float, dispersion: float, seed: int) -> list[Talk]:
    """Return negative-binomial talk whose variance is so many times its mean, constant within the hour."""
    rng = np.random.default_rng(seed)
    if dispersion > 1.0:
        hours = rng.gamma(rate * 60 / (dispersion - 1), (dispersion - 1) / 60, minutes // 60 + 1)
        rates = np.repeat(hours, 60)[:minutes]
    else:
        rates = np.full(minutes, rate)
    return [Talk(int(total)) for total in rng.poisson(rates)]


@pytest.mark.parametrize("rate", [0.2, 2.0, 20.0])
@pytest.mark.parametrize("dispersion", [1.0, 3.0])
def test_the_interval_holds_95_percent_of_ordinary_windows(rate: float, dispersion: float) -> None:
    """Of a Poisson topic and of a bursty one; where counts are small and whole, a little more."""
    evidence = VolumeEvidence(DetectionSettings(topics=20), 60)
    inside = {FIVE_MINUTES: 0, HOUR: 0}
    seen = 0
    for i, closed in enumerate(steps(bursty(14 * DAY_MINUTES, rate, dispersion, 4))):
        place = place_of(closed.at, 0)
        evidence.read(closed, place)
        if i > HISTORY and i % 60 == 30:
            seen += 1
            for window in inside:
                low, high = interval(evidence.reading.means[window], evidence.windows[window].deviation)
                inside[window] += low <= closed.total[window] <= high
        evidence.learn(closed, place)
    assert all(count >= 0.92 * seen for count in inside.values())
    if rate > 1.0:
        assert inside[FIVE_MINUTES] <= 0.98 * seen


@pytest.mark.parametrize(("rate", "times"), [(0.5, 10), (2.0, 4)])
def test_the_onset_of_a_step_is_told_within_minutes(rate: float, times: int) -> None:
    """The median of five steps is off by ten minutes at most, and it is never later than the alert."""
    history = 4 * DAY_MINUTES
    change = START + history * 60
    off = []
    for seed in range(5):
        talk = [
            *ordinary(history, rate=rate, seed=seed),
            *ordinary(120, rate=rate * times, share=0.7, seed=seed + 50, joy=0.0),
        ]
        page = next(e for e in watch(steps(talk), monitor()) if e.pages and e.at.timestamp() > change)
        assert page.onset <= page.at
        off.append(abs(page.onset.timestamp() - change) / 60)
    assert median(off) <= 10


@pytest.mark.parametrize(("rate", "share", "minutes"), [(3.0, 0.5, 10), (0.5, 0.7, 20)])
def test_the_onset_of_anger_alone_is_that_of_the_share(rate: float, share: float, minutes: int) -> None:
    """As many mentions as ever, more of them negative: mostly near the change, never after the alert."""
    history = 4 * DAY_MINUTES
    change = START + history * 60
    off, waited = [], []
    for seed in range(6):
        talk = [
            *ordinary(history, rate=rate, seed=seed),
            *ordinary(180, rate=rate, share=share, seed=seed + 50),
        ]
        told = [e for e in watch(steps(talk), monitor()) if e.at.timestamp() > change and e.revision == 1]
        for event in told:
            if event.kind is AlertKind.NEGATIVITY:
                assert event.onset < event.at
                off.append(abs(event.onset.timestamp() - change) / 60)
                waited.append((event.at.timestamp() - change) / 60)
    assert len(off) >= 3
    assert median(off) <= minutes
    assert median(off) < median(waited)
