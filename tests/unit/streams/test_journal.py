"""Crash and replay: whatever was written of the last batch, the state and the alerts come out the same."""

import random
import zlib
from functools import cache

import msgspec
import pytest
from core_support import START_MS, Desk, disorderly_log, hashes_of, state_of, tick
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.stories import STORY_DESK
from streams import observation as wire
from streams.journal import SLOTS, StateError, newer, restore

LOG = disorderly_log(5)
MENTIONS = hashes_of(LOG)
SLOW = settings(max_examples=25, deadline=None)


@cache
def uninterrupted() -> Desk:
    """Return a desk that handled the whole log without a fault."""
    return Desk(sources=2).run(LOG)


def test_the_log_is_worth_testing() -> None:
    """It opens an alert, counts duplicates, and closes minutes by ticks alone."""
    desk = uninterrupted()
    assert desk.alerts()
    assert desk.outcomes["duplicate"]
    assert {"c", "t/chu-de-0", "s/" + next(key for key in desk.table if key[0] == "s")[2:]} <= set(desk.table)
    assert sum(key[0] == "j" for key in desk.table) > 128


@SLOW
@given(st.data())
def test_a_crash_anywhere_changes_nothing(data: st.DataObject) -> None:
    """Outputs, then any part of the entries, then a restart from any earlier offset: all is the same."""
    desk, place = Desk(sources=2), 0
    crashes = sorted(data.draw(st.sets(st.integers(1, len(LOG) - 1), max_size=4)))
    chance = random.Random(data.draw(st.integers(0, 1 << 20)))  # noqa: S311 - drawn by Hypothesis
    while place < len(LOG):
        last = min(len(LOG), place + chance.choice((1, 1, 2, 9)))
        entries = desk.batch(LOG, place, last)
        if crashes and last > crashes[0]:
            crashes.pop(0)
            share = chance.choice((0.0, 0.5, 1.0))
            desk.write(entries, lambda _, share=share: chance.random() < share)
            desk.start()
            place = chance.randrange(place + 1) if chance.random() < 0.5 else place
        else:
            desk.write(entries)
            place = last
    expected = uninterrupted()
    assert all(len(contents) == 1 for contents in desk.told.values())
    assert desk.alerts() == expected.alerts()
    assert desk.cells() == expected.cells()
    assert state_of(desk.watch, MENTIONS) == state_of(expected.watch, MENTIONS)


@SLOW
@given(st.integers(1, len(LOG)), st.sampled_from((1, 3, 50)))
def test_a_restored_watch_equals_the_one_that_wrote(length: int, size: int) -> None:
    """Whenever the worker ends, snapshot and journal give back every topic, mark, clock and seen mention."""
    desk = Desk(sources=2).run(LOG[:length], size)
    before = state_of(desk.watch, MENTIONS)
    desk.start()
    assert state_of(desk.watch, MENTIONS) == before


@pytest.mark.parametrize("lost", ["j", "t", "s", "jt", "js", "ts"])
def test_any_kind_of_entry_may_be_lost_at_the_write_of_seen_mentions(lost: str) -> None:
    """The entry that also writes the seen mentions is lost in part: every mention still counts once."""
    desk = Desk(sources=2)
    for offset in range(len(LOG)):
        entries = desk.batch(LOG, offset, offset + 1)
        if any(key[0] == "s" for key in entries):
            desk.write(entries, lambda key: key[0] in lost)
            desk.start()
            desk.write(desk.batch(LOG, offset, offset + 1))
        else:
            desk.write(entries)
    expected = uninterrupted()
    assert desk.cells() == expected.cells()
    assert state_of(desk.watch, MENTIONS) == state_of(expected.watch, MENTIONS)


@pytest.mark.parametrize("slots", [140, 160])
def test_the_journal_stays_within_its_ring(slots: int) -> None:
    """Snapshots keep up with a small ring that wraps, and what it forgets is not needed."""
    desk = Desk(sources=2, slots=slots)
    for offset in range(len(LOG)):
        desk.write(desk.batch(LOG, offset, offset + 1))
        assert sum(key[0] == "j" for key in desk.table) <= slots
        if offset % 50 == 49:
            desk.start()
    expected = uninterrupted()
    assert desk.alerts() == expected.alerts()
    assert state_of(desk.watch, MENTIONS) == state_of(expected.watch, MENTIONS)


def test_frequent_restarts_do_not_put_off_snapshots() -> None:
    """A worker that is started again every few batches still snapshots each topic within the ring."""
    desk = Desk(sources=2, slots=140)
    for offset in range(len(LOG)):
        desk.write(desk.batch(LOG, offset, offset + 1))
        if offset % 10 == 9:
            desk.start()
    assert state_of(desk.watch, MENTIONS) == state_of(uninterrupted().watch, MENTIONS)


