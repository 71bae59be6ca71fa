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
        Counts against their baseline.
    negative
        Negative share against its baseline.
    positive
        Whether the positive share stands above its baseline.
    has_text
        False when only counts exist.
    many
        Whether enough people speak for negativity alone to matter.
    warming_up
        Whether the topic's baseline is still being learnt.
    overwhelming
        Whether the evidence is beyond what any baseline could excuse.

    """

    volume: Level
    negative: Level
    positive: bool
    has_text: bool
    many: bool
    warming_up: bool
    overwhelming: bool


class Decision(NamedTuple):
    """What to tell the officer; `kind` and `severity` are None when there is nothing to tell."""

    kind: AlertKind | None
    severity: Severity | None
    reason: DecisionReason


NOTHING = Decision(None, None, DecisionReason.NORMAL)
WARMING = Decision(None, None, DecisionReason.WARMING_UP)


def decide(reading: Reading) -> Decision:
    """Return the decision for a reading.

    | volume  | negativity | further              | kind       | severity | pages |
    |---------|------------|----------------------|------------|----------|-------|
    | any     | any        | warming up, not overwhelming | -  | -        | no    |
    | high +  | (no text)  |                      | surge      | warning  | yes   |
    | high    | high +     |                      | crisis     | warning  | yes   |
    | extreme | extreme    |                      | crisis     | critical | yes   |
    | high +  | none       | positive share high  | positive   | info     | no    |
    | high +  | none       |                      | surge      | info     | no    |
    | none    | high +     | many people          | negativity | warning  | yes   |
    | none    | high +     | few people           | negativity | info     | no    |
    | none    | none       |                      | -          | -        | no    |
    """
    if reading.warming_up and not reading.overwhelming:
        return WARMING if reading.volume or reading.negative else NOTHING
    if reading.volume:
        return _with_volume(reading)
    if reading.negative:
        if reading.many:
            return Decision(AlertKind.NEGATIVITY, Severity.WARNING, DecisionReason.NEGATIVITY_ALONE)
        return Decision(AlertKind.NEGATIVITY, Severity.INFO, DecisionReason.NEGATIVITY_ALONE_SMALL)
    return NOTHING


def _with_volume(reading: Reading) -> Decision:
    if not reading.has_text:
        return Decision(AlertKind.SURGE, Severity.WARNING, DecisionReason.COUNTS_HIGH)
    if reading.volume is Level.EXTREME and reading.negative is Level.EXTREME:
        return Decision(AlertKind.CRISIS, Severity.CRITICAL, DecisionReason.VOLUME_AND_NEGATIVITY_EXTREME)
    if reading.negative:
        return Decision(AlertKind.CRISIS, Severity.WARNING, DecisionReason.VOLUME_AND_NEGATIVITY)
    if reading.positive:
        return Decision(AlertKind.POSITIVE, Severity.INFO, DecisionReason.VOLUME_POSITIVE)
    return Decision(AlertKind.SURGE, Severity.INFO, DecisionReason.VOLUME_WITHOUT_NEGATIVITY)
