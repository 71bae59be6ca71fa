"""Notices: what the other endpoints are told when one is disabled, so that its silence is noticed."""

import msgspec
from sqlalchemy import Connection, insert, select

from api.clock import rfc3339
from api.outcome import DisabledReason
from api.routing import HoldReason, Send, quiet_until_ms
from api.store import due
from api.store import tables as t
from api.store.calls import Call, call
from api.store.listing import AnyRow
from api.store.states import EndpointState, Origin, Purpose
from api.store.turns import Turn, take_turn
from detectors.events import Severity

EVENT = "disabled"


def tell(connection: Connection, endpoint_id: str, why: DisabledReason, now_ms: int) -> int:
    """Tell every other active endpoint that this one was disabled; give how many deliveries that makes."""
    take_turn(connection, Turn.JOURNAL)
    call(connection, Call.JOURNAL)
    lost = connection.execute(select(t.endpoints).where(t.endpoints.c.endpoint_id == endpoint_id)).one()
    seq = connection.execute(
        insert(t.alert_events)
        .values(
            alert_id=endpoint_id,
            origin=Origin.DELIVERY,
            event=EVENT,
            at_ms=now_ms,
            decided_ms=now_ms,
            body=_body(lost, why, now_ms),
        )
        .returning(t.alert_events.c.seq)
    ).scalar_one()
    others = select(t.endpoints).where(
        t.endpoints.c.state == EndpointState.ACTIVE, t.endpoints.c.endpoint_id != endpoint_id
    )
    cause = due.Cause(endpoint_id, 0, seq, now_ms, f"{Purpose.NOTICE}:{seq}")
    routed = [(row.endpoint_id, _when(row, now_ms)) for row in connection.execute(others)]
    return due.make(connection, cause, routed)


def _when(row: AnyRow, now_ms: int) -> Send:
    """Say when an endpoint is told; a notice is no crisis, so quiet hours hold it."""
    held_ms = quiet_until_ms(due.subscription(row, told=False).quiet, Severity.WARNING, now_ms)
    return Send() if held_ms is None else Send(held_ms, HoldReason.QUIET_HOURS)


def _body(lost: AnyRow, why: DisabledReason, now_ms: int) -> str:
    """Give the notice: which endpoint and why, never its address."""
    since_ms = now_ms if lost.failing_since_ms is None else lost.failing_since_ms
    return msgspec.json.encode(
        {
            "endpoint_id": lost.endpoint_id,
            "name": lost.name,
            "channel": lost.channel,
            "reason": why,
            "at": rfc3339(now_ms),
            "failing_since": rfc3339(since_ms),
        }
    ).decode()
