"""The alert budget: each candidate threshold keeps its own ledger of the alerts it would have opened."""

from __future__ import annotations

import math
from typing import Any

from river import stats

#: Candidate thresholds: scores log1p(standard deviations) from 1.0 (1.7 deviations) in steps of 0.1.
LOWEST = 1.0
SPACING = 0.1
LEVELS = 56
#: Ledger entries that a candidate needs before its rate is believed.
_BELIEVED = 3.0


class BudgetLadder(stats.base.Univariate):
    """Threshold that keeps to a rate of alerts, learnt without labels.

    For each candidate threshold the incident rule is simulated: an alert is counted when the score reaches
    the candidate after `quiet` steps without doing so. The threshold for a wanted rate is read off the
    ladder; beyond the highest candidate with three entries the rate is taken to fall exponentially with the
    mean excess (peaks over threshold, Pickands 1975; Siffer et al. 2017 use it the same way on streams).

    Parameters
    ----------
    rate
        Wanted alerts per step.
    quiet
        Steps without signal after which an alert closes.
    memory
        Steps after which an entry weighs half.

    """

    def __init__(self, rate: float = 0.001, quiet: int = 144, memory: float = 16128.0) -> None:
        self.rate = rate
        self.quiet = quiet
        self.memory = memory
        self._keep = 0.5 ** (1.0 / memory)
        self._steps = 0
        self._exposure = 0.0
        self._alerts = [0.0] * LEVELS
        self._last = [-quiet - 1] * LEVELS
        self._threshold = LOWEST + SPACING * LEVELS
        self._due = 0

    def update(self, x: float) -> None:
        """Take the score of one step."""
        self._steps += 1
        self._exposure = self._exposure * self._keep + 1.0
        if x >= LOWEST:
            self._enter(min(int((x - LOWEST) / SPACING), LEVELS - 1))
        if self._steps >= self._due:
            self._refresh()

    def _enter(self, top: int) -> None:
        now = self._steps
        weight = 1.0 / self._keep ** 0
        for j in range(top, -1, -1):
            if now - self._last[j] > self.quiet:
                self._alerts[j] += weight
                self._due = now
            self._last[j] = now

    def _refresh(self) -> None:
        self._due = self._steps + max(1, self.quiet // 12)
        self._threshold = self._solve()

    def _solve(self) -> float:
        counts = self._alerts
        anchor = max((j for j in range(LEVELS) if counts[j] >= _BELIEVED), default=0)
        wanted = self.rate * self._exposure
        if counts[anchor] <= wanted:
            while anchor > 0 and counts[anchor] <= wanted:
                anchor -= 1
            return LOWEST + SPACING * (anchor + 1)
        above = sum(counts[anchor + 1 :]) * SPACING
        slope = (above + 0.3) / (counts[anchor] + 1.0)
        return LOWEST + SPACING * anchor + slope * math.log(max(counts[anchor], _BELIEVED) / wanted)

    def get(self) -> float:
        """Return the threshold in force; above every score until something was learnt."""
        return self._threshold

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [self._steps, self._exposure, list(self._alerts), list(self._last), self._threshold, self._due]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._steps, self._exposure = int(state[0]), float(state[1])
        self._alerts = [float(v) for v in state[2]]
        self._last = [int(v) for v in state[3]]
        self._threshold, self._due = float(state[4]), int(state[5])
