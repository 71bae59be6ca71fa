"""Delay on steps and ramps at one false alarm a week, beside Lorden's bound and other detectors.

Each detector, ours too, gets the same budget: one false incident a week (an incident ends after twelve quiet
hours). Ours learns that by itself; the thresholds of the others are set on simulated talk without a change. A
decision comes with the end of a minute, so no delay is below one minute; two seconds more pass until it is
made. The bound is asymptotic, and an incident's false alarms count once: a little less is possible.

Run: make bench ARGS="-k delay"
"""

from __future__ import annotations

import copy
import itertools
import math
import statistics
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from bench_support import counts_alone, show
from detector_support import DAY_MINUTES, MINUTE, START, Talk, ordinary, steps
from river import drift

from detectors.monitor import TopicMonitor
from detectors.rivals import Ears
from detectors.settings import DetectionSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from detectors.windows import Windows

WEEK_MINUTES = 7 * DAY_MINUTES
HISTORY = 28 * DAY_MINUTES
NULL_MINUTES = 13 * WEEK_MINUTES
REPEATS = 40
#: Ours sees the change at every so many minutes of its third and fourth week.
PLACES_MINUTES = 2017
REPEATS_A_PLACE = 5
LONGEST = 480
QUIET = 720
CHOSEN = DetectionSettings(pages_per_week=1, topics=1, holidays="")


class Change(NamedTuple):
    """A change of rate (mentions a minute) or of the negative share, at once or over `ramp` minutes."""

    name: str
    rate: float
    share: float
    rate_after: float
    share_after: float
    ramp: int = 0

    @property
    def of_share(self) -> bool:
        """Whether the share changes, so that text is needed."""
        return self.share != self.share_after

    def talk(self, minutes: int, seed: int) -> list[Talk]:
        """Return minutes of talk from the change on."""
        if not self.ramp:
            return ordinary(minutes, rate=self.rate_after, share=self.share_after, seed=seed)
        part = np.minimum((np.arange(minutes) + 0.5) / self.ramp, 1.0)
        totals = np.random.default_rng(seed).poisson(self.rate + (self.rate_after - self.rate) * part)
        return [Talk(int(n)) for n in totals]

    def shown(self, closed: Windows) -> Windows:
        """Return what the detector sees of a step: the counts alone unless the share changes."""
        if self.of_share:
            return closed
        return counts_alone(closed)

    def bound(self) -> float:
        """Return the minutes after which the divergence has summed to log G (Lorden 1971), G = a week."""
        goal, told = math.log(WEEK_MINUTES), 0.0
        for minute in itertools.count():
            part = min((minute + 0.5) / self.ramp, 1.0) if self.ramp else 1.0
            grown = self._divergence(part)
            if told + grown >= goal:
                return minute + (goal - told) / grown
            told += grown
        raise AssertionError

    def _divergence(self, part: float) -> float:
        rate = self.rate + (self.rate_after - self.rate) * part
        counts = rate * math.log(rate / self.rate) - (rate - self.rate)
        p, q = self.share, self.share_after
        return counts + rate * (q * math.log(q / p) + (1 - q) * math.log((1 - q) / (1 - p)))


CHANGES = (
    Change("2/min -> 6/min", 2.0, 0.2, 6.0, 0.2),
    Change("0.05/min -> 0.5/min", 0.05, 0.2, 0.5, 0.2),
    Change("20 % -> 50 % negative at 3/min", 3.0, 0.2, 3.0, 0.5),
    Change("ramp 2/min -> 6/min over 4 h", 2.0, 0.2, 6.0, 0.2, ramp=240),
)


class Rival(Protocol):
    """A detector that says of each minute whether it is strange."""

    def push(self, minute: Talk) -> bool:
        """Take a minute."""


class Bars:
    """EARS on the mentions, or on the negative ones, of `width` minutes against those just before."""

    def __init__(self, kind: int, threshold: float, width: int, *, of_share: bool) -> None:
        self._ears = Ears(kind, width, width)
        self._threshold, self._of_share = threshold, of_share

    def push(self, minute: Talk) -> bool:
        """Take a minute."""
        return self._ears.score(minute.negative if self._of_share else minute.total) >= self._threshold


class Drift:
    """A drift detector of River on minute counts, or on the mentions' polarity one by one."""

    def __init__(self, detector: drift.PageHinkley | drift.ADWIN, *, of_share: bool) -> None:
        self._detector = detector
        self._of_share = of_share

    def push(self, minute: Talk) -> bool:
        """Take a minute."""
        negative = minute.negative
        values = [1] * negative + [0] * (minute.total - negative) if self._of_share else [minute.total]
        found = False
        for value in values:
            self._detector.update(value)
            found = found or bool(self._detector.drift_detected)
        return found


def page_hinkley(change: Change, threshold: float) -> Rival:
    """Return Page-Hinkley for rises of half the change's size."""
    delta = (change.share_after - change.share if change.of_share else change.rate_after - change.rate) / 2
    detector = drift.PageHinkley(delta=delta, threshold=threshold, alpha=1.0, mode="up")
    return Drift(detector, of_share=change.of_share)


