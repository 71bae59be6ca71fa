"""Volume: how far the counts of a topic stand above its own level, hour and weekend."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from river import base

from detectors.budget import BudgetLadder
from detectors.calendar import NOTHING_PLANNED, is_day_off
from detectors.decision import Level
from detectors.sequential import RateCusum
from detectors.tails import surprise
from detectors.weekdays import Weekdays
from detectors.windows import DAY, FIVE_MINUTES, HOUR, QUARTER_HOUR, SIX_HOURS, WINDOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.settings import DetectionSettings
    from detectors.windows import Windows

HOURS = 24
#: One factor per hour of working days, then of weekend days.
CELLS = 2 * HOURS
_HOUR_SECONDS = 3600
_HALF_HOUR_SECONDS = 1800
#: Days of the week are learnt once a first week of hours is.
_WEEK_HOURS = 7 * HOURS
_DAY_SECONDS = 86_400
_WEEK_SECONDS = 7 * _DAY_SECONDS
#: The first day of the epoch was a Thursday: days 2 and 3 of each week of the epoch are a weekend.
_WEEKEND = (2, 3)
#: A cell is seen in a 24th to a 60th of the steps: it fades so much faster per visit.
_CELL_HASTE = 5.0
#: A young spread forgets its first days, when hours were unknown, with the third power of its age.
_YOUNG = 3.0
#: Below this mean a root hardly varies, however bursty its count (at a mean of 1 and a dispersion of 4 by
#: 1.6): the squares themselves tell the dispersion, over the sum of what was expected.
_FEW = 4.0
#: A longer window must stand out a quarter more than the 5 and 15 minutes: many hours are seldom urgent.
_LONG_WEIGHT = 0.8
#: Never a signal below so many standard deviations, whatever the budget allows.
_FLOOR = 2.5
#: The budget is learnt from this age on: before, each hour of the day is new.
_FIRST_SECONDS = 24 * _HOUR_SECONDS
#: A window is learnt each time that such a part (one in so many) of it is new, in whole steps at least.
_PARTS = 4
#: A window below so many standard deviations is back to usual; a calm hour ends a run of steps.
_CALM = 1.0
#: A run of steps is at most so many times as strange as its strangest window, in nats.
_RUN = 3.0
#: Arrivals of the last half hour must stand so far above usual for a window of an hour or more to speak,
#: farther for 24 hours, which echo a burst the longest.
_BUSY = 2.0
_BUSY_DAY = 3.0
_BUSY_SECONDS = 1800
#: Factors where no weekday is told apart: of each window, and of the step.
_ANY_DAY = (1.0,) * (len(WINDOW_SECONDS) + 1)
#: Names of an enum are slow to look up.
_NONE = Level.NONE
#: Extreme volume: so many standard deviations and so many times the expected count.
_EXTREME_SCORE = 8.0
_EXTREME_RATIO = 4.0


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a moment lies in the week: its own hour, the neighbour it leans to, and how far (0 .. .5)."""

    cell: int
    neighbour: int
    lean: float


@lru_cache(maxsize=1024)
def place_of(at: int, utc_offset_seconds: int, country: str = "") -> Place:
    """Return the place of the moment just before `at` (epoch seconds) in the local week.

    Public holidays of `country` (see `detectors.calendar`) are days of a weekend.
    """
    hour, within = divmod(at - 1 + utc_offset_seconds, _HOUR_SECONDS)
    offset = within / _HOUR_SECONDS - 0.5
    beside = hour + 1 if offset > 0 else hour - 1
    return Place(_cell(hour, country), _cell(beside, country), abs(offset))


def _place(x: Mapping[base.typing.FeatureName, Any]) -> Place:
    return Place(int(x.get("cell", 0)), int(x.get("neighbour", 0)), float(x.get("lean", 0.0)))


@lru_cache(maxsize=256)
def _cell(hour: int, country: str) -> int:
    """Return the cell of a local hour, counted since the epoch."""
    day, of_day = divmod(hour, HOURS)
    return of_day + (HOURS if day % 7 in _WEEKEND or is_day_off(country, day) else 0)


