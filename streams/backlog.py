"""How far the worker is behind, which partitions are silent, whether it is stuck (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Offsets", "Silence", "Stall", "TopicPartition"]

TopicPartition = tuple[str, int]


class Offsets(NamedTuple):
    """Offsets of one partition; ``committed`` None: nothing was ever committed."""

    beginning: int
    end: int
    committed: int | None

    @property
    def remaining(self) -> int:
        """Return the records not yet handled."""
        start = self.beginning if self.committed is None else max(self.committed, self.beginning)
        return max(0, self.end - start)


class Silence:
    """Finds the partitions that are read to their end and have been silent for a while.

    Parameters
    ----------
    patience_seconds
        How long a partition must have been silent.

    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._since: dict[TopicPartition, tuple[int, float]] = {}

    def observe(self, now: float, offsets: Mapping[TopicPartition, Offsets]) -> list[TopicPartition]:
        """Return the silent partitions at monotonic time ``now`` (seconds)."""
        silent = []
        for place, found in offsets.items():
            end, since = self._since.get(place, (-1, now))
            if found.remaining or end != found.end:
                self._since[place] = (found.end if not found.remaining else -1, now)
            elif now - since >= self._patience_seconds:
                silent.append(place)
        return silent


class Stall:
    """Finds the partitions that have work while their committed offset does not move.

    Parameters
    ----------
    patience_seconds
        How long a commit may stand still while there is work.

    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._moved: dict[TopicPartition, tuple[int | None, float]] = {}

    def observe(
        self, now: float, offsets: Mapping[TopicPartition, Offsets], mine: Iterable[TopicPartition]
    ) -> list[TopicPartition]:
        """Return the stuck partitions among ``mine`` at monotonic time ``now`` (seconds)."""
        owned = set(mine)
        self._moved = {place: moved for place, moved in self._moved.items() if place in owned}
        stuck = []
        for place in owned & offsets.keys():
            found = offsets[place]
            committed, since = self._moved.get(place, (found.committed, now))
            if not found.remaining or committed != found.committed:
                self._moved[place] = (found.committed, now)
            else:
                self._moved[place] = (committed, since)
                if now - since >= self._patience_seconds:
                    stuck.append(place)
        return sorted(stuck)
