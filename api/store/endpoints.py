"""Endpoints and their deliveries, as administrators see them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, insert, select, update

from api import signing
from api.letter import Language
from api.store import tables as t
from api.store.audit import note
from api.store.listing import AnyRow
from api.store.states import ChannelName, EndpointState
from detectors.events import Severity


@dataclass(frozen=True)
class NewEndpoint:
    """What an administrator says of a new endpoint; a webhook without a secret gets one made.

    ``quiet_hours``: ``HH:MM-HH:MM`` in +07:00. ``escalation_minutes``: it only hears of alerts whose deadline
    is so near, or passed. ``group_seconds``: 0 groups nothing.
    """

    name: str
    url: str
    min_severity: Severity
    secret: str | None
    kinds: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    channel: ChannelName = ChannelName.WEBHOOK
    language: Language = Language.VI
    quiet_hours: str | None = None
    group_seconds: int = 0
    escalation_minutes: int | None = None


def create(connection: Connection, new: NewEndpoint, actor: str, now_ms: int) -> AnyRow:
    """Store a new endpoint and give it."""
    endpoint_id = "ep_" + secrets.token_hex(8)
    connection.execute(
        insert(t.endpoints).values(
            endpoint_id=endpoint_id,
            name=new.name,
            url=new.url,
            min_severity=new.min_severity,
            kinds=msgspec.json.encode(new.kinds).decode(),
            topics=msgspec.json.encode(new.topics).decode(),
            state=EndpointState.ACTIVE,
            channel=new.channel,
            language=new.language,
            quiet_hours=new.quiet_hours,
            group_seconds=new.group_seconds,
            escalation_minutes=new.escalation_minutes,
            secret=_secret(new),
            created_ms=now_ms,
            created_by=actor,
        )
    )
    note(connection, actor, "endpoint_create", endpoint_id, now_ms, name=new.name)
    return connection.execute(select(t.endpoints).where(t.endpoints.c.endpoint_id == endpoint_id)).one()


def _secret(new: NewEndpoint) -> str:
    """Give the secret of a new endpoint; only webhooks are signed."""
    if new.channel is not ChannelName.WEBHOOK:
        return ""
    return signing.new_secret() if new.secret is None else new.secret


def change(connection: Connection, endpoint_id: str, revision: int, values: Mapping[str, object]) -> bool:
    """Change some columns if the endpoint has this revision, which goes up by one; gives whether it had.

    Lists are kept as JSON.
    """
    kept = {
        name: msgspec.json.encode(value).decode() if isinstance(value, list) else value
        for name, value in values.items()
    }
    this = (t.endpoints.c.endpoint_id == endpoint_id, t.endpoints.c.revision == revision)
    changed = update(t.endpoints).where(*this).values(revision=t.endpoints.c.revision + 1, **kept)
    return connection.execute(changed).rowcount == 1


def rotate(connection: Connection, endpoint_id: str, secret: str, until_ms: int) -> None:
    """Give an endpoint a new secret; the present one signs too until then."""
    values = {"secret": secret, "previous_secret": t.endpoints.c.secret, "previous_until_ms": until_ms}
    connection.execute(update(t.endpoints).where(t.endpoints.c.endpoint_id == endpoint_id).values(values))


def enable(connection: Connection, endpoint_id: str) -> None:
    """Let an endpoint receive deliveries again, from the next event on; its failures are forgotten."""
    values = {
        "state": EndpointState.ACTIVE,
        "disabled_reason": None,
        "failures": 0,
        "failing_since_ms": None,
        "paused_until_ms": None,
    }
    connection.execute(update(t.endpoints).where(t.endpoints.c.endpoint_id == endpoint_id).values(values))


def deliveries(
    connection: Connection,
    chosen: dict[str, str],
    before_seq: int | None,
    limit: int,
) -> Sequence[AnyRow]:
    """List deliveries, the newest first; ``chosen`` maps columns to the value that they must have."""
    query = select(t.deliveries).where(*(t.deliveries.c[name] == value for name, value in chosen.items()))
    if before_seq is not None:
        query = query.where(t.deliveries.c.seq < before_seq)
    return connection.execute(query.order_by(t.deliveries.c.seq.desc()).limit(limit)).all()


def find_delivery(connection: Connection, delivery_id: str) -> AnyRow | None:
    """Find one delivery; None when there is none."""
    return connection.execute(select(t.deliveries).where(t.deliveries.c.delivery_id == delivery_id)).first()


def attempts(connection: Connection, delivery_ids: Sequence[str]) -> dict[str, list[AnyRow]]:
    """Give the attempts of some deliveries, each list in order."""
    found: dict[str, list[AnyRow]] = {delivery_id: [] for delivery_id in delivery_ids}
    query = select(t.attempts).where(t.attempts.c.delivery_id.in_(delivery_ids))
    for row in connection.execute(query.order_by(t.attempts.c.number)):
        found[row.delivery_id].append(row)
    return found
