"""Which mentions were counted already: a mention sent again counts once (pure).

Bounded memory: hashes are kept for 48 hours of stream time and at most ``LIMIT`` of them, oldest hours first
out. What comes back later than that is archive anyway (`stale`).
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["CHUNK", "HOURS", "LIMIT", "Block", "Seen"]

HOURS = 49
LIMIT = 2_000_000
CHUNK = 65_536


class Block(msgspec.Struct, array_like=True):
    """Up to 65,536 hashes (8 bytes each, native order) of one stream hour, as kept in the state table."""

    hour: int
    chunk: int
    hashes: bytes


class Seen:
    """Hashes of counted mentions, in chunks by hour of arrival, oldest first.

    Parameters
    ----------
    limit
        Hashes kept at most, and one chunk if a chunk is larger.
    chunk
        Hashes of a chunk, which is forgotten as a whole.

    """

    def __init__(self, limit: int = LIMIT, chunk: int = CHUNK) -> None:
        self._limit = limit
        self._chunk = chunk
        self._all: set[int] = set()
        self._chunks: dict[tuple[int, int], array[int]] = {}
        self._written: dict[tuple[int, int], int] = {}
        self._settled: dict[tuple[int, int], int] = {}

    def __contains__(self, mention: int) -> bool:
        """Tell whether the mention was counted within the last 48 hours."""
        return mention in self._all

    def __len__(self) -> int:
        """Return how many hashes are kept."""
        return len(self._all)

    def add(self, mentions: Iterable[int], hour: int, now: int) -> None:
        """Remember mentions and forget what is too old or too much.

        Parameters
        ----------
        mentions
            Hashes of the mentions that were counted.
        hour
            Latest hour of their arrival (since the epoch).
        now
            Hour of stream time; what arrived ``HOURS`` before it or earlier is forgotten. Source partitions
            that are read faster than others are ahead of it.

        """
        for mention in mentions:
            if mention not in self._all:
                self._all.add(mention)
                self._open_chunk(hour).append(mention)
        self._trim(now)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks whose settled part changed since the last call, as far as it is settled.

        What is newer stands in the journal. A block that ran ahead of the journal would, after a crash
        between the two writes, call mentions counted that are not.
        """
        for key, hashes in self._chunks.items():
            settled = self._settled.get(key, 0)
            if settled != self._written.get(key, 0):
                self._written[key] = settled
                yield Block(*key, hashes[:settled].tobytes())

    def settle(self) -> None:
        """Take in that a journal entry holds everything added so far."""
        self._settled = {key: len(hashes) for key, hashes in self._chunks.items()}

    def load(self, blocks: Iterable[Block]) -> None:
        """Take in the blocks of a state table, in any order; blocks of a past cycle of hours are left out."""
        kept = sorted(blocks, key=lambda block: (block.hour, block.chunk))
        for block in kept:
            if block.hour > kept[-1].hour - HOURS:
                hashes = array("Q")
                hashes.frombytes(block.hashes)
                self._all.update(hashes)
                self._chunks[block.hour, block.chunk] = hashes
                self._written[block.hour, block.chunk] = len(hashes)
        if kept:
            self._trim(0)

    def _open_chunk(self, hour: int) -> array[int]:
        """Return the newest chunk, or a new one when it is full or of an earlier hour."""
        newest = next(reversed(self._chunks), None)
        if newest is None or newest[0] < hour:
            newest = (hour, 0)
        elif len(self._chunks[newest]) >= self._chunk:
            newest = (newest[0], newest[1] + 1)
        return self._chunks.setdefault(newest, array("Q"))

    def _trim(self, now: int) -> None:
        while self._chunks and self._too_much(next(iter(self._chunks)), now):
            self._forget(next(iter(self._chunks)))

    def _too_much(self, oldest: tuple[int, int], now: int) -> bool:
        return oldest[0] <= now - HOURS or (len(self._all) > self._limit and len(self._chunks) > 1)

    def _forget(self, key: tuple[int, int]) -> None:
        self._all.difference_update(self._chunks.pop(key))
        self._written.pop(key, None)
        self._settled.pop(key, None)
