"""The alert budget: each candidate threshold keeps its own ledger of the alerts it would have opened."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import pairwise
from typing import Any

from river import stats

#: Candidate thresholds in standard deviations, from 1.7 to 140: their logarithms (of one more) 0.05 apart.
CANDIDATES: tuple[float, ...] = tuple(math.expm1(1.0 + 0.05 * j) for j in range(80))
_NATS = tuple(z * z / 2.0 for z in CANDIDATES)
_STEPS = tuple(after - before for before, after in pairwise(_NATS))
#: What theory lets one expect before anything was seen: four alerts in two quiet spans at no threshold, a
#: third of them with each nat and a quarter (measured on simulated Poisson and negative binomial topics whose
#: level and hours are learnt too; the law itself is exponential: Siegmund 1985), never more than one a quiet
#: span.
_PRIOR_ALERTS = 4.0
_PRIOR_EXCESS = 1.25
_PRIOR_SPANS = 2.0
_PRIOR = tuple(min(_PRIOR_ALERTS * math.exp(-nats / _PRIOR_EXCESS), _PRIOR_SPANS / 2.0) for nats in _NATS)
#: Alerts that a candidate needs before its rate is believed; while none has so many, that with the most is.
_BELIEVED = 16.0
#: Alerts that the slope of theory is worth beyond the highest believed candidate; and at least, however much
#: a heavier tail contradicts it.
_PRIOR_WEIGHT = 12.0
_LEAST_WEIGHT = 4.0
#: A young ledger forgets as fast as it grows: what its first days held says little of the weeks to come.
_YOUNG = 1.0
#: The mean of a rate known with an error of variance v in its logarithm is exp(v / 2) times its median.
_MEAN = 0.5
#: An alert and its quiet span fill at most this part of the time when rates are told apart.
_FULL = 0.9


class BudgetLadder(stats.base.Univariate):
    """Threshold that keeps to a rate of alerts, learnt without labels.

    For each candidate threshold the incident rule is simulated: an entry is made when the score reaches the
    candidate after `quiet` steps without doing so; it counts `quiet` steps later, so that a burst does not
    lift the threshold before its own crest. Rates are per step in which an alert could have opened (an open
    one and its quiet span are dead time). The threshold for the wanted rate is read off between the two
    candidates that enclose it; beyond the highest candidate with sixteen entries the rate is taken to fall
    exponentially in nats, half the square of the score (peaks over threshold: Pickands 1975; on streams:
    Siffer et al. 2017). Theory stands in as two quiet spans' worth of entries.

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
    Score in, threshold out, both standard deviations. A score below 1.7 costs 0.2 us, a higher one up to
    4 us; 163 numbers of state.

    """

    def __init__(self, rate: float = 0.001, quiet: int = 144, memory: float = 16128.0) -> None:
        self.rate = rate
        self.quiet = quiet
        self.memory = memory
        self._steps = 0
        self._exposure = 0.0
        self._faded = 0
        self._due = 0
        self._alerts = [0.0] * len(CANDIDATES)
        self._last = [-quiet - 1] * len(CANDIDATES)
        self._pending: list[tuple[int, int, int]] = []
        self._solve_all()

    def update(self, x: float) -> None:
        """Take the score of one step."""
        self._steps += 1
        if x >= CANDIDATES[0]:
            self._enter(bisect_right(CANDIDATES, x) - 1)
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
        passed = now - self._faded
        fade = 0.5 ** (passed / max(self.quiet, min(self.memory, _YOUNG * now)))
        self._exposure = self._exposure * fade + passed
        self._alerts = [entries * fade for entries in self._alerts]
        while self._pending and self._pending[0][0] <= now:
            _, first, top = self._pending.pop(0)
            for j in range(first, top + 1):
                self._alerts[j] += 1.0
        self._faded = now
        self._due = now + max(1, self.quiet // 12)
        self._solve_all()

    def _solve_all(self) -> None:
        spent = [seen + prior for seen, prior in zip(self._alerts, _PRIOR, strict=True)]
        lived = self._exposure + _PRIOR_SPANS * self.quiet
        rates = [_rate(entries, lived, self.quiet) for entries in spent]
        enough = min(_BELIEVED, max(spent))
        believed = max(j for j, entries in enumerate(spent) if entries >= enough)
        n = spent[believed]
        beyond = sum(n * width for n, width in zip(spent[believed + 1 :], _STEPS[believed:], strict=True))
        weight = _weight(n, beyond / n)
        excess = (beyond + weight * _PRIOR_EXCESS) / (n + weight)
        wanted = self.rate
        far = max(0.0, math.log(rates[believed] / wanted))
        variance = 1.0 / max(n, wanted * lived) + far * far * n / (n + weight) ** 2
        self._threshold = _threshold(rates, believed, excess, wanted * math.exp(-_MEAN * variance))

    def get(self) -> float:
        """Return the threshold in force."""
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


def stricter(threshold: float, part: float) -> float:
    """Return the threshold that opens `part` (above 0, at most 1) of the alerts of `threshold`.

    Both are standard deviations. By theory's slope: a nat and a quarter more leave a third of them.
    """
    return math.sqrt(threshold * threshold - 2.0 * _PRIOR_EXCESS * math.log(part))


def _weight(n: float, excess: float) -> float:
    """Return the alerts that theory's slope is worth beside `n` alerts of a mean `excess`, in nats.

    Theory is worth the less, the more nats a heavier tail contradicts it with: the log-likelihood ratio of
    the exponential law with the slope seen against that with theory's.
    """
    ratio = excess / _PRIOR_EXCESS
    contradicted = n * (ratio - 1.0 - math.log(ratio)) if ratio > 1.0 else 0.0
    return max(_LEAST_WEIGHT, _PRIOR_WEIGHT / (1.0 + contradicted))


def _rate(entries: float, lived: float, quiet: int) -> float:
    return entries / (lived - min(entries * quiet, _FULL * lived))


def _threshold(rates: list[float], believed: int, excess: float, wanted: float) -> float:
    """Return the score at which the rate falls to `wanted`; rates hold up to candidate `believed`."""
    if rates[believed] > wanted:
        return math.sqrt(2.0 * (_NATS[believed] + excess * math.log(rates[believed] / wanted)))
    j = believed
    while j > 0 and rates[j - 1] <= wanted:
        j -= 1
    if j == 0:
        return CANDIDATES[0]
    part = math.log(rates[j - 1] / wanted) / math.log(rates[j - 1] / rates[j])
    return math.sqrt(2.0 * (_NATS[j - 1] + part * _STEPS[j - 1]))
