"""The Kafka topics Haidang lives on: made with explicit partitions and settings before anything starts.

Left to create topics by itself, a client guesses their partitions; well-kept clusters forbid it anyway.
"""

import time
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Self

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError

from deploy.errors import DeployError

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MIB = 1 << 20
DEFAULT_PARTITIONS = 4
FOREVER = "-1"
SAMPLES_HOURS = 72
"""How long people's words may stay on a topic with samples or examples.

Kafka deletes whole segments, by the age of the newest record: so a record may outlive ``retention.ms`` by
``segment.ms``, which is a week unless it is set.
"""
_SAMPLED = {"retention.ms": str((SAMPLES_HOURS - 1) * HOUR_MS), "segment.ms": str(HOUR_MS)}
LISTED_WITHIN_SECONDS = 15.0
LISTED_POLL_SECONDS = 0.1


class TopicSpec(msgspec.Struct, frozen=True):
    """A topic as it must be: its name, number of partitions (>= 1) and the settings that matter to us."""

    name: str
    partitions: int
    configs: Mapping[str, str]


class MismatchReason(StrEnum):
    """Why an existing topic cannot be used as it is."""

    MISSING = "missing"
    PARTITIONS = "partitions"
    CONFIG = "config"


class Mismatch(msgspec.Struct, frozen=True):
    """One difference between a topic as it is and as it must be; ``found`` is empty for a missing topic."""

    topic: str
    reason: MismatchReason
    setting: str
    wanted: str
    found: str

    def __str__(self) -> str:
        """Say it in one line with what to do."""
        if self.reason is MismatchReason.MISSING:
            return f"topic {self.topic!r} does not exist; create it with {self.wanted} partitions"
        if self.reason is MismatchReason.PARTITIONS:
            return (
                f"topic {self.topic!r} has {self.found} partitions where {self.wanted} are configured; set "
                f"HAIDANG_PARTITIONS={self.found} or use topics of another name space (a topic cannot shrink)"
            )
        return (
            f"topic {self.topic!r} has {self.setting}={self.found} where {self.wanted} is needed; change it "
            f"with kafka-configs --alter --topic {self.topic} --add-config {self.setting}={self.wanted}"
        )


def topic_specs(partitions: int = DEFAULT_PARTITIONS) -> tuple[TopicSpec, ...]:
    """Every topic of the project, ``partitions`` each (1 or more).

    One number serves all, as the state's changelog must have as many partitions as ``observations``.
    ``mentions`` takes records of up to 16 MiB, four times what is accepted, so that too large a record
    becomes a dead letter of ours rather than an error of the producer's. ``alert_history`` is ``alerts``
    without the samples, and so for ever.
    """
    return (
        TopicSpec(
            "mentions",
            partitions,
            {
                "message.timestamp.type": "LogAppendTime",
                "max.message.bytes": str(16 * MIB),
                "retention.ms": str(7 * DAY_MS),
                "segment.ms": str(6 * HOUR_MS),
            },
        ),
        TopicSpec("observations", partitions, {"max.message.bytes": str(8 * MIB), **_SAMPLED}),
        TopicSpec("alerts", partitions, _SAMPLED),
        TopicSpec("alert_history", partitions, {"retention.ms": FOREVER}),
        TopicSpec("series", partitions, {"retention.ms": str(30 * DAY_MS)}),
        TopicSpec("feedback", partitions, {"retention.ms": FOREVER}),
        TopicSpec("calendar", partitions, {"cleanup.policy": "compact"}),
        TopicSpec("corrections", partitions, {"cleanup.policy": "compact"}),
        TopicSpec("dead_letters", partitions, {"retention.ms": str(30 * DAY_MS)}),
        TopicSpec("catalogue", partitions, {"cleanup.policy": "compact"}),
        TopicSpec(
            "haidang-state-changelog",
            partitions,
            {
                "cleanup.policy": "compact",
                "max.message.bytes": str(8 * MIB),
                "min.compaction.lag.ms": str(10 * MINUTE_MS),
                "segment.bytes": str(32 * MIB),
            },
        ),
    )


