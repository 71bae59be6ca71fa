"""Topics and their series."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection

from api import cursor
from api.auth import Viewer
from api.clock import MILLISECONDS, now_ms
from api.errors import ProblemError, invalid
from api.fields import Cursor, Moment
from api.query import StrictQuery
from api.routes.answers import NOT_FOUND, SHARED
from api.schemas import Name, Page, Point, Series, Topic
from api.services import Use
from api.store import series, topics

MINUTE_SECONDS = 60
DAY_SECONDS = 86_400
MAX_POINTS = 10_080

router = APIRouter(prefix="/v1/topics", tags=["topics"], responses=SHARED)


class TopicQuery(StrictQuery):
    """Which page of the topics."""

    limit: int = Field(200, ge=1, le=1000)
    cursor: Cursor | None = None


class SeriesQuery(StrictQuery):
    """Which part of a series; without ``to`` its newest, without ``from`` the 24 hours before ``to``."""

    start: Moment | None = Field(None, alias="from")
    end: Moment | None = Field(None, alias="to")
    step: int = Field(MINUTE_SECONDS, ge=MINUTE_SECONDS, le=DAY_SECONDS, multiple_of=MINUTE_SECONDS)


@router.get("")
def list_topics(_: Viewer, services: Use, query: Annotated[TopicQuery, Query()]) -> Page[Topic]:
    """List topics by id, each with the number of its open alerts."""
    after = "" if query.cursor is None else str(cursor.decode(query.cursor, str)[0])
    with services.store.read() as connection:
        rows = topics.page(connection, after, query.limit + 1)
    shown = rows[: query.limit]
    items = [
        Topic(
            id=row.topic_id,
            name=Name(vi=row.name_vi, en=row.name_en),
            parent=row.parent,
            open_alerts=row.open_alerts,
        )
        for row in shown
    ]
    place = cursor.encode((shown[-1].topic_id,)) if len(rows) > query.limit else None
    return Page[Topic](items=items, next=place)


@router.get("/{topic_id}/series", responses=NOT_FOUND)
def get_series(_: Viewer, services: Use, topic_id: str, query: Annotated[SeriesQuery, Query()]) -> Series:
    """Give counts, negative and positive ones and what was expected, per step; silent steps count 0."""
    step = query.step // MINUTE_SECONDS
    with services.store.read() as connection:
        if not topics.exists(connection, topic_id):
            raise ProblemError(HTTPStatus.NOT_FOUND, "there is no topic with this id")
        minutes = _minutes(connection, topic_id, query, step)
        found = series.sums(connection, topic_id, minutes, step)
    points = [_point(minute, found.get(minute)) for minute in minutes[::step]]
    return Series(topic=topic_id, step=query.step, points=points)


def _minutes(connection: Connection, topic_id: str, query: SeriesQuery, step: int) -> range:
    """Give the epoch minutes asked for, begun on a whole step; raises a 422 problem."""
    if query.end is None:
        newest = series.newest_minute(connection, topic_id)
        end = now_ms() // (MINUTE_SECONDS * MILLISECONDS) if newest is None else newest + 1
    else:
        end = -(-int(query.end.timestamp()) // MINUTE_SECONDS)
    day = DAY_SECONDS // MINUTE_SECONDS
    start = end - day if query.start is None else int(query.start.timestamp()) // MINUTE_SECONDS
    start = max(0, start - start % step)
    if start >= end:
        raise invalid("from", "must be before to")
    if (end - start) / step > MAX_POINTS:
        raise invalid("step", f"is too small: at most {MAX_POINTS} points are given")
    return range(start, end)


def _point(minute: int, found: series.Sum | None) -> Point:
    """Give one step."""
    at = datetime.fromtimestamp(minute * MINUTE_SECONDS, UTC)
    if found is None:
        return Point(at=at, count=0, negative=0, positive=0)
    return Point(
        at=at,
        count=found.count,
        negative=found.negative,
        positive=found.positive,
        expected=found.expected,
        interval=None if found.low is None or found.high is None else (found.low, found.high),
    )
