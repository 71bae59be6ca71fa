"""The response clock's rows: deadlines start with an alert, are met or ended by what officers do.

An escalation is a delivery that waits for its moment before the deadline, and is withheld when the deadline
is met or the alert resolved before. When the moment comes, a line of the alert's history says so.
"""

from collections.abc import Sequence
from itertools import groupby

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, literal_column, select, update

from api import response, wire
from api.clock import rfc3339, to_ms
from api.response import Course, Deadline, Goal, Rule, Standing
from api.routing import HoldReason, Send, Subscription, WithheldReason, quiet_until_ms, unwanted
from api.store import due
from api.store import tables as t
from api.store.calls import Call, call
from api.store.listing import AnyRow
from api.store.states import Action, DeliveryState, EndpointState, HumanState, Origin, Purpose
from api.store.turns import Turn, take_turn
from api.store.upsert import insert_into
from detectors.events import EventName, Severity

ACTOR = "response clock"
ESCALATED = "escalated"
View = dict[str, object]


def start(
    connection: Connection, head: wire.AlertHead, seq: int, decided_ms: int, rules: Sequence[Rule]
) -> int:
    """Start the deadlines of an alert that has come to a severity, once; give how many escalations wait."""
    if head.event is EventName.CLOSED:
        return 0
    found = response.deadlines(rules, head.severity, to_ms(head.onset), decided_ms)
    fresh = [deadline for deadline in found if _insert(connection, head, deadline)]
    if not fresh:
        return 0
    if head.event is not EventName.OPENED:
        _credit(connection, head.alert_id, decided_ms)
    return sum(_escalations(connection, head, seq, decided_ms, deadline) for deadline in fresh)


def _insert(connection: Connection, head: wire.AlertHead, deadline: Deadline) -> bool:
    """Store a deadline unless it is there; gives whether it is new."""
    statement = insert_into(connection, t.deadlines).values(
        alert_id=head.alert_id,
        severity=head.severity,
        goal=deadline.goal,
        number=deadline.number,
        start=deadline.start,
        minutes=deadline.minutes,
        due_ms=deadline.due_ms,
    )
    fresh = statement.on_conflict_do_nothing().returning(t.deadlines.c.goal)
    return connection.execute(fresh).first() is not None


def _credit(connection: Connection, alert_id: str, now_ms: int) -> None:
    """Count what officers had done before an alert came to a higher severity."""
    state = select(t.alerts.c.human_state).where(t.alerts.c.alert_id == alert_id)
    if connection.execute(state).scalar_one() in {HumanState.ACKNOWLEDGED, HumanState.ASSIGNED}:
        _meet(connection, alert_id, Goal.ACKNOWLEDGED, now_ms)
    _meet_informed(connection, alert_id, now_ms)


def _escalations(
    connection: Connection, head: wire.AlertHead, seq: int, decided_ms: int, deadline: Deadline
) -> int:
    """Make the deliveries that warn of one deadline; give how many wait."""
    escalating = select(t.endpoints).where(
        t.endpoints.c.state == EndpointState.ACTIVE, t.endpoints.c.escalation_minutes.is_not(None)
    )
    rows = connection.execute(escalating).all()
    if not rows:
        return 0
    facts, silence_id = due.gather(connection, head, decided_ms)
    wanting = [
        (row, wish) for row in rows if unwanted(wish := due.subscription(row, told=False), facts) is None
    ]
    if silence_id is not None:
        return 0
    cause = due.Cause(head.alert_id, head.revision, seq, decided_ms, _purpose(head.severity, deadline))
    routed = [
        (row.endpoint_id, _moment(wish, head.severity, deadline.due_ms, row.escalation_minutes))
        for row, wish in wanting
    ]
    return due.make(connection, cause, routed)


def _purpose(severity: Severity, deadline: Deadline) -> str:
    """Name the purpose of the deliveries that warn of a deadline."""
    return f"{Purpose.ESCALATION}:{severity}:{deadline.goal}:{deadline.number}"


