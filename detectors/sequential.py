"""Sequential evidence: likelihood ratios summed over the steps since a change may have begun."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from river import base

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Nats beyond which more evidence changes no decision, but would take long to forget.
_MOST = 40.0
#: A dispersion this near to 1 is Poisson.
_POISSON = 1.0 + 1e-3


class RateCusum(base.AnomalyDetector):
    """Bank of one-sided CUSUMs for a rise of a count's rate by one of several ratios.

    For each ratio the log-likelihood ratio of a negative binomial count (Poisson for a dispersion of 1) is
    summed, never below 0 (Page 1954); the largest sum speaks. With the right ratio no detector is faster at
    the same false-alarm rate (Lorden 1971, Moustakides 1986); a bank is nearly as fast for any ratio between.
    A false alarm at h nats or more comes about every ``exp(h)`` steps.

    Parameters
    ----------
    ratios
        Rises looked for, as ratios to the expected rate, each above 1.

    Notes
    -----
    Features: ``count`` of one step, ``mean`` expected of it, ``dispersion`` (variance / mean, default 1) and
    ``ceiling`` (nats that no sum may exceed, default 40). Score: nats after this step, 0 .. 40. Cost about
    1.5 us; one number of state per ratio.

    """

    def __init__(self, ratios: tuple[float, ...] = (1.5, 2.0, 3.0, 5.0, 10.0)) -> None:
        self.ratios = ratios
        self._sums = [0.0] * len(ratios)
        self._dispersion = 1.0
        self._gains = log_ratios(ratios, 1.0)

    def score_one(self, x: Mapping[base.typing.FeatureName, Any]) -> float:
        """Return the nats that the step of ``x`` would bring."""
        return max(self._after(x))

    def learn_one(self, x: Mapping[base.typing.FeatureName, Any]) -> None:
        """Take the step of ``x``."""
        self._sums = self._after(x)

    def _after(self, x: Mapping[base.typing.FeatureName, Any]) -> list[float]:
        gains = log_ratios(self.ratios, float(x.get("dispersion", 1.0)))
        ceiling = min(float(x.get("ceiling", _MOST)), _MOST)
        return _advance(self._sums, gains, float(x.get("count", 0.0)), float(x.get("mean", 0.0)), ceiling)

    def push(self, count: float, mean: float, dispersion: float, ceiling: float) -> float:
        """Take one step and return the nats after it."""
        if abs(dispersion - self._dispersion) > 0.02 * self._dispersion:
            self._dispersion = dispersion
            self._gains = log_ratios(self.ratios, dispersion)
        if count > mean or any(self._sums):
            self._sums = _advance(self._sums, self._gains, count, mean, min(ceiling, _MOST))
            return max(self._sums)
        return 0.0

    def dump(self) -> list[float]:
        """Return the state as builtins."""
        return [self._dispersion, *self._sums]

    def restore(self, state: list[float]) -> None:
        """Take a state that `dump` returned."""
        self._dispersion, *self._sums = (float(v) for v in state)
        self._gains = log_ratios(self.ratios, self._dispersion)


def log_ratios(ratios: tuple[float, ...], dispersion: float) -> list[tuple[float, float]]:
    """Return per ratio the nats that a mention adds and those that an expected mention takes."""
    if dispersion <= _POISSON:
        return [(math.log(ratio), ratio - 1.0) for ratio in ratios]
    beyond = dispersion - 1.0
    spreads = [math.log((ratio * beyond + 1.0) / dispersion) for ratio in ratios]
    return [(math.log(r) - spread, spread / beyond) for r, spread in zip(ratios, spreads, strict=True)]


def _advance(
    sums: list[float], gains: list[tuple[float, float]], count: float, mean: float, ceiling: float
) -> list[float]:
    if ceiling <= 0.0:
        return [0.0] * len(sums)
    after = []
    for total, (gain, cost) in zip(sums, gains, strict=True):
        moved = total + count * gain - mean * cost
        after.append(0.0 if moved <= 0.0 else moved if moved < ceiling else ceiling)
    return after


class ShareCusum(base.AnomalyDetector):
    """Bank of one-sided CUSUMs for a rise of a share to one of several times its usual odds.

    As `RateCusum`, with the log-likelihood ratio of ``k`` of ``n`` under odds raised by each ratio. A
    fractional ``k`` (a sum of probabilities) gives no more than a whole one would, by convexity. The ratio is
    divided by the dispersion of the share (quasi-likelihood): a topic whose share always swings needs more.

    Parameters
    ----------
    ratios
        Rises looked for, as ratios to the usual odds, each above 1.

    Notes
    -----
    Features: ``n`` and ``k`` of one step, the usual ``share``, ``dispersion`` and ``ceiling`` as in
    `RateCusum`. Score: nats after this step, 0 .. 40. Cost about 1.5 us; one number of state per ratio.

    """

    def __init__(self, ratios: tuple[float, ...] = (2.0, 4.0, 8.0)) -> None:
        self.ratios = ratios
        self._gains = [math.log(ratio) for ratio in ratios]
        self._sums = [0.0] * len(ratios)
        self._share, self._costs = 0.0, [0.0] * len(ratios)

    def score_one(self, x: Mapping[base.typing.FeatureName, Any]) -> float:
        """Return the nats that the step of ``x`` would bring."""
        return max(self._after(x))

    def learn_one(self, x: Mapping[base.typing.FeatureName, Any]) -> None:
        """Take the step of ``x``."""
        self._sums = self._after(x)

    def _after(self, x: Mapping[base.typing.FeatureName, Any]) -> list[float]:
        return self._advance(
            float(x.get("n", 0.0)),
            float(x.get("k", 0.0)),
            float(x.get("share", 0.5)),
            float(x.get("dispersion", 1.0)),
            min(float(x.get("ceiling", _MOST)), _MOST),
        )

    @property
    def runs(self) -> bool:
        """Whether any sum is above 0."""
        return any(self._sums)

    def push(self, n: float, k: float, share: float, dispersion: float, ceiling: float) -> float:
        """Take one step and return the nats after it."""
        if not (k or self.runs):
            return 0.0
        self._sums = self._advance(n, k, share, dispersion, min(ceiling, _MOST))
        return max(self._sums)

    def _advance(self, n: float, k: float, share: float, dispersion: float, ceiling: float) -> list[float]:
        if share != self._share:
            self._share = share
            self._costs = [math.log1p(share * (ratio - 1.0)) for ratio in self.ratios]
        after = []
        for total, gain, cost in zip(self._sums, self._gains, self._costs, strict=True):
            moved = total + (k * gain - n * cost) / dispersion if n else total
            after.append(0.0 if moved <= 0.0 else moved if moved < ceiling else ceiling)
        return after

    def dump(self) -> list[float]:
        """Return the state as builtins."""
        return list(self._sums)

    def restore(self, state: list[float]) -> None:
        """Take a state that `dump` returned."""
        self._sums = [float(v) for v in state]
