"""Mention v1 as posted over HTTP: the API's own schema, pure.

What it accepts, the stream accepts: the same limits on every field, and the same on times (which are measured
here against the API's clock).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, field_validator

from api.errors import FieldError
from api.fields import Text, Time

MAX_ENVELOPE = 500
MAX_TEXT = 20_000
PUBLISHED_AHEAD = timedelta(minutes=15)
FETCHED_AHEAD = timedelta(minutes=5)
EPOCH_YEAR = 1970


class SourceKind(StrEnum):
    """Where a mention was said."""

    PRESS = "press"
    SOCIAL = "social"
    FORUM = "forum"
    VIDEO = "video"
    OTHER = "other"


class Source(BaseModel):
    """The outlet."""

    name: Annotated[Text, Field(max_length=200)] | None = None
    kind: SourceKind | None = None


class Mention(BaseModel):
    """One article, post or comment. Unknown fields are ignored."""

    id: Annotated[Text, Field(min_length=1, max_length=256, description="Unique within its source")]
    published_at: Annotated[Time, Field(description="RFC 3339 with offset: when it was said")]
    text: Annotated[Text, Field(max_length=MAX_TEXT)] = Field(repr=False)
    title: Annotated[Text, Field(max_length=MAX_TEXT)] | None = Field(None, repr=False)
    fetched_at: Annotated[Time, Field(description="When the connector saw it")] | None = None
    source: Source | None = None
    url: Annotated[Text, Field(max_length=4096, pattern=r"^(?:[Hh][Tt][Tt][Pp][Ss]?://\S+)?$")] | None = None
    lang: Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$")] | None = None
    reach: Annotated[int, Field(ge=0, le=10**12, strict=True)] | None = None
    topics: Annotated[list[str], Field(max_length=100)] | None = None
    author_key: Annotated[Text, Field(max_length=1024)] | None = Field(None, repr=False)

    @field_validator("published_at", "fetched_at")
    @classmethod
    def _not_before_1970(cls, value: datetime | None, _info: ValidationInfo) -> datetime | None:
        """Refuse times before the epoch, which the stream cannot count."""
        if value is not None and value.timestamp() < 0:
            raise ValueError(f"must be {EPOCH_YEAR} or later")
        return value


def _as_envelope(value: object) -> object:
    """Let a single mention be an envelope of one."""
    return [value] if isinstance(value, dict) else value


Envelope = Annotated[
    list[Mention], BeforeValidator(_as_envelope), Field(max_length=MAX_ENVELOPE, min_length=1)
]


def time_faults(mentions: Sequence[Mention], now: datetime) -> list[FieldError]:
    """Find times in the future; ``now`` stands for the time at which Kafka will take the envelope."""
    faults: list[FieldError] = []
    for index, mention in enumerate(mentions):
        arrival = now if mention.fetched_at is None else mention.fetched_at
        if arrival > now + FETCHED_AHEAD:
            faults.append(FieldError(f"{index}.fetched_at", "must not be more than 5 minutes ahead"))
        elif mention.published_at > arrival + PUBLISHED_AHEAD:
            faults.append(FieldError(f"{index}.published_at", "must be at most 15 minutes after arrival"))
    return faults


def named_topics(mentions: Sequence[Mention]) -> set[str]:
    """Give every topic id that the mentions bring along."""
    return {topic for mention in mentions for topic in mention.topics or ()}


def topic_faults(mentions: Sequence[Mention], known: set[str]) -> list[FieldError]:
    """Find mentions that bring along a topic of no catalogue."""
    return [
        FieldError(f"{index}.topics", "must name topics of the catalogue: see GET /v1/topics")
        for index, mention in enumerate(mentions)
        if not known.issuperset(mention.topics or ())
    ]


def encode(mention: Mention) -> bytes:
    """Give a mention as the stream reads it: what was set, nothing else."""
    return mention.model_dump_json(exclude_none=True).encode()
