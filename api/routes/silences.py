"""Silences: create, list, end."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from sqlalchemy import Connection

from api.auth import Officer, Viewer
from api.clock import from_ms, to_ms
from api.errors import ProblemError, invalid
from api.fields import Id, Moment, Text
from api.query import no_query
from api.routes import listing
from api.routes.answers import CONFLICT, NOT_FOUND, SHARED
from api.routing import Matchers
from api.schemas import Page
from api.services import Use
from api.store import silences
from api.store import tables as t
from api.store.audit import note
from api.store.listing import AnyRow
from detectors.events import AlertKind, Severity

MAX_DAYS = 31
DAY_MS = 86_400_000

router = APIRouter(prefix="/v1/silences", tags=["silences"], responses=SHARED)

Ids = Annotated[list[Id], Field(max_length=100)]

NOT_FOR_EVERYTHING: list[JsonValue] = [
    {"required": [name], "properties": {name: {"minItems": 1}}}
    for name in ("alerts", "topics", "kinds", "severities")
]


class SilenceQuery(listing.PageQuery):
    """Which page of the silences."""

    active: bool = Field(default=False, description="Only those in force now")


class NewSilence(BaseModel):
    """What is to be kept quiet: alerts that match one of each list that is given. At least one is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"anyOf": NOT_FOR_EVERYTHING})

    alerts: Ids = Field(default_factory=list)
    topics: Ids = Field(default_factory=list, description="A topic includes those below it")
    kinds: list[AlertKind] = Field(default_factory=list, max_length=20)
    severities: list[Severity] = Field(default_factory=list, max_length=20)
    reason: Text = Field(min_length=1, max_length=2000, pattern=r"\S")
    starts_at: Moment | None = Field(default=None, description="Now, when left out")
    ends_at: Moment = Field(description=f"At most {MAX_DAYS} days after the start")

    @model_validator(mode="after")
    def _is_for_something(self) -> Self:
        """Refuse a silence for everything."""
        if not (self.alerts or self.topics or self.kinds or self.severities):
            raise ValueError("one of alerts, topics, kinds, severities is needed")
        return self


class Silence(BaseModel):
    """A silence."""

    id: str
    alerts: list[str]
    topics: list[str]
    kinds: list[AlertKind]
    severities: list[Severity]
    reason: str
    created_by: str
    created_at: datetime
    starts_at: datetime
    ends_at: datetime
    active: bool


def _shape(row: AnyRow, now: int) -> Silence:
    """Give a silence as the API shows it."""
    found = silences.matchers(row)
    return Silence(
        id=row.silence_id,
        alerts=list(found.alerts),
        topics=list(found.topics),
        kinds=list(found.kinds),
        severities=list(found.severities),
        reason=row.reason,
        created_by=row.created_by,
        created_at=from_ms(row.created_ms),
        starts_at=from_ms(row.starts_ms),
        ends_at=from_ms(row.ends_ms),
        active=row.starts_ms <= now < row.ends_ms,
    )


def _found(connection: Connection, silence_id: str) -> AnyRow:
    """Find the silence; raises a 404 problem."""
    return listing.found(connection, t.silences, silence_id, "silence")


def _new(body: NewSilence, now: int) -> silences.NewSilence:
    """Read what was asked for; raises a 422 problem when the span of time makes no sense."""
    starts_ms = now if body.starts_at is None else to_ms(body.starts_at)
    ends_ms = to_ms(body.ends_at)
    if ends_ms <= max(now, starts_ms):
        raise invalid("ends_at", "must be after the start and after now")
    if ends_ms - starts_ms > MAX_DAYS * DAY_MS:
        raise invalid("ends_at", f"must be at most {MAX_DAYS} days after the start")
    matchers = Matchers(tuple(body.alerts), tuple(body.topics), tuple(body.kinds), tuple(body.severities))
    return silences.NewSilence(matchers, body.reason, starts_ms, ends_ms)


@router.post("", status_code=HTTPStatus.CREATED, dependencies=[Depends(no_query)])
def create_silence(who: Officer, services: Use, body: NewSilence) -> Silence:
    """Keep quiet about some alerts for a while; they stay visible and say why they were not sent."""
    now = services.clock.now_ms()
    new = _new(body, now)
    with services.store.write() as connection:
        silence_id = silences.create(connection, new, who.name, now)
        note(connection, who.name, "silence_create", silence_id, now)
        return _shape(_found(connection, silence_id), now)


@router.get("")
def list_silences(_: Viewer, services: Use, query: Annotated[SilenceQuery, Query()]) -> Page[Silence]:
    """List silences, those that are over too."""
    now = services.clock.now_ms()
    active_ms = now if query.active else None
    with services.store.read() as connection:
        rows = silences.page(connection, query.after, query.limit + 1, active_ms)
    return listing.page(rows, query.limit, lambda row: _shape(row, now))


@router.post("/{silence_id}/end", responses=NOT_FOUND | CONFLICT, dependencies=[Depends(no_query)])
def end_silence(who: Officer, services: Use, silence_id: str) -> Silence:
    """End a silence before its time; 409 when it is over already."""
    now = services.clock.now_ms()
    with services.store.write() as connection:
        _found(connection, silence_id)
        if not silences.end(connection, silence_id, now):
            raise ProblemError(HTTPStatus.CONFLICT, "the silence is over already")
        note(connection, who.name, "silence_end", silence_id, now)
        return _shape(_found(connection, silence_id), now)
