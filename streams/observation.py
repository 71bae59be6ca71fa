"""Observations: what the classify stage hands to the detect stage, in columns (pure).

One record on the Kafka topic ``observations`` holds what one batch of mentions means for the topics of one
observations partition. Whatever is summed later is an integer, so neither the order nor the batching of
mentions can change a figure. No text but a few masked examples and no author leaves the classify stage:
distinct authors travel as a bitmap shared by all mentions of a topic and minute.
"""

from __future__ import annotations

import zlib
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from detectors.copies import SIGNATURE_KEYS
from detectors.orders import Correction, Order
from detectors.stories import STORY_DESK
from detectors.windows import KINDS, Example

__all__ = [
    "EXAMPLES_PER_MINUTE",
    "TOPIC_EXAMPLES",
    "Authors",
    "ExampleLimits",
    "Examples",
    "Observations",
    "Progress",
    "Rows",
    "Tick",
    "author_bit",
    "bitmap_bytes",
    "decode",
    "encode",
    "example_limits",
    "home_partition",
    "position",
]

SCHEMA = 1
#: Bits of the linear-counting bitmap of distinct authors (Whang et al. 1990): 512 bits count up to about
#: 1,500 authors with an error below 10 %, and no author can be told from a bit that many share.
AUTHOR_BITS = 512
#: Masked examples kept per topic and arrival minute: the ones with the smallest mention hash, so that the
#: choice is a fair sample and the same whatever the batching.
EXAMPLES_PER_MINUTE = 8


class ExampleLimits(NamedTuple):
    """Most examples of one arrival minute, and of the newest six hours."""

    minute: int
    kept: int


TOPIC_EXAMPLES = ExampleLimits(EXAMPLES_PER_MINUTE, 24)
#: The desk reads each article of a poll of several papers.
_DESK_EXAMPLES = ExampleLimits(32, 64)
#: An envelope holds at most 500 mentions; 1,024 places per offset keep positions ordered.
_PLACES = 1024


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """How far one source partition was read by the batch.

    Attributes
    ----------
    partition
        Source partition of the topic ``mentions``.
    first_ms, watermark_ms
        Earliest and latest arrival in the batch, epoch milliseconds; 0 if no element of it could be read.
    appended_ms
        Broker's time of the last record of the batch, epoch milliseconds.
    between
        Minutes between the two in which something else arrived (since the epoch).
    kinds
        By place in ``detectors.windows.KINDS``, the minutes in which something of that kind of source
        arrived, ascending; empty in records of workers that did not tell.

    """

    partition: int
    first_ms: int
    watermark_ms: int
    appended_ms: int
    between: list[int] = msgspec.field(default_factory=list)
    kinds: dict[int, list[int]] = msgspec.field(default_factory=dict)


class Tick(msgspec.Struct, frozen=True, array_like=True):
    """A source partition is fully read and silent at wall-clock ``wall_ms`` (epoch milliseconds)."""

    partition: int
    wall_ms: int


class Rows(msgspec.Struct, array_like=True):
    """The observations of one topic from one source partition, one entry a column each.

    Attributes
    ----------
    positions
        ``position(offset, index)`` of the mention in its source partition, ascending.
    arrivals, minutes
        Arrival and event time in minutes since the epoch; ``minutes[i] <= arrivals[i]``.
    negative, positive
        P(negative), P(positive) in thousandths.
    kinds
        Index into ``detectors.windows.KINDS``.
    names
        Index into ``Observations.names``.
    mentions
        64-bit hash of (source name, id).
    home
        1 where this topic is the mention's first: outcomes are counted there, once a mention.
    signatures
        Signature of the text (`detectors.copies`), 40 bytes or none; the column is empty in records of
        workers that wrote none.

    """

    topic: str
    partition: int
    positions: list[int] = msgspec.field(default_factory=list)
    arrivals: list[int] = msgspec.field(default_factory=list)
    minutes: list[int] = msgspec.field(default_factory=list)
    negative: list[int] = msgspec.field(default_factory=list)
    positive: list[int] = msgspec.field(default_factory=list)
    kinds: list[int] = msgspec.field(default_factory=list)
    names: list[int] = msgspec.field(default_factory=list)
    mentions: list[int] = msgspec.field(default_factory=list)
    home: list[int] = msgspec.field(default_factory=list)
    signatures: list[bytes] = msgspec.field(default_factory=list)


