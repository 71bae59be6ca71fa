"""Tiny catalogues, made-up mentions and a detect stage without Kafka, for the tests of the stream's core."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from detectors.events import AlertEvent, encode_event
from detectors.orders import Cancelled, PlannedEvent, Verdict, VerdictName
from detectors.stories import STORY_DESK
from streams import observation as wire
from streams.catalogue import Catalogue
from streams.classify import Classified, Classifier, Record
from streams.corrections import Corrections
from streams.journal import SLOTS, Journal, newer, restore
from streams.pipeline import Monitors
from streams.understanding import Understanding
from streams.watch import Effects, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from detectors.orders import Order
    from streams.mention import Outcome

START = datetime(2025, 11, 3, 1, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
START_MINUTE = START_MS // 60_000
MINUTE_MS = 60_000
CALM = "bàn bạc bình thường"
ANGRY = "bức xúc, phẫn nộ vì nhiễm độc, tử vong"
Cell = tuple[str, int]
Mention = dict[str, object]


@cache
def catalogue(topics: int = 3) -> Catalogue:
    """Return topics ``chu-de-0``.. named by "chuyện số N ở xã"."""
    lines = ['schema = "haidang.catalogue.v1"']
    lines += [
        f'[[topic]]\nid = "chu-de-{n}"\nname = {{ vi = "Chủ đề {n}", en = "Topic {n}" }}\n'
        f'aliases = ["chuyện số {n} ở xã"]'
        for n in range(topics)
    ]
    return Catalogue.parse("\n".join(lines), "test")


@cache
def classifier(partitions: int = 1, topics: int = 3) -> Classifier:
    """Return the real classify stage over the tiny catalogue."""
    return Classifier(catalogue(topics), Understanding(catalogue(topics)), partitions, uncorrected)


def uncorrected(_: int) -> Corrections:
    """Return that nothing was corrected in a partition of ``mentions``."""
    return Corrections()


def mention(
    name: str,
    arrived: float,
    topics: Iterable[int] = (0,),
    *,
    lag: float = 0.0,
    mood: str = CALM,
    source: str = "báo 1",
    author: str | None = None,
) -> Mention:
    """Return a mention that arrived so many seconds after `START`, said ``lag`` seconds before."""
    at = START + timedelta(seconds=arrived)
    said = ", ".join(f"chuyện số {n} ở xã" for n in topics)
    found: Mention = {
        "id": name,
        "published_at": (at - timedelta(seconds=lag)).isoformat(),
        "fetched_at": at.isoformat(),
        "text": f"Hôm nay bà con {mood} về {said}",
        "source": {"name": source, "kind": "press"},
    }
    return found if author is None else found | {"author_key": author}


def record(offset: int, *mentions: Mention, partition: int = 0, appended_ms: int | None = None) -> Record:
    """Return a Kafka record, appended half a second after the last arrival unless told otherwise."""
    if appended_ms is None:
        last = max(datetime.fromisoformat(str(found["fetched_at"])) for found in mentions)
        appended_ms = int(last.timestamp() * 1000) + 500
    value = msgspec.json.encode(mentions[0] if len(mentions) == 1 else list(mentions))
    return Record(partition, offset, appended_ms, value)


def talk(seed: int, *, hours: float = 8.0, lag: float = 600.0, resent: float = 0.05) -> list[Mention]:
    """Return mentions in order of arrival: calm talk, then an angry burst on topic 1; some are sent twice.

    The burst comes after seven of eight hours, when a topic that is still warming up may speak.
    """
    chance = random.Random(seed)  # noqa: S311 - a reproducible stream
    found: list[Mention] = []
    arrived, end = 0.0, hours * 3600
    while arrived < end:
        burst = end * 7 / 8 < arrived < end * 7 / 8 + 600
        arrived += chance.expovariate(1 / (1.5 if burst else 90))
        topics = (1,) if burst else tuple(chance.sample((0, 2, 3, 4), k=chance.choice((0, 1, 1, 2))))
        found.append(
            mention(
                f"m{len(found)}",
                arrived,
                (n for n in topics if n < 3),
                lag=chance.expovariate(1 / lag) * (0.05 if burst else 1.0),
                mood=ANGRY if burst else CALM,
                source=f"báo {chance.randrange(40)}",
                author=f"tác giả {chance.randrange(200)}",
            )
        )
        if chance.random() < resent:
            found.append(chance.choice(found[-20:]) | {"fetched_at": found[-1]["fetched_at"]})
    return found


def batches(items: Sequence[Record], sizes: Iterable[int]) -> Iterator[list[Record]]:
    """Cut the items into batches of the sizes; the last batch takes the rest."""
    place = 0
    for size in sizes:
        if place < len(items):
            yield list(items[place : place + size])
        place += size
    if place < len(items):
        yield list(items[place:])


def tick(wall_ms: int, *partitions: int) -> wire.Observations:
    """Return the ticks of silent source partitions."""
    return wire.Observations(ticks=[wire.Tick(partition, wall_ms) for partition in partitions])


def some_order(chance: random.Random) -> Order:
    """Return a verdict on topic 1, or a planned event of topics 0 and 2 or its cancelling."""
    number = chance.randrange(3)
    match chance.randrange(3):
        case 0:
            return Verdict("chu-de-1", f"a{number}", chance.choice((*VerdictName, None)))
        case 1:
            start = START_MINUTE * 60 + chance.randrange(8 * 3600)
            topics = chance.choice((("chu-de-0", "chu-de-2"), ("chu-de-2",)))
            return PlannedEvent(f"e{number}", topics, start, start + chance.randrange(1, 7200), 3.0)
        case _:
            return Cancelled(f"e{number}")


@cache
def disorderly_log(seed: int) -> tuple[bytes, ...]:
    """Return the log of one observations partition as two source partitions, idle ones too, would write it.

    Partition 1 lags, is silent for long and comes back with rows of minutes that were over; batches are cut
    anywhere, some overlap (the classify stage ran them again), ticks and orders come in between.
    """
    chance = random.Random(seed)  # noqa: S311 - a reproducible stream
    officers = random.Random(seed)  # noqa: S311 - the same
    queues: list[list[Record]] = [[], []]
    for number, found in enumerate(talk(seed, hours=7.6, lag=300.0)):
        partition = int(number % 5 == 0)
        delay = chance.choice((0, 0, 20_000, 90_000)) if partition else 0
        place = len(queues[partition])
        queues[partition].append(record(place, found, partition=partition))
        if delay:
            queues[partition][-1] = queues[partition][-1]._replace(
                appended_ms=queues[partition][-1].appended_ms + delay
            )
    log: list[bytes] = []
    places = [0, 0]
    while any(place < len(queue) for place, queue in zip(places, queues, strict=True)):
        partition = int(
            places[0] >= len(queues[0]) or (places[1] < len(queues[1]) and chance.random() < 0.12)
        )
        begin = max(0, places[partition] - (chance.random() < 0.1) * chance.randrange(4))
        places[partition] = min(len(queues[partition]), places[partition] + chance.randrange(1, 7))
        part = queues[partition][begin : places[partition]]
        log.append(wire.encode(classifier().classify(part).observations[0]))
        if chance.random() < 0.3:
            silent = chance.choice(((0,), (1,), (0, 1)))
            log.append(wire.encode(tick(part[-1].appended_ms + chance.randrange(120_000), *silent)))
        if officers.random() < 0.1:
            log.append(wire.encode(wire.Observations(orders=[some_order(officers)])))
    return tuple(log)


@dataclass
class Desk:
    """The detect stage of one observations partition with its state table, as the worker drives it.

    ``told`` are the contents published for each (alert, revision); ``series`` the largest count published
    for each topic and minute, as the projector keeps it. Workers of before read no ``stories``.
    """

    partition: int = 0
    partitions: int = 1
    sources: int = 1
    topics: int = 3
    slots: int = SLOTS
    pages_per_week: float = 14.0
    stories: bool = True
    table: dict[str, bytes] = field(default_factory=dict)
    told: dict[tuple[str, int], set[bytes]] = field(default_factory=dict)
    events: list[AlertEvent] = field(default_factory=list)
    series: dict[Cell, tuple[int, int, int]] = field(default_factory=dict)
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Start with an empty table."""
        monitors = Monitors(catalogue(self.topics), self.pages_per_week)
        self._monitors = monitors.of(self.partition, self.partitions)
        if not self.stories:
            del self._monitors[STORY_DESK]
        self.start()

    def start(self) -> None:
        """Do what a worker does that is given the partition: make the state anew from the table."""
        self.watch, self.journal = restore(self.table, self._monitors, self.sources, self.slots)

    def batch(self, log: Sequence[bytes], first: int, last: int) -> dict[str, bytes]:
        """Handle the records ``first``..``last - 1``, publish, and return the entries to write."""
        effects = Effects()
        for offset in range(first, last):
            admitted = self.watch.admit(offset, wire.decode(log[offset]))
            if admitted is None:
                continue
            step, outcomes = admitted
            self.outcomes += outcomes
            before = len(effects.events)
            self.watch.fold(step, effects)
            self.journal.note(step, decided=len(effects.events) > before)
        self._publish(effects)
        return self.journal.entries()

    def _publish(self, effects: Effects) -> None:
        self.events += effects.events
        for event in effects.events:
            self.told.setdefault((event.alert_id, event.revision), set()).add(encode_event(event))
        for topic, minute, *counts, _, _, _ in self.watch.series(effects.changed):
            cell, found = (topic, minute), (counts[0], counts[1], counts[2])
            self.series[cell] = max(self.series.get(cell, (0, 0, 0)), found)

    def write(self, entries: dict[str, bytes], lost: Callable[[str], bool] = lambda _: False) -> None:
        """Make the entries durable, save those that are lost."""
        for key, value in entries.items():
            if not lost(key) and newer(value, self.table.get(key)):
                self.table[key] = value

    def run(self, log: Sequence[bytes], size: int = 1) -> Desk:
        """Handle a whole log in batches of one size."""
        for first in range(0, len(log), size):
            self.write(self.batch(log, first, min(first + size, len(log))))
        return self

    def alerts(self) -> list[bytes]:
        """Return the published events in a fixed order."""
        return sorted(content for contents in self.told.values() for content in contents)

    def cells(self) -> dict[Cell, tuple[int, int, int]]:
        """Return the published counts, zeros left out."""
        return {cell: counts for cell, counts in self.series.items() if counts[0]}


