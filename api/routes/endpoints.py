"""Endpoints: create, list, change, test, rotate, disable, enable."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Connection

from api import signing
from api.auth import Admin, Viewer
from api.channels import Channels
from api.clock import from_ms, rfc3339
from api.errors import ProblemError, invalid
from api.fields import NUMBER, Id, Revision, Text
from api.letter import Language, Letter, Trial
from api.outcome import DeadReason, DisabledReason
from api.query import no_query
from api.routes import listing
from api.routes.answers import CONFLICT, NOT_FOUND, SHARED
from api.routing import QUIET_FORM, parse_quiet_hours
from api.schemas import Endpoint, Page, Tested
from api.services import Use
from api.store import audit, endpoints, outbox
from api.store import listing as stored
from api.store import tables as t
from api.store.listing import AnyRow
from api.store.states import ChannelName
from detectors.events import AlertKind, Severity

GROUP_SECONDS = 60
HOUR_MS = 3_600_000
WHSEC_FORM = r"^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

router = APIRouter(prefix="/v1/endpoints", tags=["webhooks"], responses=SHARED)


Url = Annotated[
    Text,
    Field(
        max_length=2000,
        description="webhook: https, or http for a receiver of the allow-list; alertmanager: its address "
        "without the API's path; email: mailto:a@b.example,c@d.example; apprise: an Apprise address",
    ),
]


class Wishes(BaseModel):
    """What someone wants to be told of, when and how."""

    model_config = ConfigDict(extra="forbid")

    language: Language = Field(Language.VI, description="Of messages to people")
    name: Text = Field("", max_length=200)
    min_severity: Severity = Field(Severity.INFO, description="Alerts that never reach it are not delivered")
    kinds: list[AlertKind] = Field([], max_length=20, description="All, when left out")
    topics: list[Id] = Field(
        [], max_length=1000, description="With the topics below each; all, when left out"
    )
    quiet_hours: str | None = Field(
        None,
        json_schema_extra={"pattern": f"^{QUIET_FORM}$"},
        description="HH:MM-HH:MM in +07:00: what is not critical waits until they end",
        examples=["22:00-06:00"],
    )
    group_seconds: Annotated[int, Field(ge=0, le=3600), NUMBER] | None = Field(
        None,
        description="Alerts of one parent topic within so many seconds are one delivery, critical ones at "
        "once; 60 for email and apprise when left out, else 0",
    )
    escalation_minutes: Annotated[int, Field(ge=0, le=1440), NUMBER] | None = Field(
        None,
        description="Only tell of alerts whose deadline is so many minutes away and not met",
    )

    @field_validator("quiet_hours")
    @classmethod
    def _quiet_hours_parse(cls, value: str | None) -> str | None:
        """Refuse quiet hours that cannot be read."""
        if value is not None:
            parse_quiet_hours(value)
        return value


class NewEndpoint(Wishes):
    """Someone to be told of alerts, by one channel."""

    url: Url
    channel: ChannelName = ChannelName.WEBHOOK
    secret: str | None = Field(
        None,
        max_length=120,
        json_schema_extra={"pattern": WHSEC_FORM},
        description="Of a webhook: whsec_...; made here when left out",
    )

    @field_validator("secret")
    @classmethod
    def _secret_parses(cls, value: str | None) -> str | None:
        """Refuse a secret that does not follow Standard Webhooks."""
        if value is not None:
            signing.secret_bytes(value)
        return value

    def checked(self, channels: Channels) -> endpoints.NewEndpoint:
        """Give what the store keeps; raises a 422 problem when the channel cannot reach the address."""
        fault = channels.fault(self.channel, self.url)
        if fault is not None:
            raise invalid("url", fault)
        if self.secret is not None and self.channel is not ChannelName.WEBHOOK:
            raise invalid("secret", "is for webhooks only")
        return endpoints.NewEndpoint(
            name=self.name,
            url=self.url,
            min_severity=self.min_severity,
            secret=self.secret,
            kinds=tuple(self.kinds),
            topics=tuple(self.topics),
            channel=self.channel,
            language=self.language,
            quiet_hours=self.quiet_hours,
            group_seconds=_group_seconds(self.group_seconds, self.channel),
            escalation_minutes=self.escalation_minutes,
        )


def _group_seconds(wanted: int | None, channel: ChannelName) -> int:
    """Give for how long alerts are grouped; who is a person is spared single messages."""
    people = channel in {ChannelName.EMAIL, ChannelName.APPRISE}
    return (GROUP_SECONDS if people else 0) if wanted is None else wanted


def _without_defaults(schema: dict[str, Any]) -> None:
    """Promise no value for a field that is left out: it stays as it is."""
    for field in schema["properties"].values():
        field.pop("default", None)


class EndpointChange(Wishes):
    """What is to be changed of an endpoint: what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_without_defaults)

    url: Url = ""
    revision: Revision | None = Field(None, description="If given, 409 unless it is the endpoint's revision")

    def values(self, channel: ChannelName, channels: Channels) -> dict[str, object]:
        """Give what was said, as the store keeps it; raises a 422 problem when the address is not usable."""
        said = self.model_dump(mode="json", exclude_unset=True, exclude={"revision"})
        if "url" in said and (fault := channels.fault(channel, self.url)) is not None:
            raise invalid("url", fault)
        if "group_seconds" in said:
            said["group_seconds"] = _group_seconds(self.group_seconds, channel)
        return said


