"""Hours of a series: the counts of an hour's minutes packed together, so that a late one lands exactly. Pure.

An hour keeps the counts of each of its minutes (about five bytes each) and the sums of what was expected.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from api.wire import SeriesRow

HOUR_MINUTES = 60
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[tuple[int, int, int, int]])


class Counts(NamedTuple):
    """Mentions: all, negative, positive."""

    mentions: int
    negative: int
    positive: int


class Band(NamedTuple):
    """What was expected, and the interval; None where nothing is known."""

    expected: float | None = None
    low: float | None = None
    high: float | None = None

    def plus(self, other: "Band") -> "Band":
        """Add two; what is unknown adds nothing."""
        return Band(*(_plus(one, two) for one, two in zip(self, other, strict=True)))


def _plus(one: float | None, two: float | None) -> float | None:
    """Add two numbers of which either may be unknown."""
    if one is None or two is None:
        return two if one is None else one
    return one + two


@dataclass(frozen=True)
class Hour:
    """One topic's hour: counts by minute of the hour (0 to 59), and the sums of what was expected."""

    minutes: Mapping[int, Counts]
    band: Band

    @property
    def total(self) -> Counts:
        """The whole hour's counts."""
        return total(self.minutes.values())


EMPTY = Hour({}, Band())


def total(counts: Iterable[Counts]) -> Counts:
    """Sum counts."""
    columns = tuple(zip(*counts, strict=True))
    return Counts(*(sum(column) for column in columns)) if columns else Counts(0, 0, 0)


def merge(hour: Hour, rows: Iterable[SeriesRow]) -> Hour:
    """Take rows of the hour's minutes in: of one minute the larger count stays, the newer of equals.

    What was expected of a minute is taken in with its first row; a later row changes the counts only.
    """
    minutes, band = dict(hour.minutes), hour.band
    for row in rows:
        place = row.minute % HOUR_MINUTES
        known = minutes.get(place)
        if known is None:
            band = band.plus(Band(row.expected, row.low, row.high))
        if known is None or row.count >= known.mentions:
            minutes[place] = Counts(row.count, row.negative, row.positive)
    return Hour(minutes, band)


def pack(minutes: Mapping[int, Counts]) -> bytes:
    """Give an hour's minutes as bytes, in order (MessagePack)."""
    return _ENCODER.encode([(place, *minutes[place]) for place in sorted(minutes)])


def unpack(packed: bytes) -> dict[int, Counts]:
    """Read an hour's minutes."""
    return {place: Counts(*counts) for place, *counts in _DECODER.decode(packed)}
