"""Reading topics."""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, func, select

from api.store import tables as t
from api.store.states import AlertState


def page(connection: Connection, after: str, limit: int) -> Sequence[Row[tuple[object, ...]]]:
    """List topics by id from after ``after`` on, each with the number of its open alerts."""
    is_open = (t.alerts.c.topic_id == t.topics.c.topic_id) & (t.alerts.c.state == AlertState.OPEN)
    open_alerts = select(func.count()).select_from(t.alerts).where(is_open).scalar_subquery()
    query = select(t.topics, open_alerts.label("open_alerts")).where(t.topics.c.topic_id > after)
    return connection.execute(query.order_by(t.topics.c.topic_id).limit(limit)).all()


def known(connection: Connection, topic_ids: set[str]) -> set[str] | None:
    """Give which of the ids are topics; None while no catalogue has been read yet."""
    if connection.execute(select(t.topics.c.topic_id).limit(1)).first() is None:
        return None
    wanted = select(t.topics.c.topic_id).where(t.topics.c.topic_id.in_(topic_ids))
    return set(connection.execute(wanted).scalars())


def exists(connection: Connection, topic_id: str) -> bool:
    """Whether the topic is listed or was ever counted."""
    for table in (t.topics, t.series, t.series_hours):
        if connection.execute(select(table.c.topic_id).where(table.c.topic_id == topic_id).limit(1)).first():
            return True
    return False