def _shown_url(row: AnyRow) -> str:
    """Give an address as it may be shown: Apprise's hold tokens."""
    if row.channel != ChannelName.APPRISE:
        return str(row.url)
    return f"{str(row.url).partition(':')[0]}://..."


def _moment(moment_ms: int | None) -> datetime | None:
    """Give a time that may not be there."""
    return None if moment_ms is None else from_ms(moment_ms)


def _shape(row: AnyRow, now: int, secret: str | None = None) -> Endpoint:
    """Give an endpoint as the API shows it."""
    return Endpoint(
        id=row.endpoint_id,
        name=row.name,
        channel=row.channel,
        url=_shown_url(row),
        language=row.language,
        min_severity=row.min_severity,
        kinds=msgspec.json.decode(row.kinds),
        topics=msgspec.json.decode(row.topics),
        quiet_hours=row.quiet_hours,
        group_seconds=row.group_seconds,
        escalation_minutes=row.escalation_minutes,
        circuit=outbox.health(row).circuit(now),
        failures=row.failures,
        failing_since=_moment(row.failing_since_ms),
        paused_until=_moment(row.paused_until_ms),
        state=row.state,
        disabled_reason=row.disabled_reason,
        created_at=from_ms(row.created_ms),
        created_by=row.created_by,
        revision=row.revision,
        secret=secret,
    )


def _found(connection: Connection, endpoint_id: str) -> AnyRow:
    """Find the endpoint; raises a 404 problem."""
    return listing.found(connection, t.endpoints, endpoint_id, "endpoint")


@router.post("", status_code=HTTPStatus.CREATED, dependencies=[Depends(no_query)])
def create_endpoint(who: Admin, services: Use, body: NewEndpoint) -> Endpoint:
    """Subscribe someone; the answer shows a webhook's secret, this once."""
    new, now = body.checked(services.channels), services.clock.now_ms()
    with services.store.write() as connection:
        row = endpoints.create(connection, new, who.name, now)
    return _shape(row, now, row.secret or None)


@router.get("")
def list_endpoints(_: Viewer, services: Use, query: Annotated[listing.PageQuery, Query()]) -> Page[Endpoint]:
    """List endpoints, without their secrets."""
    with services.store.read() as connection:
        rows = stored.page(connection, t.endpoints, query.after, query.limit + 1)
    now = services.clock.now_ms()
    return listing.page(rows, query.limit, lambda row: _shape(row, now))


@router.get("/{endpoint_id}", responses=NOT_FOUND, dependencies=[Depends(no_query)])
def get_endpoint(_: Viewer, services: Use, endpoint_id: str) -> Endpoint:
    """Give one endpoint, without its secret."""
    with services.store.read() as connection:
        return _shape(_found(connection, endpoint_id), services.clock.now_ms())


