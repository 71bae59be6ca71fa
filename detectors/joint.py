"""Volume and negativity together: what tells a crisis from a surge and from an ordinary quarrel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from detectors.budget import BudgetLadder
from detectors.decision import Level
from detectors.share import SPEAKS

if TYPE_CHECKING:
    from detectors.settings import DetectionSettings
    from detectors.share import ShareReading
    from detectors.volume import VolumeReading
    from detectors.windows import Windows

_DAY_SECONDS = 86_400
_WEEK_SECONDS = 7 * _DAY_SECONDS
#: A crisis never speaks below so many standard deviations, whatever the budget allows, nor with a volume less
#: far above usual than this.
_FLOOR = 2.5
_LEAST_VOLUME = 1.5
#: Talk that is mostly negative needs no rise of the share: more of it is more anger. Half of six mentions is
#: three, which is nobody's anger: a window must be as large as one whose share speaks.
_MOSTLY = 0.5
#: Names of an enum are slow to look up.
_NONE = Level.NONE


class JointReading(msgspec.Struct, frozen=True, gc=False):
    """What both evidences say together: standard deviations, their threshold, and the level."""

    score: float
    threshold: float
    level: Level


#: Of a step without text.
SILENT = JointReading(0.0, _FLOOR, _NONE)


class JointEvidence:
    """Volume and negativity as one surprise, and the ledger of all that may page a topic with text.

    The nats of both are added, less the logarithm that makes their sum as rare as either alone at so many
    nats (Fisher 1932), and told as standard deviations. So a crisis is seen at lower deviations of either
    than a surge or a quarrel alone. It takes part only with as many negative mentions as any alert needs
    mentions, and while the share stands a tenth above usual, or most of the talk is negative and some window
    of the share, if not that of the volume, more so than usual. The ledger takes the stranger of crisis and
    negativity alone: whichever may page, the pages of a topic are counted once, and no part of its budget
    lies idle.

    Parameters
    ----------
    settings
        Settings of the detection.
    step
        Seconds of a step.

    """

    def __init__(self, settings: DetectionSettings, step: int) -> None:
        self._rate, quiet = settings.topic_rate(step), settings.quiet_steps(step)
        self._ladder = BudgetLadder(self._rate, quiet, 8 * _WEEK_SECONDS / step)
        self._unripe = _DAY_SECONDS // step
        self._least = settings.least_mentions

    @property
    def threshold(self) -> float:
        """Standard deviations at which crisis or negativity pages."""
        return self._ladder.get()

    def allow(self, share: float) -> None:
        """Let the budget's threshold aim at `share` times the topic's equal part."""
        self._ladder.rate = self._rate * share

    def read(self, windows: Windows, volume: VolumeReading, share: ShareReading) -> JointReading:
        """Read both readings of one step."""
        angry = windows.negative_milli[volume.window] >= 1000 * self._least
        score = _score(volume, share) if angry and _takes_part(windows, volume, share) else 0.0
        threshold = max(self._ladder.get(), _FLOOR)
        if self._unripe:
            self._unripe -= 1
        else:
            alone = share.score if share.raised else 0.0
            self._ladder.update(max(score, alone))
        strong = score >= threshold or (share.level and score >= _FLOOR)
        level = _NONE if not strong else Level.EXTREME if share.hostile else Level.HIGH
        return JointReading(score, threshold, level)

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [self._unripe, self._ladder.dump()]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._unripe = int(state[0])
        self._ladder.restore(state[1])


def _score(volume: VolumeReading, share: ShareReading) -> float:
    nats = (volume.score * volume.score + share.score * share.score) / 2.0
    return math.sqrt(2.0 * (nats - math.log1p(nats)))


def _takes_part(windows: Windows, volume: VolumeReading, share: ShareReading) -> bool:
    """Return whether volume stands above usual, and the share too or most of the talk is negative.

    Both must tell of the same talk: in hours of calm surge some quarter is always a little more negative, and
    their sum would be the surge's alone. So the share stands out in the longer of both windows, or by itself.
    """
    if not volume.credible or volume.score < _LEAST_VOLUME:
        return False
    total = windows.total[volume.window]
    mostly = total >= SPEAKS and windows.negative_milli[volume.window] >= 1000 * _MOSTLY * total
    both = share.level or share.rises(windows, max(volume.window, share.window))
    return (share.raised and bool(both)) or (mostly and share.score > 0.0)
