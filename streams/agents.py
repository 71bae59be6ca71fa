"""The Faust shell of the worker: agents that read, call one pure function, publish, and acknowledge.

What keeps it exact (each rule has a case in tests/integration):

* outputs are durable before the state that includes them is written, and the state before the offset is
  acknowledged; a failed write ends the process, so nothing is acknowledged that is not there;
* a batch is finished even when the agent is cancelled, since ``take_events`` acknowledges it either way;
* the state is dropped from memory whenever partitions move and made anew from the table.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING, TypeAlias, cast

import faust
import msgspec

from detectors.events import AlertEvent, encode_event
from streams import observation as wire
from streams.classify import Classifier, Record, Refused
from streams.corrections import Corrections, encode_mark, mark_of
from streams.journal import Journal, restore
from streams.mention import Reason, Rejection, encode_dead_letter
from streams.metrics import Decided
from streams.pipeline import Monitors
from streams.state import StateTable
from streams.steering import CALENDAR, CORRECTIONS, FEEDBACK, observed
from streams.understanding import Understanding
from streams.watch import Effects, Watch

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Awaitable,
        Callable,
        Coroutine,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from faust import Stream
    from faust.transport.consumer import Consumer
    from faust.types import EventT, StreamT, TopicT

    from detectors.orders import Correction
    from streams.backlog import Offsets
    from streams.catalogue import Catalogue, Topic
    from streams.metrics import Metrics
    from streams.settings import WorkerSettings

Event: TypeAlias = "EventT[bytes]"

__all__ = ["FAILED_EXIT", "GROUP", "READ_TOPICS", "Agents", "make_app"]

LOG = logging.getLogger(__name__)
#: Faust's application id, hence the consumer group.
GROUP = "haidang"
READ_TOPICS = ("mentions", "observations", FEEDBACK, CALENDAR, CORRECTIONS)
#: Exit status of a worker that met an error nothing can be acknowledged after.
FAILED_EXIT = 71
SERIES_SCHEMA = "haidang.series.v1"
TOPIC_SCHEMA = "haidang.topic.v1"
_SERIES_ROWS = 5_000
_REQUEST_BYTES = 8 << 20
_FETCH_BYTES = 4 << 20
_SLICE_BYTES = 1 << 20
_OBSERVATIONS_BYTES = 4 << 20
_FOREIGN = Rejection(Reason.BAD_VALUE, "", "only workers of this version may write observations", -1)


def make_app(settings: WorkerSettings) -> faust.App:
    """Return the Faust application: at least once, no web server, no topic of its own making."""
    return faust.App(
        GROUP,
        broker=[f"kafka://{address}" for address in settings.kafka_bootstrap.split(",")],
        store="memory://",
        Table=StateTable,
        datadir=str(settings.data_dir / "faust"),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        table_standby_replicas=0,
        processing_guarantee="at_least_once",
        producer_acks=-1,
        producer_linger=0.005,
        producer_max_request_size=_REQUEST_BYTES,
        consumer_max_fetch_size=_FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.5,
        broker_rebalance_timeout=10.0,
        broker_commit_interval=0.5,
        stream_wait_empty=False,
    )


class Agents:
    """The two stages, and what steers them, on one Faust application.

    Parameters
    ----------
    app
        The application, not yet started.
    settings
        The worker's settings.
    catalogue
        The watched topics.
    metrics
        What the worker counts.

    """

    def __init__(
        self, app: faust.App, settings: WorkerSettings, catalogue: Catalogue, metrics: Metrics
    ) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._corrections: dict[int, Corrections] = {}
        self._use(catalogue, Understanding(catalogue))
        self._watches: dict[int, tuple[Watch, Journal]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._topics = {
            name: self._topic(name) for name in (*READ_TOPICS, "alerts", "alert_history", "series")
        }
        self._topics |= {name: self._topic(name) for name in ("dead_letters", "catalogue")}
        table = app.Table("state", key_type=bytes, value_type=bytes, partitions=settings.partitions)
        self._state = cast("StateTable", table)
        app.agent(self._topics["mentions"], concurrency=1, name="classify")(self._classify_agent)
        app.agent(self._topics["observations"], concurrency=1, name="detect")(self._detect_agent)
        for said in (FEEDBACK, CALENDAR, CORRECTIONS):
            app.agent(self._topics[said], concurrency=1, name=f"steer-{said}")(self._steer_agent)
        app.on_partitions_revoked.connect(self._forget, weak=False)
        app.on_rebalance_complete.connect(self._settle, weak=False)
        app.task(self._begin)

    def _use(self, catalogue: Catalogue, understanding: Understanding) -> None:
        self._catalogue = catalogue
        self._classifier = Classifier(
            catalogue, understanding, self._settings.partitions, self._corrections_of
        )
        self._monitors = Monitors(catalogue, self._settings.pages_per_week, self._settings.detectors)

    async def adopt(self, catalogue: Catalogue) -> None:
        """Watch by another catalogue from the next batch on.

        The watches are made anew from their table, as after a restart, so topics that stay keep counts and
        state; new ones begin to warm up.
        """
        gone = [topic.id for topic in self._catalogue.topics if topic.id not in catalogue.ids]
        understanding = await asyncio.to_thread(Understanding, catalogue)
        self._use(catalogue, understanding)
        self._watches.clear()
        self._metrics.topics.watch([topic.id for topic in catalogue.topics])
        await self._tell_topics(gone)

    def mine(self) -> set[tuple[str, int]]:
        """Return the input partitions that are assigned to this worker (any thread)."""
        if not self._ready():
            return set()
        assigned = list(self._app.consumer.assignment())
        return {(place.topic, place.partition) for place in assigned if place.topic in READ_TOPICS}

    def on_offsets(self, offsets: Mapping[tuple[str, int], Offsets]) -> None:
        """Set the lag of each partition and whether the worker is ready (any thread)."""
        for (topic, partition), found in offsets.items():
            self._metrics.lag(topic, partition, found.remaining)
        self._metrics.ready(is_ready=self._ready())

    def on_silent(self, places: list[tuple[str, int]], wall_ms: int) -> None:
        """Send ticks for the source partitions that are silent (any thread)."""
        ticks = [wire.Tick(partition, wall_ms) for topic, partition in places if topic == "mentions"]
        if ticks and self._loop is not None:
            self._loop.call_soon_threadsafe(self._send_ticks, ticks)

    def _topic(self, name: str) -> TopicT:
        return self._app.topic(
            name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
        )

    def _ready(self) -> bool:
        app = self._app
        return bool(self._loop is not None and app.tables.actives_ready and not app.rebalancing)

    async def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._tell_topics([])

    async def _tell_topics(self, gone: Iterable[str]) -> None:
        """Publish the watched topics, and that others are watched no more."""
        records = {topic.id: _topic_record(topic) for topic in self._catalogue.topics}
        told = {**dict.fromkeys(gone), **records}
        names = self._topics["catalogue"]
        await _durable([names.send_soon(key=key.encode(), value=value) for key, value in told.items()])

    async def _settle(self, *_: object, **__: object) -> None:
        """Let no record through before the seek to the committed offsets (faust-streaming issue 596)."""
        consumer = cast("Consumer", self._app.consumer)
        consumer.stop_flow()
        await consumer.wait_for_stopped_flow()

    async def _forget(self, *_: object, **__: object) -> None:
        self._watches.clear()
        self._corrections.clear()

    def _send_ticks(self, ticks: list[wire.Tick]) -> None:
        value = wire.encode(wire.Observations(ticks=ticks))
        for partition in range(self._settings.partitions):
            self._topics["observations"].send_soon(value=value, partition=partition)

    async def _classify_agent(self, stream: StreamT[bytes]) -> None:
        async for events in self._batches(stream):
            await _whole(self._in_slices(self._classify, events))

    async def _detect_agent(self, stream: StreamT[bytes]) -> None:
        async for events in self._batches(stream):
            await _whole(self._in_slices(self._detect, events))

    async def _steer_agent(self, stream: StreamT[bytes]) -> None:
        async for events in self._batches(stream):
            await _whole(self._steer(events))

    async def _steer(self, events: Sequence[Event]) -> None:
        """Give each order its place among the observations that it concerns."""
        observations, partitions = self._topics["observations"], self._settings.partitions
        sent: list[Awaitable[object]] = []
        for event in events:
            said = observed(event.message.topic, event.message.value, self._catalogue, partitions)
            if isinstance(said, Rejection):
                sent.append(self._refuse(event, said))
                continue
            value, concerned = wire.encode(said[0]), said[1]
            sent += [observations.send_soon(value=value, partition=partition) for partition in concerned]
        await _durable(sent)

    def _batches(self, stream: StreamT[bytes]) -> AsyncIterator[Sequence[Event]]:
        settings = self._settings
        source = cast("Stream[bytes]", stream)
        return source.take_events(settings.worker_batch_records, within=settings.worker_batch_seconds)

    async def _in_slices(
        self, work: Callable[[Sequence[Event]], Awaitable[None]], events: Sequence[Event]
    ) -> None:
        for part in _slices(events):
            await work(part)

    async def _classify(self, events: Sequence[Event]) -> None:
        classified = self._classifier.classify(_record(event) for event in events)
        observations = self._topics["observations"]
        sent = [
            observations.send_soon(value=_within_limit(part), partition=partition)
            for partition, part in enumerate(classified.observations)
            if part.progress
        ]
        letters = self._topics["dead_letters"]
        sent += [letters.send_soon(value=_letter(refused, "mentions")) for refused in classified.refused]
        await _durable(sent)
        await self._keep_places()
        for outcome, count in classified.outcomes.items():
            self._metrics.count(outcome, count)
        for refused in classified.refused:
            self._metrics.dead_letter(refused.rejection.reason)
        for name, published in classified.sources.items():
            self._metrics.sources.seen(name, published)

    async def _keep_places(self) -> None:
        """Keep where corrections came into force, before the records with their marks are acknowledged."""
        written: list[Awaitable[object]] = []
        for partition, corrections in self._corrections.items():
            written += self._state.write(partition, corrections.entries())
            self._metrics.corrections(partition, corrections.in_force)
        await _durable(written)

    async def _detect(self, events: Sequence[Event]) -> None:
        by_partition: dict[int, list[Event]] = {}
        for event in events:
            by_partition.setdefault(event.message.partition, []).append(event)
        for partition, group in by_partition.items():
            await self._detect_partition(partition, group)

    async def _detect_partition(self, partition: int, events: Sequence[Event]) -> None:
        watch, journal = self._watch(partition)
        effects = Effects()
        foreign: list[Awaitable[object]] = []
        heard: list[Correction] = []
        for event in events:
            try:
                heard += self._observe(watch, journal, event, effects)
            except msgspec.DecodeError:
                foreign.append(self._refuse(event, _FOREIGN))
        await self._mark(partition, heard)
        await _durable([*foreign, *self._publish(watch, effects)])
        await _durable(self._state.write(partition, journal.entries()))
        for topic, count in effects.counted.items():
            self._metrics.topics.count(topic, count, effects.negative[topic])
        for topic in effects.changed:
            monitor = watch.monitor(topic)
            expected = monitor.expected((watch.closed + 1) * 60).mean
            decided = Decided(expected, monitor.scores(), monitor.thresholds(), monitor.precision)
            self._metrics.topics.decide(topic, decided)

    async def _mark(self, partition: int, heard: Sequence[Correction]) -> None:
        """Keep what was said, then mark from where on mentions are judged by it."""
        if not heard:
            return
        corrections, mentions = self._corrections_of(partition), self._topics["mentions"]
        for correction in heard:
            await _durable(self._state.write(partition, corrections.hear(correction)))
        marks = [encode_mark(mark_of(correction)) for correction in heard]
        await _durable([mentions.send_soon(value=mark, partition=partition) for mark in marks])

    def _observe(
        self, watch: Watch, journal: Journal, event: Event, effects: Effects
    ) -> Sequence[Correction]:
        """Fold a record that was not folded before; return the corrections it brings."""
        observations = wire.decode(event.message.value or b"")
        admitted = watch.admit(event.message.offset, observations)
        if admitted is None:
            return ()
        step, outcomes = admitted
        before = len(effects.events)
        watch.fold(step, effects)
        journal.note(step, decided=len(effects.events) > before)
        for outcome, count in outcomes.items():
            self._metrics.count(outcome, count)
        if observations.progress:
            oldest = min(progress.appended_ms for progress in observations.progress) / 1000
            self._metrics.mention_to_metric.observe(time.time() - oldest, sum(outcomes.values()))
        return observations.corrections

    def _refuse(self, event: Event, rejection: Rejection) -> Awaitable[object]:
        """Send a whole record that cannot be used to the dead letters."""
        self._metrics.dead_letter(rejection.reason)
        letter = _letter(Refused(_record(event), rejection), event.message.topic)
        return self._topics["dead_letters"].send_soon(value=letter)

    def _publish(self, watch: Watch, effects: Effects) -> list[Awaitable[object]]:
        series = self._topics["series"]
        sent: list[Awaitable[object]] = []
        for event in effects.events:
            sent.extend(self._tell(event))
            LOG.info("status=%s alert=%s severity=%s", event.event, event.alert_id, event.severity)
        rows = watch.series(effects.changed)
        for start in range(0, len(rows), _SERIES_ROWS):
            record = {"schema": SERIES_SCHEMA, "rows": rows[start : start + _SERIES_ROWS]}
            sent.append(series.send_soon(value=msgspec.json.encode(record)))
        return sent

    def _tell(self, event: AlertEvent) -> Iterator[Awaitable[object]]:
        """Send an event to ``alerts`` and, dated alike, without people's words to what is kept for ever."""
        key, at = event.alert_id.encode(), time.time()
        yield self._topics["alerts"].send_soon(key=key, value=encode_event(event), timestamp=at)
        bare = encode_event(msgspec.structs.replace(event, samples=()))
        yield self._topics["alert_history"].send_soon(key=key, value=bare, timestamp=at)

    def _watch(self, partition: int) -> tuple[Watch, Journal]:
        found = self._watches.get(partition)
        if found is None:
            partitions = self._settings.partitions
            values = self._state.values_of(partition)
            found = restore(values, self._monitors.of(partition, partitions), partitions)
            self._watches[partition] = found
            LOG.info("status=restored partition=%d offset=%d", partition, found[0].offset)
        return found

    def _corrections_of(self, partition: int) -> Corrections:
        found = self._corrections.get(partition)
        if found is None:
            found = self._corrections[partition] = Corrections.restore(self._state.values_of(partition))
        return found