def ensure_topics(bootstrap: str, partitions: int = DEFAULT_PARTITIONS, *, replication: int = 1) -> list[str]:
    """Create the topics that do not exist yet and check those that do; return the names of the created ones.

    Doing it again changes nothing and returns an empty list.

    Raises
    ------
    DeployError
        Kafka cannot be reached, refuses, or a topic that exists differs (each difference named).

    """
    specs = topic_specs(partitions)
    with _Admin(bootstrap) as admin:
        existing = set(admin.client.list_topics())
        created = [spec.name for spec in specs if spec.name not in existing]
        admin.create([spec for spec in specs if spec.name in created], replication)
        admin.wait_until_listed({spec.name for spec in specs})
        mismatches = admin.mismatches(specs)
    if mismatches:
        raise DeployError("; ".join(str(mismatch) for mismatch in mismatches))
    return created


def find_mismatches(bootstrap: str, partitions: int = DEFAULT_PARTITIONS) -> list[Mismatch]:
    """Compare the topics on a broker with what they must be, changing nothing; an empty list is good.

    Raises
    ------
    DeployError
        Kafka cannot be reached.

    """
    with _Admin(bootstrap) as admin:
        return admin.mismatches(topic_specs(partitions))


def compare(spec: TopicSpec, partitions: int | None, configs: Mapping[str, str]) -> list[Mismatch]:
    """Compare one topic with its description; ``partitions`` is ``None`` for a topic that does not exist."""
    if partitions is None:
        return [Mismatch(spec.name, MismatchReason.MISSING, "partitions", str(spec.partitions), "")]
    found = []
    if partitions != spec.partitions:
        found.append(
            Mismatch(
                spec.name, MismatchReason.PARTITIONS, "partitions", str(spec.partitions), str(partitions)
            )
        )
    found.extend(
        Mismatch(spec.name, MismatchReason.CONFIG, setting, wanted, configs.get(setting, "nothing"))
        for setting, wanted in spec.configs.items()
        if configs.get(setting) != wanted
    )
    return found


class _Admin:
    """kafka-python's admin client for the length of a ``with`` block, its errors turned into ours."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        try:
            self.client = KafkaAdminClient(bootstrap_servers=bootstrap.split(","))
        except KafkaError as error:
            raise DeployError(
                f"Kafka cannot be reached at {bootstrap} ({type(error).__name__}); start it or correct "
                f"HAIDANG_KAFKA_BOOTSTRAP"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.client.close()
        if isinstance(error, KafkaError):
            raise DeployError(f"Kafka at {self._bootstrap} refused: {error}") from error

    def create(self, specs: Iterable[TopicSpec], replication: int) -> None:
        for spec in specs:
            wanted = {
                "num_partitions": spec.partitions,
                "replication_factor": replication,
                "configs": dict(spec.configs),
            }
            try:
                self.client.create_topics({spec.name: wanted}, wait_for_metadata=True)
            except TopicAlreadyExistsError:
                continue  # another process created it in the meantime; it is compared like any other

    def wait_until_listed(self, names: set[str]) -> None:
        """Wait until the broker lists what it has just made; what is still missing shows as a mismatch."""
        deadline = time.monotonic() + LISTED_WITHIN_SECONDS
        while not names <= set(self.client.list_topics()) and time.monotonic() < deadline:
            time.sleep(LISTED_POLL_SECONDS)

    def mismatches(self, specs: Iterable[TopicSpec]) -> list[Mismatch]:
        existing = set(self.client.list_topics())
        return [mismatch for spec in specs for mismatch in self._compare(spec, exists=spec.name in existing)]

    def _compare(self, spec: TopicSpec, *, exists: bool) -> list[Mismatch]:
        if not exists:
            return compare(spec, None, {})
        (described,) = self.client.describe_topics([spec.name])
        return compare(spec, len(described["partitions"]), self._configs(spec.name))

    def _configs(self, topic: str) -> dict[str, str]:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        described = self.client.describe_configs([resource], config_filter="all")["topic"][topic]
        return {setting: str(entry["value"]) for setting, entry in described.items()}