def _moment(wish: Subscription, severity: Severity, due_ms: int, minutes: int) -> Send:
    """Say when an endpoint is warned of a deadline."""
    at_ms = response.escalate_ms(due_ms, minutes)
    held_ms = quiet_until_ms(wish.quiet, severity, at_ms)
    return Send(at_ms if held_ms is None else held_ms, HoldReason.BEFORE_DEADLINE)


def escalate(connection: Connection, now_ms: int) -> int:
    """Release the escalations whose moment has come, with a line each in the alert's history; give how many.

    A line names the deadline and all endpoints that are told of it at this moment. The turn comes before the
    deliveries' rows, as in the projector, so that the two never wait for each other.
    """
    ripe = and_(
        t.deliveries.c.state == DeliveryState.DUE,
        t.deliveries.c.next_ms <= now_ms,
        t.deliveries.c.reason == HoldReason.BEFORE_DEADLINE,
    )
    waiting = select(t.deliveries.c.seq).where(ripe).limit(1)
    if connection.execute(waiting).first() is None:
        return 0
    take_turn(connection, Turn.JOURNAL)
    told = (
        select(t.deliveries.c.alert_id, t.deliveries.c.purpose, t.endpoints.c.endpoint_id, t.endpoints.c.name)
        .join(t.endpoints, t.endpoints.c.endpoint_id == t.deliveries.c.endpoint_id)
        .where(ripe)
        .order_by(t.deliveries.c.alert_id, t.deliveries.c.purpose, t.endpoints.c.endpoint_id)
    )
    rows = connection.execute(told).all()
    lines = [
        _escalated(connection, alert_id, purpose, [(row.endpoint_id, row.name) for row in group], now_ms)
        for (alert_id, purpose), group in groupby(rows, key=lambda row: (row.alert_id, row.purpose))
    ]
    if lines:
        call(connection, Call.JOURNAL)
        connection.execute(insert(t.alert_events), lines)
        connection.execute(update(t.deliveries).where(ripe).values(reason=None))
    return len(lines)


def _escalated(
    connection: Connection, alert_id: str, purpose: str, endpoints: Sequence[tuple[str, str]], now_ms: int
) -> dict[str, object]:
    """Give the journal line of one escalation: of which deadline, to which endpoints (id, name)."""
    body = {
        "deadline": of_escalation(connection, alert_id, purpose, now_ms),
        "endpoints": [{"id": endpoint_id, "name": name} for endpoint_id, name in endpoints],
    }
    return {
        "alert_id": alert_id,
        "origin": Origin.CLOCK,
        "event": ESCALATED,
        "actor": ACTOR,
        "at_ms": now_ms,
        "decided_ms": now_ms,
        "body": msgspec.json.encode(body).decode(),
    }


def acted(connection: Connection, alert_id: str, action: Action, now_ms: int) -> None:
    """Let the deadlines of an alert hear of an officer's action, after its line was written."""
    if action in response.ACKNOWLEDGING:
        _meet(connection, alert_id, Goal.ACKNOWLEDGED, now_ms)
    if action is Action.PUBLISH:
        _meet_informed(connection, alert_id, now_ms)
    elif action is Action.CLOSE:
        _set_ended(connection, alert_id, now_ms)
    elif action is Action.REOPEN:
        _set_ended(connection, alert_id, None)


def _meet(connection: Connection, alert_id: str, goal: Goal, now_ms: int, upto: int | None = None) -> None:
    """Note that a goal is reached, up to a number if one is given; its escalations are not sent any more."""
    mine = and_(
        t.deadlines.c.alert_id == alert_id, t.deadlines.c.goal == goal, t.deadlines.c.met_ms.is_(None)
    )
    if upto is not None:
        mine = and_(mine, t.deadlines.c.number <= upto)
    rows = connection.execute(select(t.deadlines).where(mine)).all()
    connection.execute(update(t.deadlines).where(mine).values(met_ms=now_ms))
    purposes = [f"{Purpose.ESCALATION}:{row.severity}:{row.goal}:{row.number}" for row in rows]
    waiting = and_(_waits(alert_id), t.deliveries.c.purpose.in_(purposes))
    withheld = {"state": DeliveryState.WITHHELD, "reason": WithheldReason.DEADLINE_MET}
    connection.execute(update(t.deliveries).where(waiting).values(**withheld))


