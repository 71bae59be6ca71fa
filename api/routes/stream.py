"""The live stream: the journal as server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import Row

from api.auth import Viewer
from api.clock import now_ms
from api.query import no_query
from api.routes.answers import SHARED
from api.services import Services, Use
from api.store import alerts, audit
from api.store.states import Origin

BATCH_LINES = 100
WAIT_SECONDS = 60.0
RETRY_MS = 2000
MAX_DIGITS = 18

router = APIRouter(prefix="/v1/stream", tags=["alerts"], responses=SHARED)


def _start(services: Services, last_event_id: str | None) -> int:
    """Give the place after which to begin: the one that the client saw last, else the present end."""
    with services.store.read() as connection:
        newest = alerts.last_seq(connection)
    text = "" if last_event_id is None else last_event_id.strip()
    seen = int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else newest
    return min(seen, newest)


def _lines(services: Services, actor: str, after_seq: int) -> list[ServerSentEvent]:
    """Give the next lines as events: ``alert`` for the machine's, ``action`` for all others.

    That ``actor`` is shown samples is noted before they leave.
    """
    with services.store.read() as connection:
        rows = alerts.journal(connection, after_seq, BATCH_LINES)
    views = [alerts.view(row, row.line_body if row.origin == Origin.MACHINE else None) for row in rows]
    sampled = list(dict.fromkeys(alerts.with_samples(views)))
    if sampled:
        with services.store.write() as connection:
            audit.note_samples(connection, actor, sampled, now_ms())
    return [_event(row, view) for row, view in zip(rows, views, strict=True)]


def _event(row: Row[tuple[object, ...]], view: alerts.View) -> ServerSentEvent:
    """Give one line of the journal as an event."""
    name = "alert" if row.origin == Origin.MACHINE else "action"
    return ServerSentEvent(raw_data=msgspec.json.encode(view).decode(), event=name, id=str(row.line_seq))


@router.get("", response_class=EventSourceResponse, dependencies=[Depends(no_query)])
async def stream(
    who: Viewer,
    services: Use,
    last_event_id: Annotated[str | None, Header(description="Resume after this event")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Tell of alert events as they happen, from after Last-Event-ID or from now on.

    The first event, ``ready``, says where the stream begins. An ``alert`` carries Alert event v1 with the
    states, an ``action`` the alert that an officer changed or that was escalated. Silence is filled with
    comments.
    """
    place = await run_in_threadpool(_start, services, last_event_id)
    yield ServerSentEvent(raw_data="{}", event="ready", id=str(place), retry=RETRY_MS)
    while not services.journal.closed:
        ticket = services.journal.ticket()
        events = await run_in_threadpool(_lines, services, who.name, place)
        for event in events:
            yield event
            place = int(event.id or place)
        if not events:
            await services.journal.wait(ticket, WAIT_SECONDS)
