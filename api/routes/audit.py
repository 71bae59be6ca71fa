"""The audit log, for administrators."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api import cursor
from api.auth import Admin
from api.clock import from_ms, to_ms
from api.fields import Cursor, Text, Time
from api.query import StrictQuery
from api.routes.answers import SHARED
from api.schemas import Page
from api.services import Use
from api.store import audit

router = APIRouter(prefix="/v1/audit", tags=["operations"], responses=SHARED)


class AuditQuery(StrictQuery):
    """Which lines, and which page of them."""

    actor: Annotated[Text, Field(max_length=200)] | None = Field(None, description="Name of a key")
    action: Annotated[Text, Field(max_length=40)] | None = Field(None, description="E.g. alert_close")
    object: Annotated[Text, Field(max_length=200)] | None = Field(None, description="What it was done to")
    since: Time | None = None
    limit: int = Field(100, ge=1, le=500)
    cursor: Cursor | None = None


class AuditLine(BaseModel):
    """Who did what to which object. Lines are only ever added."""

    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    detail: dict[str, str | None]


@router.get("")
def list_audit(_: Admin, services: Use, query: Annotated[AuditQuery, Query()]) -> Page[AuditLine]:
    """List every change and every reading of samples, the newest first."""
    before = None if query.cursor is None else int(cursor.decode(query.cursor, int)[0])
    since_ms = None if query.since is None else to_ms(query.since)
    chosen = audit.Filter(query.actor, query.action, query.object, since_ms)
    with services.store.read() as connection:
        rows = audit.page(connection, chosen, before, query.limit + 1)
    shown = rows[: query.limit]
    items = [
        AuditLine(
            seq=row.seq,
            at=from_ms(row.at_ms),
            actor=row.actor,
            action=row.action,
            object=row.object,
            detail=msgspec.json.decode(row.detail),
        )
        for row in shown
    ]
    place = cursor.encode((shown[-1].seq,)) if len(rows) > query.limit else None
    return Page[AuditLine](items=items, next=place)
