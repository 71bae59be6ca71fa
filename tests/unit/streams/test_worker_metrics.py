"""The worker's metrics: every known label value from start-up, few new ones ever, figures exact."""

from collections.abc import Iterable

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from detectors.events import EvidenceName
from streams import metrics as worker_metrics
from streams.mention import Outcome, Reason
from streams.metrics import EVIDENCE, MAX_SOURCES, Decided, Metrics, SourceMetrics

CONTRACT = {
    "haidang_mentions_total": {"outcome"},
    "haidang_topic_mentions_total": {"topic"},
    "haidang_topic_negative_mentions_total": {"topic"},
    "haidang_topic_expected_mentions": {"topic"},
    "haidang_topic_score": {"topic", "evidence"},
    "haidang_topic_threshold": {"topic", "evidence"},
    "haidang_topic_precision_ratio": {"topic"},
    "haidang_corrections_in_force": {"partition"},
    "haidang_catalogue_changes_total": {"outcome"},
    "haidang_stream_lag_records": {"topic", "partition"},
    "haidang_source_last_mention_timestamp_seconds": {"source"},
    "haidang_dead_letters_total": {"reason"},
    "haidang_worker_ready": set(),
    "haidang_mention_to_metric_seconds_count": set(),
    "haidang_decision_seconds_count": set(),
}
#: Before any verdict half of the pages are taken to be worth it.
FIRST = {"haidang_topic_precision_ratio": 0.5}


@pytest.fixture
def metrics() -> Metrics:
    """Metrics of two topics and one Kafka topic of two partitions."""
    return Metrics(["cau-anh-duong", "truong-thanh-vinh"], {"mentions": 2})


def samples(metrics: Metrics) -> Iterable[Sample]:
    """Scrape as Prometheus would."""
    for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
        yield from family.samples


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """Read one sample; fails when it is missing or double."""
    (found,) = [s.value for s in samples(metrics) if s.name == name and s.labels == labels]
    return found


def labels_of(metrics: Metrics, name: str, label: str) -> list[str]:
    """Every value of one label, as often as it appears."""
    return [s.labels[label] for s in samples(metrics) if s.name == name]


@pytest.mark.parametrize("name", CONTRACT)
def test_every_name_of_the_contract_exists_from_start_up(metrics: Metrics, name: str) -> None:
    """Under exactly its labels, before anything has happened."""
    found = [s for s in samples(metrics) if s.name == name]
    assert found
    assert all(set(s.labels) == CONTRACT[name] for s in found)
    assert {s.value for s in found} == {FIRST.get(name, 0)}


def test_every_known_label_value_is_there_from_start_up(metrics: Metrics) -> None:
    """So that a rate over the first event is right and a dashboard shows 0, not nothing."""
    assert set(labels_of(metrics, "haidang_mentions_total", "outcome")) == set(Outcome)
    assert set(labels_of(metrics, "haidang_dead_letters_total", "reason")) == set(Reason)
    assert labels_of(metrics, "haidang_stream_lag_records", "partition") == ["0", "1"]
    assert len(labels_of(metrics, "haidang_topic_score", "evidence")) == 2 * len(EVIDENCE)
    assert labels_of(metrics, "haidang_source_last_mention_timestamp_seconds", "source") == ["other"]


def test_evidence_is_the_detectors_evidence() -> None:
    """One word each, from detector to dashboard."""
    assert set(EVIDENCE) == {name.value for name in EvidenceName}


def test_counts_add_up(metrics: Metrics) -> None:
    """Counters only grow, by what they are told."""
    metrics.count(Outcome.COUNTED, 3)
    metrics.count(Outcome.COUNTED)
    metrics.dead_letter(Reason.NOT_JSON)
    metrics.topics.count("cau-anh-duong", 3, 2)
    metrics.topics.count("cau-anh-duong", 1, 0)

    assert value(metrics, "haidang_mentions_total", outcome="counted") == 4
    assert value(metrics, "haidang_dead_letters_total", reason="not_json") == 1
    assert value(metrics, "haidang_topic_mentions_total", topic="cau-anh-duong") == 4
    assert value(metrics, "haidang_topic_negative_mentions_total", topic="cau-anh-duong") == 2
    assert value(metrics, "haidang_topic_mentions_total", topic="truong-thanh-vinh") == 0


def test_a_decision_sets_expectation_and_scores(metrics: Metrics) -> None:
    """Evidence that is silent goes back to 0."""
    metrics.topics.decide("cau-anh-duong", Decided(2.5, {"volume": 7.0, "novelty": 1.0}, {}, 0.5))
    metrics.topics.decide("cau-anh-duong", Decided(3.5, {"volume": 4.0}, {"volume": 5.0}, 0.75))

    assert value(metrics, "haidang_topic_expected_mentions", topic="cau-anh-duong") == 3.5
    assert value(metrics, "haidang_topic_score", topic="cau-anh-duong", evidence="volume") == 4.0
    assert value(metrics, "haidang_topic_score", topic="cau-anh-duong", evidence="novelty") == 0.0
    assert value(metrics, "haidang_topic_threshold", topic="cau-anh-duong", evidence="volume") == 5.0
    assert value(metrics, "haidang_topic_precision_ratio", topic="cau-anh-duong") == 0.75


