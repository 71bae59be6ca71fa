"""Counted mentions are remembered for 48 hours, within bounds, and as the state table gives them back."""

from core_support import Desk, classifier, mention, observed, record
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.seen import HOURS, Block, Seen

STEPS = st.lists(st.tuples(st.sets(st.integers(0, 50), max_size=9), st.integers(0, 5)), max_size=40)


@settings(max_examples=50, deadline=None)
@given(STEPS, st.integers(1, 30), st.integers(1, 12))
def test_memory_never_exceeds_its_limit(steps: list[tuple[set[int], int]], limit: int, chunk: int) -> None:
    """Whatever comes, no more than the limit is kept, or one chunk where that is more."""
    seen, hour = Seen(limit, chunk), 0
    for mentions, hours in steps:
        hour += hours
        seen.add(sorted(mentions), hour, hour)
        assert len(seen) <= max(limit, chunk)


@settings(max_examples=50, deadline=None)
@given(STEPS)
def test_a_mention_is_known_for_48_hours_and_not_for_50(steps: list[tuple[set[int], int]]) -> None:
    """Below the limit only age makes a mention unknown."""
    seen, hour, counted = Seen(), 0, dict[int, int]()
    for mentions, hours in steps:
        hour += hours * 11
        counted = dict.fromkeys(mentions, hour) | counted
        seen.add([found for found in sorted(mentions) if found not in seen], hour, hour)
        counted = {old: at for old, at in counted.items() if at > hour - HOURS}
        assert {old for old in range(51) if old in seen} >= set(counted)
        assert len(seen) == len(counted)


@settings(max_examples=50, deadline=None)
@given(STEPS, st.integers(1, 12))
def test_blocks_hold_what_is_settled_and_nothing_newer(steps: list[tuple[set[int], int]], chunk: int) -> None:
    """A block never runs ahead of the journal; together the blocks hold all that was settled."""
    seen, table, hour = Seen(chunk=chunk), dict[tuple[int, int], Block](), 0
    ever: set[int] = set()
    for mentions, hours in steps:
        settled = {old for old in range(51) if old in seen}
        ever |= settled
        hour += hours
        seen.add(sorted(mentions), hour, hour)
        table |= {(block.hour, block.chunk): block for block in seen.blocks()}
        again = Seen(chunk=chunk)
        again.load(reversed(table.values()))
        found = {old for old in range(51) if old in again}
        assert {old for old in settled if old in seen} <= found <= ever
        seen.settle()
        assert all(len(block.hashes) <= 8 * chunk for block in table.values())


def test_blocks_are_written_once_until_they_change() -> None:
    """What is on the table already is not written again, after a restart either."""
    seen = Seen()
    seen.add([1, 2], 5, 5)
    assert list(seen.blocks()) == []
    seen.settle()
    blocks = list(seen.blocks())
    assert [(block.hour, block.chunk, len(block.hashes)) for block in blocks] == [(5, 0, 16)]
    again = Seen()
    again.load(blocks)
    again.settle()
    assert list(again.blocks()) == list(seen.blocks()) == []


def test_blocks_of_a_past_cycle_of_hours_are_left_out() -> None:
    """The table's keys repeat every 49 hours; what an older cycle left behind is not news."""
    seen = Seen()
    seen.add([1], 1000, 1000)
    seen.settle()
    old = Block(1000 - HOURS, 1, (2).to_bytes(8, "little"))
    again = Seen()
    again.load([old, *seen.blocks()])
    assert (1 in again, 2 in again, len(again)) == (True, False, 1)
    Seen().load([])


def test_an_hour_behind_the_newest_joins_the_newest() -> None:
    """Source partitions are not read in step: hours of a chunk never run backwards."""
    seen = Seen(chunk=2)
    seen.add([1], 9, 5)
    seen.add([2, 3], 7, 5)
    seen.settle()
    assert [(block.hour, block.chunk) for block in seen.blocks()] == [(9, 0), (9, 1)]


def test_the_first_batch_is_not_forgotten_by_the_second() -> None:
    """A mention of the very first batch, before stream time began, still counts once."""
    first = record(0, mention("a", 0), mention("b", 10))
    again = record(1, mention("a", 200), mention("c", 300))
    later = record(2, mention("b", 3600 * 40, lag=3600 * 39.5))
    log = observed(classifier().classify([found]) for found in (first, again, later))
    desk = Desk().run(log)
    assert desk.outcomes == {"counted": 3, "duplicate": 2}
