"""What an Alertmanager endpoint must hear again: what it was told of that fires, or has just ended."""

import msgspec
from sqlalchemy import Connection, and_, exists, or_, select

from api.letter import Event
from api.store import tables as t
from api.store.listing import AnyRow
from api.store.states import AlertState, ChannelName, DeliveryState, EndpointState, Purpose


def endpoints(connection: Connection, now_ms: int) -> list[AnyRow]:
    """Give the Alertmanager endpoints that may be written to now."""
    awake = or_(t.endpoints.c.paused_until_ms.is_(None), t.endpoints.c.paused_until_ms <= now_ms)
    chosen = select(t.endpoints).where(
        t.endpoints.c.channel == ChannelName.ALERTMANAGER, t.endpoints.c.state == EndpointState.ACTIVE, awake
    )
    return list(connection.execute(chosen))


def events(connection: Connection, endpoint_id: str, closed_since_ms: int) -> list[Event]:
    """Give the latest event of each alert to be told again: open, or told closed since then."""
    mine = and_(
        t.deliveries.c.alert_id == t.alerts.c.alert_id,
        t.deliveries.c.endpoint_id == endpoint_id,
        t.deliveries.c.purpose == Purpose.EVENT,
        t.deliveries.c.state == DeliveryState.DELIVERED,
    )
    closed = and_(
        mine,
        t.deliveries.c.revision == t.alerts.c.revision,
        t.deliveries.c.delivered_ms >= closed_since_ms,
    )
    told = select(t.alerts.c.body).where(
        or_(
            and_(t.alerts.c.state == AlertState.OPEN, exists().where(mine)),
            and_(t.alerts.c.state == AlertState.CLOSED, exists().where(closed)),
        )
    )
    return [msgspec.json.decode(body) for body in connection.execute(told).scalars()]
