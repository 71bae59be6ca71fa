"""Other detectors for ``haidang backtest --compare``: each scores a series of counts, all under one budget.

A rival sees the counts of one topic and nothing else. Its threshold is learnt without labels and without
looking ahead: the lowest at which the incident rule would so far have kept to the budget.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np
from river import anomaly, drift, stats, time_series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["RIVALS", "Ears", "Rival", "alerts_of"]

_DAY_SECONDS = 86_400
_HOUR_SECONDS = 3600
_EARS_SUMS = 7
_FARRINGTON_WEEKS = 4
_MOST_SAVED = 200.0
#: Counts of fewer past steps than this say nothing yet.
_GRACE = 100


class Rival(Protocol):
    """A detector of one topic's counts: the next count in, how unusual it is out; higher is more unusual."""

    def score(self, count: float) -> float:
        """Score a count against those before it, then learn it."""


class _Predictive:
    """River's PredictiveAnomalyDetection around Holt's linear trend."""

    def __init__(self, step_seconds: int) -> None:
        del step_seconds
        self._detector = anomaly.PredictiveAnomalyDetection(time_series.HoltWinters(0.3, 0.1), horizon=1)
        self._seen = 0

    def score(self, count: float) -> float:
        self._seen += 1
        score = float(self._detector.score_one({}, count)) if self._seen > _GRACE else 0.0
        self._detector.learn_one({}, count)
        return score


class _Gaussian:
    """River's GaussianScorer over the last week."""

    def __init__(self, step_seconds: int) -> None:
        week = 7 * _DAY_SECONDS // step_seconds
        self._detector = anomaly.GaussianScorer(window_size=max(week, 2), grace_period=min(_GRACE, week))
        self._mean = stats.Mean()

    def score(self, count: float) -> float:
        score = float(self._detector.score_one(None, count)) if count > self._mean.get() else 0.0
        self._detector.learn_one(None, count)
        self._mean.update(count)
        return score


