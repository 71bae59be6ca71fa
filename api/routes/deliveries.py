"""Deliveries: list, replay."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from api import cursor
from api.auth import Admin, Viewer
from api.clock import from_ms
from api.errors import ProblemError
from api.fields import Cursor, Text
from api.query import StrictQuery, no_query
from api.routes.answers import CONFLICT, NOT_FOUND, SHARED
from api.schemas import Attempt, Delivery, Page, Replayed
from api.services import Use
from api.store import audit, endpoints, listing, outbox
from api.store import tables as t
from api.store.listing import AnyRow
from api.store.states import DeliveryState

router = APIRouter(prefix="/v1/deliveries", tags=["webhooks"], responses=SHARED)


class DeliveryQuery(StrictQuery):
    """Which deliveries, and which page of them."""

    endpoint: Annotated[Text, Field(max_length=40)] | None = None
    alert: Annotated[Text, Field(max_length=200)] | None = None
    state: DeliveryState | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: Cursor | None = None

    @property
    def chosen(self) -> dict[str, str]:
        """The columns that are filtered, with their values."""
        named = {"endpoint_id": self.endpoint, "alert_id": self.alert, "state": self.state}
        return {column: value for column, value in named.items() if value is not None}


class DeadOf(BaseModel):
    """Whose dead letters are meant."""

    model_config = ConfigDict(extra="forbid")

    endpoint: Text = Field(min_length=1, max_length=40)


def _attempt(row: AnyRow) -> Attempt:
    """Give one attempt as the API shows it."""
    return Attempt(
        number=row.number,
        started_at=from_ms(row.started_ms),
        took_ms=None if row.finished_ms is None else row.finished_ms - row.started_ms,
        outcome=row.outcome,
        status=row.status,
        answer=row.answer,
    )


def _shape(row: AnyRow, attempts: list[AnyRow]) -> Delivery:
    """Give one delivery as the API shows it."""
    waits = row.state == DeliveryState.DUE
    return Delivery(
        id=row.delivery_id,
        endpoint=row.endpoint_id,
        purpose=row.purpose.partition(":")[0],
        alert_id=row.alert_id,
        revision=row.revision,
        state=row.state,
        reason=row.reason,
        carried_by=row.carried_by,
        silence=row.silence_id,
        attempts=[_attempt(attempt) for attempt in attempts],
        decided_at=from_ms(row.decided_ms),
        next_at=from_ms(max(row.next_ms, row.decided_ms)) if waits else None,
        delivered_at=None if row.delivered_ms is None else from_ms(row.delivered_ms),
    )


@router.get("")
def list_deliveries(_: Viewer, services: Use, query: Annotated[DeliveryQuery, Query()]) -> Page[Delivery]:
    """List deliveries, the newest first, each with its attempts."""
    before = None if query.cursor is None else int(cursor.decode(query.cursor, int)[0])
    with services.store.read() as connection:
        rows = endpoints.deliveries(connection, query.chosen, before, query.limit + 1)
        shown = rows[: query.limit]
        attempts = endpoints.attempts(connection, [row.delivery_id for row in shown])
    place = cursor.encode((shown[-1].seq,)) if len(rows) > query.limit else None
    return Page[Delivery](items=[_shape(row, attempts[row.delivery_id]) for row in shown], next=place)


@router.post(
    "/replay", status_code=HTTPStatus.ACCEPTED, responses=NOT_FOUND, dependencies=[Depends(no_query)]
)
def replay_dead(who: Admin, services: Use, body: DeadOf) -> Replayed:
    """Send all dead letters of an endpoint again, each with a fresh schedule and the same webhook-id."""
    now = services.clock.now_ms()
    with services.store.write() as connection:
        if listing.find(connection, t.endpoints, body.endpoint) is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "there is no endpoint with this id")
        number = outbox.replay_dead(connection, body.endpoint, now)
        audit.note(connection, who.name, "deliveries_replay", body.endpoint, now, number=str(number))
    services.due.ring()
    return Replayed(replayed=number)


def _found(connection: Connection, delivery_id: str) -> AnyRow:
    """Find a delivery; raises a 404 problem."""
    row = endpoints.find_delivery(connection, delivery_id)
    if row is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no delivery with this id")
    return row


@router.post(
    "/{delivery_id}/replay",
    status_code=HTTPStatus.ACCEPTED,
    responses=NOT_FOUND | CONFLICT,
    dependencies=[Depends(no_query)],
)
def replay_delivery(who: Admin, services: Use, delivery_id: str) -> Delivery:
    """Send a finished delivery again: a fresh schedule, the same webhook-id; 409 while it is not over."""
    with services.store.write() as connection:
        state = _found(connection, delivery_id).state
        if not outbox.replay(connection, delivery_id, services.clock.now_ms()):
            raise ProblemError(HTTPStatus.CONFLICT, f"the delivery is {state}", state=state)
        audit.note(connection, who.name, "delivery_replay", delivery_id, services.clock.now_ms())
        row = _found(connection, delivery_id)
        attempts = endpoints.attempts(connection, [delivery_id])[delivery_id]
    services.due.ring()
    return _shape(row, attempts)
