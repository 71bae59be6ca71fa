"""The worker's pulse: a thread beside the event loop that reads offsets from Kafka each second.

It sets the lag metrics, tells which source partitions are silent (their ticks move stream time on) and ends
the process when there is work and nothing is committed any more: a supervisor starts it again, and the log
makes that safe. It reads Kafka by a connection of its own, so it also notices an event loop that hangs.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from streams.backlog import Offsets, Silence, Stall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from streams.settings import WorkerSettings

__all__ = ["STALLED_EXIT", "Pulse", "read_offsets"]

LOG = logging.getLogger(__name__)
#: Exit status of a worker that ends itself because it is stuck.
STALLED_EXIT = 70
_PERIOD_SECONDS = 1.0
_TIMEOUT_MS = 5_000


def read_offsets(
    admin: KafkaAdminClient, group: str, places: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], Offsets]:
    """Return beginning, end and committed offset of each (topic, partition) for a consumer group."""
    partitions = [TopicPartition(*place) for place in places]
    committed = admin.list_group_offsets({group: partitions})[group]
    beginning = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
    end = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    return {
        (place.topic, place.partition): Offsets(
            beginning[place].offset, end[place].offset, _committed(committed.get(place))
        )
        for place in partitions
    }


def _committed(found: object) -> int | None:
    offset = getattr(found, "offset", None)
    return offset if isinstance(offset, int) and offset >= 0 else None


class Pulse:
    """Reads offsets each second and passes on what follows from them.

    Parameters
    ----------
    settings
        The worker's settings.
    group
        Consumer group of the worker.
    places
        Every (topic, partition) that workers read.
    mine
        Returns the partitions that are assigned to this worker now.
    on_offsets
        Takes the offsets, in this thread.
    on_silent
        Takes the silent partitions among mine and the wall-clock time of the reading (epoch ms), in this
        thread.

    """

    def __init__(
        self,
        settings: WorkerSettings,
        group: str,
        places: list[tuple[str, int]],
        *,
        mine: Callable[[], set[tuple[str, int]]],
        on_offsets: Callable[[Mapping[tuple[str, int], Offsets]], None],
        on_silent: Callable[[list[tuple[str, int]], int], None],
    ) -> None:
        self._bootstrap = settings.kafka_bootstrap
        self._group = group
        self._places = places
        self._mine = mine
        self._on_offsets = on_offsets
        self._on_silent = on_silent
        self._silence = Silence(settings.worker_idle_seconds)
        self._stall = Stall(settings.worker_watchdog_seconds)

    def start(self) -> None:
        """Start the thread; it ends with the process."""
        threading.Thread(target=self._run, name="pulse", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                with_admin(self._bootstrap, self._beat_forever)
            except (KafkaError, OSError, ValueError) as error:
                LOG.warning("status=kafka_away error=%s", type(error).__name__)
                time.sleep(_PERIOD_SECONDS)

    def _beat_forever(self, admin: KafkaAdminClient) -> None:
        while True:
            self._beat(admin)
            time.sleep(_PERIOD_SECONDS)

    def _beat(self, admin: KafkaAdminClient) -> None:
        wall_ms = time.time_ns() // 1_000_000
        offsets = read_offsets(admin, self._group, self._places)
        now = time.monotonic()
        mine = self._mine()
        self._on_offsets(offsets)
        silent = [place for place in self._silence.observe(now, offsets) if place in mine]
        if silent:
            self._on_silent(silent, wall_ms)
        stuck = self._stall.observe(now, offsets, mine)
        if stuck:
            LOG.error("status=stalled partitions=%s: ending the process to be started again", stuck)
            logging.shutdown()
            os._exit(STALLED_EXIT)


def with_admin(bootstrap: str, use: Callable[[KafkaAdminClient], None]) -> None:
    """Call ``use`` with a connected admin client and close it afterwards."""
    admin = KafkaAdminClient(
        bootstrap_servers=bootstrap.split(","),
        client_id="haidang-pulse",
        request_timeout_ms=_TIMEOUT_MS,
    )
    try:
        use(admin)
    finally:
        admin.close()
