"""Metrics of the worker: every name, label and unit in one place.

Two kinds of store. What has few label values is an ordinary Prometheus metric. What exists once per topic is
kept in plain figures and turned into samples when it is scraped: a Prometheus child object per topic and
label would cost 10,000 topics 100 MB. Every label value known at start-up is there from start-up.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from prometheus_client import disable_created_metrics as _disable_created_metrics
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from streams.mention import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from prometheus_client.metrics_core import Metric

MENTIONS: Final = "haidang_mentions"
TOPIC_MENTIONS: Final = "haidang_topic_mentions"
TOPIC_NEGATIVE_MENTIONS: Final = "haidang_topic_negative_mentions"
TOPIC_EXPECTED_MENTIONS: Final = "haidang_topic_expected_mentions"
TOPIC_SCORE: Final = "haidang_topic_score"
TOPIC_THRESHOLD: Final = "haidang_topic_threshold"
TOPIC_PRECISION: Final = "haidang_topic_precision_ratio"
STREAM_LAG_RECORDS: Final = "haidang_stream_lag_records"
SOURCE_LAST_MENTION: Final = "haidang_source_last_mention_timestamp_seconds"
DEAD_LETTERS: Final = "haidang_dead_letters"
CORRECTIONS: Final = "haidang_corrections_in_force"
CATALOGUE_CHANGES: Final = "haidang_catalogue_changes"
WORKER_READY: Final = "haidang_worker_ready"
MENTION_TO_METRIC: Final = "haidang_mention_to_metric_seconds"
DECISION: Final = "haidang_decision_seconds"

EVIDENCE: Final = ("volume", "negativity", "novelty", "spread", "authors", "duplication", "forecast", "river")
"""Label values of ``haidang_topic_score``, as in alert event v1."""
MAX_SOURCES: Final = 500
"""Sources with a label of their own; names come from outside, so their number has to end somewhere."""
OTHER_SOURCES: Final = "other"
"""Label of every source beyond `MAX_SOURCES`, and of mentions without a source name."""
DELAY_BOUNDS_SECONDS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
DECISION_BOUNDS_SECONDS: Final = (0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


class Histogram(Collector):
    """A histogram that takes many equal observations at once, without labels.

    Cheap enough for every mention: one bisection and three additions, whatever the weight.
    """

    def __init__(self, name: str, documentation: str, bounds_seconds: Sequence[float]) -> None:
        """Start empty; ``bounds_seconds`` ascend and leave out infinity."""
        self._name = name
        self._documentation = documentation
        self._bounds = tuple(bounds_seconds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float, times: int = 1) -> None:
        """Add ``times`` observations of ``seconds``; a negative one (clocks differ) counts as 0."""
        seconds = max(seconds, 0.0)
        self._counts[bisect_left(self._bounds, seconds)] += times
        self._sum += seconds * times

    def collect(self) -> Iterator[Metric]:
        """Yield the one family, with cumulative buckets as Prometheus wants them."""
        total = 0
        buckets = []
        for bound, count in zip((*map(str, self._bounds), "+Inf"), list(self._counts), strict=True):
            total += count
            buckets.append((bound, float(total)))
        yield HistogramMetricFamily(self._name, self._documentation, buckets=buckets, sum_value=self._sum)


class Decided(NamedTuple):
    """How a topic's last closed minute was decided: mentions expected, scores and thresholds by evidence.

    ``precision`` is the part of the topic's pages that officers called worth it, 0 .. 1.
    """

    expected: float
    scores: Mapping[str, float]
    thresholds: Mapping[str, float]
    precision: float


_UNDECIDED = Decided(expected=0.0, scores={}, thresholds={}, precision=0.5)


@dataclass(slots=True)
class _Figures:
    """What is told of one topic."""

    mentions: int = 0
    negative: int = 0
    decided: Decided = _UNDECIDED


class TopicMetrics(Collector):
    """Counts, expectation and scores of every topic; samples come to be when scraped."""

    def __init__(self, topic_ids: Iterable[str], evidence: Sequence[str] = EVIDENCE) -> None:
        """Create every series at 0."""
        self._evidence = evidence
        self._figures: dict[str, _Figures] = {}
        self.watch(topic_ids)

    def watch(self, topic_ids: Iterable[str]) -> None:
        """Show these topics: new ones at 0, those that stay with their figures, others no more."""
        self._figures = {topic_id: self._figures.get(topic_id, _Figures()) for topic_id in topic_ids}

    def count(self, topic_id: str, mentions: int, negative: int) -> None:
        """Add counted mentions of one topic, ``negative`` of them negative; an unknown topic is left out."""
        figures = self._figures.get(topic_id)
        if figures is not None:
            figures.mentions += mentions
            figures.negative += negative

    def decide(self, topic_id: str, decided: Decided) -> None:
        """Set what a minute was expected to bring and how the detectors score it; evidence left out is 0."""
        figures = self._figures.get(topic_id)
        if figures is not None:
            figures.decided = decided

    def collect(self) -> Iterator[Metric]:
        """Yield the families, one sample per topic and, for scores and thresholds, evidence."""
        mentions = CounterMetricFamily(TOPIC_MENTIONS, "Mentions counted per topic", labels=["topic"])
        negative = CounterMetricFamily(
            TOPIC_NEGATIVE_MENTIONS, "Negative mentions counted per topic", labels=["topic"]
        )
        expected = GaugeMetricFamily(
            TOPIC_EXPECTED_MENTIONS, "Mentions expected in the last closed minute", labels=["topic"]
        )
        score = GaugeMetricFamily(
            TOPIC_SCORE, "Score of the last closed minute per evidence", labels=["topic", "evidence"]
        )
        threshold = GaugeMetricFamily(
            TOPIC_THRESHOLD, "Score from which an evidence is a signal", labels=["topic", "evidence"]
        )
        precision = GaugeMetricFamily(
            TOPIC_PRECISION, "Part of the pages that officers called worth it", labels=["topic"]
        )
        for topic_id, figures in self._figures.items():
            decided = figures.decided
            precision.add_metric([topic_id], decided.precision)
            mentions.add_metric([topic_id], figures.mentions)
            negative.add_metric([topic_id], figures.negative)
            expected.add_metric([topic_id], decided.expected)
            for name in self._evidence:
                score.add_metric([topic_id, name], decided.scores.get(name, 0.0))
                threshold.add_metric([topic_id, name], decided.thresholds.get(name, 0.0))
        yield from (mentions, negative, expected, score, threshold, precision)


class SourceMetrics(Collector):
    """When each source last said something; at most `MAX_SOURCES` names, the rest together."""

    def __init__(self, limit: int = MAX_SOURCES) -> None:
        """Start with ``other`` alone, at 0: no source is known before it speaks."""
        self._limit = limit
        self._last: dict[str, float] = {OTHER_SOURCES: 0.0}

    def seen(self, name: str, published_seconds: float) -> None:
        """Note a mention of ``name`` at ``published_seconds`` (epoch); an older one changes nothing."""
        if name not in self._last and (not name or len(self._last) > self._limit):
            name = OTHER_SOURCES
        if published_seconds > self._last.get(name, 0.0):
            self._last[name] = published_seconds

    def collect(self) -> Iterator[Metric]:
        """Yield the one family, one sample per source."""
        family = GaugeMetricFamily(
            SOURCE_LAST_MENTION, "Time of the newest mention of each source, epoch seconds", labels=["source"]
        )
        for name, last in list(self._last.items()):
            family.add_metric([name], last)
        yield family


class Metrics:
    """Everything the worker counts, in one registry of its own.

    ``topics``, ``sources``, ``mention_to_metric`` and ``decision`` are used directly; the rest has one method
    per thing that happens. All of it belongs to one thread; scraping from another only reads.
    """

    def __init__(self, topic_ids: Iterable[str], lag_partitions: Mapping[str, int]) -> None:
        """Create every series that is known: outcomes, reasons, topics, Kafka topics x partitions.

        ``lag_partitions`` names the Kafka topics that the worker reads, each with its number of partitions.
        """
        self.registry = CollectorRegistry()
        self.topics = TopicMetrics(topic_ids)
        self.sources = SourceMetrics()
        self.mention_to_metric = Histogram(
            MENTION_TO_METRIC, "From the broker's append of a mention to its count", DELAY_BOUNDS_SECONDS
        )
        self.decision = Histogram(DECISION, "Time one topic's decision takes", DECISION_BOUNDS_SECONDS)
        for collector in (self.topics, self.sources, self.mention_to_metric, self.decision):
            self.registry.register(collector)
        self._mentions = Counter(MENTIONS, "Mentions by outcome", ["outcome"], registry=self.registry)
        self._outcomes = {outcome: self._mentions.labels(outcome.value) for outcome in Outcome}
        self._dead_letters = Counter(
            DEAD_LETTERS, "Dead letters by reason", ["reason"], registry=self.registry
        )
        self._reasons = {reason: self._dead_letters.labels(reason.value) for reason in Reason}
        self._lag = Gauge(
            STREAM_LAG_RECORDS, "Records not yet handled", ["topic", "partition"], registry=self.registry
        )
        self._lags = {
            (topic, partition): self._lag.labels(topic, str(partition))
            for topic, partitions in lag_partitions.items()
            for partition in range(partitions)
        }
        self._corrections = Gauge(
            CORRECTIONS, "Corrections by which mentions are judged", ["partition"], registry=self.registry
        )
        for partition in range(lag_partitions.get("mentions", 0)):
            self._corrections.labels(str(partition))
        changes = Counter(
            CATALOGUE_CHANGES, "Changes of the catalogue's file", ["outcome"], registry=self.registry
        )
        self._catalogue_changes = {
            taken: changes.labels("taken" if taken else "refused") for taken in (True, False)
        }
        self._ready = Gauge(WORKER_READY, "1 when recovered and assigned, else 0", registry=self.registry)

    def count(self, outcome: Outcome, mentions: int = 1) -> None:
        """Count mentions by what became of them; 0 or more."""
        self._outcomes[outcome].inc(mentions)

    def dead_letter(self, reason: Reason, letters: int = 1) -> None:
        """Count dead letters by reason."""
        self._reasons[reason].inc(letters)

    def lag(self, topic: str, partition: int, records: int) -> None:
        """Set how many records of one partition are not yet handled; unknown partitions appear then."""
        key = (topic, partition)
        if key not in self._lags:
            self._lags[key] = self._lag.labels(topic, str(partition))
        self._lags[key].set(max(records, 0))

    def corrections(self, partition: int, in_force: int) -> None:
        """Set how many corrections the mentions of one partition are judged by."""
        self._corrections.labels(str(partition)).set(in_force)

    def catalogue_changed(self, *, taken: bool) -> None:
        """Count a change of the catalogue's file: taken, or refused because it cannot be used."""
        self._catalogue_changes[taken].inc()

    def ready(self, *, is_ready: bool) -> None:
        """Say whether the worker has recovered and works."""
        self._ready.set(int(is_ready))


def disable_created_metrics() -> None:
    """Leave out the ``_created`` series, which double the output and nobody reads; once per process."""
    disable: Callable[[], None] = _disable_created_metrics  # the library leaves it untyped
    disable()


def serve(metrics: Metrics, host: str, port: int) -> None:
    """Serve ``/metrics`` from a thread of its own until the process ends.

    Raises OSError when the address is taken.
    """
    start_http_server(port, host, metrics.registry)
