"""Series: counts survive rolling up, late rows and restarts exactly, whatever happens when."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from api_support import fresh_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from api.rollup import EMPTY, Band, Counts, Hour, merge, pack, unpack
from api.store import Store, series, tables
from api.wire import SeriesRow

TOPICS = ("health", "water")
FIRST = 27_000_000  # a minute; not a whole hour
MINUTES = 400
NEGATIVE_PART = 2


def row(topic: str, minute: int, count: int, expected: float | None = None) -> SeriesRow:
    """Give a row whose other figures follow from its count."""
    band = (None, None, None) if expected is None else (expected, expected - 1, expected + 1)
    return SeriesRow(topic, minute, count, count // NEGATIVE_PART, 1, *band)


rows = st.builds(
    row,
    st.sampled_from(TOPICS),
    st.integers(FIRST, FIRST + MINUTES - 1),
    st.integers(0, 5),
    st.sampled_from([None, 2.0, 4.0]),
)
happenings = st.lists(st.one_of(st.lists(rows, max_size=8), st.integers(FIRST, FIRST + MINUTES)), max_size=14)


class Model:
    """The law by brute force: one minute, one row; the larger count stays, the newer of equals."""

    def __init__(self) -> None:
        """Know nothing."""
        self.minutes: dict[tuple[str, int], SeriesRow] = {}

    def keep(self, found: Iterable[SeriesRow]) -> None:
        """Take rows in."""
        for one in found:
            known = self.minutes.get((one.topic_id, one.minute))
            if known is None or one.count >= known.count:
                self.minutes[one.topic_id, one.minute] = one

    def sums(self, topic: str, minutes: range, step: int) -> dict[int, tuple[int, int, int]]:
        """Sum by steps."""
        found: dict[int, tuple[int, int, int]] = {}
        for (name, minute), one in self.minutes.items():
            if name == topic and minute in minutes:
                slot = minute - (minute - minutes.start) % step
                before = found.get(slot, (0, 0, 0))
                counts = (one.count, one.negative, one.positive)
                found[slot] = tuple(map(sum, zip(before, counts, strict=True)))  # type: ignore[assignment]
        return found


def keep(store: Store, found: Iterable[SeriesRow]) -> None:
    """Keep rows."""
    with store.write() as connection:
        series.keep(connection, list(found))


def roll_up(store: Store, before: int) -> None:
    """Roll up all that is before a minute."""
    with store.write() as connection:
        while series.roll_up(connection, before):
            pass


def sums(store: Store, topic: str, minutes: range, step: int) -> dict[int, tuple[int, int, int]]:
    """Give the store's counts by step."""
    with store.read() as connection:
        found = series.sums(connection, topic, minutes, step)
    return {slot: (one.count, one.negative, one.positive) for slot, one in found.items()}


def forget_all(store: Store) -> None:
    """Empty the tables, for the next example."""
    with store.write() as connection:
        for table in (tables.series, tables.series_hours, tables.consumed):
            connection.execute(delete(table))


@given(happened=happenings, start=st.integers(-70, 70), step=st.sampled_from([1, 7, 60, 90, 120, 1440]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_are_those_of_the_rows_whatever_was_rolled_up_when(
    tmp_path: Path, happened: list[list[SeriesRow] | int], start: int, step: int
) -> None:
    """Rows in any order and rolling up at any moment give, at every step, what brute force gives."""
    model = Model()
    asked = range(FIRST + start, FIRST + start + MINUTES)
    with fresh_store(tmp_path) as store:
        forget_all(store)
        for one in happened:
            if isinstance(one, int):
                roll_up(store, one)
            else:
                keep(store, one)
                model.keep(one)
        for topic in TOPICS:
            assert sums(store, topic, asked, step) == model.sums(topic, asked, step)


def test_a_count_that_comes_after_its_hour_was_rolled_up_lands_in_it(tmp_path: Path) -> None:
    """In its own minute too, also after a restart; what was expected of the minute stays as it was."""
    minute = FIRST // 60 * 60
    with fresh_store(tmp_path) as store:
        keep(store, [row("health", minute, 5, 4.0), row("health", minute + 1, 1, 2.0)])
        roll_up(store, minute + 60)
    with fresh_store(tmp_path) as store:
        keep(store, [row("health", minute, 7, 9.0), row("health", minute + 2, 2, 3.0)])
        with store.read() as connection:
            assert connection.execute(select(func.count()).select_from(tables.series)).scalar_one() == 0
            found = series.sums(connection, "health", range(minute, minute + 60), 60)[minute]
            assert (found.count, found.expected, found.low, found.high) == (10, 9.0, 6.0, 12.0)
            by_minute = series.sums(connection, "health", range(minute, minute + 60), 1)
        assert {place - minute: one.count for place, one in by_minute.items()} == {0: 7, 1: 1, 2: 2}
        assert by_minute[minute].expected is None


def test_only_whole_hours_are_rolled_up(tmp_path: Path) -> None:
    """The hour that the limit lies in stays in minutes."""
    hour = FIRST // 60 * 60
    with fresh_store(tmp_path) as store:
        keep(store, [row("health", hour + 59, 5), row("health", hour + 60, 1)])
        with store.write() as connection:
            assert series.roll_up(connection, hour + 59) == 0
            assert series.roll_up(connection, hour + 119) == 1
            assert series.roll_up(connection, hour + 119) == 0
        with store.read() as connection:
            assert series.present_minute(connection, hour + 500) == hour + 60
            assert series.present_minute(connection, hour + 10) == hour + 10
            assert series.newest_minute(connection, "health") == hour + 60


def test_old_hours_are_forgotten_in_small_steps(tmp_path: Path) -> None:
    """The oldest first, never one that is to be kept."""
    hour = FIRST // 60
    with fresh_store(tmp_path) as store:
        keep(store, [row("health", (hour + number) * 60, 1) for number in range(5)])
        roll_up(store, (hour + 5) * 60)
        with store.write() as connection:
            assert [series.forget(connection, hour + 3, 2) for _ in range(3)] == [2, 1, 0]
        assert set(sums(store, "health", range(hour * 60, hour * 60 + 300), 60)) == {
            (hour + 3) * 60,
            (hour + 4) * 60,
        }


@pytest.mark.parametrize("known", [None, 2.0])
def test_an_hour_adds_what_was_expected_once_per_minute(known: float | None) -> None:
    """What is unknown adds nothing."""
    hour = merge(EMPTY, [row("health", 60, 3, known), row("health", 61, 3, 4.0), row("health", 61, 4, 40.0)])
    assert hour.band.expected == 4.0 + (known or 0.0)
    assert hour.total == Counts(7, 3, 2)


@given(st.dictionaries(st.integers(0, 59), st.builds(Counts, *[st.integers(0, 2**31 - 1)] * 3)))
def test_packed_minutes_are_read_back(minutes: dict[int, Counts]) -> None:
    """Whatever the order they came in."""
    assert unpack(pack(minutes)) == minutes
    assert pack(dict(reversed(minutes.items()))) == pack(minutes)
    assert Hour(minutes, Band()).total.mentions == sum(one.mentions for one in minutes.values())
