"""Who speaks: sources, people and copies; a public, a handful or a copy-paste campaign."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
from river import base

from detectors.share import ShareBaseline
from detectors.windows import HOUR, KINDS, SIX_HOURS, WINDOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.windows import Windows

_WEEK_SECONDS = 7 * 86_400
#: What is usual is learnt so often: an hour's window renews a twelfth of itself meanwhile.
_PACE_SECONDS = 300
#: An evidence of the crowd is a signal from so many standard deviations: one ordinary step in 740.
CROWD_SCORE = 3.0
#: Distinct sources of overlapping windows vary less than Poisson counts: their deviation is at least this.
_LEAST_DEVIATION = 0.5
#: A campaign: at least half of at least ten mentions of an hour repeat an earlier one.
_CAMPAIGN_SHARE = 0.5
_CAMPAIGN_LEAST = 10
_USUAL_COPIES = 0.1
#: Voices of an hour are few below so many authors with so many mentions each.
_FEW_AUTHORS = 10
_MENTIONS_EACH = 3
_MANY = (_FEW_AUTHORS - 1) * _MENTIONS_EACH
#: Below so many sources, with fewer mentions by others than the press than authors above, a handful of
#: newsrooms speaks in six hours.
_FEW_SOURCES = 10
_PRESS = KINDS.index("press")


class SourceSpread(base.AnomalyDetector):
    """How far the distinct sources and the kinds of source of a window stand above the topic's own.

    The stronger of two residuals: of the sources ``2 (sqrt(s + 3/8) - sqrt(m + 3/8))`` in standard deviations
    (variance stabilised as in Anscombe 1948, the deviation learnt and at least 0.5), and of the kinds
    ``(k - mean) / deviation``, at least 0.5 too. Both means and spreads are exponentially weighted; there is
    no hour of the day: a spread that rises each morning is part of the deviation.

    Parameters
    ----------
    memory
        Steps after which an observation weighs half.

    Notes
    -----
    Features: ``sources`` distinct source names, ``kinds`` distinct kinds (0 .. 5). Score: standard deviations
    above usual, negative below; 0 before anything was learnt. Cost about 1 us to score, 1 us to learn; 5
    numbers of state.

    Examples
    --------
    >>> spread = SourceSpread()
    >>> for _ in range(100):
    ...     spread.learn_one({"sources": 4, "kinds": 1})
    >>> round(spread.score_one({"sources": 16, "kinds": 1}), 1)
    7.8

    """

    def __init__(self, memory: float = 10080.0) -> None:
        self.memory = memory
        self._fade = 1.0 - 0.5 ** (1.0 / memory)
        self._seen = 0
        self._sources = 0.0
        self._sources_variance = 0.0
        self._kinds = 0.0
        self._kinds_variance = 0.0
        self._memo: tuple[float, float, float] | None = None

    def score_one(self, x: Mapping[base.typing.FeatureName, Any]) -> float:
        """Return how far ``x`` stands above usual, in standard deviations."""
        return self.score(float(x.get("sources", 0.0)), float(x.get("kinds", 0.0)))

    def learn_one(self, x: Mapping[base.typing.FeatureName, Any]) -> None:
        """Learn the sources and kinds of one window."""
        self.learn(float(x.get("sources", 0.0)), float(x.get("kinds", 0.0)))

    def _residuals(self, sources: float, kinds: float) -> tuple[float, float]:
        return 2.0 * (math.sqrt(sources + 0.375) - math.sqrt(self._sources + 0.375)), kinds - self._kinds

    def score(self, sources: float, kinds: float) -> float:
        """Return the stronger residual in standard deviations."""
        memo = self._memo
        if memo is None or memo[0] != sources or memo[1] != kinds:
            memo = self._memo = sources, kinds, self._stronger(sources, kinds)
        return memo[2]

    def _stronger(self, sources: float, kinds: float) -> float:
        if not self._seen:
            return 0.0
        more_sources, more_kinds = self._residuals(sources, kinds)
        return max(
            more_sources / max(math.sqrt(self._sources_variance), _LEAST_DEVIATION),
            more_kinds / max(math.sqrt(self._kinds_variance), _LEAST_DEVIATION),
        )

    def learn(self, sources: float, kinds: float) -> None:
        """Take the sources and kinds of one window into means and spreads."""
        self._memo = None
        self._seen += 1
        rate = max(self._fade, 1.0 / self._seen)
        more_sources, more_kinds = self._residuals(sources, kinds)
        if self._seen > 1:
            self._sources_variance += rate * (more_sources * more_sources - self._sources_variance)
            self._kinds_variance += rate * (more_kinds * more_kinds - self._kinds_variance)
        self._sources += rate * (sources - self._sources)
        self._kinds += rate * more_kinds

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [self._seen, self._sources, self._sources_variance, self._kinds, self._kinds_variance]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._memo = None
        self._seen = int(state[0])
        self._sources, self._sources_variance = float(state[1]), float(state[2])
        self._kinds, self._kinds_variance = float(state[3]), float(state[4])


class CrowdReading(msgspec.Struct, frozen=True, gc=False):
    """What is known of the speakers of one step.

    Parameters
    ----------
    spread, duplication
        Standard deviations of the sources, and of the share of near-copies, above usual.
    campaign
        Whether most of the hour are copies, far more than usual.
    authors, needed
        Estimated distinct authors of the hour (0: unknown), and how many its mentions need to be a public.
    angry, angry_needed
        The same of its negative mentions (0: unknown, or most of the hour are articles, which have none).
    newsrooms
        Whether a handful of newsrooms says most of the last six hours: their headlines are negative by their
        matter, not by anger.

    """

    spread: float = 0.0
    duplication: float = 0.0
    campaign: bool = False
    authors: int = 0
    needed: int = 0
    newsrooms: bool = False
    angry: int = 0
    angry_needed: int = 0

    @property
    def few(self) -> bool:
        """Whether a handful of authors or newsrooms writes it, or what is negative; False if not known."""
        return self.newsrooms or self._few_angry or 0 < self.authors < self.needed

    @property
    def _few_angry(self) -> bool:
        return 0 < self.angry < self.angry_needed

    @property
    def told_authors(self) -> tuple[int, int]:
        """Authors and how many are needed: of the negative mentions where they are few, else of all."""
        return (self.angry, self.angry_needed) if self._few_angry else (self.authors, self.needed)


class CrowdEvidence:
    """Sources, people and copies of one topic against its own history.

    Parameters
    ----------
    step
        Seconds of a step.

    Notes
    -----
    Near-copies come as `Windows.copies`: mentions of the last hour that repeat one of the 24 hours before.
    Their share is judged as any share (`ShareBaseline`: beta-binomial spread). 80 comments of 5 people are
    not 80 people: mentions count as a public when there are ten authors, or one for each three mentions, and
    so must the negative ones, or five angry people would hide among a crowd that talks of something else.
    Neither are articles of fewer than ten sources: what three papers write is read by the story desk.

    """

    def __init__(self, step: int) -> None:
        self._pace = max(step, _PACE_SECONDS // step * step)
        week = _WEEK_SECONDS / self._pace
        overlap = min(1.0, self._pace / WINDOW_SECONDS[HOUR])
        self._spread = SourceSpread(memory=week)
        self._copies = ShareBaseline(memory=week, share=_USUAL_COPIES, overlap=overlap)
        self._reading = CrowdReading()

    @property
    def reading(self) -> CrowdReading:
        """The newest reading."""
        return self._reading

    def read(self, windows: Windows) -> CrowdReading:
        """Score one step against what was learnt before it."""
        total, copies = windows.total[HOUR], min(windows.copies, windows.total[HOUR])
        duplication = self._copies.score(total, copies)
        most = total >= _CAMPAIGN_LEAST and copies >= _CAMPAIGN_SHARE * total
        self._reading = CrowdReading(
            spread=self._spread.score(windows.spread, _kinds(windows)),
            duplication=duplication,
            campaign=most and duplication >= CROWD_SCORE,
            authors=windows.authors,
            needed=_needed(total),
            newsrooms=_newsrooms(windows),
            angry=0 if 2 * windows.kinds[HOUR][_PRESS] > total else windows.angry_authors,
            angry_needed=_needed(windows.negative[HOUR]),
        )
        return self._reading

    def learn(self, windows: Windows) -> None:
        """Take one step into what is usual, once a pace; its `read` must have come before."""
        if windows.at % self._pace >= windows.step:
            return
        self._spread.learn(windows.spread, _kinds(windows))
        total = windows.total[HOUR]
        self._copies.learn(total, min(windows.copies, total))

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [self._spread.dump(), self._copies.dump(), list(msgspec.structs.astuple(self._reading))]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._spread.restore(state[0])
        self._copies.restore(state[1])
        self._reading = CrowdReading(*state[2])


def originals(windows: Windows, window: int) -> float:
    """Return the mentions of a window (place in `WINDOW_SECONDS`) that are no near-copies.

    The copies of the last hour stand for every window: as large a part of each is taken to be copied.
    """
    hour = windows.total[HOUR]
    copied = min(windows.copies, hour) / hour if hour else 0.0
    return windows.total[window] * (1.0 - copied)


def _needed(mentions: int) -> int:
    """Return how many authors make a public of so many mentions."""
    return _FEW_AUTHORS if mentions >= _MANY else mentions // _MENTIONS_EACH + 1


def _newsrooms(windows: Windows) -> bool:
    if windows.authors or windows.spread >= _FEW_SOURCES:
        return False
    press = windows.kinds[SIX_HOURS][_PRESS]
    others = windows.total[SIX_HOURS] - press
    return others < _FEW_AUTHORS and press > others


def _kinds(windows: Windows) -> int:
    kinds = windows.kinds[SIX_HOURS]
    return len(kinds) - kinds.count(0)