class Authors(msgspec.Struct, frozen=True, array_like=True):
    """Bitmaps of the distinct authors of one topic in one arrival minute (64 bytes each, mergeable by OR).

    `angry` is that of its negative mentions; empty when none of them has an author, or from an older worker.
    """

    topic: str
    arrival: int
    bitmap: bytes
    angry: bytes = b""


class Examples(msgspec.Struct, frozen=True, array_like=True):
    """Masked examples of one topic in one arrival minute."""

    topic: str
    arrival: int
    examples: list[Example]


class Observations(msgspec.Struct, array_like=True):
    """One record of the topic ``observations``: version 1 of the wire format.

    ``corrections`` concern the source partition of the same number, whose mentions they will judge.
    """

    schema: int = SCHEMA
    progress: list[Progress] = msgspec.field(default_factory=list)
    ticks: list[Tick] = msgspec.field(default_factory=list)
    names: list[str] = msgspec.field(default_factory=list)
    rows: list[Rows] = msgspec.field(default_factory=list)
    authors: list[Authors] = msgspec.field(default_factory=list)
    examples: list[Examples] = msgspec.field(default_factory=list)
    orders: list[Order] = msgspec.field(default_factory=list)
    corrections: list[Correction] = msgspec.field(default_factory=list)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Observations)


def encode(observations: Observations) -> bytes:
    """Return the record's value (MessagePack)."""
    return _ENCODER.encode(observations)


def decode(value: bytes) -> Observations:
    """Return the record behind a value.

    Raises
    ------
    msgspec.DecodeError
        If the value is not a sound version 1 record: only a foreign writer can cause that.

    """
    try:
        observations = _DECODER.decode(value)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError("observations with a text that is not UTF-8") from error
    if observations.schema != SCHEMA:
        raise msgspec.DecodeError(f"observations schema {observations.schema}, this worker reads {SCHEMA}")
    if not all(_sound(rows, len(observations.names)) for rows in observations.rows):
        raise msgspec.DecodeError("observations with columns that do not fit together")
    size = AUTHOR_BITS // 8
    if any(len(one.bitmap) != size or len(one.angry) not in {0, size} for one in observations.authors):
        raise msgspec.DecodeError(f"a bitmap of authors has {AUTHOR_BITS} bits")
    return observations


def _sound(rows: Rows, names: int) -> bool:
    """Tell whether the columns are equally long, not empty, and point to kinds and names that are there."""
    columns = (
        rows.arrivals,
        rows.minutes,
        rows.negative,
        rows.positive,
        rows.kinds,
        rows.names,
        rows.mentions,
        rows.home,
    )
    length = len(rows.positions)
    return (
        length > 0
        and all(len(column) == length for column in columns)
        and len(rows.signatures) in {0, length}
        and all(len(signature) in {0, 4 * SIGNATURE_KEYS} for signature in rows.signatures)
        and 0 <= min(rows.kinds) <= max(rows.kinds) < len(KINDS)
        and 0 <= min(rows.names) <= max(rows.names) < names
    )


def position(offset: int, index: int) -> int:
    """Return the order of a mention within its source partition: by record, then place in the envelope."""
    return offset * _PLACES + index


def example_limits(topic: str) -> ExampleLimits:
    """Return how many examples a topic, or the story desk, gets and keeps."""
    return _DESK_EXAMPLES if topic == STORY_DESK else TOPIC_EXAMPLES


def home_partition(topic: str, partitions: int) -> int:
    """Return the observations partition of a topic: stable over processes, versions and machines (CRC-32)."""
    return zlib.crc32(topic.encode()) % partitions


def bitmap_bytes(bits: int) -> bytes:
    """Return a bitmap of authors as bytes, none for an empty one."""
    return bits.to_bytes(AUTHOR_BITS // 8, "big") if bits else b""


def author_bit(author_key: str, topic: str, minute: int) -> int:
    """Return the bit (0..511) of an author in a topic's bitmap of the UTC day that holds ``minute``.

    The day and the topic are part of the hash, so bits of two topics or days cannot be linked.
    """
    seed = f"{topic}\0{minute // 1440}\0{author_key}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(seed, digest_size=2).digest(), "big") % AUTHOR_BITS
