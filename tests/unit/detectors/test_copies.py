"""Near-copies: signatures that share a key, remembered for a day in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from detectors.copies import KEPT_MINUTES, SIGNATURE_KEYS, CopyMemory, are_copies, signature_of

KEYS = st.lists(st.integers(0, 30), min_size=SIGNATURE_KEYS, max_size=SIGNATURE_KEYS)


def signature(first: int) -> bytes:
    """Return a signature of ten keys that no other first key shares."""
    return signature_of(range(first * SIGNATURE_KEYS, (first + 1) * SIGNATURE_KEYS))


@given(KEYS, KEYS)
def test_two_signatures_are_copies_when_they_share_a_key(one: list[int], other: list[int]) -> None:
    """Whatever their order, and the same both ways."""
    shared = bool(set(one) & set(other))
    assert are_copies(signature_of(one), signature_of(other)) is shared
    assert are_copies(signature_of(other), signature_of(one)) is shared


def test_a_text_without_signature_copies_nothing() -> None:
    """Short texts are alike by chance."""
    assert not are_copies(b"", b"")
    memory = CopyMemory()
    assert not memory.take(b"", 1)
    assert not memory.take(b"", 1)
    assert memory.dump() == {}


@given(st.lists(st.tuples(KEYS, st.integers(0, 900)), max_size=30))
def test_the_memory_finds_what_a_day_of_texts_would(rows: list[tuple[list[int], int]]) -> None:
    """A mention is a copy when one of the last day shares a key with it."""
    memory, minute = CopyMemory(), 0
    taken: list[tuple[bytes, int]] = []
    for keys, later in rows:
        minute += later
        one = signature_of(keys)
        expected = any(minute - at < KEPT_MINUTES and are_copies(one, other) for other, at in taken)
        assert memory.take(one, minute) is expected
        taken.append((one, minute))


@given(st.lists(st.tuples(KEYS, st.integers(0, 900)), max_size=30), st.integers(0, 3000))
def test_forgetting_and_reloading_change_no_answer(rows: list[tuple[list[int], int]], pause: int) -> None:
    """What is dropped could not be copied any more."""
    memory, minute = CopyMemory(), 0
    for keys, later in rows:
        minute += later
        memory.take(signature_of(keys), minute)
    minute += pause
    other = CopyMemory(memory.dump())
    other.forget(minute)
    for keys, _ in rows:
        assert other.take(signature_of(keys), minute) is memory.take(signature_of(keys), minute)


def test_a_flood_is_remembered_in_bounded_memory() -> None:
    """Of more wholly different texts than fit the newest 250 are known, in 16 kB; one repeated stays."""
    memory, repeated = CopyMemory(), signature(10_000)
    for number in range(5_000):
        assert not memory.take(signature(number), number // 100)
        assert memory.take(repeated, number // 100) is (number > 0)
        assert number % 100 or sum(map(len, memory.dump().values())) <= 16_384
    assert memory.take(signature(4_750), 50)
    assert not memory.take(signature(4_000), 50)
