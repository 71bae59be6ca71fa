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
    """Hashes of counted mentions, in chunks by stream hour, oldest first."""

    def __init__(self) -> None:
        self._all: set[int] = set()
        self._chunks: dict[tuple[int, int], array[int]] = {}
        self._written: dict[tuple[int, int], int] = {}

    def __contains__(self, mention: int) -> bool:
        """Tell whether the mention was counted within the last 48 hours."""
        return mention in self._all

    def __len__(self) -> int:
        """Return how many hashes are kept."""
        return len(self._all)

    def add(self, mentions: Iterable[int], hour: int) -> None:
        """Remember mentions counted in a stream hour and forget what is too old or too much."""
        for mention in mentions:
            if mention not in self._all:
                self._all.add(mention)
                self._open_chunk(hour).append(mention)
        while self._chunks and self._too_much(next(iter(self._chunks)), hour):
            self._forget(next(iter(self._chunks)))

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks that changed since the last call."""
        for key, hashes in self._chunks.items():
            if self._written.get(key) != len(hashes):
                self._written[key] = len(hashes)
                yield Block(*key, hashes.tobytes())

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

    def _open_chunk(self, hour: int) -> array[int]:
        last = next(reversed(self._chunks), (hour, -1))
        if last[0] == hour and last[1] >= 0 and len(self._chunks[last]) < CHUNK:
            return self._chunks[last]
        key = (hour, last[1] + 1 if last[0] == hour else 0)
        return self._chunks.setdefault(key, array("Q"))

    def _too_much(self, oldest: tuple[int, int], hour: int) -> bool:
        return oldest[0] <= hour - HOURS or (len(self._all) > LIMIT and len(self._chunks) > 1)

    def _forget(self, key: tuple[int, int]) -> None:
        self._all.difference_update(self._chunks.pop(key))
        self._written.pop(key, None)
