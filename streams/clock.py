"""Stream time: how far the arrival clock of the input has come (pure).

Stream time is the largest arrival seen on every source partition that is not idle. It never runs
backwards. Only when all source partitions are idle does it go on, by the wall-clock time that passed since
their last record was appended: a live stream then follows the wall clock, and a replay of old data stays in
its own time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.feed import Feed, Span, feed_of_kind

if TYPE_CHECKING:
    from streams.observation import Progress, Tick

__all__ = ["GRACE_MS", "SourceClock", "StreamClock"]

#: An arrival minute is closed this long after its end, so that two source partitions whose records are
#: written at almost the same moment fall into the same minute whichever is read first.
GRACE_MS = 2_000
_MINUTE_MS = 60_000


class SourceClock(msgspec.Struct, array_like=True):
    """What is known of one source partition; ``watermark_ms`` 0: no record yet, ``idle_ms`` 0: active."""

    watermark_ms: int = 0
    appended_ms: int = 0
    idle_ms: int = 0

    def reached_ms(self) -> int:
        """Return the arrival time that an idle partition has reached by its last tick."""
        return self.watermark_ms + max(0, self.idle_ms - self.appended_ms)

    def pass_by(self, appended_ms: int) -> None:
        """Take in records of which none could be read: the arrival clock moves as the broker's clock does.

        A producer of nothing but dead letters would else hold back the time of every topic, since its
        partition is never silent. Before its first arrival the partition counts as idle.
        """
        if self.watermark_ms:
            self.watermark_ms += max(0, appended_ms - self.appended_ms)
        else:
            self.idle_ms = max(self.idle_ms, appended_ms)
        self.appended_ms = max(self.appended_ms, appended_ms)


class StreamClock(msgspec.Struct):
    """Stream time of one observations partition.

    Attributes
    ----------
    partitions
        Number of source partitions; time does not start before each was heard of (data or tick).
    time_ms
        Stream time, epoch milliseconds; 0 before it starts.
    start_minute
        Arrival minute of the first mention ever heard: every topic is watched since then; -1 before.
    feed, kinds
        Whether the whole input is fed, minute by minute, and each kind of source that was ever heard, by its
        place in ``detectors.windows.KINDS``.

    """

    partitions: int
    time_ms: int = 0
    start_minute: int = -1
    sources: dict[int, SourceClock] = msgspec.field(default_factory=dict)
    feed: Feed = msgspec.field(default_factory=Feed)
    kinds: dict[int, Feed] = msgspec.field(default_factory=dict)

    def hear(self, progress: Progress) -> None:
        """Take in that a batch of a source partition was read; the partition is active from now on."""
        source = self.sources.setdefault(progress.partition, SourceClock())
        if not progress.watermark_ms:
            source.pass_by(progress.appended_ms)
            return
        ends = (progress.first_ms // _MINUTE_MS, progress.watermark_ms // _MINUTE_MS)
        self.feed.hear((*ends, *progress.between))
        for kind, minutes in progress.kinds.items():
            self.kinds.setdefault(kind, feed_of_kind()).hear(minutes)
        source.watermark_ms = max(source.watermark_ms, progress.watermark_ms)
        source.appended_ms = max(source.appended_ms, progress.appended_ms)
        source.idle_ms = 0
        if not self.time_ms:
            first = progress.first_ms // _MINUTE_MS
            self.start_minute = first if self.start_minute < 0 else min(self.start_minute, first)

    def tick(self, tick: Tick) -> None:
        """Take in that a source partition is read to its end and silent, unless more was appended since."""
        source = self.sources.setdefault(tick.partition, SourceClock())
        if tick.wall_ms >= source.appended_ms:
            source.idle_ms = max(source.idle_ms, tick.wall_ms)

    def closed(self) -> int:
        """Advance and return the last arrival minute that is over; -1 before stream time starts."""
        self.time_ms = max(self.time_ms, self._reached())
        return (self.time_ms - GRACE_MS) // _MINUTE_MS - 1 if self.time_ms else -1

    def lacks(self, through: int) -> dict[int, list[Span]]:
        """Judge the kinds of source up to a minute; return the gaps of those that had any."""
        gaps = {kind: feed.close(through) for kind, feed in sorted(self.kinds.items())}
        return {kind: spans for kind, spans in gaps.items() if spans}

    def _reached(self) -> int:
        if len(self.sources) < self.partitions:
            return 0
        active = [source.watermark_ms for source in self.sources.values() if not source.idle_ms]
        if active:
            return min(active)
        return max(
            (source.reached_ms() for source in self.sources.values() if source.watermark_ms), default=0
        )
