"""What the API reads from Kafka: alert events, series, catalogue topics. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

import msgspec

from detectors.events import AlertKind, EventName, Name, Severity

Aware = Annotated[datetime, msgspec.Meta(tz=True)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Revision = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class TopicRef(msgspec.Struct, frozen=True):
    """The topic of an alert; a plain name counts for both languages."""

    id: Text
    name: Name | str

    @property
    def names(self) -> Name:
        """The name in both languages."""
        return Name(self.name, self.name) if isinstance(self.name, str) else self.name


class AlertHead(msgspec.Struct, frozen=True):
    """The fields of an Alert event v1 that the store orders and filters by; the rest travels untouched."""

    schema: Literal["haidang.alert.v1"]
    alert_id: Text
    revision: Revision
    event: EventName
    at: Aware
    topic: TopicRef
    kind: AlertKind
    severity: Severity
    onset: Aware
    phrases: tuple[str, ...] = ()


class SeriesRow(msgspec.Struct, frozen=True, array_like=True):
    """Absolute counts of one topic in one minute (epoch minutes), with what was expected."""

    topic_id: Text
    minute: Count
    count: Count
    negative: Count
    positive: Count
    expected: float | None = None
    low: float | None = None
    high: float | None = None


class Series(msgspec.Struct, frozen=True):
    """One record of ``series``."""

    schema: Literal["haidang.series.v1"]
    rows: tuple[SeriesRow, ...]


class CatalogueTopic(msgspec.Struct, frozen=True):
    """One record of ``catalogue``."""

    schema: Literal["haidang.topic.v1"]
    id: Text
    name: Name
    parent: Text | None = None


class Unreadable(StrEnum):
    """Why a record was passed over."""

    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    EMPTY = "empty"


Shape = TypeVar("Shape")


def read(kind: type[Shape], value: bytes | None) -> Shape | Unreadable:
    """Decode one record's value, or say why it cannot be; never raises.

    All of it must be UTF-8, fields that are not read too: the store keeps them.
    """
    if not value:
        return Unreadable.EMPTY
    try:
        value.decode()
        return msgspec.json.decode(value, type=kind)
    except msgspec.ValidationError:
        return Unreadable.WRONG_SHAPE
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Unreadable.NOT_JSON
