"""Counts without text: a series of counts per equal interval through the same monitor."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from detectors.monitor import TopicMonitor
from detectors.windows import KINDS, WINDOW_SECONDS, Windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.events import AlertEvent
    from detectors.settings import DetectionSettings
    from detectors.trace import Trace

_ZEROS = tuple(0 for _ in WINDOW_SECONDS)
_NO_KINDS = tuple(0 for _ in KINDS)


class TrailingSums:
    """Trailing sums of a series of counts over each of `WINDOW_SECONDS`.

    A window shorter than a step holds the newest count.

    Parameters
    ----------
    step
        Seconds between two counts.

    """

    def __init__(self, step: int) -> None:
        self._lengths = tuple(max(1, seconds // step) for seconds in WINDOW_SECONDS)
        self._counts: deque[int] = deque(maxlen=max(self._lengths) + 1)
        self._sums = [0] * len(self._lengths)

    def push(self, count: int) -> tuple[int, ...]:
        """Take the next count and return the sum of each window that ends with it."""
        self._counts.append(count)
        held = len(self._counts)
        for i, length in enumerate(self._lengths):
            self._sums[i] += count
            if held > length:
                self._sums[i] -= self._counts[-1 - length]
        return tuple(self._sums)


def watch_counts(
    name: str,
    rows: Iterable[tuple[int, int]],
    step: int,
    settings: DetectionSettings,
    trace: Trace | None = None,
) -> Iterator[AlertEvent]:
    """Yield the alert events of a series of counts, each when its row is read.

    Parameters
    ----------
    name
        Name and id of the topic.
    rows
        (epoch second, count) in order, `step` seconds apart; `at` of an event is its row's own time.
    step
        Seconds between two rows.
    settings
        Settings of the detection; hours of the day are those of the stamps themselves, and no day is a
        holiday, since counts do not say where they come from.
    trace
        Takes every step in with what was expected of it.

    """
    settings = settings.model_copy(update={"utc_offset_minutes": 0, "holidays": ""})
    monitor = TopicMonitor(name, name, name, settings, settings.digest())
    sums = TrailingSums(step)
    for at, count in rows:
        windows = windows_of(at, step, count, sums.push(count))
        if trace is not None:
            trace.take(name, windows, monitor.expected(at))
        yield from monitor.close(windows)


def windows_of(at: int, step: int, count: int, totals: tuple[int, ...]) -> Windows:
    """Return the windows of a step that has counts and nothing else."""
    return Windows(
        at=at,
        step=step,
        arrived=count,
        total=totals,
        negative=_ZEROS,
        positive=_ZEROS,
        negative_milli=_ZEROS,
        kinds=tuple(_NO_KINDS for _ in WINDOW_SECONDS),
        has_text=False,
    )
