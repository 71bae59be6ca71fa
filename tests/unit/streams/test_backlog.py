"""Behind, silent or stuck: told from offsets and a clock that is handed in."""

from hypothesis import given
from hypothesis import strategies as st

from streams.backlog import Offsets, Silence, Stall

A, B = ("mentions", 0), ("mentions", 1)


@given(st.integers(0, 99), st.integers(0, 99), st.none() | st.integers(0, 150))
def test_remaining_is_never_negative_nor_more_than_there_is(begin: int, more: int, done: int | None) -> None:
    """Retention may have deleted what was not read; a commit beyond the end leaves nothing."""
    remaining = Offsets(begin, begin + more, done).remaining
    assert 0 <= remaining <= more
    assert done is not None or remaining == more


def test_a_read_partition_is_silent_after_patience() -> None:
    """Not at once, and again only after new records were read and patience has passed anew."""
    silence = Silence(2.0)
    timeline = [
        (0.0, Offsets(0, 5, 5), []),
        (1.9, Offsets(0, 5, 5), []),
        (2.0, Offsets(0, 5, 5), [A]),
        (3.0, Offsets(0, 5, 5), [A]),
        (4.0, Offsets(0, 6, 5), []),
        (7.0, Offsets(0, 6, 6), []),
        (8.9, Offsets(0, 6, 6), []),
        (9.0, Offsets(0, 6, 6), [A]),
    ]
    for now, found, expected in timeline:
        assert silence.observe(now, {A: found}) == expected


def test_a_partition_that_was_read_between_two_looks_is_not_silent() -> None:
    """Its end moved: records came, though none is left."""
    silence = Silence(2.0)
    assert silence.observe(0.0, {A: Offsets(0, 5, 5)}) == []
    assert silence.observe(3.0, {A: Offsets(0, 9, 9)}) == []
    assert silence.observe(5.0, {A: Offsets(0, 9, 9)}) == [A]


def test_an_empty_partition_falls_silent() -> None:
    """Nothing was ever written, nothing committed."""
    silence = Silence(2.0)
    assert silence.observe(0.0, {A: Offsets(0, 0, None)}) == []
    assert silence.observe(2.0, {A: Offsets(0, 0, None)}) == [A]


def test_a_commit_that_stands_still_with_work_is_stuck() -> None:
    """Every move of the commit, and every moment without work, starts patience anew."""
    stall = Stall(20.0)
    timeline = [
        (0.0, Offsets(0, 5, 1), []),
        (19.0, Offsets(0, 9, 1), []),
        (20.0, Offsets(0, 9, 1), [A]),
        (21.0, Offsets(0, 9, 2), []),
        (40.9, Offsets(0, 9, 2), []),
        (41.0, Offsets(0, 9, 9), []),
        (60.0, Offsets(0, 10, 9), []),
        (61.0, Offsets(0, 10, 9), [A]),
    ]
    for now, found, expected in timeline:
        assert stall.observe(now, {A: found}, [A]) == expected


def test_only_own_partitions_are_stuck_and_a_move_forgets() -> None:
    """What another worker does is not judged; a partition that comes back starts anew."""
    stall = Stall(20.0)
    work = {A: Offsets(0, 5, 1), B: Offsets(0, 5, None)}
    assert stall.observe(0.0, work, [A, B]) == []
    assert stall.observe(20.0, work, [B]) == [B]
    assert stall.observe(21.0, work, [B, A]) == [B]
    assert stall.observe(41.0, work, [B, A]) == [A, B]
    assert stall.observe(42.0, {}, [A]) == []
