"""A topic is as described, or the difference is told with what to do."""

import pytest

from api.projector import KEPT_ON_ALERTS_MS
from api.settings import ApiSettings
from deploy.kafka_topics import HOUR_MS, Mismatch, MismatchReason, compare, topic_specs

SPECS = {spec.name: spec for spec in topic_specs(4)}


def test_every_topic_of_the_stream_is_described() -> None:
    """The names that producers, consumers and Faust rely on."""
    assert set(SPECS) == {
        "mentions",
        "observations",
        "alerts",
        "alert_history",
        "series",
        "calendar",
        "corrections",
        "feedback",
        "dead_letters",
        "catalogue",
        "haidang-state-changelog",
    }


def test_state_and_observations_have_as_many_partitions() -> None:
    """Faust ties a table's partition to its source's: other numbers would mix up topics' states."""
    for partitions in (1, 4, 64):
        found = {spec.name: spec.partitions for spec in topic_specs(partitions)}
        assert found["observations"] == found["haidang-state-changelog"] == partitions


@pytest.mark.parametrize("topic", ["alerts", "observations"])
def test_samples_are_gone_from_kafka_when_they_are_from_the_store(topic: str) -> None:
    """Segments are deleted as a whole, by the age of their newest record: that counts too."""
    configs = SPECS[topic].configs
    kept_ms = int(configs["retention.ms"]) + int(configs["segment.ms"])
    assert kept_ms == ApiSettings().keep_samples_hours * HOUR_MS


def test_the_history_is_asked_for_what_alerts_may_have_lost() -> None:
    """And for nothing that stays there for another hour."""
    assert int(SPECS["alerts"].configs["retention.ms"]) - HOUR_MS == KEPT_ON_ALERTS_MS


def test_the_history_is_never_deleted_and_state_is_compacted() -> None:
    """What officers rely on stays; a zombie's late write stays too, until the state has overruled it."""
    assert SPECS["alert_history"].configs["retention.ms"] == "-1"
    assert SPECS["haidang-state-changelog"].configs["cleanup.policy"] == "compact"
    assert int(SPECS["haidang-state-changelog"].configs["min.compaction.lag.ms"]) >= 600_000


def test_arrival_is_the_brokers_time() -> None:
    """A producer's wrong clock cannot date a mention."""
    assert SPECS["mentions"].configs["message.timestamp.type"] == "LogAppendTime"


def test_a_topic_as_described_has_no_mismatch() -> None:
    """Further settings that we do not care for do not matter."""
    spec = SPECS["mentions"]
    assert compare(spec, 4, {**spec.configs, "flush.ms": "1"}) == []


@pytest.mark.parametrize(
    ("partitions", "configs", "told"),
    [
        (None, {}, "topic 'series' does not exist; create it with 4 partitions"),
        (2, {"retention.ms": "2592000000"}, "set HAIDANG_PARTITIONS=2"),
        (
            4,
            {"retention.ms": "5"},
            "kafka-configs --alter --topic series --add-config retention.ms=2592000000",
        ),
        (4, {}, "has retention.ms=nothing"),
    ],
)
def test_each_difference_says_what_to_do(partitions: int | None, configs: dict[str, str], told: str) -> None:
    """The text names topic, setting, what is and what must be."""
    (mismatch,) = compare(SPECS["series"], partitions, configs)
    assert told in str(mismatch)


def test_all_differences_of_a_topic_are_told() -> None:
    """Partitions and settings together, not one after the other's repair."""
    found: list[Mismatch] = compare(SPECS["mentions"], 1, {})
    assert [each.reason for each in found] == [MismatchReason.PARTITIONS] + [MismatchReason.CONFIG] * 4
