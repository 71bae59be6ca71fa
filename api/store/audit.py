"""The audit log: who changed what, and who read people's words. Lines are only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select

from api.store import tables as t

SAMPLES_READ = "samples_read"
SEVERAL = "alerts"
"""The object of a line about more than one alert."""


@dataclass(frozen=True)
class Filter:
    """Which lines a list shows; None means any."""

    actor: str | None = None
    action: str | None = None
    object: str | None = None
    since_ms: int | None = None


def note(
    connection: Connection, actor: str, action: str, target: str, now_ms: int, **detail: str | None
) -> None:
    """Write one line; ``detail`` holds ids and closed words, never a secret or a person's text."""
    row = {"actor": actor, "action": action, "object": target, "at_ms": now_ms}
    connection.execute(insert(t.audit).values(**row, detail=msgspec.json.encode(detail).decode()))


def note_samples(connection: Connection, actor: str, alert_ids: Sequence[str], now_ms: int) -> None:
    """Write one line saying that someone was shown the samples of some alerts, which ``detail`` lists."""
    target = alert_ids[0] if len(alert_ids) == 1 else SEVERAL
    note(connection, actor, SAMPLES_READ, target, now_ms, alerts=" ".join(alert_ids))


def page(
    connection: Connection, chosen: Filter, before_seq: int | None, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """List lines, the newest first, from before ``before_seq`` on."""
    equal = {t.audit.c.actor: chosen.actor, t.audit.c.action: chosen.action, t.audit.c.object: chosen.object}
    query = select(t.audit).where(*(column == value for column, value in equal.items() if value is not None))
    if chosen.since_ms is not None:
        query = query.where(t.audit.c.at_ms >= chosen.since_ms)
    if before_seq is not None:
        query = query.where(t.audit.c.seq < before_seq)
    return connection.execute(query.order_by(t.audit.c.seq.desc()).limit(limit)).all()