async def _durable(sent: Iterable[Awaitable[object]]) -> None:
    """Wait until Kafka has acknowledged every record."""
    await asyncio.gather(*sent)


async def _whole(work: Coroutine[object, object, None]) -> None:
    """Finish a batch though the agent is cancelled; end the process if the batch fails."""
    task = asyncio.ensure_future(_or_exit(work))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _or_exit(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except Exception:  # the outer edge of the loop: whatever it was, nothing may be acknowledged
        LOG.exception("status=failed: ending the process so that nothing is acknowledged")
        logging.shutdown()
        os._exit(FAILED_EXIT)


def _slices(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Yield parts of a batch of at most about 1 MiB: what comes of a part must fit into one record."""
    part: list[Event] = []
    size = 0
    for event in events:
        part.append(event)
        size += len(event.message.value or b"")
        if size >= _SLICE_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _within_limit(observations: wire.Observations) -> bytes:
    """Return the record; one too large for Kafka goes without its examples, which only illustrate."""
    value = wire.encode(observations)
    if len(value) <= _OBSERVATIONS_BYTES:
        return value
    return wire.encode(msgspec.structs.replace(observations, examples=[]))


def _record(event: Event) -> Record:
    message = event.message
    return Record(message.partition, message.offset, round(message.timestamp * 1000), message.value)


def _letter(refused: Refused, topic: str) -> bytes:
    record = refused.record
    return encode_dead_letter(
        refused.rejection,
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        at_ms=record.appended_ms,
    )


def _topic_record(topic: Topic) -> bytes:
    name = {"vi": topic.name.vi, "en": topic.name.en}
    return msgspec.json.encode({"schema": TOPIC_SCHEMA, "id": topic.id, "name": name, "parent": topic.parent})