class WindowVolume(base.AnomalyDetector):
    """Surprise of one trailing count against level x hour-of-day factor.

    The expected count is an exponentially weighted level times the factor of the hour and weekend, drawn to
    the same hour of the other kind of day, and to 1, while it has seen few mentions. The variance over the
    mean is that of the slow square-root residual ``2 (sqrt(x + 3/8) - sqrt(mu + 3/8))``, which is near 1 for
    a Poisson count of any mean (Anscombe 1948), and never less. A count above expectation scores the signed
    root of its negative binomial surprise (`tails.surprise`): a standard deviate for large means and exact
    near zero. Counts are compared with counts *as known at the same stage*, so reporting delay is part of the
    level.

    Parameters
    ----------
    memory
        Steps after which an observation weighs half.
    inertia
        Mentions of an hour that weigh as much as the factor 1; more of a bursty topic, by its variance.
    overlap
        Part of the window that one step renews, 0 .. 1: overlapping windows do not count a mention twice.

    Notes
    -----
    Features: ``count`` and the `Place` as ``cell``, ``neighbour``, ``lean``. Score: standard deviations above
    expectation, negative below. Cost about 1 us to score and 1 us to learn; 52 numbers of state.

    """

    def __init__(self, memory: float = 2016.0, inertia: float = 50.0, overlap: float = 1.0) -> None:
        self.memory = memory
        self.inertia = inertia
        self.overlap = overlap
        self._fade = 1.0 - 0.5 ** (1.0 / memory)
        self._seen = 0
        self._level = 0.0
        self._spread = 1.0
        self._wide = 1.0
        self._cell_mean = [0.0] * CELLS
        self._cell_seen = [0] * CELLS

    def score_one(self, x: Mapping[base.typing.FeatureName, Any]) -> float:
        """Return the residual of ``x`` in standard deviations."""
        place = _place(x)
        return self.score(float(x.get("count", 0.0)), self.mean(place))

    def learn_one(self, x: Mapping[base.typing.FeatureName, Any]) -> None:
        """Learn the count at its place."""
        place = _place(x)
        self.learn(float(x.get("count", 0.0)), place, self.mean(place))

    def mean(self, place: Place) -> float:
        """Return the expected count at `place`: the level times the factor, leaning to the neighbour's."""
        level, own, slope = self.base(place)
        return level * (own + slope * place.lean)

    def base(self, place: Place) -> tuple[float, float, float]:
        """Return level, factor of the cell, and how much more that of the neighbour is.

        They hold until the next count is learnt or another cell begins.
        """
        own = self._factor(place.cell)
        return self._level, own, self._factor(place.neighbour) - own

    @property
    def seen(self) -> int:
        """Steps learnt so far."""
        return self._seen

    @property
    def level(self) -> float:
        """Expected count at a factor of 1."""
        return self._level

    def _factor(self, cell: int) -> float:
        """Return the factor of a cell, drawn to that of the same hour on the other kind of day, and to 1."""
        level, inertia, spread = self._level, self.inertia, self._wide
        twin = cell - HOURS if cell >= HOURS else cell + HOURS
        fresh = self._cell_seen[twin] * self.overlap / spread
        beside = (self._cell_mean[twin] * fresh + inertia) / (level * fresh + inertia)
        fresh = self._cell_seen[cell] * self.overlap / spread
        return (self._cell_mean[cell] * fresh + inertia * beside) / (level * fresh + inertia)

    @property
    def spread(self) -> float:
        """Variance of the residual, at least 1."""
        return self._wide

    @property
    def deviation(self) -> float:
        """Standard deviation of the residual, at least 1."""
        return math.sqrt(self._wide)

    def score(self, count: float, mean: float) -> float:
        """Return how far `count` stands above `mean`, in standard deviations; negative below."""
        if count > mean:
            least = 0.5 / (1.0 + self._seen * self.overlap)
            return math.sqrt(2.0 * surprise(count, mean if mean > least else least, self._wide))
        return (count - mean) / math.sqrt(mean * self._wide) if mean > 0.0 else 0.0

    def learn(self, count: float, place: Place, mean: float, factor: float = 1.0) -> None:
        """Take `count` into level, hour and spread.

        `mean` is what was expected of it, `factor` the part of that which neither level nor hour explains.
        """
        self._seen += 1
        rate = max(self._fade, _YOUNG / (self._seen + _YOUNG))
        self._spread += rate * self._wider(count, mean)
        self._wide = max(self._spread, 1.0)
        count /= factor
        self._level += max(self._fade, 1.0 / self._seen) * (count - self._level)
        cell, means = place.cell, self._cell_mean
        self._cell_seen[cell] += 1
        means[cell] += max(self._fade * _CELL_HASTE, 1.0 / self._cell_seen[cell]) * (count - means[cell])

    def _wider(self, count: float, mean: float) -> float:
        """Return how much wider than the spread `count` lies: of few by moments, of many by its root."""
        if mean < _FEW:
            away = count - mean
            return (away * away - self._spread * mean) / max(self._level, 0.5 / self._seen)
        residual = 2.0 * (math.sqrt(count + 0.375) - math.sqrt(mean + 0.375))
        return residual * residual - self._spread

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [self._seen, self._level, self._spread, list(self._cell_mean), list(self._cell_seen)]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._seen, self._level, self._spread = int(state[0]), float(state[1]), float(state[2])
        self._wide = max(self._spread, 1.0)
        self._cell_mean = [float(v) for v in state[3]]
        self._cell_seen = [int(v) for v in state[4]]


