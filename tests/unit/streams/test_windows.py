"""The minutes of a topic: sums that are exact after any history, and the same after dump and load."""

import random
import zlib
from collections import Counter

import msgspec
import pytest
from detector_support import monitor as watcher
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.copies import SIGNATURE_KEYS, signature_of
from detectors.monitor import TopicMonitor
from detectors.windows import HOUR, KINDS, WINDOW_SECONDS, Example, Windows
from streams.observation import author_bit
from streams.windows import KEPT_MINUTES, SILENT_MINUTES, TopicWindows, distinct

BASE = 29_000_000
#: minutes until the arrival, age at arrival in minutes, P(negative), P(positive), kind, source.
ROWS = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.sampled_from((0, 1, 4, 5, 14, 15, 59, 60, 359, 360, 1439, 1440, 2879)),
        st.integers(0, 1000),
        st.integers(0, 1000),
        st.integers(0, 4),
        st.sampled_from("abc"),
    ),
    max_size=25,
)
QUICK = settings(max_examples=40, deadline=None)
Row = tuple[int, int, int, int, int, str]


def reloaded(windows: TopicWindows) -> TopicWindows:
    """Return the windows behind what the state table would hold."""
    return TopicWindows.load(msgspec.msgpack.decode(msgspec.msgpack.encode(windows.dump())))


def fill(windows: TopicWindows, rows: list[Row]) -> None:
    """Add rows; arrivals are minutes after `BASE`."""
    for arrival, age, negative, positive, kind, name in rows:
        windows.add(BASE + arrival, BASE + arrival - age, negative, positive, kind, name)


@QUICK
@given(ROWS, st.integers(0, 260))
def test_sums_are_what_was_said_in_the_window_as_known(rows: list[Row], until: int) -> None:
    """Each window is the sum over its event minutes of what had arrived by its end."""
    windows = TopicWindows(BASE - 1)
    fill(windows, rows)
    for _ in range(until + 1):
        view = windows.close()
    for place, seconds in enumerate(WINDOW_SECONDS):
        known = [row for row in rows if row[0] <= until and row[0] - row[1] > until - seconds // 60]
        assert view.total[place] == len(known) == sum(view.kinds[place])
        assert view.negative[place] == sum(row[2] >= 500 for row in known)
        assert view.positive[place] == sum(row[3] >= 500 for row in known)
        assert view.negative_milli[place] == sum(row[2] for row in known)
        assert view.kinds[place] == tuple(sum(row[4] == kind for row in known) for kind in range(len(KINDS)))
    assert view.arrived == sum(row[0] == until for row in rows)
    assert view.at == (BASE + until + 1) * 60


@QUICK
@given(ROWS, ROWS, st.integers(0, 220), st.integers(1, 1500))
def test_dump_and_load_change_nothing(before: list[Row], after: list[Row], until: int, more: int) -> None:
    """At any moment, with open minutes too: every later view is the same."""
    windows = TopicWindows(BASE - 1)
    fill(windows, before)
    for _ in range(until):
        windows.close()
    again = reloaded(windows)
    assert msgspec.msgpack.encode(again.dump()) == msgspec.msgpack.encode(windows.dump())
    for found in (windows, again):
        fill(found, [(row[0] + until, *row[1:]) for row in after])
    for _ in range(more):
        assert again.close() == windows.close()


@QUICK
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[Row], chance: object) -> None:
    """Everything is a sum of integers."""
    one, other = TopicWindows(BASE - 1), TopicWindows(BASE - 1)
    fill(one, rows)
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # random.Random
    fill(other, shuffled)
    assert [one.close() for _ in range(210)] == [other.close() for _ in range(210)]


@QUICK
@given(ROWS, st.integers(0, 230))
def test_counts_hold_open_minutes_too(rows: list[Row], until: int) -> None:
    """What is told of a minute does not wait for the arrival minute to end."""
    windows = TopicWindows(BASE - 1)
    fill(windows, rows)
    for _ in range(until):
        windows.close()
    said = Counter(BASE + row[0] - row[1] for row in rows)
    for minute, count in said.items():
        if minute > windows.closed - KEPT_MINUTES:
            assert windows.counts(minute)[0] == count
    assert windows.counts(BASE + 9_999) == (0, 0, 0)


