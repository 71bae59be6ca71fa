"""State of an observations partition: a journal of steps and topic snapshots in one compacted table (pure).

Each batch writes one journal entry (the admitted steps, which the fold can repeat exactly) and now and then
snapshots of the topics whose last one is oldest. The journal is a ring of ``SLOTS`` keys, so the table stays
bounded. Every entry begins with the offset that it includes: whoever writes late (a worker that was paused
and replaced) is told from that, and the entry that includes more is kept.

Keys within a partition: ``j/<slot>`` journal, ``t/<topic id>`` topic snapshot, ``s/<hour slot>/<chunk>`` seen
mentions. Encoding: 16 bytes of header (big-endian offset and sequence number), then zlib over MessagePack.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from streams.clock import StreamClock
from streams.seen import HOURS, Block
from streams.watch import Effects, Step, TopicState, Watch
from streams.windows import TopicWindows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from detectors.monitor import TopicMonitor

__all__ = ["SLOTS", "Journal", "StateError", "newer", "restore"]

#: Version of the snapshot and journal encoding. A snapshot of another version is left out and its topic is
#: learnt again; a journal of another version is refused, since counts would be lost.
VERSION = 1
SLOTS = 4096
#: A topic is snapshotted when this many entries were written since its last snapshot.
_SNAPSHOT_AGE = 64
_SEEN_AGE = 128
_HEADER = struct.Struct(">QQ")


class StateError(Exception):
    """The state table cannot be used; the message says what to do."""


class _Entry(msgspec.Struct, array_like=True):
    """One journal entry: the steps after offset ``since`` with the partition's state after them."""

    version: int
    since: int
    clock: StreamClock
    marks: dict[int, int]
    steps: list[Step]


class _Snapshot(msgspec.Struct, array_like=True):
    """One topic as of the offset in the header."""

    version: int
    windows: list[object]
    monitor: dict[str, object]


_Value = TypeVar("_Value")
Fresh: TypeAlias = "Callable[[], TopicMonitor]"
Load: TypeAlias = "Callable[[dict[str, object]], TopicMonitor]"


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
        Offset included by the last entry written before.

    """

    def __init__(self, watch: Watch, sequence: int = 0, since: int = -1) -> None:
        self._watch = watch
        self._sequence = sequence
        self._since = since
        self._steps: list[Step] = []
        self._due = False
        self._ages: deque[tuple[int, str]] = deque((sequence, topic) for topic in watch.topics)

    def note(self, step: Step, *, decided: bool) -> None:
        """Take in an applied step; one that brought nothing but time is kept only if an alert came of it."""
        if step.rows or step.mentions or decided:
            self._steps.append(step)
            self._due = True

    def entries(self) -> dict[str, bytes]:
        """Return the entries to write after a batch: none if nothing but time has passed."""
        if not self._due:
            return {}
        watch = self._watch
        header = _HEADER.pack(watch.offset, self._sequence)
        entry = _Entry(VERSION, self._since, watch.clock, watch.marks, self._steps)
        written = {f"j/{self._sequence % SLOTS}": header + _pack(entry)}
        written |= self._snapshots(header)
        if self._sequence % _SEEN_AGE == _SEEN_AGE - 1:
            for block in watch.seen.blocks():
                written[f"s/{block.hour % HOURS}/{block.chunk}"] = header + _pack(block)
        self._since, self._sequence = watch.offset, self._sequence + 1
        self._steps, self._due = [], False
        return written

    def _snapshots(self, header: bytes) -> dict[str, bytes]:
        """Return snapshots of the topics whose last one is oldest: the more topics, the more at a time."""
        written: dict[str, bytes] = {}
        budget = 1 + len(self._ages) // 512
        while budget and self._ages and self._sequence - self._ages[0][0] >= _SNAPSHOT_AGE:
            _, topic = self._ages.popleft()
            state = self._watch.topics[topic]
            snapshot = _Snapshot(VERSION, state.windows.dump(), state.monitor.dump())
            written[f"t/{topic}"] = header + _pack(snapshot)
            self._ages.append((self._sequence, topic))
            budget -= 1
        return written


def restore(
    values: Mapping[str, bytes],
    monitors: Mapping[str, tuple[Fresh, Load]],
    sources: int,
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

    Raises
    ------
    StateError
        If the journal has a gap or was written by an incompatible version.

    """
    watch = Watch({topic: fresh for topic, (fresh, _) in monitors.items()}, sources)
    entries = _journal(values)
    if not entries:
        return watch, Journal(watch)
    for topic, (fresh, load) in monitors.items():
        state = _restore_topic(values.get(f"t/{topic}"), load)
        if state is not None and state.offset < entries[0][2].since:
            state = None  # left the catalogue for longer than the journal reaches
        watch.topics[topic] = _begin(fresh, entries[0][2]) if state is None else state
    blocks = [_unpack(value, Block) for key, value in values.items() if key.startswith("s/")]
    watch.seen.load(blocks)
    for _, _, entry in entries:
        for step in entry.steps:
            _repeat(watch, step)
    offset, sequence, last = entries[-1]
    watch.offset, watch.clock, watch.marks = offset, last.clock, last.marks
    watch.clock.partitions = sources
    return watch, Journal(watch, sequence + 1, offset)


def _restore_topic(value: bytes | None, load: Load) -> TopicState | None:
    """Return the topic of a snapshot; None if there is none, or one of another version."""
    if value is None:
        return None
    snapshot = _unpack(value, _Snapshot)
    if snapshot.version != VERSION:
        return None
    return TopicState(load(snapshot.monitor), TopicWindows.load(snapshot.windows), _header(value)[0])


def _begin(fresh: Fresh, first: _Entry) -> TopicState:
    """Return a topic that is watched from where the journal begins."""
    closed = first.steps[0].closed if first.since >= 0 else -1
    return TopicState(fresh(), TopicWindows(closed), first.since)


def _repeat(watch: Watch, step: Step) -> None:
    if step.offset <= watch.offset:
        return
    watch.remember(step.mentions, watch.closed)
    watch.fold(step, Effects())
    watch.offset, watch.closed = step.offset, step.closed


def _journal(values: Mapping[str, bytes]) -> list[tuple[int, int, _Entry]]:
    """Return (offset, sequence, entry) in order.

    Raises
    ------
    StateError
        If an entry is missing between two others.

    """
    found = [(*_header(value), value) for key, value in values.items() if key.startswith("j/")]
    entries = [(offset, sequence, _unpack(value, _Entry)) for offset, sequence, value in sorted(found)]
    for offset, _, entry in entries:
        if entry.version != VERSION:
            raise StateError(
                f"journal version {entry.version} at offset {offset}: this worker reads {VERSION}"
            )
    reached = entries[0][2].since if entries else -1
    for offset, _, entry in entries:
        if entry.since > reached:
            raise StateError(f"the journal has a gap between offsets {reached} and {entry.since}")
        reached = max(reached, offset)
    return entries


def _header(value: bytes) -> tuple[int, int]:
    offset, sequence = _HEADER.unpack_from(value)
    return int(offset), int(sequence)


def _pack(value: object) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(value), 1)


def _unpack(value: bytes, kind: type[_Value]) -> _Value:
    return msgspec.msgpack.decode(zlib.decompress(value[_HEADER.size :]), type=kind)