class _HalfSpace:
    """River's HalfSpaceTrees over the count and the one before it, each squeezed into 0 .. 1."""

    def __init__(self, step_seconds: int) -> None:
        self._detector = anomaly.HalfSpaceTrees(10, 8, max(_DAY_SECONDS // step_seconds, 24), seed=1)
        self._mean = stats.EWMean(0.01)
        self._before = 0.5

    def score(self, count: float) -> float:
        usual = max(self._mean.get(), 0.5)
        now = count / (count + usual)
        x = {"now": now, "before": self._before}
        score = float(self._detector.score_one(x)) if now > 0.5 else 0.0  # noqa: PLR2004 - above usual
        self._detector.learn_one(x)
        self._mean.update(count)
        self._before = now
        return score


class _Adwin:
    """River's ADWIN: 1 where it finds that the mean has risen."""

    def __init__(self, step_seconds: int) -> None:
        del step_seconds
        self._detector = drift.ADWIN()

    def score(self, count: float) -> float:
        before = self._detector.estimation
        self._detector.update(count)
        return float(self._detector.drift_detected and self._detector.estimation > before)


class Ears:
    """EARS C1, C2 and C3 (Hutwagner et al. 2003): a trailing sum against seven earlier ones.

    C1 takes the seven before, C2 leaves two out, C3 adds what C2 says beyond 1 of the newest three.

    Parameters
    ----------
    kind
        1, 2 or 3.
    width
        Steps of a sum.
    apart
        Steps from one sum to the next: those of a day compare the same hour of seven days.

    """

    def __init__(self, kind: int, width: int, apart: int) -> None:
        self._kind = kind
        self._apart = apart
        self._newest: deque[float] = deque(maxlen=width)
        self._past: deque[float] = deque(maxlen=(_EARS_SUMS + 2) * apart)
        self._beyond: deque[float] = deque(maxlen=2 * apart + 1)

    def score(self, count: float) -> float:
        """Return the statistic: standard deviations, of C3 a sum of three."""
        self._newest.append(count)
        found = sum(self._newest)
        score = self._deviation(found)
        self._past.append(found)
        self._beyond.append(max(0.0, score - 1.0))
        if self._kind < 3:  # noqa: PLR2004 - C3
            return score
        return sum(self._beyond[place] for place in range(-1, -len(self._beyond) - 1, -self._apart))

    def _deviation(self, found: float) -> float:
        lag = 0 if self._kind == 1 else 2
        places = [self._apart * (back + lag) for back in range(1, _EARS_SUMS + 1)]
        if places[-1] > len(self._past):
            return 0.0
        sums = [self._past[-place] for place in places]
        mean = sum(sums) / len(sums)
        deviation = math.sqrt(sum((one - mean) ** 2 for one in sums) / (len(sums) - 1))
        return max(0.0, (found - mean) / max(deviation, 0.5))


def _daily_ears(kind: int, step_seconds: int) -> Ears:
    """Return EARS on the counts of an hour, against that hour of earlier days."""
    return Ears(kind, max(1, _HOUR_SECONDS // step_seconds), max(1, _DAY_SECONDS // step_seconds))


class _Farrington:
    """Farrington et al. 1996, simplified: quasi-Poisson of the same weekday and hour of four weeks."""

    def __init__(self, step_seconds: int) -> None:
        self._week = max(1, 7 * _DAY_SECONDS // step_seconds)
        self._half = max(1, _HOUR_SECONDS // step_seconds)
        self._past: deque[float] = deque(maxlen=_FARRINGTON_WEEKS * self._week + self._half)

    def score(self, count: float) -> float:
        score = self._deviation(count)
        self._past.append(count)
        return score

    def _deviation(self, count: float) -> float:
        found = [
            self._past[-week * self._week + beside]
            for week in range(1, _FARRINGTON_WEEKS + 1)
            for beside in range(-self._half, self._half + 1)
            if 0 < week * self._week - beside <= len(self._past)
        ]
        if len(found) < 2 * self._half:
            return 0.0
        mean = max(sum(found) / len(found), 0.1)
        spread = max(1.0, sum((one - mean) ** 2 for one in found) / (len(found) - 1) / mean)
        deviation = math.sqrt(4.0 / 9.0 * math.cbrt(mean) * spread)
        return max(0.0, (math.cbrt(count) ** 2 - math.cbrt(mean) ** 2) / deviation)


class _Burst:
    """Kleinberg 2002, simplified: what explaining the last counts by twice the usual rate saves."""

    def __init__(self, step_seconds: int) -> None:
        self._level = stats.EWMean(min(1.0, step_seconds / (7 * _DAY_SECONDS)))
        self._seen = 0
        self._saved = 0.0

    def score(self, count: float) -> float:
        usual = max(self._level.get(), 0.01)
        self._saved = min(max(0.0, self._saved + count * math.log(2.0) - usual), _MOST_SAVED)
        self._level.update(count)
        self._seen += 1
        return self._saved if self._seen > _GRACE else 0.0


#: Names as shown, and how to make each for a length of step.
RIVALS: dict[str, Callable[[int], Rival]] = {
    "River PredictiveAnomalyDetection": _Predictive,
    "River GaussianScorer": _Gaussian,
    "River HalfSpaceTrees": _HalfSpace,
    "River ADWIN": _Adwin,
    "EARS C1": lambda step_seconds: _daily_ears(1, step_seconds),
    "EARS C2": lambda step_seconds: _daily_ears(2, step_seconds),
    "EARS C3": lambda step_seconds: _daily_ears(3, step_seconds),
    "Farrington-like": _Farrington,
    "Kleinberg-like": _Burst,
}


def alerts_of(rival: Rival, counts: Sequence[float], *, rate: float, quiet: int, warm_up: int) -> list[int]:
    """Return the places at which a rival opens alerts, under the incident rule and the budget.

    Parameters
    ----------
    rival
        The detector, fresh.
    counts
        One count a step.
    rate
        Alerts allowed per step.
    quiet
        Steps below the threshold after which an alert closes.
    warm_up
        Steps at the beginning in which nothing opens.

    """
    scores = np.array([rival.score(count) for count in counts], dtype=float)
    opened: list[int] = []
    last, threshold = -quiet - 1, math.inf
    for place in range(warm_up, len(scores)):
        if (place - warm_up) % max(1, quiet // 2) == 0:
            threshold = _threshold(scores[:place], rate * place, quiet)
        if scores[place] > threshold:
            if place - last > quiet:
                opened.append(place)
            last = place
    return opened


def _threshold(scores: np.ndarray[tuple[int], np.dtype[np.float64]], allowed: float, quiet: int) -> float:
    """Return the lowest score beyond which the incident rule opened no more alerts than allowed.

    Looked for from the highest score down: very low ones would melt everything into one endless alert.
    """
    candidates = np.unique(scores)[::-1]
    kept, tried = 0, 1
    while tried < len(candidates) and _entries(scores, candidates[tried], quiet) <= allowed:
        kept, tried = tried, 2 * tried
    tried = min(tried, len(candidates))
    while tried - kept > 1:
        middle = (kept + tried) // 2
        fits = _entries(scores, candidates[middle], quiet) <= allowed
        kept, tried = (middle, tried) if fits else (kept, middle)
    return float(candidates[kept])


def _entries(scores: np.ndarray[tuple[int], np.dtype[np.float64]], threshold: float, quiet: int) -> int:
    places = np.flatnonzero(scores > threshold)
    return int(np.count_nonzero(np.diff(places) > quiet)) + int(len(places) > 0)