def test_what_comes_late_counts_in_the_first_open_minute() -> None:
    """An arrival minute that is over stays as it was decided."""
    windows = TopicWindows(BASE + 9)
    windows.add(BASE + 3, BASE + 2, 900, 0, 0, "a")
    view = windows.close()
    assert (view.arrived, view.total[0], view.total[1]) == (1, 0, 1)


def test_quiet_means_nothing_within_a_day_and_nothing_waiting() -> None:
    """A topic becomes quiet a day after the last word."""
    windows = TopicWindows(BASE - 1)
    assert windows.quiet
    windows.add(BASE, BASE, 0, 0, 0, "a")
    assert not windows.quiet
    quiet = []
    for _ in range(1441):
        windows.close()
        quiet.append(windows.quiet)
    assert quiet == [False] * 1440 + [True]


def test_memory_is_bounded_in_time() -> None:
    """Two days later nothing is left of a mention, but numbers in cells that many phrases share."""
    windows = TopicWindows(BASE - 1)
    pending = windows.pending(BASE)
    pending.authors = 7
    pending.add_examples([example(1, BASE)])
    windows.add(BASE, BASE - 2879, 0, 0, 0, "a")
    tell(windows, 0, 1)
    tell(windows, 0, 1)
    for _ in range(2882):
        windows.close()
    left, nothing = windows.dump(), TopicWindows(windows.closed).dump()
    assert (left.pop(6), nothing.pop(6)) == (BASE, windows.closed), "when it was last heard of"
    assert (left.pop(-2), nothing.pop(-2)) == ({0: BASE}, {}), "when each kind of source was heard last"
    assert left[:9] + left[10:] == nothing[:9] + nothing[10:]


def test_a_long_silence_is_passed_over_up_to_the_next_word() -> None:
    """Four days after the last word minutes pass without a decision, until a minute that holds a mention."""
    windows = TopicWindows(BASE)
    windows.pass_silence(BASE + 10)
    assert windows.closed == BASE, "no silence yet"
    for _ in range(SILENT_MINUTES):
        windows.close()
    windows.add(BASE + 1_000_000, BASE + 1_000_000, 0, 0, 0, "a")
    windows.pass_silence(BASE + 900_000)
    assert windows.closed == BASE + 900_000
    windows.pass_silence(BASE + 2_000_000)
    assert windows.closed == BASE + 999_999
    assert windows.close().total[0] == 1
    windows.pass_silence(BASE + 2_000_000)
    assert windows.closed == BASE + 1_000_000, "the topic is talked about again"


@pytest.mark.parametrize("authors", [0, 1, 9, 50, 200, 500, 1000, 1500])
def test_the_author_estimate_is_within_a_tenth(authors: int) -> None:
    """On average over topics, up to 1,500 authors; exactly for the few that a decision asks about."""
    estimates = []
    for topic in range(20):
        bitmap = 0
        for author in range(authors):
            bitmap |= 1 << author_bit(f"tác giả {author}", f"t{topic}", BASE)
        estimates.append(distinct(bitmap))
    assert abs(sum(estimates) / len(estimates) - authors) <= authors / 10
    assert all(abs(found - authors) <= 0.25 * authors + 1 for found in estimates)


def test_a_full_bitmap_has_an_estimate() -> None:
    """No more than it can tell, and never an error."""
    assert 3000 < distinct((1 << 512) - 1) < 4000
    assert distinct(0) == 0


def test_authors_are_those_of_the_last_hour() -> None:
    """In slots of ten minutes."""
    windows = TopicWindows(BASE - 1)
    windows.pending(BASE).authors = 0b101
    views = [windows.close() for _ in range(70)]
    assert views[0].authors == views[48].authors == 2
    assert views[60].authors == 0


def example(mention: int, arrival: int) -> Example:
    """Return a masked example."""
    return Example(mention, "lời", "báo", "press", None, arrival * 60, arrival * 60, 500, ("lời nói",))


