"""The projector: Kafka's ``alerts``, ``series`` and ``catalogue`` into the store, in a thread of its own.

Its place in the log is a row of the same transaction as what it read, so a killed process neither loses nor
repeats anything. It belongs to no consumer group: where several processes share a database, one has the duty
and the others stand by. One that has lost the duty without noticing is refused by its place.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from api import logs
from api.clock import now_ms
from api.response import Rule
from api.store import Store
from api.store.places import next_offsets, store_places
from api.store.projection import (
    ALERTS,
    CATALOGUE,
    HISTORY,
    SERIES,
    PlaceMovedError,
    Projected,
    Record,
    check_places,
    fold,
    project,
)
from api.store.turns import Duty, Held

POLL_MS = 250
BATCH_RECORDS = 200
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0)
STAND_BY_SECONDS = 2.0
KEPT_ON_ALERTS_MS = 70 * 3_600_000
"""What is younger stays on ``alerts`` for an hour at least, with its samples."""
LANES: dict[Duty, tuple[str, ...]] = {Duty.ALERTS: (ALERTS, CATALOGUE), Duty.SERIES: (SERIES,)}

LOG = logging.getLogger("haidang.projector")


class TopicsMissingError(Exception):
    """A topic that the projector reads is not there yet."""


class Projector:
    """Follow some topics for as long as the process lives.

    Alerts and series are followed by one projector each, so that a long series backlog holds no alert up.
    ``projected`` is called in the projector's thread after each commit that changed something; ``rules`` say
    by when people must have answered an alert.
    """

    def __init__(
        self,
        store: Store,
        bootstrap: str,
        duty: Duty,
        projected: Callable[[Projected], None],
        rules: Sequence[Rule] = (),
    ) -> None:
        """Prepare to do a duty of ``LANES``; nothing runs before ``start``."""
        self._store = store
        self._bootstrap = bootstrap.split(",")
        self._duty = duty
        self._topics = LANES[duty]
        self._places: dict[str, dict[int, int]] = {}
        self._projected = projected
        self._rules = rules
        self._stopping = threading.Event()
        self._following = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"projector-{self._topics[0]}", daemon=True)

    @property
    def following(self) -> bool:
        """Whether it has found its topics and its place in them, or another process has the duty."""
        return self._following.is_set()

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 3.0) -> None:
        """End after the batch under way; waits at most ``timeout_seconds``."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        """Follow; after a failure, begin again from the stored place a little later."""
        failures = 0
        while not self._stopping.is_set():
            try:
                with self._store.on_duty(self._duty) as held:
                    self._stand_by() if held is None else self._follow(held)
                failures = 0
            except (KafkaError, SQLAlchemyError, TopicsMissingError, PlaceMovedError, OSError) as error:
                failures = 1 if self.following else failures + 1
                logs.warn(LOG, "projector_retry", topic=self._topics[0], error=type(error).__name__)
                self._pause(failures)
            except Exception:  # the outer edge: a thread that died unseen would be worse
                failures += 1
                LOG.exception("projector_failed topic=%s", self._topics[0])
                self._pause(failures)

    def _pause(self, failures: int) -> None:
        """Wait after a failure, the longer the more there were."""
        self._following.clear()
        self._stopping.wait(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1])

    def _stand_by(self) -> None:
        """Leave the work to the process that has the duty, for a while."""
        self._following.set()
        self._stopping.wait(STAND_BY_SECONDS)

    def _follow(self, held: Held) -> None:
        """Read from the stored place until told to stop or the duty is lost."""
        self._following.clear()
        consumer = _consumer(self._bootstrap)
        try:
            self._find_place(consumer)
            self._following.set()
            while not self._stopping.is_set():
                batches = consumer.poll(timeout_ms=POLL_MS, max_records=BATCH_RECORDS)
                records = [_record(item) for batch in batches.values() for item in batch]
                held.check()
                if records:
                    self._keep(records)
        finally:
            consumer.close(autocommit=False, timeout_ms=1000)

    def _find_place(self, consumer: KafkaConsumer) -> None:
        """Assign every partition and seek to where the store stands."""
        with self._store.read() as connection:
            self._places = {topic: next_offsets(connection, topic) for topic in self._topics}
        start: dict[TopicPartition, int] = {}
        for topic, stored in self._places.items():
            partitions = consumer.partitions_for_topic(topic)
            if not partitions:
                raise TopicsMissingError(topic)
            start |= {TopicPartition(topic, number): stored.get(number, 0) for number in partitions}
        if self._duty is Duty.ALERTS:
            start |= self._fill(consumer, start)
        consumer.assign(list(start))
        for place, offset in start.items():
            consumer.seek(place, offset)

    def _fill(
        self, consumer: KafkaConsumer, start: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """Read in the history what ``alerts`` has lost before it was read here; gives where to go on.

        An empty database has missed all that is older than three days; so has one that was away for so long.
        """
        first = consumer.beginning_offsets([place for place in start if place.topic == ALERTS])
        lost = {place: offset for place, offset in first.items() if start[place] < offset}
        if not lost:
            return {}
        before_ms = now_ms() - KEPT_ON_ALERTS_MS
        for batch in _history(consumer):
            old = [record for record in batch if record.appended_ms < before_ms]
            with self._store.write() as connection:
                check_places(connection, self._places)
                projected = fold(connection, old, self._rules)
            self._tell(projected)
        places = {(place.topic, place.partition): offset for place, offset in lost.items()}
        with self._store.write() as connection:
            check_places(connection, self._places)
            store_places(connection, places)
        for (topic, partition), offset in places.items():
            self._places[topic][partition] = offset
        return lost

    def _keep(self, records: Sequence[Record]) -> None:
        """Store one batch and tell of it."""
        with self._store.write() as connection:
            check_places(connection, self._places)
            projected = project(connection, records, self._rules)
        for record in records:
            self._places[record.topic][record.partition] = record.offset + 1
        self._tell(projected)

    def _tell(self, projected: Projected) -> None:
        """Tell of what a batch brought."""
        for record, reason in projected.unreadable:
            logs.warn(
                LOG,
                "record_passed_over",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                reason=reason,
            )
        if projected.events:
            logs.info(LOG, "alerts_projected", events=len(projected.events), deliveries=projected.deliveries)
        self._projected(projected)


def _history(consumer: KafkaConsumer) -> Iterator[list[Record]]:
    """Read the history of alerts from its beginning to its present end."""
    numbers = consumer.partitions_for_topic(HISTORY)
    if not numbers:
        raise TopicsMissingError(HISTORY)
    places = [TopicPartition(HISTORY, number) for number in numbers]
    consumer.assign(places)
    consumer.seek_to_beginning()
    ends: Mapping[TopicPartition, int] = consumer.end_offsets(places)
    while any(consumer.position(place) < end for place, end in ends.items()):
        batches = consumer.poll(timeout_ms=POLL_MS, max_records=BATCH_RECORDS)
        yield [_record(item) for batch in batches.values() for item in batch]


def _consumer(bootstrap: list[str]) -> KafkaConsumer:
    """Make a consumer that belongs to no group; raises KafkaError when no broker answers."""
    return KafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="haidang-projector",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        allow_auto_create_topics=False,
        reconnect_backoff_max_ms=1000,
        bootstrap_timeout_ms=3000,
        request_timeout_ms=15_000,
        metadata_max_age_ms=30_000,
        metrics_enabled=False,
    )


def _record(item: ConsumerRecord) -> Record:
    """Give a consumed record in the project's own form."""
    return Record(item.topic, item.partition, item.offset, item.timestamp, item.key, item.value)
