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
    named
        Whether a detector that the settings name stands beyond its threshold.
    has_text
        False when only counts exist.
    copies
        Whether most of it repeats one text and what is said without the copies would be no signal.
    few_voices
        Whether a handful of authors, or of newsrooms, writes most of it; False when neither is known.
    planned
        Whether an event of the calendar explains the talk of this moment.
    first_heard
        Whether most of what was ever heard of the topic was said just now, by a source or two: collection
        has begun, or the topic has; what is usual is not known.
    warming_up
        Whether the topic's baseline is still being learnt.
    first_day
        Whether the topic is in the first day of that, when every hour is new.
    overwhelming
        Whether the counts are beyond what any baseline could excuse.
    faint
        Whether joint and negative, though high, would not page a topic as young as this one: its hours and
        the swing of its shares are not known well enough.

    """

    volume: Level = Level.NONE
    negative: Level = Level.NONE
    joint: Level = Level.NONE
    positive: bool = False
    named: bool = False
    has_text: bool = True
    copies: bool = False
    few_voices: bool = False
    planned: bool = False
    first_heard: bool = False
    warming_up: bool = False
    first_day: bool = False
    overwhelming: bool = False
    faint: bool = False


class Decision(NamedTuple):
    """What to tell the officer; `kind` and `severity` are None when there is nothing to tell."""

    kind: AlertKind | None
    severity: Severity | None
    reason: DecisionReason


#: What most steps come to.
NOTHING = Decision(None, None, DecisionReason.NORMAL)
_WARMING = Decision(None, None, DecisionReason.WARMING_UP)
_FIRST_HEARD = Decision(AlertKind.SURGE, Severity.INFO, DecisionReason.FIRST_HEARD)
_NAMED = Decision(AlertKind.SURGE, Severity.INFO, DecisionReason.RIVER)
_PLANNED = Decision(AlertKind.SURGE, Severity.INFO, DecisionReason.PLANNED)


def decide(reading: Reading) -> Decision:
    """Return the decision for a reading: the first row that fits.

    | evidence                                        | kind       | severity | reason                    |
    |-------------------------------------------------|------------|----------|---------------------------|
    | nothing                                         | -          | -        | normal                    |
    | first heard, overwhelming                       | surge      | info     | first_heard               |
    | any, first heard, not overwhelming              | -          | -        | warming_up                |
    | warming up, overwhelming                        | as below   | as below | as below                  |
    | joint or negative high, warming up, a day old   | as below   | info     | as below                  |
    | any, warming up                                 | -          | -        | warming_up                |
    | no text, volume high, planned                   | surge      | info     | planned                   |
    | no text, volume high                            | surge      | warning  | counts_high               |
    | joint or negative high, copies                  | negativity | info     | copies                    |
    | volume high, copies                             | surge      | info     | copies                    |
    | joint or negative high, few voices              | negativity | info     | few_voices                |
    | volume or joint high, planned, not hostile      | surge      | info     | planned                   |
    | joint extreme and volume extreme                | crisis     | critical | volume_and_hostility      |
    | joint high                                      | crisis     | warning  | volume_and_negativity     |
    | volume high, positive share high                | positive   | info     | volume_positive           |
    | volume high                                     | surge      | info     | volume_without_negativity |
    | negative high                                   | negativity | warning  | negativity_alone          |
    | a named detector high                           | surge      | info     | river                     |

    What is faint is decided by the same rows and told at info.

    Severity `warning` and higher pages. "Not hostile" is a joint reading below extreme: a planned event that
    turns into a hostile crowd pages as any other crisis.
    """
    if not (reading.volume or reading.negative or reading.joint or reading.named):
        return NOTHING
    if reading.first_heard or reading.warming_up:
        return _young(reading)
    decision = _signal(reading)
    return decision._replace(severity=Severity.INFO) if reading.faint and decision.severity else decision


def _young(reading: Reading) -> Decision:
    """Decide of a topic that is not calibrated: anger is told, since a share has no hours to be learnt."""
    if reading.first_heard:
        return _FIRST_HEARD if reading.overwhelming else _WARMING
    if reading.overwhelming:
        return _signal(reading)
    if reading.first_day or not (reading.joint or reading.negative):
        return _WARMING
    return _signal(reading)._replace(severity=Severity.INFO)


def _signal(reading: Reading) -> Decision:
    if not (reading.volume or reading.negative or reading.joint):
        return _NAMED
    return _talk(reading) if reading.has_text else _counts(reading)


def _counts(reading: Reading) -> Decision:
    if reading.planned:
        return _PLANNED
    return Decision(AlertKind.SURGE, Severity.WARNING, DecisionReason.COUNTS_HIGH)


def _talk(reading: Reading) -> Decision:
    negative = bool(reading.joint or reading.negative)
    if reading.copies:
        kind = AlertKind.NEGATIVITY if negative else AlertKind.SURGE
        return Decision(kind, Severity.INFO, DecisionReason.COPIES)
    if reading.few_voices and negative:
        return Decision(AlertKind.NEGATIVITY, Severity.INFO, DecisionReason.FEW_VOICES)
    if reading.planned and (reading.volume or reading.joint) and reading.joint is not Level.EXTREME:
        return _PLANNED
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