@QUICK
@given(st.lists(st.integers(0, 60), max_size=40), st.integers(1, 9))
def test_examples_do_not_depend_on_batches(hashes: list[int], size: int) -> None:
    """The eight smallest of a minute, whichever way they come."""
    whole, parts = TopicWindows(BASE - 1), TopicWindows(BASE - 1)
    whole.pending(BASE).add_examples(example(found, BASE) for found in hashes)
    for place in reversed(range(0, len(hashes), size)):
        parts.pending(BASE).add_examples(example(found, BASE) for found in hashes[place : place + size])
    view: Windows = whole.close()
    assert view == parts.close()
    assert [found.mention for found in view.examples] == sorted(set(hashes))[:8]


def test_examples_and_sources_are_bounded_and_age() -> None:
    """The newest 24 of six hours; distinct names of six hours, at most 256."""
    windows = TopicWindows(BASE - 1)
    for minute in range(400):
        windows.pending(BASE + minute).add_examples([example(minute, BASE + minute)])
        windows.add(BASE + minute, BASE + minute, 0, 0, 0, f"báo {minute}")
        view = windows.close()
    assert [found.mention for found in view.examples] == list(range(376, 400))
    assert view.spread == 256
    for _ in range(400):
        view = windows.close()
    assert (view.examples, view.spread) == ((), 0)


def signature(story: int) -> bytes:
    """Return the signature of a story; its copies share it."""
    return signature_of(range(story * SIGNATURE_KEYS, (story + 1) * SIGNATURE_KEYS))


def tell(windows: TopicWindows, arrival: int, story: int, age: int = 0) -> None:
    """Add a mention that tells a story."""
    windows.add(BASE + arrival, BASE + arrival - age, 0, 0, 0, "báo", signature(story))


def test_copies_are_repetitions_within_the_hour_of_a_story_of_the_day() -> None:
    """The first telling is none; a day after the last telling a story is new again."""
    windows = TopicWindows(BASE - 1)
    for minute, story in ((0, 1), (0, 1), (0, 2), (5, 1), (5, 3), (70, 2)):
        tell(windows, minute, story)
    counts = [windows.close().copies for _ in range(140)]
    assert (counts[0], counts[5], counts[59], counts[60]) == (1, 2, 2, 1)
    assert (counts[65], counts[70], counts[129], counts[130]) == (0, 1, 1, 0)
    windows = TopicWindows(BASE - 1)
    for minute in (0, 1439, 2878, 4318):
        tell(windows, minute, 1)
    views = [windows.close().copies for _ in range(4319)]
    assert [views[minute] for minute in (0, 1439, 2878, 4318)] == [0, 1, 1, 0]


def test_a_late_copy_counts_in_the_hour_in_which_it_was_said() -> None:
    """As every count does: what was said two hours ago is no mention of the last hour."""
    windows = TopicWindows(BASE - 1)
    tell(windows, 0, 1)
    tell(windows, 1, 1, age=60)
    tell(windows, 1, 1, age=30)
    views = [windows.close() for _ in range(32)]
    assert [views[minute].copies for minute in (1, 30, 31)] == [1, 1, 0]


TOLD = st.lists(
    st.tuples(st.integers(0, 90), st.integers(0, 5), st.sampled_from((0, 3, 59, 70))), max_size=30
)


@QUICK
@given(TOLD, st.randoms(use_true_random=False), st.integers(0, 90))
def test_copies_do_not_depend_on_order_or_restarts(
    told: list[tuple[int, int, int]], chance: random.Random, until: int
) -> None:
    """Within an arrival minute; and never are there more copies than mentions."""
    whole, shuffled = TopicWindows(BASE - 1), TopicWindows(BASE - 1)
    for row in told:
        tell(whole, *row)
    for row in chance.sample(told, len(told)):
        tell(shuffled, *row)
    for minute in range(180):
        view = whole.close()
        assert shuffled.close() == view
        assert view.copies <= view.total[HOUR]
        if minute == until:
            assert shuffled.dump() == whole.dump()
            shuffled = reloaded(shuffled)


def test_a_state_from_before_copies_were_counted_is_read() -> None:
    """An older worker's snapshot has less fields."""
    windows = TopicWindows(BASE - 1)
    tell(windows, 0, 1)
    windows.close()
    older = TopicWindows.load(windows.dump()[:7])
    assert older.close().total == windows.close().total