def _meet_informed(connection: Connection, alert_id: str, now_ms: int) -> None:
    """Note how often the public was informed: the second time meets the second deadline."""
    told = select(func.count()).where(
        t.alert_events.c.alert_id == alert_id, t.alert_events.c.event == Action.PUBLISH
    )
    _meet(connection, alert_id, Goal.INFORMED, now_ms, connection.execute(told).scalar_one())


def _waits(alert_id: str) -> ColumnElement[bool]:
    """Whether a delivery is an escalation of this alert that was not sent yet."""
    return and_(
        t.deliveries.c.alert_id == alert_id,
        t.deliveries.c.purpose.startswith(f"{Purpose.ESCALATION}:"),
        t.deliveries.c.state == DeliveryState.DUE,
        t.deliveries.c.attempts == 0,
    )


def _set_ended(connection: Connection, alert_id: str, ended_ms: int | None) -> None:
    """Stop what still runs when an alert is resolved, or let it run on when it is reopened."""
    unmet = and_(t.deadlines.c.alert_id == alert_id, t.deadlines.c.met_ms.is_(None))
    connection.execute(update(t.deadlines).where(unmet).values(ended_ms=ended_ms))
    if ended_ms is not None:
        chosen = _waits(alert_id)
        values = {"state": DeliveryState.WITHHELD, "reason": WithheldReason.ALERT_RESOLVED}
    else:
        chosen = and_(
            t.deliveries.c.alert_id == alert_id, t.deliveries.c.reason == WithheldReason.ALERT_RESOLVED
        )
        values = {"state": DeliveryState.DUE, "reason": HoldReason.BEFORE_DEADLINE}
    connection.execute(update(t.deliveries).where(chosen).values(**values))


def of_alert(connection: Connection, alert_id: str, now_ms: int) -> list[View]:
    """Give the deadlines of an alert as the API shows them, the next first."""
    mine = select(t.deadlines).where(t.deadlines.c.alert_id == alert_id)
    rows = connection.execute(mine.order_by(t.deadlines.c.due_ms, t.deadlines.c.severity, t.deadlines.c.goal))
    return [_view(row, now_ms) for row in rows]


def of_escalation(connection: Connection, alert_id: str, purpose: str, now_ms: int) -> View:
    """Give the deadline that an escalation warns of, as the API shows it."""
    _, severity, goal, number = purpose.split(":")
    key = {"severity": severity, "goal": goal, "number": int(number)}
    chosen = (t.deadlines.c[name] == value for name, value in key.items())
    mine = select(t.deadlines).where(t.deadlines.c.alert_id == alert_id, *chosen)
    return _view(connection.execute(mine).one(), now_ms)


def _view(row: AnyRow, now_ms: int) -> View:
    """Give one deadline as the API shows it."""
    course = Course(row.due_ms, row.met_ms, row.ended_ms)
    return {
        "severity": row.severity,
        "goal": row.goal,
        "number": row.number,
        "from": row.start,
        "minutes": row.minutes,
        "due_at": rfc3339(row.due_ms),
        "state": course.standing(now_ms),
        "met_at": None if row.met_ms is None else rfc3339(row.met_ms),
        "remaining_seconds": course.remaining_seconds(now_ms),
    }


def counts(connection: Connection, now_ms: int) -> dict[tuple[str, str], int]:
    """Give how many deadlines of each goal stand how; agrees with ``Course.standing``."""
    d = t.deadlines.c
    standing = case(
        (and_(d.met_ms.is_not(None), d.met_ms <= d.due_ms), Standing.MET),
        (d.met_ms.is_not(None), Standing.MISSED),
        (and_(d.ended_ms.is_not(None), d.ended_ms <= d.due_ms), Standing.ENDED),
        (d.due_ms >= now_ms, Standing.RUNNING),
        else_=Standing.MISSED,
    ).label("standing")
    rows = connection.execute(
        select(d.goal, standing, func.count()).group_by(d.goal, literal_column("standing"))
    )
    return {(goal, state): number for goal, state, number in rows}
