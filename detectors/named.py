"""Named detectors: any detector of `river.anomaly` as one more evidence, by dotted name and parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from detectors.river_anomaly import FEATURES, Features, build, learn, score
from detectors.windows import HOUR, QUARTER_HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.settings import DetectionSettings
    from detectors.windows import Windows

__all__ = ["NamedEvidence", "NamedReading", "features_of"]

#: As many sources as this give a half of the feature.
_HALF_SOURCES = 8
_LEVELS = 255
#: A detector looks at each quarter of an hour and is learnt anew each day from the seven days before.
_PACE_SECONDS = 900
_DAY_SECONDS = 86_400
_DAYS = 7
#: Scores are standardised by their own mean and deviation, halved in a week.
_LEAST_DEVIATION = 1e-3
#: The threshold, in such deviations, rises by the gain with each alert it would have opened, and falls
#: between them so that both balance at the budget (Robbins and Monro 1951).
_FIRST_THRESHOLD = 4.0
_LEAST_THRESHOLD = 3.0
_GAIN = 0.5


def features_of(windows: Windows, means: Sequence[float]) -> bytes:
    """Return the `FEATURES` of a step in steps of 1/255, so that they can be kept and learnt again exactly.

    Counts ``n`` become ``n / (n + expected + 1)`` (a half as usual), shares are those of the last hour,
    sources ``s / (s + 8)``, authors are per mention of the hour.
    """
    hour = max(windows.total[HOUR], 1)
    values = (
        _beside(windows.total[QUARTER_HOUR], means[QUARTER_HOUR] + 1.0),
        _beside(windows.total[HOUR], means[HOUR] + 1.0),
        windows.negative[HOUR] / hour,
        windows.positive[HOUR] / hour,
        _beside(windows.spread, _HALF_SOURCES),
        windows.authors / hour,
        windows.copies / hour,
    )
    return bytes(round(_LEVELS * min(value, 1.0)) for value in values)


def _beside(value: float, usual: float) -> float:
    return value / (value + usual)


def _named(vector: bytes) -> Features:
    return {name: value / _LEVELS for name, value in zip(FEATURES, vector, strict=True)}


class NamedReading(NamedTuple):
    """What a named detector says: dotted name, score and threshold in deviations of its own scores."""

    name: str
    score: float
    threshold: float

    @property
    def signal(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.score >= self.threshold


class _Calibration:
    """Mean, deviation and threshold of the scores of one detector."""

    def __init__(self, rate: float, quiet: int, memory: float, grace: int) -> None:
        self._rate = rate
        self._quiet = quiet
        self._grace = grace
        self._fade = 1.0 - 0.5 ** (1.0 / memory)
        self._seen = 0
        self._mean = 0.0
        self._variance = 0.0
        self._since_signal = quiet
        self.threshold = _FIRST_THRESHOLD

    def judge(self, score: float) -> float:
        """Return the score in deviations, 0 before a day of scores; let the threshold follow the budget."""
        if self._seen < self._grace:
            return 0.0
        deviation = max(math.sqrt(self._variance), _LEAST_DEVIATION * (1.0 + abs(self._mean)))
        standard = (score - self._mean) / deviation
        opens = standard >= self.threshold and self._since_signal >= self._quiet
        self._since_signal = 0 if standard >= self.threshold else self._since_signal + 1
        moved = self.threshold + _GAIN * (opens - self._rate)
        self.threshold = max(moved, _LEAST_THRESHOLD)
        return standard

    def learn(self, score: float) -> None:
        """Take a score into mean and deviation."""
        self._seen += 1
        rate = max(self._fade, 1.0 / self._seen)
        away = score - self._mean
        self._mean += rate * away
        self._variance += rate * (away * (score - self._mean) - self._variance)

    def dump(self) -> list[float]:
        """Return the state as builtins."""
        return [self._seen, self._mean, self._variance, self._since_signal, self.threshold]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._seen, self._mean, self._variance = int(state[0]), float(state[1]), float(state[2])
        self._since_signal, self.threshold = int(state[3]), float(state[4])


class NamedEvidence:
    """The detectors that the settings name, each with its own calibration.

    Each quarter of an hour a detector scores the `FEATURES` and learns them. Once a day it is made anew and
    learns those of the seven days before: it forgets, whatever its own way, and what it knows is always what
    it learnt from the features kept. So a snapshot holds these bytes and a few numbers, no pickle, and a
    restored detector is exactly the one that was stored.

    Parameters
    ----------
    settings
        Settings of the detection; `detectors` names them.
    step
        Seconds of a step.

    Notes
    -----
    A supervised detector gets the feature ``quarter`` as its target. Cost: that of the detector, four times
    an hour and once more for each feature vector each day (`LocalOutlierFactor`: seconds a day and topic); at
    most 768 vectors of 7 bytes of state.

    """

    def __init__(self, settings: DetectionSettings, step: int) -> None:
        self._named = settings.detectors
        self._pace = max(1, _PACE_SECONDS // step)
        self._day = max(1, _DAY_SECONDS // (self._pace * step))
        self._steps = 0
        self._vectors = b""
        seconds = self._pace * step
        self._calibrations = [
            _Calibration(
                settings.topic_rate(seconds), settings.quiet_steps(seconds), _DAYS * self._day, self._day
            )
            for _ in self._named
        ]
        self._readings: tuple[NamedReading, ...] = ()
        self._scored: list[float] = []
        self._make()

    @property
    def readings(self) -> tuple[NamedReading, ...]:
        """What each detector said last; nothing during the first day, and nothing of note the second."""
        return self._readings

    @property
    def _held(self) -> int:
        return len(self._vectors) // len(FEATURES)

    def _make(self) -> None:
        """Make the detectors anew from the vectors kept."""
        self._detectors = [build(one.name, one.parameters) for one in self._named]
        width = len(FEATURES)
        for place in range(0, len(self._vectors), width):
            for detector in self._detectors:
                learn(detector, _named(self._vectors[place : place + width]))

    def read(self, windows: Windows, means: Sequence[float]) -> tuple[NamedReading, ...]:
        """Score one step where a quarter of an hour ends; between them the last reading holds."""
        if not self._named:
            return ()
        self._steps += 1
        self._scored = []
        if self._steps % self._pace == 0 and self._held >= self._day:
            x = _named(features_of(windows, means))
            self._scored = [score(detector, x) for detector in self._detectors]
            self._readings = tuple(
                NamedReading(one.name, calibration.judge(found), calibration.threshold)
                for one, calibration, found in zip(self._named, self._calibrations, self._scored, strict=True)
            )
        return self._readings

    def learn(self, windows: Windows, means: Sequence[float]) -> None:
        """Take one step into what is usual; `read` of the same step must have come before."""
        if not self._named or self._steps % self._pace:
            return
        if self._scored:
            for calibration, found in zip(self._calibrations, self._scored, strict=True):
                calibration.learn(found)
        vector = features_of(windows, means)
        self._vectors += vector
        if self._held >= (_DAYS + 1) * self._day:
            self._vectors = self._vectors[-_DAYS * self._day * len(FEATURES) :]
            self._make()
        else:
            for detector in self._detectors:
                learn(detector, _named(vector))

    def dump(self) -> dict[str, Any]:
        """Return the state as builtins."""
        return {
            "named": [one.name for one in self._named],
            "steps": self._steps,
            "vectors": self._vectors,
            "calibrations": [one.dump() for one in self._calibrations],
            "readings": [list(one) for one in self._readings],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` returned; detectors that were named anew learn from its vectors."""
        self._steps = int(state["steps"])
        self._vectors = bytes(state["vectors"])
        if state["named"] == [one.name for one in self._named]:
            for calibration, saved in zip(self._calibrations, state["calibrations"], strict=True):
                calibration.restore(saved)
            self._readings = tuple(NamedReading(*saved) for saved in state["readings"])
        self._make()
