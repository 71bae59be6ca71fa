"""Volume and negativity together: what tells a crisis from a surge and from an ordinary quarrel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from detectors.budget import BudgetLadder
from detectors.decision import Level

if TYPE_CHECKING:
    from detectors.settings import DetectionSettings
    from detectors.share import ShareReading
    from detectors.volume import VolumeReading
    from detectors.windows import Windows

_WEEK_SECONDS = 7 * 86_400
#: Neither evidence may be weaker than this, whatever the budget allows.
_FLOOR = 2.5
#: Part of the budget that crises may use; the rest is for negativity without volume.
_BUDGET_PART = 0.7
#: A topic whose talk is mostly negative on any day needs no rise of the share when its volume is extreme.
_MOSTLY = 0.5


class JointReading(NamedTuple):
    """What both evidences say together: deviations of the weaker one, its threshold, and the level."""

    score: float
    threshold: float
    level: Level


class JointEvidence:
    """The weaker of volume and negativity, held against its own budget threshold.

    Both being raised at once is rare in ordinary talk, so a crisis is seen at lower deviations of either than
    a surge or a quarrel alone; how low is learnt by the same ledger of would-be alerts. Negativity that is a
    signal by itself becomes a crisis with volume at the floor.

    Parameters
    ----------
    settings
        Settings of the detection.
    step
        Seconds of a step.

    """

    def __init__(self, settings: DetectionSettings, step: int) -> None:
        self._rate = settings.topic_rate(step) * _BUDGET_PART
        self._ladder = BudgetLadder(self._rate, settings.quiet_steps(step), 8 * _WEEK_SECONDS / step)

    def allow(self, share: float) -> None:
        """Let the budget's threshold aim at `share` times the topic's equal part."""
        self._ladder.rate = self._rate * share

    def read(self, windows: Windows, volume: VolumeReading, share: ShareReading) -> JointReading:
        """Read both readings of one step."""
        score = min(volume.score, share.score) if share.raised else 0.0
        threshold = max(math.expm1(self._ladder.get()), _FLOOR)
        self._ladder.update(math.log1p(score))
        strong = score >= threshold or (share.level and score >= _FLOOR)
        level = _level(volume, share) if strong else _extreme(windows, volume, share)
        return JointReading(score, threshold, level)

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return self._ladder.dump()

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._ladder.restore(state)


def _level(volume: VolumeReading, share: ShareReading) -> Level:
    if not volume.credible:
        return Level.NONE
    return Level.EXTREME if share.hostile else Level.HIGH


def _extreme(windows: Windows, volume: VolumeReading, share: ShareReading) -> Level:
    """Return `HIGH` for extreme volume of talk that is mostly negative and no less so than usual."""
    total = windows.total[volume.window]
    mostly = windows.negative_milli[volume.window] >= 1000 * _MOSTLY * max(total, 1)
    return Level.HIGH if volume.level is Level.EXTREME and mostly and share.score > 0.0 else Level.NONE
