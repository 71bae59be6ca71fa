"""The wire format of observations: round trip, order of positions, homes and author bits."""

import contextlib

import msgspec
import pytest
from core_support import Desk, classifier, mention, record
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import observation as wire


def test_what_classify_writes_comes_back_equal() -> None:
    """Every column, example and bitmap."""
    mentions = [mention(f"m{n}", n * 20, (n % 3,), author=f"a{n}") for n in range(20)]
    written = classifier().classify([record(0, *mentions)]).observations[0]
    assert wire.decode(wire.encode(written)) == written
    assert len(wire.encode(wire.Observations(ticks=[wire.Tick(3, 1)]))) < 20


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(st.integers(0, 1 << 40), st.integers(0, 500)),
    st.tuples(st.integers(0, 1 << 40), st.integers(0, 500)),
)
def test_positions_are_ordered_by_record_then_place(one: tuple[int, int], other: tuple[int, int]) -> None:
    """Offset first, place in the envelope second; no two are alike."""
    assert (wire.position(*one) < wire.position(*other)) == (one < other)


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1), st.integers(1, 64))
def test_a_topic_has_one_home(topic: str, partitions: int) -> None:
    """Within range, and the same each time."""
    assert 0 <= wire.home_partition(topic, partitions) < partitions
    assert wire.home_partition(topic, partitions) == wire.home_partition(topic, partitions)


def test_homes_are_what_they_always_were() -> None:
    """State moves with its partition: a changed hash would lose it."""
    assert [wire.home_partition(f"chu-de-{n}", 4) for n in range(4)] == [0, 2, 0, 2]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=50), st.text(max_size=20), st.integers(0, 1 << 30))
def test_author_bits_are_in_range(author: str, topic: str, minute: int) -> None:
    """Any key, lone surrogates too, sets one of 512 bits, all day the same."""
    bit = wire.author_bit(author, topic, minute)
    assert 0 <= bit < wire.AUTHOR_BITS
    assert bit == wire.author_bit(author, topic, minute // 1440 * 1440)


def test_author_bits_cannot_be_linked() -> None:
    """Another topic or day gives another bit, for nearly all authors."""
    keys = [f"a{n}" for n in range(200)]
    here = [wire.author_bit(key, "x", 0) for key in keys]
    for topic, minute in (("y", 0), ("x", 1440)):
        there = [wire.author_bit(key, topic, minute) for key in keys]
        assert sum(a == b for a, b in zip(here, there, strict=True)) < 10


def sound() -> wire.Observations:
    """Return a small sound record."""
    return classifier().classify([record(0, mention("a", 0, author="x"), mention("b", 1))]).observations[0]


def test_foreign_records_are_told_from_ours() -> None:
    """A record that would break the fold is no record: it goes to the dead letters and the stream goes on."""
    faults = []
    for change in ("positions", "mentions", "names", "kinds"):
        faults.append(sound())
        getattr(faults[-1].rows[0], change).pop()
    faults.append(sound())
    faults[-1].rows[0].kinds[0] = 5
    faults.append(sound())
    faults[-1].rows[0].names[1] = 1
    faults.append(sound())
    faults[-1].rows.append(wire.Rows("x", 0))
    faults.append(sound())
    faults[-1].authors[0] = wire.Authors("chu-de-0", 1, b"\1" * 65)
    faults.append(sound())
    faults[-1].rows[0].signatures.pop()
    faults.append(sound())
    faults[-1].rows[0].signatures[0] = b"short"
    faults.append(wire.Observations(schema=2))
    for fault in faults:
        with pytest.raises(msgspec.DecodeError):
            wire.decode(wire.encode(fault))


def test_a_record_without_signatures_is_read() -> None:
    """An older worker wrote none: its mentions count, and are no copies."""
    older = sound()
    for rows in older.rows:
        rows.signatures.clear()
    desk = Desk().run([wire.encode(older)])
    assert desk.outcomes == {"counted": 2}


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_or_a_decode_error(value: bytes) -> None:
    """Nothing else is raised."""
    with contextlib.suppress(msgspec.DecodeError):
        wire.decode(value)
