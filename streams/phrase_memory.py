"""Which phrases a topic's mentions usually use, in bounded memory (pure)."""

from __future__ import annotations

import struct
import zlib
from array import array
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.windows import Example

__all__ = ["PhraseMemory"]

_CELLS = 8192
_PACKED = struct.Struct(f"<{_CELLS}H")
#: Mentions are learnt a day after they came, so that the story of the day is not its own past; of each hour
#: the eight with the smallest hashes: a fair sample, the same whatever the batching.
_DELAY_HOURS = 24
_EACH_HOUR = 8
#: A fortnight's samples. When so many are learnt, all counts are halved.
_MOST = 2688
#: So many mentions that used nothing are thought of before the first.
_PRIOR = 20


class _Dump(msgspec.Struct, array_like=True):
    cells: bytes = b""
    learnt: int = 0
    waiting: dict[int, dict[int, list[int]]] = msgspec.field(default_factory=dict)


class PhraseMemory:
    """How often the topic's mentions used a phrase before today.

    Notes
    -----
    Counts stand in 8,192 cells of 16 bits by hash (a count-min sketch of one row, Cormode and Muthukrishnan
    2005): two phrases may share a cell, which makes a phrase look more usual, by about one mention of a
    thousand when all cells are used. With what waits to be learnt 16 to 30 kB a topic.

    """

    def __init__(self) -> None:
        self._cells = array("H", bytes(2 * _CELLS))
        self._learnt = 0
        self._waiting: dict[int, dict[int, list[int]]] = {}

    def note(self, minute: int, examples: Iterable[Example]) -> list[Example]:
        """Take the examples of an arrival minute; return them with what was usual when they came.

        Minutes (since the epoch) must not run backwards.
        """
        hour = minute // 60
        for over in [waiting for waiting in self._waiting if waiting <= hour - _DELAY_HOURS]:
            self._learn(self._waiting.pop(over))
        noted: list[Example] = []
        waiting = self._waiting.setdefault(hour, {})
        for example in examples:
            places = [crc32(phrase.casefold().encode()) % _CELLS for phrase in example.phrases]
            usual = tuple(1000 * self._cells[place] // (self._learnt + _PRIOR) for place in places)
            noted.append(msgspec.structs.replace(example, usual_milli=usual))
            waiting[example.mention] = places
        for extra in sorted(waiting)[_EACH_HOUR:]:
            del waiting[extra]
        return noted

    def _learn(self, mentions: dict[int, list[int]]) -> None:
        for mention in sorted(mentions):
            if self._learnt == _MOST:
                self._cells = array("H", (count // 2 for count in self._cells))
                self._learnt //= 2
            self._learnt += 1
            for place in set(mentions[mention]):
                self._cells[place] += 1

    def dump(self) -> object:
        """Return the state as MessagePack builtins."""
        cells = zlib.compress(_PACKED.pack(*self._cells), 1) if self._learnt else b""
        return [
            cells,
            self._learnt,
            {hour: dict(sorted(kept.items())) for hour, kept in self._waiting.items()},
        ]

    @classmethod
    def load(cls, dump: object) -> PhraseMemory:
        """Return the memory behind a dump; an empty one for an empty list."""
        state = msgspec.convert(dump, _Dump, strict=False)
        memory = cls()
        if state.cells:
            memory._cells = array("H", _PACKED.unpack(zlib.decompress(state.cells)))
        memory._learnt, memory._waiting = state.learnt, state.waiting
        return memory
