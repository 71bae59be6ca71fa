"""What was counted and expected, in bins: for a person to look at and for rivals to be compared on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from detectors.monitor import Expected
    from detectors.windows import Windows

__all__ = ["Bin", "Trace"]


class Bin(NamedTuple):
    """Mentions that arrived in a span that ends at `at` (epoch seconds), and those expected with interval."""

    at: int
    mentions: int
    expected: float
    low: float
    high: float


class Trace:
    """The bins of every topic.

    Parameters
    ----------
    bin_seconds
        Length of a bin, a whole number of steps.

    """

    def __init__(self, bin_seconds: int) -> None:
        self.bin_seconds = bin_seconds
        self._bins: dict[str, dict[int, Bin]] = {}

    def take(self, topic: str, windows: Windows, expected: Expected) -> None:
        """Take one closed step in."""
        end = -(-windows.at // self.bin_seconds) * self.bin_seconds
        bins = self._bins.setdefault(topic, {})
        before = bins.get(end, Bin(end, 0, 0.0, 0.0, 0.0))
        bins[end] = Bin(
            end,
            before.mentions + windows.arrived,
            before.expected + expected.mean,
            before.low + expected.low,
            before.high + expected.high,
        )

    def topics(self) -> list[str]:
        """Return the topics that were mentioned at all, in order."""
        return sorted(
            topic for topic, bins in self._bins.items() if any(one.mentions for one in bins.values())
        )

    def bins(self, topic: str) -> list[Bin]:
        """Return the bins of a topic without a gap; silence that was passed over is 0."""
        found = self._bins[topic]
        ends = range(min(found), max(found) + 1, self.bin_seconds)
        return [found.get(end, Bin(end, 0, 0.0, 0.0, 0.0)) for end in ends]
