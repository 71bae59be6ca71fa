"""Reading alerts and doing what officers do with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, tuple_, update

from api.clock import rfc3339
from api.lifecycle import Conflict, Standing, Wish, decide
from api.store import deadlines
from api.store import tables as t
from api.store.calls import Call, call
from api.store.states import Action, AlertVerdict, HumanState, Origin, SampleAction
from api.store.turns import Turn, take_turn

View = dict[str, object]


@dataclass(frozen=True)
class Filter:
    """Which alerts a list shows; an empty tuple means any."""

    state: tuple[str, ...] = ()
    human_state: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    since_ms: int | None = None


def view(row: Row[tuple[object, ...]], body: str | None = None) -> View:
    """Give the alert as the API shows it: an event (the latest, unless ``body`` is given) and the states."""
    event: View = msgspec.json.decode(row.body if body is None else body)
    return event | {
        "state": row.state,
        "human_state": row.human_state,
        "verdict": row.verdict,
        "verdict_reason": row.verdict_reason,
        "assignee": row.assignee,
        "handling_revision": row.handling_revision,
        "handled_by": row.handled_by,
        "handled_at": None if row.handled_ms is None else rfc3339(row.handled_ms),
        "opened_at": rfc3339(row.opened_ms),
    }


def with_samples(views: Sequence[View]) -> list[str]:
    """Give the ids of those alerts that show samples."""
    return [str(view["alert_id"]) for view in views if view.get("samples")]


def find(connection: Connection, alert_id: str) -> Row[tuple[object, ...]] | None:
    """Find one alert; None when there is none."""
    return connection.execute(select(t.alerts).where(t.alerts.c.alert_id == alert_id)).first()


def page(
    connection: Connection, chosen: Filter, after: tuple[int, str] | None, limit: int
) -> Sequence[Row[tuple[object, ...]]]:
    """List alerts, the newest first, from the place ``after`` (opened, id) on.

    What changed lately is found by its index and sorted: walking the order's index for it would end nowhere.
    """
    query = select(t.alerts).where(*_conditions(chosen))
    if after is not None:
        query = query.where(tuple_(t.alerts.c.opened_ms, t.alerts.c.alert_id) < tuple_(*after))
    opened = t.alerts.c.opened_ms if chosen.since_ms is None else t.alerts.c.opened_ms + 0
    ordered = query.order_by(opened.desc(), t.alerts.c.alert_id.desc())
    return connection.execute(ordered.limit(limit)).all()


def _conditions(chosen: Filter) -> list[ColumnElement[bool]]:
    """Translate a filter."""
    columns = {
        t.alerts.c.state: chosen.state,
        t.alerts.c.human_state: chosen.human_state,
        t.alerts.c.severity: chosen.severity,
        t.alerts.c.kind: chosen.kind,
        t.alerts.c.topic_id: chosen.topic,
    }
    found: list[ColumnElement[bool]] = [column.in_(values) for column, values in columns.items() if values]
    if chosen.since_ms is not None:
        found.append(t.alerts.c.updated_ms >= chosen.since_ms)
    return found


def act(connection: Connection, alert_id: str, wish: Wish, actor: str, now_ms: int) -> Conflict | None:
    """Let an officer do something with an alert that exists, by compare-and-set; None when it is done.

    A Conflict names why it was not done and where the alert stands; nothing is changed then. The turn comes
    before the alert's row, as in the projector, so that the two never wait for each other.
    """
    take_turn(connection, Turn.JOURNAL)
    while True:
        before = _standing(connection, alert_id)
        after = decide(before, wish)
        if isinstance(after, Conflict):
            return after
        if _set(connection, alert_id, before, after, _columns(wish, actor, now_ms)):
            break
    call(connection, Call.JOURNAL)
    said = {"verdict": wish.verdict, "reason": wish.reason, "comment": wish.comment}
    body = {**said, "to": wish.to, "human_state": after.human_state}
    write_line(connection, alert_id, wish.action, actor, now_ms, body)
    deadlines.acted(connection, alert_id, wish.action, now_ms)
    return None


def write_line(
    connection: Connection,
    alert_id: str,
    action: Action | SampleAction,
    actor: str,
    now_ms: int,
    said: Mapping[str, object],
) -> None:
    """Add what an officer did to the journal; the caller has its turn."""
    line = {"event": action, "actor": actor, "at_ms": now_ms, "decided_ms": now_ms}
    body = msgspec.json.encode({"action": action, **said}).decode()
    connection.execute(
        insert(t.alert_events).values(alert_id=alert_id, origin=Origin.OFFICER, body=body, **line)
    )


def _standing(connection: Connection, alert_id: str) -> Standing:
    """Read where an alert stands."""
    row = connection.execute(select(t.alerts).where(t.alerts.c.alert_id == alert_id)).one()
    verdict = None if row.verdict is None else AlertVerdict(row.verdict)
    return Standing(HumanState(row.human_state), row.revision, row.handling_revision, row.assignee, verdict)


def _columns(wish: Wish, actor: str, now_ms: int) -> dict[str, object]:
    """Give what an action sets besides the standing; a comment leaves the handling as it is."""
    if wish.action is Action.COMMENT:
        return {}
    return {"handled_by": actor, "handled_ms": now_ms, "verdict_reason": wish.reason}


def _set(
    connection: Connection, alert_id: str, before: Standing, after: Standing, columns: dict[str, object]
) -> bool:
    """Store where the alert stands now unless someone was faster; gives whether it was stored."""
    changed = connection.execute(
        update(t.alerts)
        .where(t.alerts.c.alert_id == alert_id, t.alerts.c.handling_revision == before.handling_revision)
        .values(
            human_state=after.human_state,
            handling_revision=after.handling_revision,
            assignee=after.assignee,
            verdict=after.verdict,
            **columns,
        )
    )
    return changed.rowcount == 1


def history(
    connection: Connection, alert_id: str, after_seq: int, limit: int
) -> Sequence[Row[tuple[object, ...]]]:
    """List the journal of one alert in its order, from after ``after_seq`` on."""
    lines = select(t.alert_events).where(
        t.alert_events.c.alert_id == alert_id, t.alert_events.c.seq > after_seq
    )
    return connection.execute(lines.order_by(t.alert_events.c.seq).limit(limit)).all()


def last_seq(connection: Connection) -> int:
    """Give the place of the newest line of the journal; 0 when it is empty."""
    found: int | None = connection.execute(select(func.max(t.alert_events.c.seq))).scalar_one()
    return 0 if found is None else found


def journal(connection: Connection, after_seq: int, limit: int) -> Sequence[Row[tuple[object, ...]]]:
    """List the journal of all alerts with the alert of each line, from after ``after_seq`` on.

    ``line_seq``, ``origin`` and ``line_body`` are the line's, the rest is the alert's.
    """
    line = t.alert_events.c
    query = select(line.seq.label("line_seq"), line.origin, line.body.label("line_body"), t.alerts).join(
        t.alerts, t.alerts.c.alert_id == line.alert_id
    )
    return connection.execute(query.where(line.seq > after_seq).order_by(line.seq).limit(limit)).all()
