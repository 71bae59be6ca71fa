"""The detect stage: a deterministic fold over the log of one observations partition (pure).

``admit`` decides which rows of a record are new (each source position once, each mention once, nothing older
than 48 h) and how far stream time has come; ``fold`` applies an admitted step to the topics and lets each
topic's monitor decide once per arrival minute. Live, after a crash and offline the same two calls run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, TypeAlias, cast

import msgspec
from msgspec.structs import astuple

from detectors.monitor import TopicMonitor
from detectors.orders import Cancelled, Order, PlannedEvent
from detectors.stories import STORY_DESK
from detectors.windows import EVEN_MILLI
from streams.clock import StreamClock
from streams.feed import Span, is_gap, missing
from streams.mention import Outcome
from streams.observation import Authors, Examples, Observations, Rows, example_limits
from streams.seen import Seen
from streams.steering import concerned
from streams.windows import KEPT_MINUTES, TopicWindows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from detectors.events import AlertEvent
    from detectors.story_desk import StoryDesk
    from detectors.trace import Trace

__all__ = ["Admitted", "Effects", "Monitor", "SeriesRow", "Step", "TopicState", "Watch"]

#: How often (minutes) a topic that is talked about reports its expected band though nothing new was said.
_BAND_MINUTES = 10
#: Planned events kept for topics that are added later, those that end last; forgotten a day after their end.
_PLANNED = 1024
_DAY_SECONDS = 86_400

#: What decides: a topic's monitor, or the story desk in the partition of its name.
Monitor: TypeAlias = "TopicMonitor | StoryDesk"
#: Admitted mentions by topic and arrival minute as sent.
_New: TypeAlias = dict[tuple[str, int], set[int]]
#: topic, event minute (since the epoch), count, negative, positive, expected, low, high.
SeriesRow = tuple[str, int, int, int, int, float, float, float]
#: By topic and event minute: (mentions, negative, positive), None where they did not change.
Changed: TypeAlias = dict[str, dict[int, tuple[int, int, int] | None]]


class Admitted(msgspec.Struct, array_like=True):
    """Admitted observations of one topic, in columns as in ``observation.Rows``; names are spelt out."""

    topic: str
    arrivals: list[int] = msgspec.field(default_factory=list)
    minutes: list[int] = msgspec.field(default_factory=list)
    negative: list[int] = msgspec.field(default_factory=list)
    positive: list[int] = msgspec.field(default_factory=list)
    kinds: list[int] = msgspec.field(default_factory=list)
    names: list[str] = msgspec.field(default_factory=list)
    signatures: list[bytes] = msgspec.field(default_factory=list)


class Step(msgspec.Struct, array_like=True):
    """What one observations record changes: enough to repeat the fold without the record.

    Attributes
    ----------
    offset
        Offset of the record in its observations partition.
    start, closed
        First arrival minute ever watched and last arrival minute that is over (-1: time has not begun).
    hour
        Hour under which ``mentions`` are remembered.
    orders, heard
        What people said, and the last arrival minute that was over when they did: it is decided without
        knowing, whichever of the steps before it the journal has kept.
    gaps
        Minutes known to be unfed, by first and last: those of steps that the journal left out too.
    lacks
        The same of each kind of source that was ever missing, by its place in ``detectors.windows.KINDS``.
    rows, authors, examples
        What was admitted, with the arrival minute in which it counts: one that was over when the record came
        is replaced by the first open one here, so that repeating the step does not depend on when the steps
        before it closed their minutes.

    """

    offset: int
    start: int = -1
    closed: int = -1
    rows: list[Admitted] = msgspec.field(default_factory=list)
    authors: list[Authors] = msgspec.field(default_factory=list)
    examples: list[Examples] = msgspec.field(default_factory=list)
    mentions: list[int] = msgspec.field(default_factory=list)
    hour: int = 0
    orders: list[Order] = msgspec.field(default_factory=list)
    heard: int = -1
    gaps: list[Span] = msgspec.field(default_factory=list)
    lacks: dict[int, list[Span]] = msgspec.field(default_factory=dict)


@dataclass
class Effects:
    """What folding came to, for the shell to publish and count.

    Attributes
    ----------
    events
        Alert events in the order of their decision.
    changed
        Event minutes whose counts or expected band changed, by topic, with the counts as known when they
        changed (a batch may reach further than minutes are kept); None where only the band changed.
    counted, negative
        New observations, and the negative ones of them, by topic.

    """

    events: list[AlertEvent] = field(default_factory=list)
    changed: Changed = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    negative: Counter[str] = field(default_factory=Counter)


class TopicState:
    """One topic: its windows, its monitor, and the observations offset that they include."""

    def __init__(self, monitor: Monitor, windows: TopicWindows, offset: int) -> None:
        self.monitor = monitor
        self.windows = windows
        self.offset = offset


class Watch:
    """The topics of one observations partition.

    Parameters
    ----------
    monitors
        A fresh monitor for each topic of this partition, by topic id.
    sources
        Number of partitions of the topic ``mentions``.

    """

    def __init__(self, monitors: Mapping[str, Callable[[], Monitor]], sources: int) -> None:
        self.offset = -1
        self.clock = StreamClock(sources)
        self.marks: dict[int, int] = {}
        self.seen = Seen()
        self.planned: dict[str, PlannedEvent] = {}
        self.trace: Trace | None = None
        self.closed = -1
        self._folded = -1
        self.topics = {
            topic: TopicState(new(), TopicWindows(-1, example_limits(topic)), -1)
            for topic, new in monitors.items()
        }

    def admit(self, offset: int, observations: Observations) -> tuple[Step, Counter[Outcome]] | None:
        """Return the step of a record and what became of its mentions; None if it was applied before."""
        if offset <= self.offset:
            return None
        self.offset = offset
        step = Step(offset, orders=observations.orders, heard=self.closed)
        for progress in observations.progress:
            self.clock.hear(progress)
        for tick in observations.ticks:
            self.clock.tick(tick)
        step.start = self.clock.start_minute
        outcomes = self._admit_rows(step, observations)
        step.closed = self.closed = max(self.closed, self.clock.closed())
        step.gaps = self.clock.feed.close(step.closed)
        step.lacks = self.clock.lacks(step.closed)
        latest = max((max(rows.arrivals) for rows in step.rows), default=0)
        step.hour = max(step.closed, step.start, latest, 0) // 60
        self.remember(step)
        return step, outcomes

    def fold(self, step: Step, effects: Effects) -> None:
        """Apply a step to every topic that does not include it yet and collect what it comes to."""
        for rows in step.rows:
            self._add(step, rows, effects)
        for authors in step.authors:
            state = self._behind(authors.topic, step)
            if state is not None:
                pending = state.windows.pending(authors.arrival)
                pending.authors |= int.from_bytes(authors.bitmap, "big")
                pending.angry |= int.from_bytes(authors.angry, "big")
        for examples in step.examples:
            state = self._behind(examples.topic, step)
            if state is not None:
                state.windows.add_examples(examples.arrival, examples.examples)
        if step.orders:
            self._close_until(step.heard, step, effects)
        for order in step.orders:
            self._hear(order, step)
        changed = {rows.topic for rows in step.rows}.union(*map(self._concerned, step.orders))
        for topic in changed:
            state = self.topics[topic]
            state.offset = max(state.offset, step.offset)
        self._close_until(step.closed, step, effects)

    def monitor(self, topic: str) -> TopicMonitor:
        """Return the monitor of a topic; the story desk counts nothing and is never asked for."""
        return cast("TopicMonitor", self.topics[topic].monitor)

    def series(self, changed: Changed) -> list[SeriesRow]:
        """Return the absolute counts of the changed minutes with the expected mentions a minute."""
        rows: list[SeriesRow] = []
        for topic, minutes in changed.items():
            state, monitor = self.topics[topic], self.monitor(topic)
            for minute, known in sorted(minutes.items()):
                if known is None and minute <= state.windows.closed - KEPT_MINUTES:
                    continue  # its counts were told before they were dropped
                expected = monitor.expected((minute + 1) * 60)
                counts = state.windows.counts(minute) if known is None else known
                rows.append((topic, minute, *counts, expected.mean, expected.low, expected.high))
        return rows

    def _admit_rows(self, step: Step, observations: Observations) -> Counter[Outcome]:
        outcomes: Counter[Outcome] = Counter()
        first = self._first_positions(observations)
        admitted: _New = {}
        for rows in observations.rows:
            kept = Admitted(rows.topic)
            for place in {position: place for place, position in enumerate(rows.positions)}.values():
                outcome = self._outcome(rows, place, first)
                if outcome is None:
                    continue
                outcomes[outcome] += rows.home[place]
                if outcome is Outcome.COUNTED:
                    _copy(kept, rows, place, observations.names, self._open(rows.arrivals[place]))
                    new = admitted.setdefault((rows.topic, rows.arrivals[place]), set())
                    new.add(rows.mentions[place])
            if kept.minutes and rows.topic in self.topics:
                step.rows.append(kept)
        self._admit_rest(step, observations, admitted)
        return outcomes

    def _first_positions(self, observations: Observations) -> dict[int, tuple[int, int]]:
        """Return the first new position of each mention: a batch may hold a mention or an offset twice."""
        first: dict[int, tuple[int, int]] = {}
        for rows in observations.rows:
            mark = self.marks.get(rows.partition, -1)
            for mention, position in zip(rows.mentions, rows.positions, strict=True):
                place = (rows.partition, position)
                if position > mark and place < first.get(mention, (1 << 62, 0)):
                    first[mention] = place
        return first

    def _outcome(self, rows: Rows, place: int, first: dict[int, tuple[int, int]]) -> Outcome | None:
        """Return what becomes of a row; None if its source position was applied before."""
        position, mention = rows.positions[place], rows.mentions[place]
        if position <= self.marks.get(rows.partition, -1):
            return None
        if mention in self.seen or first[mention] != (rows.partition, position):
            return Outcome.DUPLICATE
        arrival = self._open(rows.arrivals[place])
        return Outcome.STALE if arrival - rows.minutes[place] >= KEPT_MINUTES else Outcome.COUNTED

    def _open(self, arrival: int) -> int:
        """Return the arrival minute, or the first open one if it is over already."""
        return max(arrival, self.closed + 1, self.clock.start_minute)

    def _admit_rest(self, step: Step, observations: Observations, admitted: _New) -> None:
        replayed = self._replayed(observations)
        for topic, arrival, *bitmaps in map(astuple, observations.authors):
            if (topic, arrival) in admitted and not (replayed and arrival <= self.closed):
                step.authors.append(Authors(topic, self._open(arrival), *bitmaps))
        for topic, arrival, examples in map(astuple, observations.examples):
            new = admitted.get((topic, arrival), set())
            fresh = [example for example in examples if example.mention in new]
            if fresh:
                limit = example_limits(topic).minute
                step.examples.append(Examples(topic, self._open(arrival), fresh[:limit]))
        step.mentions = sorted(set().union(*admitted.values()))
        for rows in observations.rows:
            mark = self.marks.get(rows.partition, -1)
            self.marks[rows.partition] = max(mark, *rows.positions)

    def _replayed(self, observations: Observations) -> bool:
        """Tell whether a part of the record was applied before (the classify stage ran it again)."""
        return any(min(rows.positions) <= self.marks.get(rows.partition, -1) for rows in observations.rows)

    def remember(self, step: Step) -> None:
        """Remember the mentions that a step counts."""
        self.seen.add(step.mentions, step.hour, max(step.closed, 0) // 60)

    def _hear(self, order: Order, step: Step) -> None:
        """Pass an order on to the topics that it concerns, and keep what is planned for topics to come."""
        match order:
            case PlannedEvent():
                self._keep(order)
            case Cancelled():
                self.planned.pop(order.event_id, None)
        for topic in self._concerned(order):
            state = self._behind(topic, step)
            if state is not None:
                state.monitor.hear(order)

    def remind(self, planned: Iterable[PlannedEvent]) -> None:
        """Tell what is planned to every topic: one that is new, or is learnt anew, does not know it."""
        self.planned = {event.event_id: event for event in planned}
        for event in self.coming():
            for topic in self._concerned(event):
                self.topics[topic].monitor.hear(event)

    def coming(self) -> list[PlannedEvent]:
        """Return what is planned and can still matter to a decision."""
        over = (self.closed + 1) * 60 - _DAY_SECONDS
        return [event for event in self.planned.values() if event.end > over]

    def _keep(self, event: PlannedEvent) -> None:
        over = (self._folded + 1) * 60 - _DAY_SECONDS
        kept = {**self.planned, event.event_id: event}.values()
        coming = sorted((one for one in kept if one.end > over), key=lambda one: (one.end, one.event_id))
        self.planned = {one.event_id: one for one in coming[-_PLANNED:]}

    def _concerned(self, order: Order) -> Iterable[str]:
        topics = concerned(order)
        return self.topics.keys() if topics is None else self.topics.keys() & topics

    def _behind(self, topic: str, step: Step) -> TopicState | None:
        state = self.topics.get(topic)
        return state if state is not None and state.offset < step.offset else None

    def _add(self, step: Step, rows: Admitted, effects: Effects) -> None:
        state = self._behind(rows.topic, step)
        if state is None or rows.topic == STORY_DESK:
            return  # the desk reads articles and counts nothing
        columns = zip(
            rows.arrivals,
            rows.minutes,
            rows.negative,
            rows.positive,
            rows.kinds,
            rows.names,
            rows.signatures or repeat(b"", len(rows.minutes)),  # none in the journal of an older worker
            strict=True,
        )
        for row in columns:
            state.windows.add(*row)
        effects.counted[rows.topic] += len(rows.minutes)
        effects.negative[rows.topic] += sum(negative >= EVEN_MILLI for negative in rows.negative)
        counts = {minute: state.windows.counts(minute) for minute in set(rows.minutes)}
        effects.changed.setdefault(rows.topic, {}).update(counts)

    def _close_until(self, closed: int, step: Step, effects: Effects) -> None:
        """Close every arrival minute up to `closed`, topic by topic: they do not depend on each other."""
        if closed <= self._folded:
            return
        self._folded = closed
        first = len(effects.events)
        for topic, state in self.topics.items():
            windows = state.windows
            if step.start > windows.closed + 1:
                windows.begin(step.start - 1)
            while windows.closed < closed:
                if state.monitor.open_alert is None:
                    windows.pass_silence(closed)
                    if windows.closed == closed:
                        break
                minute = windows.closed + 1
                closed_step = windows.close(
                    fed=not is_gap(step.gaps, minute), missing=missing(step.lacks, minute)
                )
                if self.trace is not None and isinstance(state.monitor, TopicMonitor):
                    self.trace.take(topic, closed_step, state.monitor.expected(closed_step.at))
                effects.events += state.monitor.close(closed_step)
                if windows.closed % _BAND_MINUTES == 0 and not windows.quiet and topic != STORY_DESK:
                    effects.changed.setdefault(topic, {}).setdefault(windows.closed, None)
        effects.events[first:] = sorted(effects.events[first:], key=lambda event: (event.at, event.alert_id))


def _copy(kept: Admitted, rows: Rows, place: int, names: list[str], arrival: int) -> None:
    kept.arrivals.append(arrival)
    kept.minutes.append(rows.minutes[place])
    kept.negative.append(rows.negative[place])
    kept.positive.append(rows.positive[place])
    kept.kinds.append(rows.kinds[place])
    kept.names.append(names[rows.names[place]])
    kept.signatures.append(rows.signatures[place] if rows.signatures else b"")