def observed(parts: Iterable[Classified], partition: int = 0) -> list[bytes]:
    """Return the log of an observations partition behind classified batches."""
    return [wire.encode(part.observations[partition]) for part in parts]


def topics_of(watch: Watch) -> dict[str, object]:
    """Return the whole state of every topic in a form that compares equal where behaviour is equal."""
    found: dict[str, object] = {}
    for topic, state in watch.topics.items():
        closed, minutes, pending, *rest = msgspec.to_builtins(state.windows.dump(), str_keys=False)
        for waiting in pending.values():
            waiting[4].sort(key=lambda example: example["mention"])
        found[topic] = (closed, minutes, pending, rest, state.monitor.dump())
    return found


def state_of(watch: Watch, mentions: Iterable[int]) -> object:
    """Return everything that a watch will decide by, with which of the mentions it has seen."""
    clock = msgspec.to_builtins(watch.clock, str_keys=False)
    seen = {found for found in mentions if found in watch.seen}
    return topics_of(watch), clock, watch.marks, watch.closed, watch.offset, seen, watch.planned


def hashes_of(log: Iterable[bytes]) -> set[int]:
    """Return the hashes of all mentions of a log."""
    return {found for value in log for rows in wire.decode(value).rows for found in rows.mentions}


__all__ = [
    "ANGRY",
    "CALM",
    "MINUTE_MS",
    "START",
    "START_MINUTE",
    "START_MS",
    "Desk",
    "Journal",
    "batches",
    "catalogue",
    "classifier",
    "disorderly_log",
    "hashes_of",
    "mention",
    "observed",
    "record",
    "state_of",
    "talk",
    "tick",
    "topics_of",
]
