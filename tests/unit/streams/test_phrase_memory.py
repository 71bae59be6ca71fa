"""What a topic's mentions usually say: learnt a day late, in bounded memory, the same after a restart."""

import msgspec
from detector_support import example
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.phrase_memory import PhraseMemory

HOUR, DAY = 60, 1440


def usual(memory: PhraseMemory, minute: int, *phrases: str) -> tuple[int, ...]:
    """Return what is usual at a minute, without teaching it."""
    copy = PhraseMemory.load(memory.dump())
    return copy.note(minute, [example(1, phrases=phrases)])[0].usual_milli


def test_a_phrase_is_as_usual_as_it_was_frequent() -> None:
    """In thousandths of the mentions of earlier days, twenty that said nothing among them."""
    memory = PhraseMemory()
    for hour in range(180):
        said = ("giá điện", "hóa đơn") if hour % 3 == 0 else ("giá điện",)
        memory.note(hour * HOUR, [example(hour, phrases=said)])
    everything, a_third, nothing = usual(memory, 204 * HOUR, "giá điện", "Hóa đơn", "sập cầu")
    assert (everything, a_third, nothing) == (900, 300, 0)


def test_the_story_of_the_day_is_not_its_own_past() -> None:
    """A mention is learnt a day after it came."""
    memory = PhraseMemory()
    for minute in range(0, DAY, 10):
        memory.note(minute, [example(minute, phrases=("sập cầu",))])
    assert usual(memory, DAY - 1, "sập cầu") == (0,)
    assert usual(memory, DAY + 23 * HOUR, "sập cầu")[0] > 800


def test_a_flood_teaches_no_more_than_an_hour() -> None:
    """Eight mentions of each hour, so that one day of a crisis does not become the usual."""
    memory = PhraseMemory()
    for minute in range(HOUR):
        memory.note(minute, [example(8 * minute + n, phrases=("sập cầu",)) for n in range(8)])
    assert usual(memory, 3 * DAY, "sập cầu") == (1000 * 8 // 28,)


def test_old_talk_fades() -> None:
    """Half of what was learnt counts half when a fortnight of samples is full."""
    memory = PhraseMemory()
    for hour in range(336):
        memory.note(hour * HOUR, [example(8 * hour + n, phrases=("cũ",)) for n in range(8)])
    for hour in range(336, 336 + 24 + 168):
        memory.note(hour * HOUR, [example(8 * hour + n, phrases=("mới",)) for n in range(8)])
    old, new = usual(memory, (336 + 24 + 168) * HOUR, "cũ", "mới")
    assert 480 < old < 510
    assert 480 < new < 510


NOTED = st.lists(st.tuples(st.integers(0, 200), st.lists(st.sampled_from("abcde"), max_size=3)), max_size=40)


@settings(max_examples=50, deadline=None)
@given(NOTED, st.integers(0, 40))
def test_a_restart_changes_nothing(noted: list[tuple[int, list[str]]], place: int) -> None:
    """Dumped and loaded at any moment, the memory says and dumps the same."""
    memory, minute = PhraseMemory(), 0
    for number, (later, phrases) in enumerate(noted):
        minute += 10 * later
        told = [example(number, phrases=tuple(phrases))]
        other = PhraseMemory.load(msgspec.msgpack.decode(msgspec.msgpack.encode(memory.dump())))
        before = memory.dump()
        assert other.dump() == before
        assert other.note(minute, told) == memory.note(minute, told)
        if number == place:
            memory = other
    assert PhraseMemory.load([]).dump() == PhraseMemory().dump()
