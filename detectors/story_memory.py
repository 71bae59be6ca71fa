"""How often the press uses the keys of its articles: a count-min memory of bounded size (pure)."""

from __future__ import annotations

import math
import struct
import zlib
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KeyMemory"]

_DAY_SECONDS = 86_400
#: Two rows of cells, 16 counts a use (so that halving leaves something), halved every fortnight.
_ROWS, _CELLS, _USE, _FULL = 2, 8192, 16, 65_000
_HALVING_SECONDS = 14 * _DAY_SECONDS
_PRIOR_ARTICLES = 10.0
_PRIOR_USES = 0.5


class KeyMemory:
    """In how many articles each key stood, fading with a half-life of a fortnight.

    Notes
    -----
    A count-min sketch (Cormode and Muthukrishnan 2005): never too few uses, 32 kB of cells, which compress
    well while few are used. An article of 30 keys costs about 15 us.

    """

    def __init__(self) -> None:
        self._cells = [array("H", bytes(2 * _CELLS)) for _ in range(_ROWS)]
        self._halved = 0
        self.articles = 0

    def learn(self, keys: Iterable[int]) -> None:
        """Take in an article."""
        self.articles += 1
        for key in keys:
            for row, place in zip(self._cells, _places(key), strict=True):
                row[place] = min(row[place] + _USE, _FULL)

    def fade(self, at: int) -> None:
        """Forget half for each fortnight that has passed at `at` (epoch seconds)."""
        self._halved = self._halved or at
        while at - self._halved >= _HALVING_SECONDS:
            self._halved += _HALVING_SECONDS
            self.articles //= 2
            self._cells = [array("H", (count // 2 for count in row)) for row in self._cells]

    def share(self, key: int, besides: int = 0) -> float:
        """Return the share of articles that use a key, `besides` of them left out; above 0."""
        uses = min(row[place] for row, place in zip(self._cells, _places(key), strict=True)) / _USE
        return (max(uses - besides, 0.0) + _PRIOR_USES) / (self.articles + _PRIOR_ARTICLES)

    def rarity(self, key: int, besides: int = 0) -> float:
        """Return the information of a key in nats, >= 0: minus the logarithm of its share of articles."""
        return max(0.0, -math.log(self.share(key, besides)))

    def dump(self) -> list[Any]:
        """Return the state as builtins; cells are packed, low byte first on any machine."""
        cells = b"".join(struct.pack(f"<{_CELLS}H", *row) for row in self._cells)
        return [zlib.compress(cells, 1), self.articles, self._halved]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        cells = zlib.decompress(state[0])
        rows = range(0, 2 * _CELLS * _ROWS, 2 * _CELLS)
        self._cells = [array("H", struct.unpack_from(f"<{_CELLS}H", cells, start)) for start in rows]
        self.articles, self._halved = int(state[1]), int(state[2])


def _places(key: int) -> tuple[int, int]:
    """Return the cell of a key in each row."""
    return key % _CELLS, (key // _CELLS) % _CELLS
