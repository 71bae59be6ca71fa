"""The calendar: plan, list, cancel events that make a rush of talk expected."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from api.auth import Officer, Viewer
from api.clock import from_ms, now_ms, to_ms
from api.errors import ProblemError, invalid
from api.fields import NUMBER, Id, Moment, Text
from api.query import no_query
from api.routes import listing
from api.routes.answers import CONFLICT, NOT_FOUND, SHARED
from api.schemas import Page
from api.services import Use
from api.store import planned
from api.store import tables as t
from api.store.audit import note
from api.store.listing import AnyRow
from detectors.orders import MOST_FACTOR

MAX_DAYS = 92
DAY_MS = 86_400_000

router = APIRouter(prefix="/v1/calendar", tags=["calendar"], responses=SHARED)


class CalendarQuery(listing.PageQuery):
    """Which page of the calendar."""

    expected: bool = Field(default=False, description="Only what is neither over nor cancelled")


class NewPlannedEvent(BaseModel):
    """What will be talked about, when, and how much more than usual."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(min_length=1, max_length=200, pattern=r"\S")
    topics: list[Id] = Field(
        default_factory=list, max_length=100, description="A topic includes those below it; none means all"
    )
    starts_at: Moment = Field(alias="from")
    ends_at: Moment = Field(alias="to", description=f"At most {MAX_DAYS} days after the start")
    factor: Annotated[float, Field(ge=1, le=MOST_FACTOR), NUMBER] = Field(
        description="How many times the usual talk is expected"
    )


class CalendarEntry(BaseModel):
    """A planned event."""

    id: str
    name: str
    topics: list[str]
    starts_at: datetime = Field(serialization_alias="from")
    ends_at: datetime = Field(serialization_alias="to")
    factor: float
    created_by: str
    created_at: datetime
    cancelled_by: str | None
    cancelled_at: datetime | None
    published: bool = Field(description="Whether the detectors have been told")


def _shape(row: AnyRow) -> CalendarEntry:
    """Give a planned event as the API shows it."""
    return CalendarEntry(
        id=row.event_id,
        name=row.name,
        topics=planned.topics(row),
        starts_at=from_ms(row.starts_ms),
        ends_at=from_ms(row.ends_ms),
        factor=row.factor,
        created_by=row.created_by,
        created_at=from_ms(row.created_ms),
        cancelled_by=row.cancelled_by,
        cancelled_at=None if row.cancelled_ms is None else from_ms(row.cancelled_ms),
        published=row.published_revision == row.revision,
    )


def _found(connection: Connection, event_id: str) -> AnyRow:
    """Find the planned event; raises a 404 problem."""
    return listing.found(connection, t.planned_events, event_id, "planned event")


def _new(body: NewPlannedEvent, now: int) -> planned.NewEvent:
    """Read what was asked for; raises a 422 problem when the span of time makes no sense."""
    starts_ms, ends_ms = to_ms(body.starts_at), to_ms(body.ends_at)
    if ends_ms <= max(now, starts_ms):
        raise invalid("to", "must be after the start and after now")
    if ends_ms - starts_ms > MAX_DAYS * DAY_MS:
        raise invalid("to", f"must be at most {MAX_DAYS} days after the start")
    return planned.NewEvent(body.name, tuple(body.topics), starts_ms, ends_ms, body.factor)


@router.post("", status_code=HTTPStatus.CREATED, dependencies=[Depends(no_query)])
def plan_event(who: Officer, services: Use, body: NewPlannedEvent) -> CalendarEntry:
    """Plan an event: while it lasts so much more talk is expected, and only what goes beyond is an alert.

    A crisis pages all the same: talk beyond the factor, or an outburst of negativity.
    """
    now = now_ms()
    new = _new(body, now)
    with services.store.write() as connection:
        event_id = planned.plan(connection, new, who.name, now)
        note(connection, who.name, "calendar_plan", event_id, now)
        entry = _shape(_found(connection, event_id))
    services.journal.ring()
    return entry


@router.get("")
def list_calendar(_: Viewer, services: Use, query: Annotated[CalendarQuery, Query()]) -> Page[CalendarEntry]:
    """List planned events, those that are over or cancelled too."""
    expected_ms = now_ms() if query.expected else None
    with services.store.read() as connection:
        rows = planned.page(connection, query.after, query.limit + 1, expected_ms)
    return listing.page(rows, query.limit, _shape)


@router.post("/{event_id}/cancel", responses=NOT_FOUND | CONFLICT, dependencies=[Depends(no_query)])
def cancel_event(who: Officer, services: Use, event_id: str) -> CalendarEntry:
    """Expect an event no more; 409 when it is over or cancelled already."""
    now = now_ms()
    with services.store.write() as connection:
        _found(connection, event_id)
        if not planned.cancel(connection, event_id, who.name, now):
            raise ProblemError(HTTPStatus.CONFLICT, "the event is over or cancelled already")
        note(connection, who.name, "calendar_cancel", event_id, now)
        entry = _shape(_found(connection, event_id))
    services.journal.ring()
    return entry
