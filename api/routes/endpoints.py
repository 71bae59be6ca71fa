"""Endpoints: create, list, test, rotate, disable, enable."""

from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Connection

from api import cursor, egress, signing, webhook
from api.auth import Admin, Viewer
from api.clock import MILLISECONDS, from_ms, now_ms, rfc3339
from api.errors import ProblemError, invalid
from api.outcome import DeadReason
from api.query import StrictQuery, no_query
from api.routes.answers import NOT_FOUND, SHARED
from api.schemas import Endpoint, Page, Tested
from api.services import Services, Use
from api.store import audit, endpoints, outbox
from detectors.events import AlertKind, Severity

HTTPS_PORT = 443
HTTP_PORT = 80
HOUR_MS = 3_600_000

router = APIRouter(prefix="/v1/endpoints", tags=["webhooks"], responses=SHARED)


class EndpointQuery(StrictQuery):
    """Which page of the endpoints."""

    limit: int = Field(100, ge=1, le=500)
    cursor: str | None = Field(None, max_length=500)


class NewEndpoint(BaseModel):
    """A webhook to subscribe."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2000, description="https, or http for a receiver of the allow-list")
    name: str = Field("", max_length=200)
    min_severity: Severity = Field(Severity.INFO, description="Alerts that never reach it are not delivered")
    kinds: list[AlertKind] = Field([], max_length=20, description="All, when left out")
    topics: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        [], max_length=1000, description="With the topics below each; all, when left out"
    )
    secret: str | None = Field(None, max_length=120, description="whsec_...; made here when left out")

    @field_validator("secret")
    @classmethod
    def _secret_parses(cls, value: str | None) -> str | None:
        """Refuse a secret that does not follow Standard Webhooks."""
        if value is not None:
            signing.secret_bytes(value)
        return value

    @field_validator("url")
    @classmethod
    def _url_is_plain(cls, value: str) -> str:
        """Refuse what is no plain http(s) address."""
        parts = _split(value)
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user name or password: deliveries are signed instead")
        if parts.fragment or not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("must be an address without fragment, in ASCII")
        return value


def _split(url: str) -> SplitResult:
    """Take an address apart; raises ValueError when it is no http(s) one."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError("must be an https (or internal http) address")
    return parts


def _refuse_known_bad(services: Services, url: str) -> None:
    """Refuse a numeric address that the guard would refuse; names are judged when they are resolved."""
    parts = _split(url)
    encrypted = parts.scheme == "https"
    default = HTTPS_PORT if encrypted else HTTP_PORT
    try:
        address = str(ip_address(parts.hostname or ""))
    except ValueError:
        return
    port = default if parts.port is None else parts.port
    verdict = egress.judge(address, port, services.settings.allow_rules, encrypted=encrypted)
    if not verdict.passes:
        detail = f"is refused ({verdict}); internal receivers are allowed by the setting egress_allow"
        raise invalid("url", detail)


def _shape(row: endpoints.AnyRow, secret: str | None = None) -> Endpoint:
    """Give an endpoint as the API shows it."""
    return Endpoint(
        id=row.endpoint_id,
        name=row.name,
        url=row.url,
        min_severity=row.min_severity,
        kinds=msgspec.json.decode(row.kinds),
        topics=msgspec.json.decode(row.topics),
        state=row.state,
        disabled_reason=row.disabled_reason,
        created_at=from_ms(row.created_ms),
        created_by=row.created_by,
        secret=secret,
    )


def _found(connection: Connection, endpoint_id: str) -> endpoints.AnyRow:
    """Find an endpoint; raises a 404 problem."""
    row = endpoints.find(connection, endpoint_id)
    if row is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no endpoint with this id")
    return row


@router.post("", status_code=HTTPStatus.CREATED, dependencies=[Depends(no_query)])
def create_endpoint(who: Admin, services: Use, body: NewEndpoint) -> Endpoint:
    """Subscribe a webhook; the answer shows its secret, this once."""
    _refuse_known_bad(services, body.url)
    new = endpoints.NewEndpoint(
        body.name, body.url, body.min_severity, body.secret, tuple(body.kinds), tuple(body.topics)
    )
    with services.store.write() as connection:
        row = endpoints.create(connection, new, who.name, now_ms())
    return _shape(row, row.secret)


@router.get("")
def list_endpoints(_: Viewer, services: Use, query: Annotated[EndpointQuery, Query()]) -> Page[Endpoint]:
    """List endpoints, without their secrets."""
    after = "" if query.cursor is None else str(cursor.decode(query.cursor, str)[0])
    with services.store.read() as connection:
        rows = endpoints.page(connection, after, query.limit + 1)
    shown = rows[: query.limit]
    place = cursor.encode((shown[-1].endpoint_id,)) if len(rows) > query.limit else None
    return Page[Endpoint](items=[_shape(row) for row in shown], next=place)


@router.post("/{endpoint_id}/test", responses=NOT_FOUND, dependencies=[Depends(no_query)])
async def test_endpoint(who: Admin, services: Use, endpoint_id: str) -> Tested:
    """Send a signed test at once and say what came of it; it is not retried and no alert."""
    started = now_ms()
    with services.store.write() as connection:
        row = _found(connection, endpoint_id)
        audit.note(connection, who.name, "endpoint_test", endpoint_id, started)
    body = webhook.connection_test(rfc3339(started), endpoint_id)
    valid = outbox.valid_secrets(row, started)
    headers = signing.headers(valid, f"msg_test_{started}", started // MILLISECONDS, body)
    answer = await services.sender.send(row.url, headers, body)
    return Tested(outcome=answer.outcome, status=answer.status, took_ms=now_ms() - started)


@router.post("/{endpoint_id}/rotate", responses=NOT_FOUND, dependencies=[Depends(no_query)])
def rotate_secret(who: Admin, services: Use, endpoint_id: str) -> Endpoint:
    """Give the endpoint a new secret, shown this once; the old one signs too for the overlap."""
    now, secret = now_ms(), signing.new_secret()
    until_ms = now + round(services.settings.webhook_rotation_hours * HOUR_MS)
    with services.store.write() as connection:
        _found(connection, endpoint_id)
        endpoints.rotate(connection, endpoint_id, secret, until_ms)
        audit.note(connection, who.name, "endpoint_rotate", endpoint_id, now)
        return _shape(_found(connection, endpoint_id), secret)


@router.post("/{endpoint_id}/disable", responses=NOT_FOUND, dependencies=[Depends(no_query)])
def disable_endpoint(who: Admin, services: Use, endpoint_id: str) -> Endpoint:
    """Stop deliveries to the endpoint; what waits becomes a dead letter that can be replayed."""
    with services.store.write() as connection:
        _found(connection, endpoint_id)
        outbox.disable(connection, endpoint_id, "by_request", DeadReason.ENDPOINT_DISABLED)
        audit.note(connection, who.name, "endpoint_disable", endpoint_id, now_ms())
        return _shape(_found(connection, endpoint_id))


@router.post("/{endpoint_id}/enable", responses=NOT_FOUND, dependencies=[Depends(no_query)])
def enable_endpoint(who: Admin, services: Use, endpoint_id: str) -> Endpoint:
    """Let the endpoint receive deliveries again, from the next event on."""
    with services.store.write() as connection:
        _found(connection, endpoint_id)
        endpoints.enable(connection, endpoint_id)
        audit.note(connection, who.name, "endpoint_enable", endpoint_id, now_ms())
        return _shape(_found(connection, endpoint_id))
