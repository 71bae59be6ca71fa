"""The classify stage: raw records in, observations and dead letters out (pure).

Most mentions match no topic and stop after the match, which is what makes the stage fast.
"""

from __future__ import annotations

from collections import Counter
from heapq import nsmallest
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from detectors.stories import STORY_DESK
from detectors.windows import EVEN_MILLI, KINDS, Example
from streams import observation as wire
from streams.corrections import Passed, read_mark
from streams.mention import (
    Mention,
    Outcome,
    Reason,
    Rejection,
    arrival_ms,
    is_stale,
    mention_hash,
    parse_record,
    published_ms,
)
from streams.story_keys import story_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from detectors.polarity import Corrector
    from streams.catalogue import Catalogue
    from streams.corrections import Corrections, Mark
    from streams.understanding import Understanding

__all__ = ["Classified", "Classifier", "Record", "Refused"]

_MINUTE_MS = 60_000
_KIND_INDEX = {kind: index for index, kind in enumerate(KINDS)}
_EXAMPLE_URL_LENGTH = 300
#: Twice as many examples are suggested as are kept: those that turn out to be duplicates take no one's place.
_SUGGESTED = 2


class Record(NamedTuple):
    """One Kafka record of the topic ``mentions``; ``appended_ms`` is the broker's time (epoch ms)."""

    partition: int
    offset: int
    appended_ms: int
    value: bytes | None


class Refused(NamedTuple):
    """A rejected record or element of one and why; its value stays in the topic ``mentions`` only."""

    record: Record
    rejection: Rejection


class Classified(NamedTuple):
    """What a batch of records came to.

    Attributes
    ----------
    observations
        One record for each observations partition, in partition order, empty ones too: they carry the
        progress of the source partitions.
    outcomes
        Mentions per outcome that are decided in this stage (unmatched, stale, rejected).
    sources
        Latest publication (epoch seconds) per source name.

    """

    observations: list[wire.Observations]
    refused: list[Refused]
    outcomes: Counter[Outcome]
    sources: dict[str, int]


class _Matched(NamedTuple):
    """A mention that concerns at least one topic."""

    mention: Mention
    topics: tuple[str, ...]
    partition: int
    position: int
    arrival_ms: int
    hash: int
    negative_milli: int
    positive_milli: int
    signature: bytes


class Classifier:
    """Parse, match and judge mentions against one catalogue.

    Parameters
    ----------
    catalogue
        The watched topics.
    understanding
        Matcher, polarity and phrases over that catalogue.
    partitions
        Number of observations partitions.
    corrections
        Gives the corrections of a partition of ``mentions``.

    """

    def __init__(
        self,
        catalogue: Catalogue,
        understanding: Understanding,
        partitions: int,
        corrections: Callable[[int], Corrections],
    ) -> None:
        self._known = catalogue.ids
        self._understanding = understanding
        self._partitions = partitions
        self._corrections = corrections

    def classify(self, records: Iterable[Record]) -> Classified:
        """Return what the records come to; one that cannot be understood is refused, never a raise."""
        batch = _Batch(self._understanding, self._partitions)
        for record in records:
            mark = read_mark(record.value)
            if mark is not None:
                self._mark(batch, record, mark)
                continue
            batch.read(record)
            self._record(batch, record)
        return batch.finish()

    def _mark(self, batch: _Batch, record: Record, mark: Mark) -> None:
        """Let a correction be in force from here on; a mark tells nothing of how far time has come."""
        if self._corrections(record.partition).pass_mark(record.offset, mark) is Passed.UNKNOWN:
            detail = "no such correction was given"
            batch.reject(record, Rejection(Reason.BAD_VALUE, "correction", detail, -1))

    def _record(self, batch: _Batch, record: Record) -> None:
        corrector = self._corrections(record.partition).at(record.offset)
        try:
            parsed = parse_record(record.value, appended_ms=record.appended_ms, known_topics=self._known)
            judged = [self._judge(record, index, item, corrector) for index, item in enumerate(parsed)]
        except Exception as error:  # noqa: BLE001 - the guard of one record: its neighbours must go on
            detail = f"{type(error).__name__} while understanding the record"
            batch.reject(record, Rejection(Reason.INTERNAL_ERROR, "", detail, -1))
            return
        for item in judged:
            batch.take(record, item)

    def _judge(
        self, record: Record, index: int, item: Mention | Rejection, corrector: Corrector
    ) -> tuple[Mention, Outcome] | Rejection | _Matched:
        if isinstance(item, Rejection):
            return item
        if is_stale(item, record.appended_ms):
            return item, Outcome.STALE
        topics = item.topics
        if topics is None:
            topics = self._understanding.topics(item.title, item.text)
        if not topics:
            return item, Outcome.UNMATCHED
        polarity = self._understanding.polarity(item.title, item.text, corrector)
        return _Matched(
            item,
            topics,
            record.partition,
            wire.position(record.offset, index),
            arrival_ms(item, record.appended_ms),
            mention_hash(item),
            round(1000 * polarity.negative),
            round(1000 * polarity.positive),
            self._understanding.signature(item.title, item.text),
        )


