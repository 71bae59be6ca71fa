"""Orders: what people said that changes later decisions, as records of the log among the mentions."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from detectors.gist import Gist, Label

__all__ = ["Cancelled", "Correction", "Order", "PlannedEvent", "Verdict", "VerdictName"]

#: A planned event multiplies what is expected by at least 1 and at most this: more is a mistype.
MOST_FACTOR = 1000.0


class VerdictName(StrEnum):
    """What an officer says of an alert at its end."""

    CRISIS = "crisis"
    USEFUL = "useful"
    FALSE_ALARM = "false_alarm"
    PLANNED = "planned"
    DUPLICATE = "duplicate"


class PlannedEvent(msgspec.Struct, frozen=True, array_like=True, tag="planned"):
    """Talk that is expected: an exam result, a national day, the officials' own announcement.

    Parameters
    ----------
    event_id
        Its identifier; planned again under the same one, it replaces what was planned.
    topics
        Ids of the topics that will be talked about; none means all.
    start, end
        Epoch seconds, `end` excluded.
    factor
        How many times the usual count is expected, 1 .. 1000.

    """

    event_id: str
    topics: tuple[str, ...]
    start: int
    end: int
    factor: float


class Cancelled(msgspec.Struct, frozen=True, array_like=True, tag="cancelled"):
    """A planned event is not expected any more."""

    event_id: str


class Verdict(msgspec.Struct, frozen=True, array_like=True, tag="verdict"):
    """What an officer says of an alert of ``topic``; None takes back what was said before."""

    topic: str
    alert_id: str
    name: VerdictName | None


class Correction(msgspec.Struct, frozen=True, array_like=True):
    """What an officer says of a mention's polarity; it concerns how later mentions are judged, not a topic.

    Parameters
    ----------
    correction_id, revision
        Its identifier, and the count of its changes from 1: the highest revision is what is said now.
    number
        Its place in the one order in which corrections are learned.
    label
        What the mention is called; None takes back what was said before.
    gist
        What is kept of the mention's text; None when it was taken back.

    """

    correction_id: str
    revision: int
    number: int
    label: Label | None
    gist: Gist | None


Order: TypeAlias = PlannedEvent | Cancelled | Verdict
