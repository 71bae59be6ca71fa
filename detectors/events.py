"""Alert event v1: the one shape in which a decision leaves the detectors."""

import hashlib
from datetime import datetime
from enum import StrEnum

import msgspec

SCHEMA = "haidang.alert.v1"


class EventName(StrEnum):
    """What an event says of its alert."""

    OPENED = "opened"
    RAISED = "raised"
    UPDATED = "updated"
    CLOSED = "closed"


class AlertKind(StrEnum):
    """What an alert is about."""

    CRISIS = "crisis"
    SURGE = "surge"
    NEGATIVITY = "negativity"
    NARRATIVE = "narrative"
    POSITIVE = "positive"
    FORECAST = "forecast"


class Severity(StrEnum):
    """How urgent an alert is; `WARNING` and higher page."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Place in the order of urgency: 0, 1, 2."""
        return _RANKS[self]

    @property
    def paging(self) -> bool:
        """Whether an officer is paged."""
        return self is not Severity.INFO


_RANKS = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


class EvidenceName(StrEnum):
    """Which detector speaks."""

    VOLUME = "volume"
    NEGATIVITY = "negativity"
    NOVELTY = "novelty"
    SPREAD = "spread"
    AUTHORS = "authors"
    DUPLICATION = "duplication"
    FORECAST = "forecast"
    RIVER = "river"


class DecisionReason(StrEnum):
    """Why the decision is what it is: the same word in event, log and metric."""

    COUNTS_HIGH = "counts_high"
    VOLUME_AND_HOSTILITY = "volume_and_hostility"
    VOLUME_AND_NEGATIVITY = "volume_and_negativity"
    VOLUME_WITHOUT_NEGATIVITY = "volume_without_negativity"
    VOLUME_POSITIVE = "volume_positive"
    NEGATIVITY_ALONE = "negativity_alone"
    FEW_VOICES = "few_voices"
    COPIES = "copies"
    PLANNED = "planned"
    FIRST_HEARD = "first_heard"
    RIVER = "river"
    NEW_STORY = "new_story"
    GRAVE_STORY = "grave_story"
    WARMING_UP = "warming_up"
    QUIET = "quiet"
    NORMAL = "normal"


class Name(msgspec.Struct, frozen=True):
    """A text in Vietnamese and in English."""

    vi: str
    en: str


class TopicRef(msgspec.Struct, frozen=True):
    """The topic that an alert is about."""

    id: str
    name: Name


class Span(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """A span of event time, `from` included, `to` excluded."""

    start: datetime
    end: datetime


class Shares(msgspec.Struct, frozen=True):
    """Negative share in the window and the topic's own usual share, 0 .. 1."""

    observed: float
    expected: float


class Evidence(msgspec.Struct, frozen=True):
    """One detector's score beside the threshold that it is held against.

    `detector` is there for `river` alone: the dotted name of the detector that the settings name.
    """

    name: EvidenceName
    score: float
    threshold: float
    since: datetime | None
    detector: str | msgspec.UnsetType = msgspec.UNSET


def mention_key(source: str, mention_id: str) -> int:
    """Return 64 bits of a mention's identity (name of its source, id), the same in every process and version.

    NUL separates the two: no valid mention contains it, so different pairs never share their bytes.
    """
    identity = f"{source}\0{mention_id}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(identity, digest_size=8).digest(), "big")


class Sample(msgspec.Struct, frozen=True):
    """One masked mention an officer may read.

    ``mention`` are the 16 hexadecimal digits of its `mention_key`: by them it is found again when it is to be
    erased. Events of older versions have none.
    """

    title_or_text: str
    source: str
    url: str | None
    published_at: datetime
    mention: str | msgspec.UnsetType = msgspec.UNSET


class Model(msgspec.Struct, frozen=True):
    """What is needed to reproduce the decision."""

    version: str
    config_hash: str


class AlertEvent(msgspec.Struct, frozen=True):
    """One change of one alert.

    Times are aware UTC. `observed`, `expected` and `interval` count mentions inside `window`; `confidence`
    is 0 .. 1; `onset` estimates when the change began, never later than `at`.
    """

    schema: str
    alert_id: str
    revision: int
    event: EventName
    at: datetime
    topic: TopicRef
    kind: AlertKind
    severity: Severity
    confidence: float
    onset: datetime
    window: Span
    observed: int
    expected: float
    interval: tuple[float, float]
    negative: Shares
    evidence: tuple[Evidence, ...]
    phrases: tuple[str, ...]
    sources: dict[str, int]
    samples: tuple[Sample, ...]
    reason: DecisionReason
    headline: Name
    model: Model

    @property
    def pages(self) -> bool:
        """Whether this event pages an officer: a new alert or a raised one, at warning or higher."""
        return self.severity.paging and self.event in (EventName.OPENED, EventName.RAISED)


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(AlertEvent)


def encode_event(event: AlertEvent) -> bytes:
    """Return the event as JSON with sorted keys and RFC 3339 UTC times: equal events give equal bytes."""
    return _ENCODER.encode(event)


def decode_event(data: bytes) -> AlertEvent:
    """Read an event back.

    Raises
    ------
    msgspec.DecodeError
        When `data` is not an Alert event v1.

    """
    return _DECODER.decode(data)