def rivals(change: Change) -> dict[str, tuple[Callable[[float], Rival], Sequence[float]]]:
    """Return by name how each is made from a threshold, and the thresholds tried, laxest first."""
    width = 15 if change.rate < 1 else 5
    ears = [2.0 * 1.15**k for k in range(30)]

    def of_kind(kind: int) -> Callable[[float], Rival]:
        return lambda threshold: Bars(kind, threshold, width, of_share=change.of_share)

    return {
        **{f"EARS C{kind} ({width} min)": (of_kind(kind), ears) for kind in (1, 2, 3)},
        "Page-Hinkley": (lambda h: page_hinkley(change, h), [0.5 * 1.25**k for k in range(25)]),
        "ADWIN": (
            lambda minus_log: Drift(drift.ADWIN(delta=10.0**-minus_log), of_share=change.of_share),
            [1.0 + 0.75 * k for k in range(24)],
        ),
    }


def incidents(rival: Rival, talk: Iterable[Talk]) -> int:
    """Return the incidents that a detector opens; an alarm that never ends counts anew each quiet span."""
    count, opened = 0, -QUIET - 1
    for at, minute in enumerate(talk):
        if rival.push(minute) and at - opened > QUIET:
            count, opened = count + 1, at
    return count


def calibrated(make: Callable[[float], Rival], thresholds: Sequence[float], null: list[Talk]) -> float:
    """Return the laxest threshold with at most one false incident a week, by halving."""
    low, high = 0, len(thresholds) - 1
    while low < high:
        middle = (low + high) // 2
        if incidents(make(thresholds[middle]), null) <= NULL_MINUTES / WEEK_MINUTES:
            high = middle
        else:
            low = middle + 1
    return thresholds[low]


def delay_of(rival: Rival, change: Change, seed: int) -> float:
    """Return minutes from the change to the first signal of a detector that has seen the history."""
    talk = change.talk(LONGEST, seed)
    return next((i for i, minute in enumerate(talk, 1) if rival.push(minute)), math.inf)


def ours(change: Change) -> tuple[list[float], float]:
    """Return our delays, and the false pages a week in the history after its first week.

    The change is put at several places of the history, a minute or more from any page.
    """
    before = ordinary(HISTORY, rate=change.rate, share=change.share, seed=1)
    watcher = TopicMonitor("t", "", "", CHOSEN, "")
    found, false = [], 0
    for minute, closed in enumerate(steps(before), 1):
        pages = any(e.pages for e in watcher.close(change.shown(closed)))
        false += pages and minute > WEEK_MINUTES
        if minute % PLACES_MINUTES == 0 and minute > 2 * WEEK_MINUTES:
            state = watcher.dump() | {"incident": None}
            last = before[minute - DAY_MINUTES : minute]
            found += [_our_delay(state, last, minute, change, minute + k) for k in range(REPEATS_A_PLACE)]
    return found, false / (HISTORY / WEEK_MINUTES - 1)


def _our_delay(state: dict[str, object], before: list[Talk], at: int, change: Change, seed: int) -> float:
    watcher = TopicMonitor.load(copy.deepcopy(state), "t", "", "", CHOSEN, "")
    start = START + (at - len(before)) * MINUTE
    feed = itertools.islice(steps([*before, *change.talk(LONGEST, seed)], start=start), len(before), None)
    for minute, closed in enumerate(feed, 1):
        if any(event.pages for event in watcher.close(change.shown(closed))):
            return minute
    return math.inf


def tell(name: str, found: list[float], bound: float, false: float) -> None:
    """Print one line of the table; a change not seen within eight hours counts as eight hours."""
    missed = sum(math.isinf(one) for one in found)
    mean = statistics.fmean(min(one, float(LONGEST)) for one in found)
    show(
        f"  {name}: mean {mean:.1f} min ({mean / bound:.2f} x bound), median {statistics.median(found):.0f}, "
        f"{missed} of {len(found)} unseen; {false:.2f} false a week"
    )


def test_delay_at_one_false_alarm_a_week() -> None:
    """Mean minutes from the change to the page, as a multiple of Lorden's bound."""
    for change in CHANGES:
        bound = change.bound()
        show(f"{change.name}: Lorden's bound {bound:.1f} min, {math.ceil(bound)} in whole minutes")
        tell("Haidang", *_swap(ours(change), bound))
        null = ordinary(NULL_MINUTES, rate=change.rate, share=change.share, seed=2)
        for name, (make, thresholds) in rivals(change).items():
            threshold = calibrated(make, thresholds, null)
            trained = make(threshold)
            false = incidents(trained, null) / (NULL_MINUTES / WEEK_MINUTES)
            found = [delay_of(copy.deepcopy(trained), change, seed) for seed in range(100, 100 + REPEATS)]
            tell(name, found, bound, false)


def _swap(result: tuple[list[float], float], bound: float) -> tuple[list[float], float, float]:
    return result[0], bound, result[1]
