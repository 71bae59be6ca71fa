"""State of an observations partition: a journal of steps and topic snapshots in one compacted table (pure).

Each batch writes one journal entry (the admitted steps, which the fold can repeat exactly) and now and then
snapshots of the topics whose last one is oldest. The journal is a ring of ``SLOTS`` keys, so the table stays
bounded. Every entry begins with the offset that it includes: whoever writes late (a worker that was paused
and replaced) is told from that, and the entry that includes more is kept.

A batch that brought nothing but time writes one key, ``c``, over and over: it is acknowledged like any other,
so what it did to the clock must not be forgotten, or records read again after a crash might decide otherwise.

Keys within a partition: ``j/<slot>`` journal, ``c`` clock, ``t/<topic id>`` topic snapshot, ``s/<hour
slot>/<chunk>`` seen mentions. The entries of a batch may become durable in any order. Encoding: 16 bytes of
header (big-endian offset and sequence number), then zlib over MessagePack.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

import msgspec

from detectors.orders import PlannedEvent
from streams.clock import StreamClock
from streams.observation import example_limits
from streams.seen import HOURS, Block
from streams.steering import concerned
from streams.watch import Effects, Step, TopicState, Watch
from streams.windows import TopicWindows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from streams.watch import Monitor

__all__ = ["SLOTS", "Journal", "StateError", "newer", "restore"]

#: Version of the journal's encoding. One of another version is refused, since counts would be lost.
VERSION = 1
#: Version of a snapshot's encoding. One of another version is left out and its topic is learnt again.
SNAPSHOT_VERSION = 2
SLOTS = 4096
#: A topic is snapshotted when this many entries were written since its last snapshot.
_SNAPSHOT_AGE = 64
_SEEN_AGE = 128
_CLOCK = "c"
_HEADER = struct.Struct(">QQ")


class StateError(Exception):
    """The state table cannot be used; the message says what to do."""


class _Begun(msgspec.Struct, array_like=True):
    """Topics that are watched since an offset, the last minute that was over then, and what was planned."""

    topics: list[str]
    offset: int
    closed: int
    planned: list[PlannedEvent] = msgspec.field(default_factory=list)


class _Entry(msgspec.Struct, array_like=True):
    """One journal entry: what happened after offset ``since``, with the partition's state after it.

    Of the steps that brought nothing but time only the last is there. The first entry after a restart tells
    in ``begun`` the topics that the catalogue had not known before.
    """

    version: int
    since: int
    clock: StreamClock
    marks: dict[int, int]
    steps: list[Step]
    planned: list[PlannedEvent] = msgspec.field(default_factory=list)
    begun: _Begun | None = None


class _Found(NamedTuple):
    """A journal entry with its header: offset that it includes, number of the entry."""

    offset: int
    sequence: int
    is_clock: bool
    entry: _Entry


class _Snapshot(msgspec.Struct, array_like=True):
    """One topic as of the offset in the header."""

    version: int
    windows: list[object]
    monitor: dict[str, object]


_Value = TypeVar("_Value")
Fresh: TypeAlias = "Callable[[], Monitor]"
Load: TypeAlias = "Callable[[dict[str, object]], Monitor]"


def newer(value: bytes, other: bytes | None) -> bool:
    """Tell whether a state value includes at least as much as another one of the same key."""
    return other is None or value[: _HEADER.size] >= other[: _HEADER.size]


class Journal:
    """Turns what a watch applied into entries of the state table.

    Parameters
    ----------
    watch
        The watch whose steps are journalled.
    sequence
        Number of entries written before.
    since
        Offset included by the last journal entry written before.
    ages
        Number of the entry with which each topic was snapshotted last; by default ``sequence``.
    slots
        Keys of the ring, more than ``_SEEN_AGE`` and than a round of snapshots takes (64 to 576 entries).

    """

    def __init__(
        self,
        watch: Watch,
        sequence: int = 0,
        since: int = -1,
        ages: Mapping[str, int] | None = None,
        slots: int = SLOTS,
    ) -> None:
        self._watch = watch
        self._sequence = sequence
        self._since = since
        self._slots = slots
        self._steps: list[Step] = []
        self._last: Step | None = None
        self._due = False
        self._begun: _Begun | None = None
        known = ages or {}
        self._ages = deque(sorted((known.get(topic, sequence), topic) for topic in watch.topics))

    def begin(self, topics: Iterable[str]) -> None:
        """Note that topics are watched from now on: the next entry says so, even if it brings only time."""
        begun, watch = sorted(topics), self._watch
        if begun:
            self._begun, self._due = _Begun(begun, watch.offset, watch.closed, watch.coming()), True

    def note(self, step: Step, *, decided: bool) -> None:
        """Take in an applied step; ``decided``: an alert came of it."""
        self._last = step
        if step.rows or step.mentions or step.orders or decided:
            self._steps.append(step)
            self._due = True

    def entries(self) -> dict[str, bytes]:
        """Return the entries to write after a batch; only ``c`` if nothing but time has passed."""
        if self._last is None:
            return {}
        watch = self._watch
        if not self._steps or self._steps[-1] is not self._last:
            self._steps.append(self._last)
        header = _HEADER.pack(watch.offset, self._sequence)
        planned = list(watch.planned.values())
        entry = header + _pack(
            _Entry(VERSION, self._since, watch.clock, watch.marks, self._steps, planned, self._begun)
        )
        written = self._write(header, entry) if self._due else {_CLOCK: entry}
        self._steps, self._last, self._due, self._begun = [], None, False, None
        return written

    def _write(self, header: bytes, entry: bytes) -> dict[str, bytes]:
        watch = self._watch
        written = {f"j/{self._sequence % self._slots}": entry} | self._snapshots()
        if self._sequence % _SEEN_AGE == _SEEN_AGE - 1:
            for block in watch.seen.blocks():
                written[f"s/{block.hour % HOURS}/{block.chunk}"] = header + _pack(block)
        watch.seen.settle()
        self._since, self._sequence = watch.offset, self._sequence + 1
        return written

    def _snapshots(self) -> dict[str, bytes]:
        """Return snapshots of the topics whose last one is oldest: the more topics, the more at a time."""
        written: dict[str, bytes] = {}
        budget = 1 + len(self._ages) // 512
        while budget and self._ages and self._sequence - self._ages[0][0] >= _SNAPSHOT_AGE:
            _, topic = self._ages.popleft()
            state = self._watch.topics[topic]
            snapshot = _Snapshot(SNAPSHOT_VERSION, state.windows.dump(), state.monitor.dump())
            # a topic whose snapshot outran the journal in a crash includes more than the watch has read
            header = _HEADER.pack(max(self._watch.offset, state.offset), self._sequence)
            written[f"t/{topic}"] = header + _pack(snapshot)
            self._ages.append((self._sequence, topic))
            budget -= 1
        return written


def restore(
    values: Mapping[str, bytes],
    monitors: Mapping[str, tuple[Fresh, Load]],
    sources: int,
    slots: int = SLOTS,
) -> tuple[Watch, Journal]:
    """Return the watch and journal that a partition's entries stand for.

    Parameters
    ----------
    values
        Entries of one partition, by key within the partition.
    monitors
        For each topic of the partition: how to make a fresh monitor, and one from a dump.
    sources
        Number of partitions of the topic ``mentions``.
    slots
        Keys of the journal's ring.

    Raises
    ------
    StateError
        If the journal has a gap or was written by an incompatible version.

    """
    watch = Watch({topic: fresh for topic, (fresh, _) in monitors.items()}, sources)
    entries = _journal(values)
    if not entries:
        journal = Journal(watch, slots=slots)
        journal.begin(monitors)
        return watch, journal
    ages, new = _restore_topics(watch, entries, values, monitors)
    blocks = [_unpack(value, Block) for key, value in values.items() if key.startswith("s/")]
    watch.seen.load(blocks)
    for found in entries:
        for step in found.entry.steps:
            _repeat(watch, step)
    watch.seen.settle()
    last = entries[-1]
    watch.offset, watch.clock, watch.marks = last.offset, last.entry.clock, last.entry.marks
    watch.remind(last.entry.planned)
    watch.clock.partitions = sources
    written = [found for found in entries if not found.is_clock]
    if written:
        journal = Journal(watch, written[-1].sequence + 1, written[-1].offset, ages, slots)
    else:
        journal = Journal(watch, slots=slots)
    journal.begin(new)
    return watch, journal


def _restore_topics(
    watch: Watch,
    entries: list[_Found],
    values: Mapping[str, bytes],
    monitors: Mapping[str, tuple[Fresh, Load]],
) -> tuple[dict[str, int], list[str]]:
    """Put the topics as they were before the journal into the watch.

    Returns the entry with which each was snapshotted last, and the topics that are new: they are watched from
    where the journal ends, since their mentions of before were not told from the others.
    """
    first, last = entries[0], entries[-1]
    ages, begun = dict.fromkeys(monitors, first.sequence), _begun(entries)
    now = _Begun([], last.offset, last.entry.steps[-1].closed)
    for topic, (fresh, load) in monitors.items():
        value = values.get(f"t/{topic}")
        reached = value is not None and _header(value)[0] >= first.entry.since
        state = _restore_topic(topic, value, load) if reached else None
        if state is not None and value is not None:
            watch.topics[topic], ages[topic] = state, _header(value)[1]
        elif topic in begun:
            watch.topics[topic] = _begin(topic, fresh, begun[topic])
        elif reached:  # a snapshot of another version: learnt again from what the journal holds
            watch.topics[topic] = _begin(topic, fresh, _start_of(first.entry))
        else:  # new, or left the catalogue for longer than the journal reaches
            watch.topics[topic] = _begin(topic, fresh, now)
            now.topics.append(topic)
    return ages, now.topics


def _restore_topic(topic: str, value: bytes | None, load: Load) -> TopicState | None:
    """Return the topic of a snapshot; None if there is none, or one of another version."""
    if value is None:
        return None
    snapshot = _unpack(value, _Snapshot)
    if snapshot.version != SNAPSHOT_VERSION:
        return None
    windows = TopicWindows.load(snapshot.windows, example_limits(topic))
    return TopicState(load(snapshot.monitor), windows, _header(value)[0])


def _begun(entries: Iterable[_Found]) -> dict[str, _Begun]:
    """Return for each topic that the journal saw come where it came last."""
    found = (entry.begun for _, _, _, entry in entries if entry.begun is not None)
    return {topic: begun for begun in found for topic in begun.topics}


def _start_of(first: _Entry) -> _Begun:
    return _Begun([], first.since, first.steps[0].closed if first.since >= 0 else -1)


def _begin(topic: str, fresh: Fresh, begun: _Begun) -> TopicState:
    """Return a topic that is watched from there on: it did not hear what the journal tells of before."""
    monitor = fresh()
    for event in begun.planned:
        topics = concerned(event)
        if topics is None or topic in topics:
            monitor.hear(event)
    return TopicState(monitor, TopicWindows(begun.closed, example_limits(topic)), begun.offset)


def _repeat(watch: Watch, step: Step) -> None:
    if step.offset <= watch.offset:
        return
    watch.remember(step)
    watch.fold(step, Effects())
    watch.offset, watch.closed = step.offset, step.closed


def _journal(values: Mapping[str, bytes]) -> list[_Found]:
    """Return the journal in order, then the clock if it is newer.

    Raises
    ------
    StateError
        If an entry is missing between two others, or is of another version.

    """
    journal = (_found(value) for key, value in values.items() if key.startswith("j/"))
    found = sorted(journal, key=lambda entry: entry[:2])
    if _CLOCK in values:
        clock = _found(values[_CLOCK], is_clock=True)
        if not found or clock.offset > found[-1].offset:
            found.append(clock)
    reached = found[0].entry.since if found and not found[0].is_clock else -1
    for offset, _, _, entry in found:
        if entry.since > reached:
            raise StateError(
                f"the journal has a gap between offsets {reached} and {entry.since}: part of the topic "
                "haidang-state-changelog was lost"
            )
        reached = max(reached, offset)
    return found


def _found(value: bytes, *, is_clock: bool = False) -> _Found:
    offset, sequence = _header(value)
    entry = _unpack(value, _Entry)
    if entry.version != VERSION:
        raise StateError(f"journal version {entry.version} at offset {offset}: this worker reads {VERSION}")
    return _Found(offset, sequence, is_clock, entry)


def _header(value: bytes) -> tuple[int, int]:
    offset, sequence = _HEADER.unpack_from(value)
    return int(offset), int(sequence)


def _pack(value: object) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(value), 1)


def _unpack(value: bytes, kind: type[_Value]) -> _Value:
    return msgspec.msgpack.decode(zlib.decompress(value[_HEADER.size :]), type=kind)
