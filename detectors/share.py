"""Negativity: how far the share of negative mentions stands above the topic's own usual share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
from river import base

from detectors.decision import Level
from detectors.sequential import ShareCusum
from detectors.tails import share_surprise
from detectors.windows import HOUR, QUARTER_HOUR, SIX_HOURS, WINDOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.windows import Windows

#: A share is not learnt from fewer mentions than this.
_LEAST = 3.0
#: Nor does a window of fewer speak.
SPEAKS = 10
#: Of fewer a rise of the share is not taken for the height of a change.
_HELD = 5
_WINDOWS = (QUARTER_HOUR, HOUR, SIX_HOURS)
_WEEK_SECONDS = 7 * 86_400
#: Shares are learnt so often: an hour's window renews a twelfth of itself meanwhile.
_PACE_SECONDS = 300
#: Never a signal below so many standard deviations, nor for a share less than a tenth above usual.
_FLOOR = 2.5
_RISE = 0.1
#: A run of steps is at most so many times as strange as its strangest window, in nats.
_RUN = 3.0
#: The last hour is back to usual below so many standard deviations.
_CALM = 1.5
_EDGE = 0.005
#: Windows of many mentions that the assumed correlation is worth.
_PRIOR_WINDOWS = 3.0
_LEAST_CORRELATION = 0.001
#: Shares that an officer calls hostile: half the talk, and far beyond its usual swing.
_HOSTILE_SHARE = 0.5
_HOSTILE_SCORE = 4.5
_POSITIVE_SCORE = 2.5
_USUAL_POSITIVE = 0.2
#: Names of an enum are slow to look up.
_NONE = Level.NONE


class ShareBaseline(base.AnomalyDetector):
    """Surprise of a share against the topic's own share, with beta-binomial spread.

    A share above the usual one scores the root of its binomial surprise (`tails.share_surprise`), a
    standard deviate in the middle and exact near 0 and 1, over the square root of the beta-binomial
    dispersion ``1 + (n - 1) rho``, where ``rho`` is the correlation of two mentions of the same window. It is
    learnt by moments from the arcsine residual (Anscombe 1948) and starts at `correlation`; a window teaches
    it the more, the more mentions it holds. A few mentions therefore never score high, and neither do many
    mentions of a topic whose share always swings.

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
    overlap
        Part of a window that one observation renews, 0 .. 1: overlapping windows do not teach twice.

    Notes
    -----
    Features: ``n`` mentions, ``k`` of them negative (may be fractional). Score: standard deviations. Cost
    about 1 us; 6 numbers of state.

    """

    def __init__(
        self,
        memory: float = 10080.0,
        share: float = 0.3,
        weight: float = 10.0,
        correlation: float = 0.02,
        overlap: float = 1.0,
    ) -> None:
        self.memory = memory
        self.share = share
        self.weight = weight
        self.correlation = correlation
        self.overlap = overlap
        self._fade = 1.0 - 0.5 ** (1.0 / memory)
        self._seen = 0
        self._mean_n = 0.0
        self._mean_k = 0.0
        self._found = 0.0
        self._weight = 0.0
        self._memo: tuple[float, float, float] | None = None

    def score_one(self, x: Mapping[base.typing.FeatureName, Any]) -> float:
        """Return the residual of ``k`` of ``n`` in standard deviations; 0 for ``n`` of 0."""
        return self.score(float(x.get("n", 0.0)), float(x.get("k", 0.0)))

    def learn_one(self, x: Mapping[base.typing.FeatureName, Any]) -> None:
        """Learn ``k`` of ``n``."""
        self.learn(float(x.get("n", 0.0)), float(x.get("k", 0.0)))

    @property
    def seen(self) -> int:
        """Observations learnt so far."""
        return self._seen

    def expected(self) -> float:
        """Return the usual share, 0 .. 1, drawn to the assumption while little was seen."""
        seen = self._seen * self.overlap
        return (self._mean_k * seen + self.share * self.weight) / (self._mean_n * seen + self.weight)

    def known(self) -> tuple[float, float, float]:
        """Return the usual share at least half a per cent off 0 and 1, the correlation, the usual share."""
        if self._memo is None:
            expected = self.expected()
            self._memo = min(max(expected, _EDGE), 1.0 - _EDGE), self._correlation(), expected
        return self._memo

    def _residual(self, n: float, k: float) -> float:
        usual = self.known()[0]
        inside = min(max((k + 0.375) / (n + 0.75), 0.0), 1.0)
        return 2.0 * math.sqrt(n) * (math.asin(math.sqrt(inside)) - math.asin(math.sqrt(usual)))

    def dispersion(self, n: float) -> float:
        """Return how much wider than binomial the share of `n` mentions swings, at least 1."""
        return 1.0 + (n - 1.0) * self.known()[1] if n > 1.0 else 1.0

    def _correlation(self) -> float:
        found = (self._found + _PRIOR_WINDOWS * self.correlation) / (self._weight + _PRIOR_WINDOWS)
        return min(max(found, _LEAST_CORRELATION), 1.0)

    def score(self, n: float, k: float) -> float:
        """Return the standardised residual of `k` of `n`; 0 for nothing."""
        if n < 1.0:
            return 0.0
        usual, correlation, _ = self._memo or self.known()
        dispersion = 1.0 + (n - 1.0) * correlation if n > 1.0 else 1.0
        if k > n * usual:
            return math.sqrt(2.0 * share_surprise(n, k - 0.5, usual) / dispersion)
        return (k - n * usual) / math.sqrt(n * usual * (1.0 - usual) * dispersion)

    def learn(self, n: float, k: float) -> None:
        """Take `k` of `n` into the usual share and its spread; one or two mentions teach only the share."""
        self._found *= 1.0 - self._fade
        self._weight *= 1.0 - self._fade
        if n >= _LEAST:
            residual = self._residual(n, k)
            trust = self.overlap * ((n - 1.0) / (n - 1.0 + 1.0 / self.correlation)) ** 2
            self._found += trust * (residual * residual - 1.0) / (n - 1.0)
            self._weight += trust
        self.follow(n, k)

    def follow(self, n: float, k: float) -> None:
        """Take `k` of `n` into the usual share alone."""
        self._memo = None
        self._seen += 1
        rate = max(self._fade, 1.0 / self._seen)
        self._mean_n += rate * (n - self._mean_n)
        self._mean_k += rate * (k - self._mean_k)

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [self._seen, self._mean_n, self._mean_k, self._found, self._weight]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._memo = None
        self._seen = int(state[0])
        self._mean_n, self._mean_k, self._found, self._weight = (float(v) for v in state[1:5])


class ShareReading(msgspec.Struct, frozen=True, gc=False):
    """What the negativity evidence says of one step.

    Parameters
    ----------
    window
        Place in `WINDOW_SECONDS` of the window that speaks.
    score, threshold
        Standard deviations of the negative share, and those at which it is a signal without volume.
    level
        Whether it is one.
    raised
        Whether the share is at least a tenth above usual in that window.
    hostile
        Whether at least half is negative, far beyond the usual swing.
    bar
        Share from which a window stands a tenth above usual.

    """

    window: int
    score: float
    threshold: float
    level: Level
    raised: bool
    hostile: bool
    bar: float

    def rises(self, windows: Windows, window: int) -> bool:
        """Return whether the negative share of a window stands a tenth above usual."""
        total = windows.total[window]
        return total > 0 and windows.negative_milli[window] / 1000 >= self.bar * total


_SILENT = ShareReading(HOUR, 0.0, _FLOOR, Level.NONE, False, False, 1.0)


class ShareEvidence:
    """Negative and positive share of one topic against its own usual shares.

    Decides on the sum of P(negative), which bears a polarity model whose probabilities are soft; officers are
    shown the share of mentions called negative, beside its own usual value.

    Parameters
    ----------
    step
        Seconds of a step.

    """

    def __init__(self, step: int) -> None:
        self._pace = max(step, _PACE_SECONDS // step * step)
        week = _WEEK_SECONDS / self._pace
        overlap = min(1.0, self._pace / WINDOW_SECONDS[HOUR])
        self._negative = ShareBaseline(memory=week, overlap=overlap)
        self._counted = ShareBaseline(memory=week, overlap=overlap)
        self._positive = ShareBaseline(memory=week, share=_USUAL_POSITIVE, overlap=overlap)
        self._cusum = ShareCusum()
        self._reading = _SILENT

    @property
    def reading(self) -> ShareReading:
        """The newest reading."""
        return self._reading

    @property
    def usual(self) -> float:
        """Usual share of mentions called negative, 0 .. 1."""
        return self._counted.expected()

    def read(self, windows: Windows, threshold: float) -> ShareReading:
        """Score one step against what was learnt before it; a signal is what passes `threshold`."""
        if not windows.negative_milli[SIX_HOURS] and not self._cusum.runs:
            self._reading = msgspec.structs.replace(_SILENT, threshold=max(threshold, _FLOOR))
            return self._reading
        scores = self._scores(windows)
        window, score = _strongest(windows.total, scores)
        slow = self._run(windows, max(scores))
        if slow > score:
            score = slow if windows.total[window] >= SPEAKS else 0.0
        self._reading = self._judge(windows, window, score, max(threshold, _FLOOR))
        return self._reading

    def _run(self, windows: Windows, score: float) -> float:
        """Return how strange the newest run of steps is, in standard deviations.

        `score` is that of the strangest window, of however few mentions: a night's five an hour are no
        window that speaks, but may be a run that does.
        """
        negative = windows.arrived_negative_milli / 1000
        if not (negative or self._cusum.runs):
            return 0.0
        dispersion = self._negative.dispersion(windows.total[QUARTER_HOUR])
        usual = self._negative.known()[0]
        ceiling = 1.0 + _RUN * score * score / 2.0
        return math.sqrt(2.0 * self._cusum.push(windows.arrived, negative, usual, dispersion, ceiling))

    def _scores(self, windows: Windows) -> list[float]:
        """Return the score of each of the windows, 0 up to the usual share."""
        usual, score = self._negative.known()[0], self._negative.score
        found = [(windows.total[i], windows.negative_milli[i] / 1000) for i in _WINDOWS]
        return [score(n, k) if k > n * usual else 0.0 for n, k in found]

    def _judge(self, windows: Windows, window: int, score: float, threshold: float) -> ShareReading:
        share = windows.negative_milli[window] / 1000 / (windows.total[window] or 1)
        bar = self._negative.known()[2] + _RISE
        raised = score > 0.0 and share >= bar
        level = Level.HIGH if raised and score >= threshold else _NONE
        hostile = raised and score >= _HOSTILE_SCORE and share >= _HOSTILE_SHARE
        return ShareReading(window, score, threshold, level, raised, hostile, bar)

    def onset(self, windows: Windows) -> int:
        """Return since when (epoch s) the share has stood above usual, at most 6 h before the step.

        By moments: what is negative beyond usual, over the rise of the share since the change, are the
        mentions since. The rise is that of the window that speaks or the next shorter one, the steeper; the
        mentions are looked for in that window, and in the next longer one if its share stands out too.
        """
        usual, spoke = self._negative.known()[2], self._reading.window
        excess = [k / 1000 - n * usual for n, k in zip(windows.total, windows.negative_milli, strict=True)]
        held = [i for i in (spoke - 1, spoke) if windows.total[i] >= _HELD]
        steepest = max((excess[i] / windows.total[i] for i in held), default=0.0)
        if steepest <= 0.0:
            return windows.at - WINDOW_SECONDS[spoke]
        longer = min(spoke + 1, SIX_HOURS)
        shown = (spoke, longer) if self._reading.rises(windows, longer) else (spoke,)
        parts = [WINDOW_SECONDS[i] * excess[i] / steepest / windows.total[i] for i in shown]
        return windows.at - round(max(0.0, *parts))

    def positive(self, windows: Windows, window: int) -> bool:
        """Return whether the positive share of the window stands above usual."""
        total = windows.total[window]
        return total >= SPEAKS and self._positive.score(total, windows.positive[window]) >= _POSITIVE_SCORE

    def learn(self, windows: Windows) -> None:
        """Take the last hour into the usual shares, once a pace."""
        if windows.at % self._pace >= windows.step:
            return
        total = windows.total[HOUR]
        self._negative.learn(total, windows.negative_milli[HOUR] / 1000)
        self._counted.follow(total, windows.negative[HOUR])
        self._positive.learn(total, windows.positive[HOUR])

    def dump(self) -> dict[str, Any]:
        """Return the state as builtins."""
        reading = msgspec.structs.astuple(self._reading)
        return {
            "baselines": [b.dump() for b in (self._negative, self._counted, self._positive)],
            "cusum": self._cusum.dump(),
            "reading": [*reading[:3], int(self._reading.level), *reading[4:]],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` returned."""
        baselines = (self._negative, self._counted, self._positive)
        for baseline, saved in zip(baselines, state["baselines"], strict=True):
            baseline.restore(saved)
        self._cusum.restore(state["cusum"])
        window, score, threshold, level, *rest = state["reading"]
        self._reading = ShareReading(window, score, threshold, Level(level), *rest)


def _strongest(totals: tuple[int, ...], scores: list[float]) -> tuple[int, float]:
    """Return the window that speaks the loudest; else the shortest that could, and nothing.

    Six hours only echo once the last hour is back to usual.
    """
    quarter, hour, six_hours = scores
    window, score = HOUR, 0.0
    if totals[QUARTER_HOUR] >= SPEAKS:
        window, score = QUARTER_HOUR, quarter
    if totals[HOUR] >= SPEAKS and hour > score:
        window, score = HOUR, hour
    if totals[HOUR] < SPEAKS <= totals[SIX_HOURS] and not score:
        window = SIX_HOURS
    echoes = totals[HOUR] >= _LEAST and hour < _CALM
    if totals[SIX_HOURS] >= SPEAKS and six_hours > score and not echoes:
        window, score = SIX_HOURS, six_hours
    return window, score
