"""Stream time follows arrivals, never runs backwards, and goes on in silence."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.clock import GRACE_MS, StreamClock
from streams.observation import Progress, Tick

MINUTE = 60_000
T0 = 29_000_000 * MINUTE
STAMPS = st.integers(T0, T0 + 600 * MINUTE)
PROGRESS = st.builds(
    lambda partition, a, b, appended: Progress(partition, min(a, b), max(a, b), appended),
    st.integers(0, 2),
    STAMPS,
    STAMPS,
    STAMPS,
)
UNREADABLE = st.builds(lambda partition, at: Progress(partition, 0, 0, at), st.integers(0, 2), STAMPS)
TICKS = st.builds(Tick, st.integers(0, 2), STAMPS)


def take(clock: StreamClock, item: Progress | Tick) -> int:
    """Hand one item to the clock and return the last closed minute."""
    if isinstance(item, Tick):
        clock.tick(item)
    else:
        clock.hear(item)
    return clock.closed()


def heard(partition: int, arrived: int, appended: int | None = None) -> Progress:
    """Return the progress of a batch with one arrival."""
    return Progress(partition, arrived, arrived, arrived if appended is None else appended)


@settings(max_examples=50, deadline=None)
@given(st.lists(PROGRESS | UNREADABLE | TICKS, min_size=2, max_size=40), st.integers(1, 3))
def test_time_never_runs_backwards(items: list[Progress | Tick], partitions: int) -> None:
    """Whatever is read in whatever order."""
    clock = StreamClock(partitions)
    times = [(take(clock, item), clock.time_ms) for item in items]
    assert all(earlier <= later for earlier, later in pairwise(times))


@settings(max_examples=50, deadline=None)
@given(st.lists(PROGRESS, min_size=1, max_size=20))
def test_batches_do_not_matter_to_time(items: list[Progress]) -> None:
    """Closing after each batch or once at the end comes to the same while all partitions are active."""
    each, once = StreamClock(3), StreamClock(3)
    everyone = [heard(partition, T0) for partition in range(3)]
    for item in everyone + items:
        take(each, item)
        once.hear(item)
    once.closed()
    assert each.time_ms == once.time_ms


def test_time_starts_when_every_partition_was_heard() -> None:
    """Data or a tick of each: before, nothing is closed."""
    clock = StreamClock(3)
    assert take(clock, heard(0, T0 + 5 * MINUTE)) == -1
    assert take(clock, Tick(1, T0)) == -1
    assert take(clock, Tick(2, T0)) == T0 // MINUTE + 3
    assert clock.start_minute == T0 // MINUTE + 5


def test_the_slowest_active_partition_decides() -> None:
    """A partition that is behind holds the others back, until it is silent."""
    clock = StreamClock(2)
    take(clock, heard(0, T0 + 60 * MINUTE))
    take(clock, heard(1, T0 + 10 * MINUTE))
    assert clock.time_ms == T0 + 10 * MINUTE
    take(clock, Tick(1, T0 + 61 * MINUTE))
    assert clock.time_ms == T0 + 60 * MINUTE
    take(clock, heard(1, T0 + 50 * MINUTE))
    assert clock.time_ms == T0 + 60 * MINUTE
    take(clock, heard(0, T0 + 90 * MINUTE))
    assert clock.time_ms == T0 + 60 * MINUTE


def test_a_replay_of_old_data_stays_in_its_own_time() -> None:
    """Read today, said long ago: in silence time goes on by what has passed since the append."""
    clock, today = StreamClock(1), T0 + 1_000_000 * MINUTE
    take(clock, heard(0, T0, today))
    take(clock, Tick(0, today + 3 * MINUTE))
    assert clock.time_ms == T0 + 3 * MINUTE


@settings(max_examples=50, deadline=None)
@given(STAMPS, st.integers(1, MINUTE * 9))
def test_ticks_older_than_the_last_append_are_ignored(appended: int, before: int) -> None:
    """A tick that was on its way when a record came does not call the partition silent."""
    clock = StreamClock(1)
    take(clock, heard(0, appended))
    take(clock, Tick(0, appended - before))
    assert not clock.sources[0].idle_ms
    assert clock.time_ms == appended


def test_a_minute_closes_after_its_grace() -> None:
    """Two seconds after its end, not earlier."""
    clock = StreamClock(1)
    assert take(clock, heard(0, T0 + MINUTE + GRACE_MS - 1)) == T0 // MINUTE - 1
    assert take(clock, heard(0, T0 + MINUTE + GRACE_MS)) == T0 // MINUTE


def test_empty_partitions_alone_start_no_time() -> None:
    """A service nobody has written to waits."""
    clock = StreamClock(2)
    assert take(clock, Tick(0, T0)) == -1
    assert take(clock, Tick(1, T0)) == -1
    assert clock.start_minute == -1


def test_a_partition_of_unreadable_records_holds_nobody_back() -> None:
    """It never falls silent, yet time starts without it and goes on with it."""
    clock = StreamClock(2)
    take(clock, Progress(1, 0, 0, T0))
    take(clock, heard(0, T0))
    assert clock.time_ms == T0
    take(clock, heard(1, T0 + MINUTE))
    take(clock, heard(0, T0 + 9 * MINUTE))
    assert clock.time_ms == T0 + MINUTE
    take(clock, Progress(1, 0, 0, T0 + 8 * MINUTE))
    assert clock.time_ms == T0 + 8 * MINUTE
    assert clock.start_minute == T0 // MINUTE
