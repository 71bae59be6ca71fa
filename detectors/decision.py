"""The joint decision: one table from evidence to kind, severity and reason."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from detectors.events import AlertKind, DecisionReason, Severity


class Level(IntEnum):
    """How far one evidence stands beyond its threshold."""

    NONE = 0
    HIGH = 1
    EXTREME = 2


class Reading(NamedTuple):
    """What the evidences say at one moment.

    Parameters
    ----------
    volume
        Counts against their baseline; `EXTREME` from twice the threshold and four times the expected count.
    negative
        Negative share alone against its baseline.
    joint
        Counts and negative share together: high when both are raised at once, extreme when moreover at least
        half the talk is negative, far beyond its usual swing.
    positive
        Whether the positive share stands above its baseline.
    has_text
        False when only counts exist.
    few_voices
        Whether a handful of authors writes most of it; False when authors are unknown.
    warming_up
        Whether the topic's baseline is still being learnt.
    overwhelming
        Whether the counts are beyond what any baseline could excuse.

    """

    volume: Level = Level.NONE
    negative: Level = Level.NONE
    joint: Level = Level.NONE
    positive: bool = False
    has_text: bool = True
    few_voices: bool = False
    warming_up: bool = False
    overwhelming: bool = False


class Decision(NamedTuple):
    """What to tell the officer; `kind` and `severity` are None when there is nothing to tell."""

    kind: AlertKind | None
    severity: Severity | None
    reason: DecisionReason


_NOTHING = Decision(None, None, DecisionReason.NORMAL)
_WARMING = Decision(None, None, DecisionReason.WARMING_UP)


def decide(reading: Reading) -> Decision:
    """Return the decision for a reading: the first row that fits.

    | evidence                                | kind       | severity | pages |
    |-----------------------------------------|------------|----------|-------|
    | any, warming up and not overwhelming    | -          | -        | no    |
    | no text, volume high                    | surge      | warning  | yes   |
    | joint or negative high, few voices      | negativity | info     | no    |
    | joint extreme and volume extreme        | crisis     | critical | yes   |
    | joint high                              | crisis     | warning  | yes   |
    | volume high, positive share high        | positive   | info     | no    |
    | volume high                             | surge      | info     | no    |
    | negative high                           | negativity | warning  | yes   |
    | nothing                                 | -          | -        | no    |
    """
    if not (reading.volume or reading.negative or reading.joint):
        return _NOTHING
    if reading.warming_up and not reading.overwhelming:
        return _WARMING
    return _alert(reading)


def _alert(reading: Reading) -> Decision:
    if not reading.has_text:
        return Decision(AlertKind.SURGE, Severity.WARNING, DecisionReason.COUNTS_HIGH)
    if reading.few_voices and (reading.joint or reading.negative):
        return Decision(AlertKind.NEGATIVITY, Severity.INFO, DecisionReason.FEW_VOICES)
    if reading.joint:
        return _crisis(reading)
    if reading.volume:
        return _surge(reading)
    return Decision(AlertKind.NEGATIVITY, Severity.WARNING, DecisionReason.NEGATIVITY_ALONE)


def _crisis(reading: Reading) -> Decision:
    if reading.joint is Level.EXTREME and reading.volume is Level.EXTREME:
        return Decision(AlertKind.CRISIS, Severity.CRITICAL, DecisionReason.VOLUME_AND_HOSTILITY)
    return Decision(AlertKind.CRISIS, Severity.WARNING, DecisionReason.VOLUME_AND_NEGATIVITY)


def _surge(reading: Reading) -> Decision:
    if reading.positive:
        return Decision(AlertKind.POSITIVE, Severity.INFO, DecisionReason.VOLUME_POSITIVE)
    return Decision(AlertKind.SURGE, Severity.INFO, DecisionReason.VOLUME_WITHOUT_NEGATIVITY)
