"""Alerts: list, look, and what officers do with them."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from api import cursor
from api.auth import Officer, Principal, Viewer
from api.clock import rfc3339, to_ms
from api.errors import ProblemError
from api.fields import MAX_REVISION, NUMBER, Comment, Cursor, Revision, Text, Time
from api.lifecycle import Conflict, ConflictReason, Wish
from api.query import Sampled, StrictQuery, no_query
from api.routes.answers import CONFLICT, NOT_FOUND, SHARED, answer
from api.schemas import Alert, JournalLine, Page
from api.services import Services, Use
from api.store import alerts, corrections, deadlines
from api.store.audit import note
from api.store.states import Action, AlertState, AlertVerdict, HumanState, Origin
from detectors.events import AlertKind, Severity

router = APIRouter(prefix="/v1/alerts", tags=["alerts"], responses=SHARED)


Route = Callable[..., Response]


def _action(name: str) -> Callable[[Route], Route]:
    """Make a function the route of one action."""
    return router.post(
        f"/{{alert_id}}/{name}",
        response_model=Alert,
        responses=NOT_FOUND | CONFLICT,
        dependencies=[Depends(no_query)],
    )


class AlertQuery(StrictQuery):
    """Which alerts, and which page of them; a repeated filter means any of its values."""

    state: list[AlertState] = Field(default_factory=list)
    human_state: list[HumanState] = Field(default_factory=list)
    severity: list[Severity] = Field(default_factory=list)
    kind: list[AlertKind] = Field(default_factory=list)
    topic: list[Text] = Field(default_factory=list)
    since: Time | None = Field(None, description="Only alerts that changed at or after this time")
    limit: int = Field(50, ge=1, le=200)
    cursor: Cursor | None = None


class HistoryQuery(StrictQuery):
    """Which page of the history."""

    limit: int = Field(100, ge=1, le=500)
    cursor: Cursor | None = None


class Handling(BaseModel):
    """What every action may say: a comment, and which revisions it was decided on."""

    model_config = ConfigDict(extra="forbid")

    comment: Comment | None = None
    revision: Revision | None = Field(
        default=None, description="If given, 409 unless it is the alert's revision"
    )
    handling_revision: Annotated[int, Field(ge=0, le=MAX_REVISION), NUMBER] | None = Field(
        default=None, description="If given, 409 unless no officer has acted since"
    )


class Assigning(Handling):
    """Whom the alert is given to."""

    to: Text = Field(min_length=1, max_length=100, pattern=r"\S", description="Name of an officer or a desk")


class Commenting(Handling):
    """What is to be noted."""

    comment: Text = Field(min_length=1, max_length=2000, pattern=r"\S")


class Closing(Handling):
    """What an officer says at the end."""

    verdict: AlertVerdict
    reason: Comment | None = Field(default=None, description="Why this verdict")


class Reopening(Handling):
    """Why an alert is taken up again."""

    reason: Comment | None = None


@router.get("", response_model=Page[Alert])
def list_alerts(
    _: Viewer, services: Use, sampled: Sampled, query: Annotated[AlertQuery, Query()]
) -> Response:
    """List alerts, the newest first."""
    after = None if query.cursor is None else _place(query.cursor)
    chosen = alerts.Filter(
        state=tuple(query.state),
        human_state=tuple(query.human_state),
        severity=tuple(query.severity),
        kind=tuple(query.kind),
        topic=tuple(query.topic),
        since_ms=None if query.since is None else to_ms(query.since),
    )
    with services.store.read() as connection:
        rows = alerts.page(connection, chosen, after, query.limit + 1)
    shown = rows[: query.limit]
    further = len(rows) > query.limit
    place = cursor.encode((shown[-1].opened_ms, shown[-1].alert_id)) if further else None
    views = [alerts.view(row) for row in shown]
    sampled += alerts.with_samples(views)
    return answer({"items": views, "next": place})


def _place(text: str) -> tuple[int, str]:
    """Read the cursor of the list of alerts."""
    opened_ms, alert_id = cursor.decode(text, int, str)
    return int(opened_ms), str(alert_id)


def _view(connection: Connection, alert_id: str, now: int) -> alerts.View:
    """Give one alert with its deadlines; raises a 404 problem."""
    row = alerts.find(connection, alert_id)
    if row is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no alert with this id")
    return _corrected(connection, alerts.view(row)) | {
        "deadlines": deadlines.of_alert(connection, alert_id, now)
    }


def _corrected(connection: Connection, view: alerts.View) -> alerts.View:
    """Give an alert whose samples say what officers call them."""
    samples = cast("list[dict[str, object]]", view.get("samples") or [])
    mentions = [str(sample["mention"]) for sample in samples if sample.get("mention")]
    said = {
        row.mention: {"id": row.correction_id, "label": row.label, "by": row.given_by}
        for row in corrections.in_force(connection, mentions)
    }
    if not said:
        return view
    return view | {
        "samples": [{**sample, "correction": said.get(sample.get("mention"))} for sample in samples]
    }


@router.get("/{alert_id}", response_model=Alert, responses=NOT_FOUND, dependencies=[Depends(no_query)])
def get_alert(_: Viewer, services: Use, sampled: Sampled, alert_id: str) -> Response:
    """Give one alert: its latest event and where it stands."""
    with services.store.read() as connection:
        found = _view(connection, alert_id, services.clock.now_ms())
    sampled += alerts.with_samples([found])
    return answer(found)


@router.get("/{alert_id}/events", response_model=Page[JournalLine], responses=NOT_FOUND)
def list_events(
    _: Viewer, services: Use, sampled: Sampled, alert_id: str, query: Annotated[HistoryQuery, Query()]
) -> Response:
    """List what happened to an alert, in order: the machine's events, officers' actions, escalations."""
    after = 0 if query.cursor is None else cursor.decode(query.cursor, int)[0]
    with services.store.read() as connection:
        _view(connection, alert_id, services.clock.now_ms())
        rows = alerts.history(connection, alert_id, int(after), query.limit + 1)
    shown = rows[: query.limit]
    if any(row.origin == Origin.MACHINE for row in shown):
        sampled.append(alert_id)
    items = [
        {
            "seq": row.seq,
            "origin": row.origin,
            "at": rfc3339(row.at_ms),
            "event": row.event,
            "by": row.actor,
            "data": msgspec.Raw(row.body.encode()),
        }
        for row in shown
    ]
    place = cursor.encode((shown[-1].seq,)) if len(rows) > query.limit else None
    return answer({"items": items, "next": place})


def _act(services: Services, alert_id: str, who: Principal, action: Action, body: Handling) -> Response:
    """Do what an officer asked for and give the alert; raises a 404 or 409 problem."""
    wish = Wish(action, **body.model_dump())
    now = services.clock.now_ms()
    with services.store.write() as connection:
        _view(connection, alert_id, now)
        conflict = alerts.act(connection, alert_id, wish, who.name, now)
        if conflict is not None:
            raise _conflict(conflict)
        note(connection, who.name, f"alert_{action}", alert_id, now, verdict=wish.verdict, to=wish.to)
        found = _view(connection, alert_id, now)
    services.journal.ring()
    services.due.ring()
    return answer(found)


def _conflict(conflict: Conflict) -> ProblemError:
    """Give the problem of an action that is not possible now; it names where the alert stands."""
    standing = conflict.standing
    told = {
        ConflictReason.STATE: f"the alert is {standing.human_state} already",
        ConflictReason.REVISION: f"the alert has come to revision {standing.revision}",
        ConflictReason.HANDLING_REVISION: "another officer has acted on the alert meanwhile",
    }
    return ProblemError(
        HTTPStatus.CONFLICT,
        told[conflict.reason],
        reason=conflict.reason,
        human_state=standing.human_state,
        revision=standing.revision,
        handling_revision=standing.handling_revision,
        assignee=standing.assignee,
    )


@_action("acknowledge")
def acknowledge(
    who: Officer, services: Use, alert_id: str, body: Annotated[Handling | None, Body()] = None
) -> Response:
    """Take a new alert on; 409 names its state when it is not new any more."""
    return _act(services, alert_id, who, Action.ACKNOWLEDGE, Handling() if body is None else body)


@_action("assign")
def assign(who: Officer, services: Use, alert_id: str, body: Assigning) -> Response:
    """Give an alert that is not resolved to an officer or a desk."""
    return _act(services, alert_id, who, Action.ASSIGN, body)


@_action("hand_over")
def hand_over(who: Officer, services: Use, alert_id: str, body: Assigning) -> Response:
    """Give an alert that someone handles to someone else, at a change of shift."""
    return _act(services, alert_id, who, Action.HAND_OVER, body)


@_action("comment")
def comment_on(who: Officer, services: Use, alert_id: str, body: Commenting) -> Response:
    """Note something on an alert, in whatever state it is."""
    return _act(services, alert_id, who, Action.COMMENT, body)


@_action("publish")
def publish(
    who: Officer, services: Use, alert_id: str, body: Annotated[Handling | None, Body()] = None
) -> Response:
    """Note that the public was informed: the first time meets the first such deadline, and so on."""
    return _act(services, alert_id, who, Action.PUBLISH, Handling() if body is None else body)


@_action("close")
def close(who: Officer, services: Use, alert_id: str, body: Closing) -> Response:
    """Resolve an alert with a verdict, which goes to Kafka ``feedback``; 409 when that was done already."""
    return _act(services, alert_id, who, Action.CLOSE, body)


@_action("reopen")
def reopen(
    who: Officer, services: Use, alert_id: str, body: Annotated[Reopening | None, Body()] = None
) -> Response:
    """Take a resolved alert up again; its verdict is withdrawn."""
    return _act(services, alert_id, who, Action.REOPEN, Reopening() if body is None else body)
