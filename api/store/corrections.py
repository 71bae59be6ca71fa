"""Corrections of polarity: given, changed, taken back; one row a mention, never deleted.

The text that was corrected is not kept, only its gist, and that no longer than the correction is in force.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from api.store import alerts, listing
from api.store import tables as t
from api.store.calls import Call, call
from api.store.listing import AnyRow
from api.store.states import SampleAction
from api.store.turns import Turn, take_turn
from detectors.gist import Gist, Label

CORRECTED = "polarity_correct"
"""The action of the audit log's line."""
_row = t.corrections.c


@dataclass(frozen=True)
class NewCorrection:
    """What an officer calls a sample of an alert; ``url_sha256`` is the digest of its link, if it has one."""

    alert_id: str
    topic_id: str
    source: str
    mention: str
    url_sha256: str | None
    label: Label
    gist: Gist


def of_mention(connection: Connection, mention: str) -> AnyRow | None:
    """Find the correction of a mention, one that was taken back too; None when there is none."""
    return connection.execute(select(t.corrections).where(_row.mention == mention)).first()


def in_force(connection: Connection, mentions: Sequence[str] | None = None) -> Sequence[AnyRow]:
    """List the corrections of some mentions, or of all, that were not taken back."""
    query = select(t.corrections).where(_row.taken_back_ms.is_(None))
    return connection.execute(query if mentions is None else query.where(_row.mention.in_(mentions))).all()


def count_others(connection: Connection, mention: str) -> int:
    """Count the corrections in force of all other mentions."""
    others = (_row.taken_back_ms.is_(None)) & (_row.mention != mention)
    found: int = connection.execute(select(func.count()).where(others)).scalar_one()
    return found


def given_since(connection: Connection, actor: str, since_ms: int) -> list[int]:
    """List when an officer corrected something since a time, by the audit log."""
    line = t.audit.c
    mine = (line.actor == actor) & (line.action == CORRECTED) & (line.at_ms > since_ms)
    return list(connection.execute(select(line.at_ms).where(mine)).scalars())


def give(connection: Connection, new: NewCorrection, actor: str, now_ms: int) -> str:
    """Store what an officer calls a mention, not yet published, and give the correction's id."""
    take_turn(connection, Turn.JOURNAL)
    known = of_mention(connection, new.mention)
    values = {
        "alert_id": new.alert_id,
        "topic_id": new.topic_id,
        "label": new.label,
        "gist": msgspec.json.encode(new.gist).decode(),
        "given_by": actor,
        "given_ms": now_ms,
        "taken_back_by": None,
        "taken_back_ms": None,
    }
    if known is None:
        correction_id = _insert(connection, new, values)
    else:
        correction_id = str(known.correction_id)
        _change(connection, correction_id, values)
    said = {"mention": new.mention, "label": new.label}
    alerts.write_line(connection, new.alert_id, SampleAction.CORRECT, actor, now_ms, said)
    call(connection, Call.JOURNAL)
    return correction_id


def _insert(connection: Connection, new: NewCorrection, values: Mapping[str, object]) -> str:
    """Add a row under the next number; corrections are learned in the order of their numbers.

    Workers outlive a database that is lost: what is new must not have the id of what they know already.
    """
    number: int = connection.execute(select(func.coalesce(func.max(_row.number), 0) + 1)).scalar_one()
    correction_id = f"cor_{number:010d}_{secrets.token_hex(4)}"
    about = {"source": new.source, "mention": new.mention, "url_sha256": new.url_sha256}
    counts = {"number": number, "revision": 1, "published_revision": 0}
    connection.execute(insert(t.corrections).values(correction_id=correction_id, **about, **counts, **values))
    return correction_id


def _change(connection: Connection, correction_id: str, values: Mapping[str, object]) -> None:
    """Change a row, which is to be published again."""
    chosen = update(t.corrections).where(_row.correction_id == correction_id)
    connection.execute(chosen.values(revision=_row.revision + 1, **values))


def take_back(connection: Connection, row: AnyRow, actor: str, now_ms: int) -> bool:
    """Take a correction back; its gist is forgotten. Gives whether it was in force."""
    take_turn(connection, Turn.JOURNAL)
    found = listing.find(connection, t.corrections, str(row.correction_id))
    if found is None or found.taken_back_ms is not None:
        return False
    values = {"gist": None, "taken_back_by": actor, "taken_back_ms": now_ms}
    _change(connection, str(row.correction_id), values)
    said = {"mention": row.mention, "label": None}
    alerts.write_line(connection, str(row.alert_id), SampleAction.TAKE_BACK, actor, now_ms, said)
    call(connection, Call.JOURNAL)
    return True


def page(
    connection: Connection, after: str, limit: int, alert_id: str | None, *, only_in_force: bool
) -> Sequence[AnyRow]:
    """List corrections by id, from after ``after`` on; only those of an alert, only those in force."""
    conditions = [] if alert_id is None else [_row.alert_id == alert_id]
    if only_in_force:
        conditions.append(_row.taken_back_ms.is_(None))
    return listing.page(connection, t.corrections, after, limit, *conditions)


def unpublished(connection: Connection, limit: int) -> Sequence[AnyRow]:
    """List corrections that have changed since they were published."""
    waiting = select(t.corrections).where(_row.revision > _row.published_revision)
    return connection.execute(waiting.order_by(_row.correction_id).limit(limit)).all()


def published(connection: Connection, revisions: Mapping[str, int]) -> None:
    """Note up to which revision each correction has been published."""
    for correction_id, revision in revisions.items():
        chosen = update(t.corrections).where(_row.correction_id == correction_id)
        connection.execute(chosen.values(published_revision=revision))