class _Batch:
    """Collects what the records of one batch came to."""

    def __init__(self, understanding: Understanding, partitions: int) -> None:
        self._understanding = understanding
        self._partitions = partitions
        self._progress: dict[int, list[int]] = {}
        self._arrivals: dict[int, dict[int, list[int]]] = {}
        self._rows: dict[tuple[str, int], wire.Rows] = {}
        self._names: dict[str, int] = {}
        self._authors: dict[tuple[str, int], int] = {}
        self._angry: dict[tuple[str, int], int] = {}
        self._candidates: dict[tuple[str, int], dict[int, _Matched]] = {}
        self._examples: dict[tuple[int, int], Example] = {}
        self._refused: list[Refused] = []
        self._outcomes: Counter[Outcome] = Counter()
        self._sources: dict[str, int] = {}

    def read(self, record: Record) -> None:
        """Note that the source partition was read up to this record."""
        appended = self._progress.get(record.partition)
        if appended is None:
            self._progress[record.partition] = [record.appended_ms]
        else:
            appended[0] = max(appended[0], record.appended_ms)

    def reject(self, record: Record, rejection: Rejection) -> None:
        """Refuse a record or one of its elements."""
        self._outcomes[Outcome.REJECTED] += 1
        self._refused.append(Refused(record, rejection))

    def take(self, record: Record, item: tuple[Mention, Outcome] | Rejection | _Matched) -> None:
        """Add one judged element."""
        if isinstance(item, Rejection):
            self.reject(record, item)
            return
        mention = item[0]
        arrived = item.arrival_ms if isinstance(item, _Matched) else arrival_ms(mention, record.appended_ms)
        kinds = self._arrivals.setdefault(record.partition, {})
        kinds.setdefault(_KIND_INDEX[mention.source.kind], []).append(arrived)
        self._note_source(mention)
        if isinstance(item, _Matched):
            self._observe(item)
        else:
            self._outcomes[item[1]] += 1

    def _note_source(self, mention: Mention) -> None:
        name = mention.source.name
        published = published_ms(mention) // 1000
        if published > self._sources.get(name, 0):
            self._sources[name] = published

    def _observe(self, item: _Matched) -> None:
        mention, partition = item.mention, item.partition
        arrival = item.arrival_ms // _MINUTE_MS
        minute = min(published_ms(mention) // _MINUTE_MS, arrival)
        name = self._names.setdefault(mention.source.name, len(self._names))
        for place, topic in enumerate(self._desks(item)):
            rows = self._rows.get((topic, partition))
            if rows is None:
                rows = self._rows[topic, partition] = wire.Rows(topic, partition)
            rows.positions.append(item.position)
            rows.arrivals.append(arrival)
            rows.minutes.append(minute)
            rows.negative.append(item.negative_milli)
            rows.positive.append(item.positive_milli)
            rows.kinds.append(_KIND_INDEX[mention.source.kind])
            rows.names.append(name)
            rows.mentions.append(item.hash)
            rows.home.append(int(place == 0))
            rows.signatures.append(item.signature)
            self._suggest(self._candidates.setdefault((topic, arrival), {}), item)
            if mention.author_key is not None:
                bit = 1 << wire.author_bit(mention.author_key, topic, arrival)
                self._authors[topic, arrival] = self._authors.get((topic, arrival), 0) | bit
                if item.negative_milli >= EVEN_MILLI:
                    self._angry[topic, arrival] = self._angry.get((topic, arrival), 0) | bit

    @staticmethod
    def _desks(item: _Matched) -> tuple[str, ...]:
        """Return the topics of a mention, and of an article the desk where all topics' stories are read."""
        return (*item.topics, STORY_DESK) if item.mention.source.kind == "press" else item.topics

    @staticmethod
    def _suggest(candidates: dict[int, _Matched], item: _Matched) -> None:
        """Take a mention as an example; of one that was sent twice the copy that will be counted."""
        known = candidates.setdefault(item.hash, item)
        if (item.partition, item.position) < (known.partition, known.position):
            candidates[item.hash] = item

    def finish(self) -> Classified:
        """Return the batch, one observations record a partition."""
        progress = [
            self._read_of(partition, appended[0]) for partition, appended in sorted(self._progress.items())
        ]
        names = list(self._names)
        records = [wire.Observations(progress=progress, names=names) for _ in range(self._partitions)]
        for (topic, _), rows in self._rows.items():
            records[self._home(topic)].rows.append(rows)
        for (topic, arrival), bits in self._authors.items():
            angry = self._angry.get((topic, arrival), 0)
            authors = wire.Authors(topic, arrival, wire.bitmap_bytes(bits), wire.bitmap_bytes(angry))
            records[self._home(topic)].authors.append(authors)
        for (topic, arrival), candidates in self._candidates.items():
            chosen = nsmallest(_SUGGESTED * wire.example_limits(topic).minute, candidates)
            make = self._article if topic == STORY_DESK else self._example
            examples = [make(candidates[mention]) for mention in chosen]
            records[self._home(topic)].examples.append(wire.Examples(topic, arrival, examples))
        return Classified(records, self._refused, self._outcomes, self._sources)

    def _read_of(self, partition: int, appended_ms: int) -> wire.Progress:
        """Return how far a partition was read, with zeros as arrivals if nothing could be read."""
        arrivals = self._arrivals.get(partition)
        if not arrivals:
            return wire.Progress(partition, 0, 0, appended_ms)
        first, last = min(map(min, arrivals.values())), max(map(max, arrivals.values()))
        kinds = {
            kind: sorted({arrived // _MINUTE_MS for arrived in found})
            for kind, found in sorted(arrivals.items())
        }
        ends = (first // _MINUTE_MS, last // _MINUTE_MS)
        between = sorted(set().union(*kinds.values()).difference(ends))
        return wire.Progress(partition, first, last, appended_ms, between, kinds)

    def _home(self, topic: str) -> int:
        return wire.home_partition(topic, self._partitions)

    def _example(self, item: _Matched) -> Example:
        """Return the example of a mention, made once though several topics choose it."""
        place = (item.partition, item.position)
        made = self._examples.get(place)
        if made is None:
            made = self._examples[place] = self._make_example(item)
        return made

    def _article(self, item: _Matched) -> Example:
        """Return what the story desk reads of an article: of one that is not grave only its keys."""
        made = self._example(item)
        keys = story_keys(item.mention.title, made.text)
        if made.gravity_milli:
            return msgspec.structs.replace(made, keys=keys, topics=item.topics, signature=b"")
        return msgspec.structs.replace(made, keys=keys, text="", url=None, phrases=(), signature=b"")

    def _make_example(self, item: _Matched) -> Example:
        mention = item.mention
        url = mention.url
        return Example(
            mention=item.hash,
            text=self._understanding.example_text(mention.title, mention.text),
            source=mention.source.name,
            kind=str(mention.source.kind),
            url=url if url is not None and len(url) <= _EXAMPLE_URL_LENGTH else None,
            published=published_ms(mention) // 1000,
            arrived=item.arrival_ms // 1000,
            negative_milli=item.negative_milli,
            phrases=self._understanding.phrases(mention.title, mention.text),
            gravity_milli=self._understanding.gravity_milli(mention.title, mention.text),
            signature=item.signature,
        )
