"""Corrections: what officers call the samples of alerts, by which later mentions are judged."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from api.auth import Officer, Principal, Viewer
from api.clock import from_ms
from api.correcting import HOUR_MS, MOST_IN_FORCE, MOST_PER_HOUR, RefusalReason, refusal
from api.errors import ProblemError
from api.fields import Id
from api.query import no_query
from api.routes import listing
from api.routes.answers import CONFLICT, NOT_FOUND, SHARED, TOO_MANY
from api.schemas import Page
from api.services import Use
from api.store import alerts, corrections, samples
from api.store import tables as t
from api.store.audit import note
from api.store.listing import AnyRow
from detectors.gist import Label

router = APIRouter(prefix="/v1", tags=["corrections"], responses=SHARED)


class Polarity(BaseModel):
    """What a sample is to be called."""

    model_config = ConfigDict(extra="forbid")

    label: Label


class CorrectionQuery(listing.PageQuery):
    """Which page of the corrections."""

    in_force: bool = Field(default=False, description="Only what was not taken back")
    alert: Id | None = Field(default=None, description="Only what was said last with this alert")


class Correction(BaseModel):
    """What an officer calls a mention. The mention's text is not kept with it."""

    id: str
    mention: str = Field(description="64 bits of source and id, in hexadecimal digits")
    source: str
    alert_id: str = Field(description="The alert with which it was said")
    topic_id: str
    label: Label
    given_by: str
    given_at: datetime
    taken_back_by: str | None
    taken_back_at: datetime | None
    revision: int = Field(description="Goes up with every change of it")
    published: bool = Field(description="Whether the workers have been told")


def _shape(row: AnyRow) -> Correction:
    """Give a correction as the API shows it."""
    return Correction(
        id=row.correction_id,
        mention=row.mention,
        source=row.source,
        alert_id=row.alert_id,
        topic_id=row.topic_id,
        label=row.label,
        given_by=row.given_by,
        given_at=from_ms(row.given_ms),
        taken_back_by=row.taken_back_by,
        taken_back_at=None if row.taken_back_ms is None else from_ms(row.taken_back_ms),
        revision=row.revision,
        published=row.published_revision == row.revision,
    )


def _found(connection: Connection, correction_id: str) -> AnyRow:
    """Find the correction; raises a 404 problem."""
    return listing.found(connection, t.corrections, correction_id, "correction")


def _sample(connection: Connection, alert_id: str, mention: str) -> tuple[AnyRow, dict[str, Any]]:
    """Find an alert and a sample that it shows; raises a 404 problem."""
    row = alerts.find(connection, alert_id)
    if row is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no alert with this id")
    for sample in msgspec.json.decode(row.body).get("samples") or ():
        if sample.get("mention") == mention:
            return row, sample
    raise ProblemError(
        HTTPStatus.NOT_FOUND, "the alert shows no sample of this mention; samples are kept for some days only"
    )


def _check_limits(connection: Connection, who: Principal, mention: str, now: int) -> None:
    """Raise a 409 or 429 problem when no more corrections are taken."""
    given = corrections.given_since(connection, who.name, now - HOUR_MS)
    refused = refusal(given, corrections.count_others(connection, mention), now)
    if refused is None:
        return
    told = {
        RefusalReason.HOURLY_LIMIT: (
            HTTPStatus.TOO_MANY_REQUESTS,
            f"an officer may correct {MOST_PER_HOUR} samples an hour",
        ),
        RefusalReason.FULL: (
            HTTPStatus.CONFLICT,
            f"{MOST_IN_FORCE} corrections are in force; take back those that are not needed any more",
        ),
    }
    raise ProblemError(
        *told[refused.reason], retry_after_seconds=refused.retry_seconds, reason=refused.reason
    )


@router.post(
    "/alerts/{alert_id}/samples/{mention}/polarity",
    responses=NOT_FOUND | CONFLICT | TOO_MANY,
    dependencies=[Depends(no_query)],
)
def correct_polarity(who: Officer, services: Use, alert_id: str, mention: str, body: Polarity) -> Correction:
    """Say how a sample speaks of its topic: mentions that share its words are judged by that from now on.

    Said again with another label, it replaces what was said; with the same one it changes nothing.
    """
    now = services.clock.now_ms()
    with services.store.read() as connection:
        _, sample = _sample(connection, alert_id, mention)
    gist = services.gist_of(str(sample.get("title_or_text", "")))  # the first one takes its time
    with services.store.write() as connection:
        row, sample = _sample(connection, alert_id, mention)
        known = corrections.of_mention(connection, mention)
        if known is not None and known.taken_back_ms is None and known.label == body.label:
            return _shape(known)
        _check_limits(connection, who, mention, now)
        url = sample.get("url")
        new = corrections.NewCorrection(
            alert_id=alert_id,
            topic_id=str(row.topic_id),
            source=str(sample.get("source", "")),
            mention=mention,
            url_sha256=None if url is None else samples.digest(str(url)),
            label=body.label,
            gist=gist,
        )
        correction_id = corrections.give(connection, new, who.name, now)
        told = {"mention": mention, "label": body.label, "correction": correction_id}
        note(connection, who.name, corrections.CORRECTED, alert_id, now, **told)
        entry = _shape(_found(connection, correction_id))
    services.journal.ring()
    return entry


@router.get("/corrections")
def list_corrections(
    _: Viewer, services: Use, query: Annotated[CorrectionQuery, Query()]
) -> Page[Correction]:
    """List corrections in the order in which mentions were first corrected."""
    with services.store.read() as connection:
        rows = corrections.page(
            connection, query.after, query.limit + 1, query.alert, only_in_force=query.in_force
        )
    return listing.page(rows, query.limit, _shape)


@router.post(
    "/corrections/{correction_id}/take_back",
    responses=NOT_FOUND | CONFLICT,
    dependencies=[Depends(no_query)],
)
def take_back_correction(who: Officer, services: Use, correction_id: str) -> Correction:
    """Judge as if it had never been said, from now on; 409 when it was taken back already."""
    now = services.clock.now_ms()
    with services.store.write() as connection:
        row = _found(connection, correction_id)
        if not corrections.take_back(connection, row, who.name, now):
            raise ProblemError(HTTPStatus.CONFLICT, "the correction was taken back already")
        note(connection, who.name, "polarity_take_back", row.alert_id, now, correction=correction_id)
        entry = _shape(_found(connection, correction_id))
    services.journal.ring()
    return entry