class VolumeReading(msgspec.Struct, frozen=True, gc=False):
    """What the volume evidence says of one step.

    Parameters
    ----------
    window
        Place in `WINDOW_SECONDS` of the window that speaks.
    score, threshold
        Standard deviations, and those at which it is a signal.
    level
        Whether it is one.
    credible
        Whether the window holds enough mentions to mean anything.
    means
        Expected count of each window.

    """

    window: int
    score: float
    threshold: float
    level: Level
    credible: bool
    means: tuple[float, ...]


class VolumeEvidence:
    """The trailing windows of one topic against their baselines, and the budget's threshold.

    The 5 and 15 minutes speak together (mean of their positive residuals); 1, 6 and 24 hours speak alone, a
    quarter more quietly, and only while arrivals stand above usual, so that a burst does not echo for a day.
    Beside them `RateCusum` sums what each step of arrivals says, so that a ramp is seen before any window
    finds it strange; its nats are told as standard deviations too. A run of steps is at most three times as
    strange as its strangest window: a backlog arrives at once but is old, and a calm hour ends a run.

    Parameters
    ----------
    settings
        Settings of the detection.
    step
        Seconds of a step.

    """

    def __init__(self, settings: DetectionSettings, step: int) -> None:
        self._settings = settings
        self._offset = settings.utc_offset_minutes * 60
        self._step = step
        self._steps = 0
        self._paces = [-(-seconds // (_PARTS * step)) * step for seconds in WINDOW_SECONDS]
        self.windows = [
            WindowVolume(memory=_WEEK_SECONDS / pace, overlap=min(1.0, pace / seconds))
            for pace, seconds in zip(self._paces, WINDOW_SECONDS, strict=True)
        ]
        self._block_steps = max(1, _HOUR_SECONDS // step)
        self._block = [0, 0]
        self._usual = WindowVolume(memory=_WEEK_SECONDS / step / self._block_steps)
        self._weekdays = Weekdays()
        self._bases: list[tuple[float, float, float]] = []
        self._days: tuple[float, ...] | None = None
        self._half = [0, 0, 0]
        self._recent = 0.0
        self._haste = min(1.0, step / _BUSY_SECONDS)
        self._first = -(-_FIRST_SECONDS // step)
        self._least = settings.least_mentions
        self._cusum = RateCusum()
        memory = 8 * _WEEK_SECONDS / step
        self._ladder = BudgetLadder(settings.topic_rate(step), settings.quiet_steps(step), memory)
        self._calm = [0] * len(WINDOW_SECONDS)
        nothing = (0.0,) * len(WINDOW_SECONDS)
        self._reading = VolumeReading(
            window=FIVE_MINUTES, score=0.0, threshold=_FLOOR, level=Level.NONE, credible=False, means=nothing
        )

    @property
    def reading(self) -> VolumeReading:
        """The newest reading."""
        return self._reading

    def allow(self, share: float) -> None:
        """Let the budget's threshold aim at `share` times the topic's equal part."""
        self._ladder.rate = self._settings.topic_rate(self._step) * share

    def read(
        self, windows: Windows, place: Place, factors: tuple[float, ...] = NOTHING_PLANNED
    ) -> VolumeReading:
        """Score one step against what was learnt before it, times what the calendar expects."""
        totals = windows.total
        *means, usual = self._expect(place, windows.at)
        if factors is NOTHING_PLANNED and windows.whole_seconds:
            self._half[1] += windows.arrived
            self._half[2] += 1
        if factors is not NOTHING_PLANNED:
            means = [mean * factor for mean, factor in zip(means, factors, strict=True)]
            usual *= factors[FIVE_MINUTES]
        scores = [w.score(n, m) for w, n, m in zip(self.windows, totals, means, strict=True)]
        self._mark_calm(scores, windows.at)
        run = self._arrive(windows.arrived, scores, usual)
        window, score = self._strongest(scores, run, usual)
        threshold = self._ladder.get()
        threshold = threshold if threshold > _FLOOR else _FLOOR
        credible = totals[window] >= self._least
        if self._steps >= self._first:
            self._ladder.update(score if credible else 0.0)
        level = _level(score, totals[window], means[window]) if credible and score >= threshold else _NONE
        self._reading = VolumeReading(window, score, threshold, level, credible, tuple(means))
        return self._reading

    def _expect(self, place: Place, at: int) -> list[float]:
        """Return the expected count of each window, and of an hour of arrivals."""
        half, lean = (at - 1 + self._offset) // _HALF_HOUR_SECONDS, place.lean
        if self._half[0] != half or not self._bases:
            self._begin_half(half)
            self._bases = [window.base(place) for window in (*self.windows, self._usual)]
            self._days = None
        if self._days is not _ANY_DAY:
            self._days = self.day_factors(at)
        known = zip(self._bases, self._days, strict=True)
        return [level * day * (own + slope * lean) for (level, own, slope), day in known]

    def _begin_half(self, half: int) -> None:
        """Take the arrivals of the half hour that is over into those of its day; `half` counts half hours.

        In an open alert too: what comes back each week is no crisis, and what does not is no weekday.
        """
        before, arrived, steps = self._half
        if half == before:
            return
        self._half = [half, 0, 0]
        day = before * _HALF_HOUR_SECONDS // _DAY_SECONDS
        if steps and self._usual.seen >= _WEEK_HOURS and not is_day_off(self._settings.holidays, day):
            middle = before * _HALF_HOUR_SECONDS + _HALF_HOUR_SECONDS // 2 + 1 - self._offset
            usual = self._usual.mean(place_of(middle, self._offset, self._settings.holidays))
            hours = steps / self._block_steps
            self._weekdays.add(day, hours, arrived, usual * hours)

    def day_factors(self, at: int) -> tuple[float, ...]:
        """Return the factors of the weekdays that each window up to `at` lies in, and that of the step."""
        day, into = divmod(at - 1 + self._offset, _DAY_SECONDS)
        today, before = self._weekday(day), self._weekday(day - 1)
        if today == before == 1.0:
            return _ANY_DAY
        lengths = (*WINDOW_SECONDS, self._step)
        return tuple([before + (today - before) * min(1.0, (into + 1) / length) for length in lengths])

    def _weekday(self, day: int) -> float:
        """Return the factor of a local day: a holiday is like no day of the week."""
        return 1.0 if is_day_off(self._settings.holidays, day) else self._weekdays.factor(day)

    def _mark_calm(self, scores: list[float], at: int) -> None:
        if max(scores) < _CALM:
            self._calm = [at] * len(scores)
            return
        calm = self._calm
        for i, score in enumerate(scores):
            if score < _CALM or not calm[i]:
                calm[i] = at

    def _arrive(self, arrived: int, scores: list[float], usual: float) -> float:
        """Take in the arrivals of the step; `usual` are those of an hour.

        Returns how strange the newest run of steps is, in standard deviations.
        """
        self._recent += self._haste * (arrived - self._recent)
        five, quarter, hour, six_hours, _ = scores
        top = five if five > quarter else quarter
        top = hour if hour > top else top
        top = six_hours if six_hours > top and hour >= _CALM else top
        ceiling = 1.0 + _RUN * top * top / 2.0 if top > 0.0 and self._usual.seen else 0.0
        nats = self._cusum.push(arrived, usual / self._block_steps, self._usual.spread, ceiling)
        return math.sqrt(2.0 * nats) if nats else 0.0

    def _busy(self, usual: float) -> float:
        """Return how far the arrivals of the last half hour stand above usual, in standard deviations."""
        return self._usual.score(self._recent * self._block_steps, usual)

    def _strongest(self, scores: list[float], run: float, usual: float) -> tuple[int, float]:
        """Return the window that speaks and its score, or that of the newest run of steps."""
        five, quarter = scores[FIVE_MINUTES], scores[QUARTER_HOUR]
        window = FIVE_MINUTES if five >= quarter else QUARTER_HOUR
        score = ((five if five > 0.0 else 0.0) + (quarter if quarter > 0.0 else 0.0)) / 2.0
        long = HOUR
        for i in (SIX_HOURS, DAY):
            if scores[i] > scores[long] and self._age(i) >= WINDOW_SECONDS[i]:
                long = i
        told = scores[long] * _LONG_WEIGHT
        if told > score and self._busy(usual) >= (_BUSY_DAY if long == DAY else _BUSY):
            window, score = long, told
        if run > score:
            return scores.index(max(scores[:DAY])), run
        return window, score

    def _age(self, window: int) -> int:
        """Return for how many seconds the window has been learnt."""
        return self.windows[window].seen * self._paces[window]

    def learn(self, windows: Windows, place: Place) -> None:
        """Take one step into the baselines; `read` of the same step must have come before.

        A window is learnt once the topic is as old as it is long, and its talk whole for as long (before, it
        is not full), and then each time that a quarter of it is new.
        """
        self._steps += 1
        lived = self._steps * self._step
        filled = min(lived, windows.whole_seconds)
        days = self._days or _ANY_DAY
        for i, pace in enumerate(self._paces):
            if lived % pace == 0 and filled >= WINDOW_SECONDS[i]:
                self.windows[i].learn(windows.total[i], place, self._reading.means[i], days[i])
                self._bases[i] = self.windows[i].base(place)
        block = self._block
        block[0] += windows.arrived
        block[1] += 1
        if block[1] == self._block_steps:
            self._learn_block(windows.at - block[1] * self._step // 2)
            self._bases[-1] = self._usual.base(place)
            self._block = [0, 0]

    def _learn_block(self, middle: int) -> None:
        """Take the arrivals of an hour around `middle` (epoch s) into what is usual of hours and of days."""
        arrived, place = self._block[0], place_of(middle, self._offset, self._settings.holidays)
        day, mean = (middle - 1 + self._offset) // _DAY_SECONDS, self._usual.mean(place)
        factor = self._weekday(day)
        self._usual.learn(arrived, place, mean * factor, factor)

    def onset(self, window: int, at: int) -> int:
        """Return since when the window has stood above usual, at most 24 h before `at`."""
        return min(at, max(self._calm[window], at - _DAY_SECONDS))

    def dump(self) -> dict[str, Any]:
        """Return the state as builtins."""
        reading = self._reading
        spoke = [reading.window, reading.score, reading.threshold, int(reading.level), reading.credible]
        return {
            "windows": [window.dump() for window in self.windows],
            "steps": self._steps,
            "usual": self._usual.dump(),
            "weekdays": self._weekdays.dump(),
            "half": list(self._half),
            "block": list(self._block),
            "recent": self._recent,
            "cusum": self._cusum.dump(),
            "ladder": self._ladder.dump(),
            "calm": list(self._calm),
            "reading": [*spoke, list(reading.means)],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` returned."""
        for window, saved in zip(self.windows, state["windows"], strict=True):
            window.restore(saved)
        self._steps = int(state["steps"])
        self._usual.restore(state["usual"])
        self._weekdays.restore(state["weekdays"])
        self._half = [int(v) for v in state["half"]]
        self._bases = []
        self._block = [int(v) for v in state["block"]]
        self._recent = float(state["recent"])
        self._cusum.restore(state["cusum"])
        self._ladder.restore(state["ladder"])
        self._calm = [int(v) for v in state["calm"]]
        window, score, threshold, level, credible, means = state["reading"]
        self._reading = VolumeReading(window, score, threshold, Level(level), credible, tuple(means))


def _level(score: float, count: int, mean: float) -> Level:
    extreme = score >= _EXTREME_SCORE and count >= _EXTREME_RATIO * mean
    return Level.EXTREME if extreme else Level.HIGH
