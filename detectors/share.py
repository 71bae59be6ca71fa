"""Negativity: how far the share of negative mentions stands above the topic's own usual share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from river import base

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A share is not learnt from fewer mentions than this.
_LEAST = 3.0


class ShareBaseline(base.AnomalyDetector):
    """Arcsine residual of a share against the topic's own share with beta-binomial spread.

    ``2 sqrt(n) (asin sqrt((k + 3/8) / (n + 3/4)) - asin sqrt(p))`` has variance near 1 for a binomial count
    (Anscombe 1948) and near ``1 + (n - 1) rho`` for a beta-binomial one, where ``rho`` is the correlation of
    two mentions of the same window; ``rho`` is learnt by moments and starts at `correlation`. A few mentions
    therefore never score high, and neither do many mentions of a topic whose share always swings.

    Parameters
    ----------
    memory
        Observations after which one weighs half.
    share
        Share assumed before anything was learnt, 0 .. 1.
    weight
        Mentions that the assumption is worth.
    correlation
        Correlation assumed before anything was learnt, 0 .. 1.

    Notes
    -----
    Features: ``n`` mentions, ``k`` of them negative (may be fractional). Score: standard deviations. Cost
    about 1 us; 6 numbers of state.

    """

    def __init__(
        self, memory: float = 10080.0, share: float = 0.3, weight: float = 10.0, correlation: float = 0.02
    ) -> None:
        self.memory = memory
        self.share = share
        self.weight = weight
        self.correlation = correlation
        self._fade = 1.0 - 0.5 ** (1.0 / memory)
        self._seen = 0
        self._mean_n = 0.0
        self._mean_k = 0.0
        self._excess = 0.0
        self._room = 0.0

    def score_one(self, x: Mapping[str, Any]) -> float:  # type: ignore[override]
        """Return the residual of ``k`` of ``n`` in standard deviations; 0 for ``n`` of 0."""
        return self.score(float(x.get("n", 0.0)), float(x.get("k", 0.0)))

    def learn_one(self, x: Mapping[str, Any]) -> None:  # type: ignore[override]
        """Learn ``k`` of ``n``."""
        self.learn(float(x.get("n", 0.0)), float(x.get("k", 0.0)))

    def expected(self) -> float:
        """Return the usual share, 0 .. 1, drawn to the assumption while little was seen."""
        seen = self._seen
        return (self._mean_k * seen + self.share * self.weight) / (self._mean_n * seen + self.weight)

    def _residual(self, n: float, k: float) -> float:
        usual = min(max(self.expected(), 0.005), 0.995)
        inside = min(max((k + 0.375) / (n + 0.75), 0.0), 1.0)
        return 2.0 * math.sqrt(n) * (math.asin(math.sqrt(inside)) - math.asin(math.sqrt(usual)))

    def _correlation(self) -> float:
        prior = 2.0
        found = (self._excess + prior * self.correlation) / (self._room + prior)
        return min(max(found, 0.002), 1.0)

    def score(self, n: float, k: float) -> float:
        """Return the standardised residual of `k` of `n`; 0 for nothing."""
        if n < 1.0:
            return 0.0
        return self._residual(n, k) / math.sqrt(1.0 + (n - 1.0) * self._correlation())

    def learn(self, n: float, k: float) -> None:
        """Take `k` of `n` into the usual share and its spread; fewer than three mentions teach only the share."""
        self._seen += 1
        rate = max(self._fade, 1.0 / self._seen)
        if n >= _LEAST:
            residual = self._residual(n, k)
            self._excess += rate * ((residual * residual - 1.0) * (n - 1.0) - self._excess)
            self._room += rate * ((n - 1.0) * (n - 1.0) - self._room)
        self._mean_n += rate * (n - self._mean_n)
        self._mean_k += rate * (k - self._mean_k)

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [self._seen, self._mean_n, self._mean_k, self._excess, self._room]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._seen = int(state[0])
        self._mean_n, self._mean_k, self._excess, self._room = (float(v) for v in state[1:5])
