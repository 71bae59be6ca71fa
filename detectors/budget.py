"""The alert budget: each candidate threshold keeps its own ledger of the alerts it would have opened."""

from __future__ import annotations

import math
from typing import Any

from river import stats

#: Candidate thresholds: scores log1p(standard deviations) from 1.0 (1.7 deviations) to 5.0 (147).
LOWEST = 1.0
SPACING = 0.05
LEVELS = 80
#: Entries that a candidate needs before its rate is believed: three alerts, a little faded, and their
#: standard error; while no candidate has so many, those with the most are believed.
_BELIEVED = 4.4
#: Mean excess assumed beyond the highest believed candidate, worth one entry.
_EXCESS = 0.3


class BudgetLadder(stats.base.Univariate):
    """Threshold that keeps to a rate of alerts, learnt without labels.

    For each candidate threshold the incident rule is simulated: an entry is made when the score reaches the
    candidate after `quiet` steps without doing so; it counts `quiet` steps later, so that a burst does not
    lift the threshold before its own crest. The threshold for the wanted rate is read off between the two
    candidates that enclose it; beyond the highest candidate with three entries the rate is taken to fall
    exponentially with the mean excess (peaks over threshold: Pickands 1975; on streams: Siffer et al. 2017).

    Parameters
    ----------
    rate
        Wanted alerts per step.
    quiet
        Steps without signal after which an alert closes.
    memory
        Steps after which an entry weighs half.

    Notes
    -----
    The budget is a promise, so the ladder aims below it: each candidate's entries count as ``n + sqrt(n)``,
    one standard error of a Poisson count above what was seen. The more was seen, the nearer to the budget.

    Score in, threshold out, both log1p(standard deviations). A score below `LOWEST` costs 0.3 us, a higher
    one up to 4 us; 163 numbers of state.

    """

    def __init__(self, rate: float = 0.001, quiet: int = 144, memory: float = 16128.0) -> None:
        self.rate = rate
        self.quiet = quiet
        self.memory = memory
        self._keep = 0.5 ** (1.0 / memory)
        self._steps = 0
        self._exposure = 0.0
        self._faded = 0
        self._due = 0
        self._alerts = [0.0] * LEVELS
        self._last = [-quiet - 1] * LEVELS
        self._pending: list[tuple[int, int, int]] = []
        self._threshold = LOWEST + SPACING * LEVELS

    def update(self, x: float) -> None:
        """Take the score of one step."""
        self._steps += 1
        self._exposure = self._exposure * self._keep + 1.0
        if x >= LOWEST:
            self._enter(min(int((x - LOWEST) / SPACING), LEVELS - 1))
        if self._steps >= self._due:
            self._refresh()

    def _enter(self, top: int) -> None:
        now, last = self._steps, self._last
        if now - last[top] > self.quiet:
            first = next(j for j in range(top + 1) if now - last[j] > self.quiet)
            self._pending.append((now + self.quiet, first, top))
        last[: top + 1] = [now] * (top + 1)

    def _refresh(self) -> None:
        now = self._steps
        fade = self._keep ** (now - self._faded)
        self._alerts = [entries * fade for entries in self._alerts]
        while self._pending and self._pending[0][0] <= now:
            _, first, top = self._pending.pop(0)
            for j in range(first, top + 1):
                self._alerts[j] += 1.0
        self._faded = now
        self._due = now + max(1, self.quiet // 12)
        self._threshold = self._solve(self.rate * self._exposure)

    def _solve(self, wanted: float) -> float:
        entries = [n + math.sqrt(n) for n in self._alerts]
        enough = min(_BELIEVED, max(entries))
        believed = max(j for j in range(LEVELS) if entries[j] >= enough)
        if entries[believed] <= wanted:
            return _between(entries, wanted, believed)
        slope = (sum(entries[believed + 1 :]) * SPACING + _EXCESS) / (entries[believed] + 1.0)
        return LOWEST + SPACING * believed + slope * math.log(entries[believed] / wanted)

    def get(self) -> float:
        """Return the threshold in force; above every candidate until a step was taken."""
        return self._threshold

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [
            self._steps, self._exposure, self._faded, self._due, self._threshold,
            list(self._alerts), list(self._last), [list(entry) for entry in self._pending],
        ]  # fmt: skip

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._steps, self._exposure, self._faded = int(state[0]), float(state[1]), int(state[2])
        self._due, self._threshold = int(state[3]), float(state[4])
        self._alerts = [float(v) for v in state[5]]
        self._last = [int(v) for v in state[6]]
        self._pending = [(int(due), int(first), int(top)) for due, first, top in state[7]]


def _between(entries: list[float], wanted: float, top: int) -> float:
    """Return where the entries fall to `wanted`, at or below candidate `top`, between two candidates."""
    j = top
    while j > 0 and entries[j] <= wanted:
        j -= 1
    if entries[j] <= wanted:
        return LOWEST + _EXCESS * max(0.0, -math.log(wanted))
    fall = math.log(entries[j] / max(entries[j + 1], 0.5 * wanted))
    return LOWEST + SPACING * (j + math.log(entries[j] / wanted) / fall)
