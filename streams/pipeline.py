"""The whole decision path without Kafka, clock or I/O (pure): backtest and tests drive what the agents drive.

parse -> match -> polarity -> observations -> admit -> windows -> score -> decide
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from detectors.events import Name
from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings
from detectors.stories import STORY_DESK
from detectors.story_desk import StoryDesk
from streams.classify import Classifier
from streams.clock import GRACE_MS, SourceClock
from streams.corrections import Corrections
from streams.observation import Observations, Tick, home_partition
from streams.understanding import Understanding
from streams.watch import Effects, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from detectors.events import AlertEvent
    from detectors.orders import Order
    from detectors.settings import NamedDetector
    from streams.catalogue import Catalogue, Topic
    from streams.classify import Record, Refused
    from streams.mention import Outcome
    from streams.watch import Monitor

__all__ = ["Monitors", "Pipeline", "config_hash"]

_MINUTE_MS = 60_000
_BATCH = 500


def config_hash(catalogue: Catalogue, settings: DetectionSettings) -> str:
    """Return 12 hexadecimal digits that change with the catalogue or any setting of the detection."""
    return sha256(f"{catalogue.digest} {settings.digest()}".encode()).hexdigest()[:12]


class Monitors:
    """Makes the monitors of a catalogue's topics, fresh or from a dump.

    Parameters
    ----------
    catalogue
        The watched topics, which share the alert budget.
    pages_per_week
        Alert budget of the whole catalogue.
    detectors
        Detectors of river.anomaly told as further evidence.

    """

    def __init__(
        self, catalogue: Catalogue, pages_per_week: float, detectors: tuple[NamedDetector, ...] = ()
    ) -> None:
        self._catalogue = catalogue
        self._settings = DetectionSettings(
            pages_per_week=pages_per_week, topics=len(catalogue.topics), detectors=detectors
        )
        self._hash = config_hash(catalogue, self._settings)
        self._names = {topic.id: Name(topic.name.vi, topic.name.en) for topic in catalogue.topics}

    def of(
        self, partition: int, partitions: int
    ) -> dict[str, tuple[Callable[[], Monitor], Callable[[dict[str, object]], Monitor]]]:
        """Return for each topic of a partition, and the story desk, how to make it, fresh and from a dump."""
        makers: dict[str, tuple[Callable[[], Monitor], Callable[[dict[str, object]], Monitor]]] = {
            topic.id: (partial(self._fresh, topic), partial(self._load, topic))
            for topic in self._catalogue.topics
        }
        makers[STORY_DESK] = (self._fresh_desk, self._load_desk)
        return {name: made for name, made in makers.items() if home_partition(name, partitions) == partition}

    def _fresh(self, topic: Topic) -> TopicMonitor:
        return TopicMonitor(topic.id, topic.name.vi, topic.name.en, self._settings, self._hash)

    def _load(self, topic: Topic, dump: dict[str, object]) -> TopicMonitor:
        return TopicMonitor.load(dump, topic.id, topic.name.vi, topic.name.en, self._settings, self._hash)

    def _fresh_desk(self) -> StoryDesk:
        return StoryDesk(self._names, self._settings, self._hash)

    def _load_desk(self, dump: dict[str, object]) -> StoryDesk:
        return StoryDesk.load(dump, self._names, self._settings, self._hash)


class Pipeline:
    """Mentions in order of arrival in, alert events out.

    Parameters
    ----------
    catalogue
        The watched topics.
    pages_per_week
        Alert budget of the whole catalogue.
    detectors
        Detectors of river.anomaly told as further evidence.
    orders
        What people said before the first mention, e.g. planned events.
    corrections
        Corrections of polarity, with the places from where they are in force.

    Attributes
    ----------
    outcomes
        What became of the mentions so far.
    refused
        The dead letters so far.

    """

    def __init__(
        self,
        catalogue: Catalogue,
        pages_per_week: float,
        detectors: tuple[NamedDetector, ...] = (),
        orders: Sequence[Order] = (),
        corrections: Corrections | None = None,
    ) -> None:
        self._orders = list(orders)
        known = Corrections() if corrections is None else corrections
        self._classifier = Classifier(catalogue, Understanding(catalogue), 1, lambda _: known)
        monitors = Monitors(catalogue, pages_per_week, detectors).of(0, 1)
        self.watch = Watch({topic: fresh for topic, (fresh, _) in monitors.items()}, 1)
        self.outcomes: Counter[Outcome] = Counter()
        self.refused: list[Refused] = []
        self._offset = 0

    def run(self, records: Iterable[Record]) -> Iterator[AlertEvent]:
        """Yield the alert events of records of partition 0, in the order of their decision."""
        yield from self._observe(Observations(orders=self._orders))
        waiting = iter(records)
        while batch := list(islice(waiting, _BATCH)):
            classified = self._classifier.classify(batch)
            self.outcomes += classified.outcomes
            self.refused += classified.refused
            yield from self._observe(classified.observations[0])
        yield from self._observe(self._end())

    def _observe(self, observations: Observations) -> list[AlertEvent]:
        admitted = self.watch.admit(self._offset, observations)
        self._offset += 1
        effects = Effects()
        if admitted is not None:
            step, outcomes = admitted
            self.outcomes += outcomes
            self.watch.fold(step, effects)
        return effects.events

    def _end(self) -> Observations:
        """Return the tick that closes the last arrival minute, as silence does in a live stream."""
        source = self.watch.clock.sources.get(0, SourceClock())
        return Observations(ticks=[Tick(0, source.appended_ms + _MINUTE_MS + GRACE_MS)])
