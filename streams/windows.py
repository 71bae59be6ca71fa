"""The minutes of one topic as known at stream time, and trailing windows over them (pure).

A mention adds to the minute of its event time when its arrival minute closes; trailing windows are sums over
what is known at that moment. Late press, a polled feed and a backlog need no special case: nothing is
reordered and nothing waits.
"""

from __future__ import annotations

from functools import reduce
from itertools import accumulate, pairwise
from math import log
from operator import or_
from typing import TYPE_CHECKING

import msgspec

from detectors.copies import CopyMemory
from detectors.windows import EVEN_MILLI, KINDS, WINDOW_SECONDS, Example, Windows
from streams.observation import (
    AUTHOR_BITS,
    EXAMPLES_PER_MINUTE,
    TOPIC_EXAMPLES,
    ExampleLimits,
    bitmap_bytes,
)
from streams.phrase_memory import PhraseMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["KEPT_MINUTES", "Pending", "TopicWindows", "distinct"]

#: Minutes of event time kept: a mention older than this on arrival is archive (`stale`), so no count can
#: change after its minute has left.
KEPT_MINUTES = 2880
#: After four days without a mention a topic's minutes pass without a decision until it is mentioned again: a
#: gap in the feed is not calm, and a leap of stream time (a replay after another) must not hold up the rest.
#: Longer than the longest warm-up (72 h), so that a topic nobody mentions is ready all the same.
SILENT_MINUTES = 5760
_WINDOW_MINUTES = tuple(seconds // 60 for seconds in WINDOW_SECONDS)
_TOTAL, _NEGATIVE, _POSITIVE, _NEGATIVE_MILLI, _KIND = 0, 1, 2, 3, 4
_WIDTH = _KIND + len(KINDS)
_NOTHING = [0] * _WIDTH
_NO_KINDS = [0] * (_WIDTH - _NEGATIVE_MILLI)
#: Distinct authors are counted over the last hour in slots of ten minutes, distinct sources over six hours.
_AUTHOR_SLOT, _AUTHOR_SLOTS = 10, 6
_SPREAD_MINUTES = 360
_SPREAD_NAMES = 256
_EXAMPLE_MINUTES = 360
#: A kind of source that a topic heard within a week belongs to its talk.
_KIND_MINUTES = 7 * 1440
#: Copies are counted over the last hour of event time.
_COPY_MINUTES = 60


_LINEAR_COUNTING = tuple(
    round(-AUTHOR_BITS * log(max(AUTHOR_BITS - used, 0.5) / AUTHOR_BITS)) for used in range(AUTHOR_BITS + 1)
)


def distinct(bitmap: int) -> int:
    """Return the estimated number of distinct authors behind a bitmap (linear counting, Whang et al. 1990).

    A full bitmap gives its largest estimate, about 3,200.
    """
    return _LINEAR_COUNTING[bitmap.bit_count()]


class _Crowd:
    """Distinct authors of the last hour: bitmaps of slots of ten minutes."""

    def __init__(self, slots: Mapping[int, bytes] | None = None) -> None:
        self._slots = {slot: int.from_bytes(bits, "big") for slot, bits in (slots or {}).items()}

    def take(self, minute: int, bits: int) -> None:
        """Add the authors of an arrival minute."""
        if bits:
            slot = minute // _AUTHOR_SLOT
            self._slots[slot] = self._slots.get(slot, 0) | bits

    def forget(self, minute: int) -> None:
        """Forget the slot that is over in `minute`, the first of a new one."""
        self._slots.pop(minute // _AUTHOR_SLOT - _AUTHOR_SLOTS, None)

    def distinct(self) -> int:
        """Estimate how many there are."""
        return distinct(reduce(or_, self._slots.values(), 0))

    def dump(self) -> dict[int, bytes]:
        """Return the state, to begin another one with."""
        return {slot: bitmap_bytes(bits) for slot, bits in self._slots.items()}


class Pending(msgspec.Struct, array_like=True):
    """What arrived in one arrival minute that is not over yet."""

    cells: dict[int, list[int]] = msgspec.field(default_factory=dict)
    arrived: int = 0
    names: set[str] = msgspec.field(default_factory=set)
    authors: int = 0
    examples: dict[int, Example] = msgspec.field(default_factory=dict)
    signed: list[tuple[int, bytes]] = msgspec.field(default_factory=list)
    angry: int = 0

    def add_examples(self, examples: Iterable[Example], most: int = EXAMPLES_PER_MINUTE) -> None:
        """Keep the examples with the smallest hashes: the same whatever the order and batching."""
        for example in examples:
            self.examples[example.mention] = example
        for extra in sorted(self.examples)[most:]:
            del self.examples[extra]


class TopicWindows:
    """Counts of one topic per event minute with trailing windows as known at the last closed minute.

    Parameters
    ----------
    closed
        The last arrival minute that is over when the topic begins to be watched.
    limits
        Most examples.

    """

    def __init__(self, closed: int, limits: ExampleLimits = TOPIC_EXAMPLES) -> None:
        self.closed = closed
        self._limits = limits
        self._heard = closed
        self._minutes: dict[int, list[int]] = {}
        self._pending: dict[int, Pending] = {}
        self._waiting: dict[int, list[int]] = {}
        self._sums = [[0] * _WIDTH for _ in _WINDOW_MINUTES]
        self._authors, self._angry = _Crowd(), _Crowd()
        self._names: dict[str, int] = {}
        self._examples: list[Example] = []
        self._copies: dict[int, int] = {}
        self._copied = CopyMemory()
        self._gap = closed - _WINDOW_MINUTES[-1]
        self._said = PhraseMemory()
        self._kinds: dict[int, int] = {}
        self._lack = self._gap

    @property
    def quiet(self) -> bool:
        """Whether nothing was said within the longest window and nothing waits."""
        return not self._pending and not self._sums[-1][_TOTAL]

    def pending(self, arrival: int) -> Pending:
        """Return the open arrival minute; one that is over already counts as the next open one."""
        return self._pending.setdefault(max(arrival, self.closed + 1), Pending())

    def add(
        self,
        arrival: int,
        minute: int,
        negative: int,
        positive: int,
        kind: int,
        name: str,
        signature: bytes = b"",
    ) -> None:
        """Add one mention.

        Parameters
        ----------
        arrival, minute
            Arrival and event time, minutes since the epoch.
        negative, positive
            P(negative), P(positive) in thousandths; 500 and above counts as one.
        kind
            Index into ``KINDS``.
        name
            Name of the source.
        signature
            Of the text, to tell near-copies; empty where it has none.

        """
        pending = self.pending(arrival)
        if signature:
            pending.signed.append((minute, signature))
        pending.arrived += 1
        pending.names.add(name)
        cell = pending.cells.get(minute)
        if cell is None:
            cell = pending.cells[minute] = [0] * _WIDTH
        waiting = self._waiting.get(minute)
        if waiting is None:
            waiting = self._waiting[minute] = [0] * _WIDTH
        for known in (cell, waiting):
            known[_TOTAL] += 1
            known[_NEGATIVE] += negative >= EVEN_MILLI
            known[_POSITIVE] += positive >= EVEN_MILLI
            known[_NEGATIVE_MILLI] += negative
            known[_KIND + kind] += 1

    def add_examples(self, arrival: int, examples: Iterable[Example]) -> None:
        """Add examples of an arrival minute."""
        self.pending(arrival).add_examples(examples, self._limits.minute)

    def begin(self, closed: int) -> None:
        """Begin to be watched after the arrival minute ``closed``."""
        self.closed = self._heard = closed
        self._gap = self._lack = closed - _WINDOW_MINUTES[-1]

    def pass_silence(self, through: int) -> None:
        """Pass over the minutes up to ``through`` after a long silence, not over one that is talked in."""
        if self.closed - self._heard >= SILENT_MINUTES:
            talk = min(self._pending, default=through + 1)
            self.closed = max(self.closed, min(through, talk - 1))

    def close(self, *, fed: bool = True, missing: Iterable[int] = ()) -> Windows:
        """Close the next arrival minute and return the windows at its end.

        Parameters
        ----------
        fed
            Whether the input was fed in it.
        missing
            Kinds of source that were not, as places in ``KINDS``.

        """
        minute = self.closed = self.closed + 1
        if not fed:
            self._gap = minute
        if any(minute - self._kinds.get(kind, -_KIND_MINUTES) < _KIND_MINUTES for kind in missing):
            self._lack = minute
        self._expire(minute)
        pending = self._pending.pop(minute, None)
        if pending is not None:
            self._heard = minute
            self._settle(minute, pending)
        return self._view(minute, pending or Pending())

    def counts(self, minute: int) -> tuple[int, int, int]:
        """Return (mentions, negative, positive) of an event minute, open arrival minutes included."""
        settled = self._minutes.get(minute, _NOTHING)
        waiting = self._waiting.get(minute, _NOTHING)
        return (
            settled[_TOTAL] + waiting[_TOTAL],
            settled[_NEGATIVE] + waiting[_NEGATIVE],
            settled[_POSITIVE] + waiting[_POSITIVE],
        )

    def dump(self) -> list[object]:
        """Return the state as MessagePack builtins."""
        return [
            self.closed,
            _dump_minutes(self._minutes, self.closed),
            {arrival: _dump_pending(pending) for arrival, pending in self._pending.items()},
            self._authors.dump(),
            self._names,
            self._examples,
            self._heard,
            self._copies,
            self._copied.dump(),
            max(self._gap, self.closed - _WINDOW_MINUTES[-1]),
            self._said.dump(),
            self._angry.dump(),
            self._kinds,
            max(self._lack, self.closed - _WINDOW_MINUTES[-1]),
        ]

    @classmethod
    def load(cls, dump: list[object], limits: ExampleLimits = TOPIC_EXAMPLES) -> TopicWindows:
        """Return the windows behind a dump; sums are made anew from the minutes."""
        state = msgspec.convert(dump, _Dump, strict=False)
        windows = cls(state.closed, limits)
        windows._minutes = state.minutes.load()
        for arrival, pending in state.pending.items():
            windows._pending[arrival] = pending.load()
            for minute, cell in pending.cells.items():
                _add(windows._waiting.setdefault(minute, [0] * _WIDTH), cell)
        windows._authors, windows._angry = _Crowd(state.authors), _Crowd(state.angry)
        windows._names = state.names
        windows._examples = state.examples
        windows._heard = state.heard
        windows._copies = state.copies
        windows._copied = CopyMemory(state.copied)
        windows._gap, windows._lack = state.gap, state.lack
        windows._kinds = state.kinds
        windows._said = PhraseMemory.load(state.said)
        for width, sums in zip(_WINDOW_MINUTES, windows._sums, strict=True):
            for minute, cell in windows._minutes.items():
                if state.closed - width < minute <= state.closed:
                    _add(sums, cell)
        return windows

    def _expire(self, minute: int) -> None:
        for width, sums in zip(_WINDOW_MINUTES, self._sums, strict=True):
            cell = self._minutes.get(minute - width)
            if cell is not None:
                for index, value in enumerate(cell):
                    sums[index] -= value
        self._minutes.pop(minute - KEPT_MINUTES, None)
        if minute % _AUTHOR_SLOT == 0:
            self._authors.forget(minute)
            self._angry.forget(minute)
        if self._examples and self._examples[0].arrived // 60 <= minute - _EXAMPLE_MINUTES:
            self._examples = [
                kept for kept in self._examples if kept.arrived // 60 > minute - _EXAMPLE_MINUTES
            ]
        if self._names and minute % _AUTHOR_SLOT == 0:
            self._names = {n: last for n, last in self._names.items() if last > minute - _SPREAD_MINUTES}
        if self._copies:
            self._copies = {m: n for m, n in self._copies.items() if m > minute - _COPY_MINUTES}
        if minute % _COPY_MINUTES == 0:
            self._copied.forget(minute)

    def _settle(self, minute: int, pending: Pending) -> None:
        for event_minute, added in pending.cells.items():
            self._settle_waiting(event_minute, added)
            cell = self._minutes.get(event_minute)
            if cell is None:
                self._minutes[event_minute] = list(added)
            else:
                _add(cell, added)
            for width, sums in zip(_WINDOW_MINUTES, self._sums, strict=True):
                if event_minute > minute - width:
                    _add(sums, added)
            self._kinds.update((kind, minute) for kind, count in enumerate(added[_KIND:]) if count)
        self._authors.take(minute, pending.authors)
        self._angry.take(minute, pending.angry)
        self._note_names(minute, pending.names)
        self._note_copies(minute, pending.signed)
        added_examples = [pending.examples[key] for key in sorted(pending.examples)]
        if added_examples:
            noted = self._said.note(minute, added_examples)
            self._examples = (self._examples + noted)[-self._limits.kept :]

    def _settle_waiting(self, minute: int, settled: list[int]) -> None:
        waiting = self._waiting[minute]
        for index, value in enumerate(settled):
            waiting[index] -= value
        if not waiting[_TOTAL]:
            del self._waiting[minute]

    def _note_names(self, minute: int, names: set[str]) -> None:
        for name in sorted(names):
            self._names.pop(name, None)
            self._names[name] = minute
        while len(self._names) > _SPREAD_NAMES:
            del self._names[next(iter(self._names))]

    def _note_copies(self, minute: int, signed: list[tuple[int, bytes]]) -> None:
        """Count the copies of an arrival minute: what was said first in it is the original."""
        for event_minute, signature in sorted(signed):
            if self._copied.take(signature, minute) and event_minute > minute - _COPY_MINUTES:
                self._copies[event_minute] = self._copies.get(event_minute, 0) + 1

    def _view(self, minute: int, pending: Pending) -> Windows:
        return Windows(
            at=(minute + 1) * 60,
            step=60,
            arrived=pending.arrived,
            total=tuple([sums[_TOTAL] for sums in self._sums]),
            negative=tuple([sums[_NEGATIVE] for sums in self._sums]),
            positive=tuple([sums[_POSITIVE] for sums in self._sums]),
            negative_milli=tuple([sums[_NEGATIVE_MILLI] for sums in self._sums]),
            kinds=tuple([tuple(sums[_KIND:]) for sums in self._sums]),
            spread=len(self._names),
            authors=self._authors.distinct(),
            angry_authors=self._angry.distinct(),
            copies=sum(self._copies.values()),
            fed_seconds=60 * min(minute - self._gap, _WINDOW_MINUTES[-1]),
            whole_seconds=60 * min(minute - max(self._gap, self._lack), _WINDOW_MINUTES[-1]),
            examples=tuple(self._examples),
            has_text=True,
            arrived_negative_milli=sum([cell[_NEGATIVE_MILLI] for cell in pending.cells.values()]),
        )


class _PendingDump(msgspec.Struct, array_like=True):
    cells: dict[int, list[int]]
    arrived: int
    names: list[str]
    authors: bytes
    examples: list[Example]
    signed: list[tuple[int, bytes]] = msgspec.field(default_factory=list)
    angry: bytes = b""

    def load(self) -> Pending:
        examples = {example.mention: example for example in self.examples}
        return Pending(
            self.cells,
            self.arrived,
            set(self.names),
            int.from_bytes(self.authors, "big"),
            examples,
            self.signed,
            int.from_bytes(self.angry, "big"),
        )


class _MinutesDump(msgspec.Struct, array_like=True):
    """Minutes in columns, which pack to a third: of those in a window, and of older ones their counts alone.

    `recent` has distances (each from the minute before), negative, positive, negative_milli and one column
    per kind, whose sum is the total; `older` has distances, total, negative, positive.
    """

    recent: list[list[int]]
    older: list[list[int]]

    def load(self) -> dict[int, list[int]]:
        times, *columns = self.older
        cells = ([*counts, *_NO_KINDS] for counts in zip(*columns, strict=True))
        minutes = dict(zip(accumulate(times), cells, strict=True))
        times, *columns = self.recent
        for minute, values in zip(accumulate(times), zip(*columns, strict=True), strict=True):
            minutes[minute] = [sum(values[_KIND - 1 :]), *values]
        return minutes


class _Dump(msgspec.Struct, array_like=True):
    closed: int
    minutes: _MinutesDump
    pending: dict[int, _PendingDump]
    authors: dict[int, bytes]
    names: dict[str, int]
    examples: list[Example]
    heard: int
    copies: dict[int, int] = msgspec.field(default_factory=dict)
    copied: dict[int, bytes] = msgspec.field(default_factory=dict)
    gap: int = 0
    said: list[object] = msgspec.field(default_factory=list)
    angry: dict[int, bytes] = msgspec.field(default_factory=dict)
    kinds: dict[int, int] = msgspec.field(default_factory=dict)
    lack: int = 0


def _dump_minutes(minutes: dict[int, list[int]], closed: int) -> _MinutesDump:
    kept = sorted(minute for minute in minutes if minute > closed - KEPT_MINUTES)
    recent = [minute for minute in kept if minute > closed - _WINDOW_MINUTES[-1]]
    older = kept[: len(kept) - len(recent)]
    return _MinutesDump(
        [_distances(recent), *([minutes[minute][i] for minute in recent] for i in range(_NEGATIVE, _WIDTH))],
        [_distances(older), *([minutes[minute][i] for minute in older] for i in range(_NEGATIVE_MILLI))],
    )


def _distances(minutes: list[int]) -> list[int]:
    return [minute - before for before, minute in pairwise([0, *minutes])]


def _dump_pending(pending: Pending) -> _PendingDump:
    return _PendingDump(
        pending.cells,
        pending.arrived,
        sorted(pending.names),
        bitmap_bytes(pending.authors),
        list(pending.examples.values()),
        sorted(pending.signed),
        bitmap_bytes(pending.angry),
    )


def _add(total: list[int], added: list[int]) -> None:
    for index, value in enumerate(added):
        total[index] += value