def test_a_batch_of_ticks_writes_the_clock_and_nothing_else() -> None:
    """Time that passes in silence costs one key, written over."""
    desk = Desk(sources=2).run(LOG[:40])
    log = [*LOG[:40], wire.encode(tick(START_MS + 7 * 3_600_000, 0, 1))]
    assert set(desk.batch(log, 40, 41)) == {"c"}


def test_a_batch_of_replayed_records_writes_nothing() -> None:
    """What was applied before is passed over."""
    desk = Desk(sources=2).run(LOG[:40])
    assert desk.batch(LOG, 10, 40) == {}


def test_a_gap_is_refused() -> None:
    """A journal without one of its middle entries would lose counts: the worker says so and stops."""
    desk = Desk(sources=2).run(LOG[:60])
    del desk.table["j/7"]
    with pytest.raises(StateError, match="gap"):
        desk.start()


def test_a_journal_of_another_version_is_refused() -> None:
    """A newer worker's journal is not guessed at."""
    desk = Desk(sources=2).run(LOG[:10])
    value = desk.table["j/3"]
    desk.table["j/3"] = value[:16] + _as_version_9(value)
    with pytest.raises(StateError, match="version 9"):
        desk.start()


def _as_version_9(value: bytes) -> bytes:
    entry = msgspec.msgpack.decode(zlib.decompress(value[16:]), strict=False)
    return zlib.compress(msgspec.msgpack.encode([9, *entry[1:]]))


def test_what_was_written_late_by_a_paused_worker_is_refused() -> None:
    """The entry that includes more wins, whichever is written last."""
    desk = Desk(sources=2)
    old = desk.batch(LOG, 0, 10)
    new = Desk(sources=2).batch(LOG, 0, 30)
    assert newer(new["j/0"], old["j/0"])
    assert not newer(old["j/0"], new["j/0"])
    assert newer(old["j/0"], None)


@pytest.mark.parametrize("snapshots", ["kept", "lost"])
def test_a_topic_that_is_added_warms_up_from_then_on(snapshots: str) -> None:
    """What the journal tells of the hours before it came is not its silence, after another restart either."""
    Desk(sources=2, topics=2, table=(table := {})).run(LOG[:200])
    desk = Desk(sources=2, topics=3, table=table)
    added = desk.watch.topics["chu-de-2"]
    began = desk.watch.closed
    assert added.windows.closed == began > 0
    assert added.monitor.dump()["seen"] == 0
    for offset in range(200, 220):
        entries = desk.batch(LOG, offset, offset + 1)
        desk.write(entries, lambda key: snapshots == "lost" and key[0] == "t")
    assert 0 < added.monitor.dump()["seen"] == desk.watch.closed - began
    before = state_of(desk.watch, MENTIONS)
    desk.start()
    assert state_of(desk.watch, MENTIONS) == before


def test_a_topic_that_is_added_in_silence_is_remembered_by_a_tick() -> None:
    """The first batch after a restart is written whole though it brings nothing but time."""
    desk = Desk(sources=2, topics=2).run(LOG[:40])
    desk = Desk(sources=2, topics=3, table=desk.table)
    log = [*LOG[:40], wire.encode(tick(START_MS + 7 * 3_600_000, 0, 1))]
    assert [key[0] for key in desk.batch(log, 40, 41)] == ["j"]


def test_the_story_desk_of_an_older_state_begins_where_the_journal_ends() -> None:
    """What a worker from before the desk left in the journal is not read; what is planned is known."""
    older = Desk(sources=2, stories=False).run(LOG[:200])
    desk = Desk(sources=2, table=older.table)
    begun = desk.watch.topics[STORY_DESK]
    assert (begun.windows.closed, begun.offset) == (desk.watch.closed, 199)
    dump = begun.monitor.dump()
    assert dump["stories"] == Desk().watch.topics[STORY_DESK].monitor.dump()["stories"]
    assert [event[0] for event in dump["calendar"]] == sorted(desk.watch.planned)
    desk.write(desk.batch(LOG, 200, 260))
    before = state_of(desk.watch, MENTIONS)
    desk.start()
    assert state_of(desk.watch, MENTIONS) == before


def test_a_snapshot_of_another_version_is_learnt_from_the_journal() -> None:
    """Its topic was watched all the while: nothing of what the journal holds is lost."""
    desk = Desk(sources=2).run(LOG)
    before = state_of(desk.watch, MENTIONS)
    for key in [key for key in desk.table if key[0] == "t"]:
        value = desk.table[key]
        snapshot = msgspec.msgpack.decode(zlib.decompress(value[16:]), strict=False)
        desk.table[key] = value[:16] + zlib.compress(msgspec.msgpack.encode([9, *snapshot[1:]]))
    desk.start()
    assert state_of(desk.watch, MENTIONS) == before


def test_an_empty_table_is_a_fresh_start() -> None:
    """Nothing written, nothing known."""
    watch, _ = restore({}, {}, 2)
    assert (watch.offset, watch.closed, SLOTS) == (-1, -1, 4096)
