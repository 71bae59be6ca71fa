"""What one delivery tells one endpoint, whatever the channel: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Event = Mapping[str, Any]


class Language(StrEnum):
    """The languages that people are written to in."""

    VI = "vi"
    EN = "en"


@dataclass(frozen=True)
class Events:
    """Alert events v1, decoded, in their order: one, or several that were grouped."""

    events: tuple[Event, ...]


@dataclass(frozen=True)
class Escalation:
    """A deadline is about to pass: the alert's latest event, and the deadline as the API shows it."""

    event: Event
    deadline: Mapping[str, Any]


@dataclass(frozen=True)
class Notice:
    """An endpoint was disabled: its id, name, channel, reason, and since when it failed."""

    notice: Event


@dataclass(frozen=True)
class Trial:
    """A test that an administrator asked for."""

    endpoint_id: str
    at: str


Content = Events | Escalation | Notice | Trial


@dataclass(frozen=True)
class Letter:
    """One delivery: ``id`` stays the same over all attempts, ``secrets`` sign it, the newest first.

    ``former``: (kind, severity) of the alert's earlier events, for a channel that knows alerts by them.
    """

    id: str
    url: str
    language: Language
    content: Content
    secrets: tuple[str, ...] = ()
    former: frozenset[tuple[str, str]] = frozenset()