def test_a_topic_that_left_the_catalogue_makes_no_series(metrics: Metrics) -> None:
    """Its last observations may still be on the log after a change of the catalogue."""
    metrics.topics.count("gone", 5, 5)
    metrics.topics.decide("gone", Decided(1.0, {}, {}, 0.5))
    assert "gone" not in labels_of(metrics, "haidang_topic_mentions_total", "topic")


def test_a_changed_catalogue_keeps_the_figures_of_topics_that_stay(metrics: Metrics) -> None:
    """A new topic begins at 0, one that left is shown no more, the others go on."""
    metrics.topics.count("cau-anh-duong", 5, 2)
    metrics.topics.watch(["cho-binh-minh", "cau-anh-duong"])
    assert value(metrics, "haidang_topic_mentions_total", topic="cau-anh-duong") == 5
    assert value(metrics, "haidang_topic_mentions_total", topic="cho-binh-minh") == 0
    assert set(labels_of(metrics, "haidang_topic_score", "topic")) == {"cau-anh-duong", "cho-binh-minh"}


@pytest.mark.parametrize("outcome", ["taken", "refused"])
def test_changes_of_the_catalogue_are_counted(metrics: Metrics, outcome: str) -> None:
    """Both outcomes are there from start-up."""
    assert value(metrics, "haidang_catalogue_changes_total", outcome=outcome) == 0
    metrics.catalogue_changed(taken=outcome == "taken")
    assert value(metrics, "haidang_catalogue_changes_total", outcome=outcome) == 1


def test_the_number_of_sources_is_bounded() -> None:
    """A producer that invents names cannot fill the memory; the rest share one label."""
    sources = SourceMetrics()
    for number in range(2 * MAX_SOURCES):
        sources.seen(f"page {number}", 100.0 + number)
    (family,) = sources.collect()

    assert len(family.samples) == MAX_SOURCES + 1
    last = {s.labels["source"]: s.value for s in family.samples}
    assert last["page 0"] == 100.0
    assert last["other"] == 100.0 + 2 * MAX_SOURCES - 1


def test_a_source_keeps_its_newest_time(metrics: Metrics) -> None:
    """Mentions arrive out of order; a nameless source is ``other``."""
    metrics.sources.seen("Báo A", 200.0)
    metrics.sources.seen("Báo A", 150.0)
    metrics.sources.seen("", 300.0)

    name = "haidang_source_last_mention_timestamp_seconds"
    assert value(metrics, name, source="Báo A") == 200.0
    assert value(metrics, name, source="other") == 300.0


def test_a_histogram_counts_weights_into_cumulative_buckets(metrics: Metrics) -> None:
    """A bound belongs to its own bucket, the last bucket holds everything."""
    metrics.mention_to_metric.observe(0.05, 2)
    metrics.mention_to_metric.observe(0.06)
    metrics.mention_to_metric.observe(1e6)
    metrics.mention_to_metric.observe(-3.0)

    bucket = "haidang_mention_to_metric_seconds_bucket"
    assert value(metrics, bucket, le="0.05") == 3
    assert value(metrics, bucket, le="0.1") == 4
    assert value(metrics, bucket, le="60.0") == 4
    assert value(metrics, bucket, le="+Inf") == 5
    assert value(metrics, "haidang_mention_to_metric_seconds_count") == 5
    assert value(metrics, "haidang_mention_to_metric_seconds_sum") == pytest.approx(1_000_000.16)


def test_lag_is_never_negative_and_new_partitions_appear(metrics: Metrics) -> None:
    """A position can be read a moment later than the end it is compared with."""
    metrics.lag("mentions", 1, -2)
    metrics.lag("mentions", 7, 12)
    assert value(metrics, "haidang_stream_lag_records", topic="mentions", partition="1") == 0
    assert value(metrics, "haidang_stream_lag_records", topic="mentions", partition="7") == 12


def test_ready_is_one_or_zero(metrics: Metrics) -> None:
    """Prometheus alerts on it."""
    metrics.ready(is_ready=True)
    assert value(metrics, "haidang_worker_ready") == 1
    metrics.ready(is_ready=False)
    assert value(metrics, "haidang_worker_ready") == 0


def test_no_metric_is_named_outside_the_module() -> None:
    """Every constant of the module is a family that is really there."""
    names = {v for k, v in vars(worker_metrics).items() if k.isupper() and str(v).startswith("haidang_")}
    families = {family.name for family in Metrics([], {}).registry.collect()}
    assert names == families
