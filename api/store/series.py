"""Series: counts by topic, in minutes while they are young, then in hours that remember their minutes.

Minutes before a mark are in ``series_hours``, the others in ``series``; a row that comes late goes where its
minute is by then, so rolling up never changes a count, whenever it happens.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, tuple_

from api.rollup import EMPTY, HOUR_MINUTES, Band, Counts, Hour, merge, pack, unpack
from api.store import tables as t
from api.store.places import next_offsets, store_places
from api.store.turns import Turn, take_turn
from api.store.upsert import insert_into
from api.wire import SeriesRow

MARK = ("series_hours", 0)
_VALUES = ("count", "negative", "positive", "expected", "low", "high")
_minute, _hour = t.series.c, t.series_hours.c
_COUNTS = tuple(_hour[name] for name in _VALUES[:3])
_BAND = tuple(_hour[name] for name in _VALUES[3:])


@dataclass
class Sum:
    """The sum of some minutes of one topic; what was expected is None where nothing is known."""

    count: int = 0
    negative: int = 0
    positive: int = 0
    expected: float | None = None
    low: float | None = None
    high: float | None = None

    def add(self, counts: Counts, band: Band) -> None:
        """Add one part."""
        self.count += counts.mentions
        self.negative += counts.negative
        self.positive += counts.positive
        self.expected, self.low, self.high = Band(self.expected, self.low, self.high).plus(band)


def keep(connection: Connection, rows: Sequence[SeriesRow]) -> None:
    """Keep per topic and minute the row with the larger count, the newer one of equals."""
    if not rows:
        return
    mark = next_offsets(connection, MARK[0]).get(MARK[1], 0)
    _keep_minutes(connection, [row for row in rows if row.minute >= mark])
    _keep_hours(connection, [row for row in rows if row.minute < mark])


def _keep_minutes(connection: Connection, rows: Sequence[SeriesRow]) -> None:
    """Store young minutes."""
    if not rows:
        return
    statement = insert_into(connection, t.series)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["topic_id", "minute"],
            set_={column: statement.excluded[column] for column in _VALUES},
            where=statement.excluded["count"] >= _minute["count"],
        ),
        [{name: getattr(row, name) for name in ("topic_id", "minute", *_VALUES)} for row in rows],
    )


def _keep_hours(connection: Connection, rows: Iterable[SeriesRow]) -> None:
    """Take rows into the hours that their minutes belong to."""
    by_hour: defaultdict[tuple[str, int], list[SeriesRow]] = defaultdict(list)
    for row in rows:
        by_hour[row.topic_id, row.minute // HOUR_MINUTES].append(row)
    for (topic_id, number), found in by_hour.items():
        this = (_hour.topic_id == topic_id) & (_hour.hour == number)
        stored = connection.execute(select(_hour.minutes, *_BAND).where(this)).first()
        hour = EMPTY if stored is None else Hour(unpack(stored[0]), Band(*stored[1:]))
        hour = merge(hour, found)
        values = dict(zip(_VALUES, (*hour.total, *hour.band), strict=True)) | {"minutes": pack(hour.minutes)}
        statement = insert_into(connection, t.series_hours).values(topic_id=topic_id, hour=number, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["topic_id", "hour"], set_=values))


def roll_up(connection: Connection, before_minute: int) -> int:
    """Pack the oldest hour that is wholly before ``before_minute``, of all topics; gives how many minutes.

    It takes the projector's turn, so that no row is stored among the minutes that it packs.
    """
    take_turn(connection, Turn.PROJECTION)
    oldest = connection.execute(select(func.min(_minute.minute))).scalar_one()
    if oldest is None:
        return 0
    end = (oldest // HOUR_MINUTES + 1) * HOUR_MINUTES
    if end > before_minute:
        return 0
    columns = [_minute[name] for name in SeriesRow.__struct_fields__]
    rows = [SeriesRow(*row) for row in connection.execute(select(*columns).where(_minute.minute < end))]
    _keep_hours(connection, rows)
    connection.execute(delete(t.series).where(_minute.minute < end))
    store_places(connection, {MARK: end})
    return len(rows)


def forget(connection: Connection, before_hour: int, limit: int) -> int:
    """Delete at most ``limit`` hours before ``before_hour``; gives how many."""
    old = select(_hour.topic_id, _hour.hour).where(_hour.hour < before_hour).order_by(_hour.hour).limit(limit)
    return connection.execute(
        delete(t.series_hours).where(tuple_(_hour.topic_id, _hour.hour).in_(old))
    ).rowcount


def present_minute(connection: Connection, now_minute: int) -> int | None:
    """Give the newest minute of all topics, but none after ``now_minute``; None before the first count."""
    newest = connection.execute(select(func.max(_minute.minute))).scalar_one()
    known = [place for place in (newest, next_offsets(connection, MARK[0]).get(MARK[1])) if place is not None]
    return min(now_minute, max(known)) if known else None


def newest_minute(connection: Connection, topic_id: str) -> int | None:
    """Give the last counted minute of a topic, or the last of its last hour; None if it was never counted."""
    minutes = select(func.max(_minute.minute)).where(_minute.topic_id == topic_id)
    found: int | None = connection.execute(minutes).scalar_one()
    if found is not None:
        return found
    hours = select(func.max(_hour.hour)).where(_hour.topic_id == topic_id)
    hour: int | None = connection.execute(hours).scalar_one()
    return None if hour is None else (hour + 1) * HOUR_MINUTES - 1


def sums(connection: Connection, topic_id: str, minutes: range, step: int) -> dict[int, Sum]:
    """Sum a topic's minutes by steps of ``step`` minutes; gives only steps in which something was stored.

    The key is the first minute of the step. Counts are exact at every step. What was expected of a packed
    hour is known for the whole hour only: a step gets it if the hour lies in it. Bounds of the interval are
    summed too, which makes the interval of a longer step wider than it need be, never narrower.
    """
    found: defaultdict[int, Sum] = defaultdict(Sum)
    for slot, counts, band in (
        *_packed(connection, topic_id, minutes, step),
        *_young(connection, topic_id, minutes, step),
    ):
        found[slot].add(counts, band)
    return dict(found)


Part = tuple[int, Counts, Band]


def _young(connection: Connection, topic_id: str, minutes: range, step: int) -> Iterator[Part]:
    """Give the parts that minutes add, summed by step."""
    slot = (_minute.minute - (_minute.minute - minutes.start) % step).label("slot")
    query = (
        select(slot, *(func.sum(_minute[name]) for name in _VALUES))
        .where(_minute.topic_id == topic_id, _minute.minute >= minutes.start, _minute.minute < minutes.stop)
        .group_by(slot)
    )
    for start, count, negative, positive, *band in connection.execute(query):
        yield start, Counts(count, negative, positive), Band(*band)


def _packed(connection: Connection, topic_id: str, minutes: range, step: int) -> Iterator[Part]:
    """Give the parts that packed hours add: whole where they lie in one step, else minute by minute."""
    first, last = minutes.start // HOUR_MINUTES, (minutes.stop - 1) // HOUR_MINUTES
    query = select(_hour.hour, _hour.minutes, *_COUNTS, *_BAND).where(
        _hour.topic_id == topic_id, _hour.hour >= first, _hour.hour <= last
    )
    for number, packed, *values in connection.execute(query):
        start = number * HOUR_MINUTES
        slot = start - (start - minutes.start) % step
        if start >= minutes.start and start + HOUR_MINUTES <= min(slot + step, minutes.stop):
            yield slot, Counts(*values[:3]), Band(*values[3:])
            continue
        for place, counts in unpack(packed).items():
            minute = start + place
            if minute in minutes:
                yield minute - (minute - minutes.start) % step, counts, Band()