def test_authors_of_negative_mentions_are_counted_apart() -> None:
    """Within the hour, before and after a restart; what is not negative has other authors."""
    windows = TopicWindows(BASE - 1)
    windows.add(BASE, BASE, 900, 0, 1, "a")
    windows.pending(BASE).authors, windows.pending(BASE).angry = 0b1111, 0b0001
    windows = reloaded(windows)
    first = windows.close()
    views = [first, *(reloaded(windows).close() for _ in range(1))]
    assert [(view.authors, view.angry_authors) for view in views] == [(4, 1), (4, 1)]
    for _ in range(70):
        last = windows.close()
    assert (last.authors, last.angry_authors) == (0, 0)


def flooded(minutes: int = KEPT_MINUTES) -> tuple[TopicWindows, TopicMonitor]:
    """Return a topic after two days of sixty mentions a minute, all new, from four hundred sources."""
    chance = random.Random(1)  # noqa: S311 - a reproducible stream
    windows, flood = TopicWindows(BASE - 1), watcher()
    for minute in range(BASE, BASE + minutes):
        late = minute >= BASE + minutes - 400
        for _ in range(60):
            key = signature_of(chance.getrandbits(32) for _ in range(SIGNATURE_KEYS)) if late else b""
            name = f"Trang tin địa phương số {chance.randrange(400)}"
            said = minute - chance.randrange(3)
            windows.add(minute, said, chance.randrange(1000), 200, chance.randrange(5), name, key)
        windows.pending(minute).authors |= chance.getrandbits(512)
        windows.pending(minute).angry |= chance.getrandbits(512)
        if late or minute % 60 == 0:
            windows.add_examples(minute, [new_example(chance, minute) for _ in range(8)])
        flood.close(windows.close())
    return windows, flood


def new_example(chance: random.Random, minute: int) -> Example:
    """Return an example as long as any, of words nobody used before."""
    words = ["".join(chance.choices("abcdeghiklmnopqrstuvxyâêôơưđ", k=4)) for _ in range(50)]
    return Example(
        chance.getrandbits(64),
        " ".join(words)[:200],
        f"Trang tin địa phương số {chance.randrange(400)}",
        "press",
        f"https://example.org/tin-tuc/{chance.getrandbits(200):x}",
        minute * 60,
        minute * 60,
        chance.randrange(1000),
        tuple(" ".join(words[i : i + 3]) for i in range(12)),
        signature=signature_of(chance.getrandbits(32) for _ in range(SIGNATURE_KEYS)),
    )


def packed(part: object) -> int:
    """Return how many bytes a part takes in the state table."""
    return len(zlib.compress(msgspec.msgpack.encode(part), 1))


def test_the_snapshot_of_a_flooded_topic_is_small() -> None:
    """At most 64 kB with all that tells what is new in it, 16 kB without; and loaded again it is the same."""
    windows, flood = flooded()
    closed, minutes, pending, authors, *novelty, angry = windows.dump()
    assert packed([closed, minutes, pending, authors, angry, flood.dump()]) <= 16_000
    assert packed([windows.dump(), flood.dump()]) <= 64_000
    assert packed(novelty) > 20_000
    assert msgspec.msgpack.encode(reloaded(windows).dump()) == msgspec.msgpack.encode(windows.dump())


def test_the_talk_of_a_topic_is_not_whole_while_a_kind_that_speaks_of_it_is_missing() -> None:
    """Whole again the minute after; a kind that never spoke of it, or not for a week, is not missed."""
    windows = TopicWindows(BASE - 1)
    windows.add(BASE, BASE, 0, 0, 1, "mạng")
    assert windows.close(missing={2}).whole_seconds == 86_400
    assert windows.close(missing={1}).whole_seconds == 0
    again = TopicWindows.load(msgspec.msgpack.decode(msgspec.msgpack.encode(windows.dump())))
    for one in (windows, again):
        assert one.close().whole_seconds == 60
        assert one.close(fed=False).whole_seconds == 0
        assert one.close(missing={2}).fed_seconds == 60
    for _ in range(7 * 1440):
        windows.close()
    assert windows.close(missing={1}).whole_seconds == 86_400
