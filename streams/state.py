"""The state table on Kafka: bytes by partition and key, recovered to the entry that includes most.

Faust's own tables write through the event that is being processed and forget whether a write arrived. This
one is told the partition, returns the futures of its writes (the batch awaits them before it is
acknowledged) and refuses, while it recovers, an older entry that was written late.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import faust

from streams.journal import newer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faust.types import EventT
    from faust.types.tuples import FutureMessage

__all__ = ["StateTable"]


class StateTable(faust.Table):  # type: ignore[type-arg]  # its store is bytes only
    """State entries of every observations partition that this worker has, or had, in its care."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on to faust
        super().__init__(*args, **kwargs)
        self._partitions: dict[int, dict[str, bytes]] = defaultdict(dict)

    def values_of(self, partition: int) -> Mapping[str, bytes]:
        """Return the entries of a partition by key."""
        return self._partitions[partition]

    def write(self, partition: int, entries: Mapping[str, bytes]) -> list[FutureMessage]:
        """Keep the entries and send them to the changelog; return the futures to await."""
        self._partitions[partition].update(entries)
        return [self.send_changelog(partition, key.encode(), value) for key, value in entries.items()]

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]]) -> None:
        """Take in recovered entries, keeping for each key the one that includes most."""
        for event in batch:
            key, value = event.message.key, event.message.value
            if key is None or value is None:
                continue
            kept = self._partitions[event.message.partition]
            name = bytes(key).decode()
            if newer(value, kept.get(name)):
                kept[name] = value