@router.patch("/{endpoint_id}", responses=NOT_FOUND | CONFLICT, dependencies=[Depends(no_query)])
def change_endpoint(who: Admin, services: Use, endpoint_id: str, body: EndpointChange) -> Endpoint:
    """Change what an endpoint is told of, when, and where: from the next event on.

    What waits for its retry goes to a changed address, at once and with a fresh circuit.
    """
    now = services.clock.now_ms()
    with services.store.write() as connection:
        row = _found(connection, endpoint_id)
        values = body.values(ChannelName(row.channel), services.channels)
        asked = row.revision if body.revision is None else body.revision
        if not endpoints.change(connection, endpoint_id, asked, values):
            raise _changed_meanwhile(_found(connection, endpoint_id))
        if "url" in values:
            outbox.move(connection, endpoint_id, now)
        audit.note(connection, who.name, "endpoint_change", endpoint_id, now, fields=" ".join(sorted(values)))
        found = _shape(_found(connection, endpoint_id), now)
    services.due.ring()
    return found


def _changed_meanwhile(row: AnyRow) -> ProblemError:
    """Give the problem of a change that was decided on an older revision."""
    detail = f"the endpoint has come to revision {row.revision}"
    return ProblemError(HTTPStatus.CONFLICT, detail, reason="revision", revision=row.revision)


@router.post("/{endpoint_id}/test", responses=NOT_FOUND, dependencies=[Depends(no_query)])
async def test_endpoint(who: Admin, services: Use, endpoint_id: str) -> Tested:
    """Send a test at once and say what came of it; it is not retried and no alert."""
    started = services.clock.now_ms()
    with services.store.read() as connection:
        row = _found(connection, endpoint_id)
    letter = Letter(
        id=f"msg_test_{started}",
        url=row.url,
        language=Language(row.language),
        content=Trial(endpoint_id, rfc3339(started)),
        secrets=outbox.valid_secrets(row, started),
    )
    answer = await services.channels.send(ChannelName(row.channel), letter, started)
    with services.store.write() as connection:
        audit.note(connection, who.name, "endpoint_test", endpoint_id, started, outcome=answer.outcome)
    return Tested(outcome=answer.outcome, status=answer.status, took_ms=services.clock.now_ms() - started)


@router.post("/{endpoint_id}/rotate", responses=NOT_FOUND | CONFLICT, dependencies=[Depends(no_query)])
def rotate_secret(who: Admin, services: Use, endpoint_id: str) -> Endpoint:
    """Give the endpoint a new secret, shown this once; the old one signs too for the overlap."""
    now, secret = services.clock.now_ms(), signing.new_secret()
    until_ms = now + round(services.settings.webhook_rotation_hours * HOUR_MS)
    with services.store.write() as connection:
        if _found(connection, endpoint_id).channel != ChannelName.WEBHOOK:
            raise ProblemError(HTTPStatus.CONFLICT, "only webhooks have a secret")
        endpoints.rotate(connection, endpoint_id, secret, until_ms)
        audit.note(connection, who.name, "endpoint_rotate", endpoint_id, now)
        return _shape(_found(connection, endpoint_id), now, secret)


@router.post("/{endpoint_id}/disable", responses=NOT_FOUND, dependencies=[Depends(no_query)])
def disable_endpoint(who: Admin, services: Use, endpoint_id: str) -> Endpoint:
    """Stop deliveries to the endpoint; what waits becomes a dead letter that can be replayed."""
    now = services.clock.now_ms()
    with services.store.write() as connection:
        _found(connection, endpoint_id)
        outbox.disable(connection, endpoint_id, DisabledReason.BY_REQUEST, DeadReason.ENDPOINT_DISABLED)
        audit.note(connection, who.name, "endpoint_disable", endpoint_id, now)
        return _shape(_found(connection, endpoint_id), now)


@router.post("/{endpoint_id}/enable", responses=NOT_FOUND, dependencies=[Depends(no_query)])
def enable_endpoint(who: Admin, services: Use, endpoint_id: str) -> Endpoint:
    """Let the endpoint receive deliveries again, from the next event on."""
    now = services.clock.now_ms()
    with services.store.write() as connection:
        _found(connection, endpoint_id)
        endpoints.enable(connection, endpoint_id)
        audit.note(connection, who.name, "endpoint_enable", endpoint_id, now)
        return _shape(_found(connection, endpoint_id), now)
