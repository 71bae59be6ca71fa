"""One measured run: a fresh broker, one contender, the load; and what it took."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.embedded_kafka import EmbeddedKafka
from deploy.kafka_topics import ensure_topics
from streams.backlog import Offsets
from streams.pulse import read_offsets
from tests.benchmarks.throughput.load import catalogue_text
from tests.benchmarks.throughput.processes import (
    BenchmarkError,
    Child,
    Samples,
    cpu_seconds,
    free_port,
    memory_mb,
    scrape,
    total,
    wait_for,
)

PARTITIONS = 4
WARM_UP = 2_000
DONE_SECONDS = 900
GROUPS = {"haidang": "haidang", "faust": "bench-faust", "aiokafka": "bench-aiokafka", "quix": "bench-quix"}
PREFIX = "tests.benchmarks.throughput"


@dataclass(frozen=True)
class Case:
    """What is run: contender, mentions, mentions per record, topics in the catalogue, records a second."""

    contender: str
    count: int
    envelope: int
    topics: int = 200
    rate: float = 0.0


@dataclass(frozen=True)
class Result:
    """What it took: seconds from the first send to the last commit, CPU seconds, MB.

    ``metrics`` is how much each metric of the worker grew meanwhile.
    """

    case: Case
    seconds: float
    consumer_cpu: float
    broker_cpu: float
    load_cpu: float
    consumer_mb: float
    broker_mb: float
    ready_seconds: float
    metrics: Samples

    @property
    def per_second(self) -> float:
        """Mentions a second through the whole path, on all cores together."""
        return self.case.count / self.seconds

    @property
    def per_consumer_cpu(self) -> float:
        """Mentions per CPU second of the consumer."""
        return self.case.count / max(self.consumer_cpu, 0.01)


class Contender:
    """The process under test and how to tell what it has counted."""

    def __init__(self, case: Case, bootstrap: str, folder: Path) -> None:
        self._ours = case.contender == "haidang"
        self._tally = folder / "tally"
        self._port = free_port()
        self._group = GROUPS[case.contender]
        self._admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        catalogue = folder / "catalogue.toml"
        catalogue.write_text(catalogue_text(case.topics), encoding="utf-8")
        if self._ours:
            settings = {
                "HAIDANG_KAFKA_BOOTSTRAP": bootstrap,
                "HAIDANG_CATALOGUE": str(catalogue),
                "HAIDANG_DATA_DIR": str(folder),
                "HAIDANG_WORKER_METRICS_PORT": str(self._port),
            }
            self.process = Child("haidang", ["worker"], folder, **settings)
        else:
            arguments = [case.contender, bootstrap, str(catalogue), str(self._tally), str(folder)]
            self.process = Child(f"{PREFIX}.rivals", arguments, folder)

    def counted(self) -> int:
        """Return how many observations it has counted so far."""
        if self._ours:
            return int(total(self.metrics(), "haidang_topic_mentions_total"))
        return int(self._tally.read_text(encoding="utf-8") or 0) if self._tally.exists() else 0

    def metrics(self) -> Samples:
        """Return the worker's metrics; rivals have none."""
        return scrape(self._port) if self._ours else {}

    def finish(self, expected: int) -> float:
        """Wait until everything sent is committed and return when it was; then see that it is counted right.

        The worker has finished when its second stage has committed as well what the first one handed to it.
        """
        self._committed("mentions")
        if self._ours:
            self._committed("observations")
        done = time.monotonic()
        wait_for(lambda: self.counted() >= expected, "all counts", DONE_SECONDS, self.process.alive)
        if self.counted() != expected:
            raise BenchmarkError(
                f"{self.counted()} counted where {expected} match: a contender must be right"
            )
        return done

    def _committed(self, topic: str) -> None:
        """Wait until a topic is committed as far as it reaches now."""
        ends = {place: found.end for place, found in self._offsets(topic).items()}

        def reached() -> bool:
            found = self._offsets(topic)
            return bool(found) and all((found[place].committed or 0) >= end for place, end in ends.items())

        wait_for(reached, f"{topic} committed", DONE_SECONDS, self.process.alive)

    def _offsets(self, topic: str) -> dict[tuple[str, int], Offsets]:
        """Return where its group stands on a topic; nothing while Kafka does not tell."""
        try:
            return read_offsets(self._admin, self._group, [(topic, number) for number in range(PARTITIONS)])
        except KafkaError:
            return {}

    def stop(self) -> None:
        """End the process and the connection."""
        self.process.stop()
        self._admin.close()


def run(case: Case) -> Result:
    """Run one case on a fresh broker; raises BenchmarkError when the contender is wrong or does not end."""
    with _broker() as (broker, folder):
        start = time.monotonic()
        contender = Contender(case, broker.bootstrap, folder)
        try:
            warm = _load(Case(case.contender, WARM_UP, case.envelope, case.topics), broker, folder, seed=1)
            matching = warm.hear()["matching"]
            warm.go()
            warm.hear()
            ready = contender.finish(matching) - start
            warm.stop()
            return _measure(case, broker, contender, folder, matching, ready)
        finally:
            contender.stop()


def _measure(
    case: Case, broker: EmbeddedKafka, contender: Contender, folder: Path, warm: int, ready: float
) -> Result:
    load = _load(case, broker, folder, seed=2)
    try:
        expected = warm + load.hear()["matching"]
        pids = (contender.process.pid, broker.pid or 0)
        earlier = contender.metrics()
        used = [cpu_seconds(pid) for pid in pids]
        start = time.monotonic()
        load.go()
        load_cpu = load.hear()["cpu_ms"] / 1000
        seconds = contender.finish(expected) - start
        consumer, serving = (cpu_seconds(pid) - before for pid, before in zip(pids, used, strict=True))
        return Result(
            case=case,
            seconds=seconds,
            consumer_cpu=consumer,
            broker_cpu=serving,
            load_cpu=load_cpu,
            consumer_mb=memory_mb(pids[0]),
            broker_mb=memory_mb(pids[1]),
            ready_seconds=ready,
            metrics={key: value - earlier.get(key, 0.0) for key, value in contender.metrics().items()},
        )
    finally:
        load.stop()


def _load(case: Case, broker: EmbeddedKafka, folder: Path, *, seed: int) -> Child:
    options = {"count": case.count, "envelope": case.envelope, "topics": case.topics, "seed": seed}
    arguments = [broker.bootstrap, *(f"--{name}={value}" for name, value in options.items())]
    return Child(f"{PREFIX}.produce", [*arguments, f"--rate={case.rate}"], folder)


@contextmanager
def _broker() -> Iterator[tuple[EmbeddedKafka, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="haidang-bench-"))
    try:
        with EmbeddedKafka(folder / "kafka", port=free_port(), controller_port=free_port()) as broker:
            ensure_topics(broker.bootstrap, PARTITIONS)
            yield broker, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
