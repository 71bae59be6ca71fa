"""A real worker process on a real broker, and what tests read from Kafka about it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import urllib.request
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka_support import eventually, free_port

from streams.agents import GROUP, READ_TOPICS
from streams.pulse import read_offsets

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterable, Iterator

    from streams.backlog import Offsets

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 4
#: Numbers of the mentions that make up a crisis of topic 3, after three days of ordinary talk.
BURST = (46_000, 48_000)
Cell = tuple[str, int]

CATALOGUE = "\n".join(
    ['schema = "haidang.catalogue.v1"']
    + [
        f'[[topic]]\nid = "chu-de-{n}"\nname = {{ vi = "Chủ đề {n}", en = "Topic {n}" }}\n'
        f'aliases = ["chuyện số {n} ở xã"]\n'
        for n in range(12)
    ]
)


class Part:
    """One process of the service as a child; killed with the test.

    Parameters
    ----------
    command
        What follows ``haidang`` on the command line.
    folder
        Data folder and place of the log.
    environment
        Settings of the process.

    """

    def __init__(self, command: str, folder: Path, environment: dict[str, str]) -> None:
        self._command = command
        self._log = folder / f"{command}.log"
        self._environment = os.environ | {"HAIDANG_DATA_DIR": str(folder)} | environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "haidang", self._command],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def end(self, how: signal.Signals) -> None:
        """Send a signal and wait for the end."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(60)

    def restart_if_dead(self) -> bool:
        """Do what the supervisor of ``haidang up`` does; tell whether it had died."""
        dead = self._process is None or self._process.poll() is not None
        if dead:
            self.start()
        return dead

    def log(self) -> str:
        """Return what it has written."""
        return self._log.read_text(encoding="utf-8", errors="replace")


def worker_part(
    bootstrap: str,
    folder: Path,
    catalogue: str = CATALOGUE,
    *,
    metrics_port: int = 0,
    pages_per_week: float = 14.0,
) -> Part:
    """Return a worker that watches ``catalogue``, not yet started; port 0: it serves no metrics."""
    path = folder / "catalogue.toml"
    path.write_text(catalogue, encoding="utf-8")
    return Part(
        "worker",
        folder,
        {
            "HAIDANG_KAFKA_BOOTSTRAP": bootstrap,
            "HAIDANG_CATALOGUE": str(path),
            "HAIDANG_WORKER_METRICS_PORT": str(metrics_port),
            "HAIDANG_PAGES_PER_WEEK": str(pages_per_week),
        },
    )


def local_text(url: str) -> str:
    """Return the text behind an address of this machine.

    Raises
    ------
    AssertionError
        If it does not answer (yet).

    """
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - http on the loopback only
            return str(answer.read().decode())
    except OSError as error:
        raise AssertionError(f"no answer yet: {error}") from error


class Api:
    """An API process and a small client of it."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._folder = folder
        self._url = f"http://127.0.0.1:{(port := free_port())}"
        environment = {"HAIDANG_KAFKA_BOOTSTRAP": bootstrap, "HAIDANG_API_PORT": str(port)}
        self.part = Part("api", folder, environment)

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON answer of a path.

        Raises
        ------
        AssertionError
            If it does not answer 200 (yet).

        """
        return self._ask(path, None)

    def post(self, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
        """Return the JSON answer to a body.

        Raises
        ------
        AssertionError
            If the answer is no success (yet).

        """
        return self._ask(path, msgspec.json.encode(body))

    def _ask(self, path: str, body: bytes | None) -> dict[str, Any]:
        key = (self._folder / "admin.key").read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, body, headers)  # noqa: S310 - http on the loopback
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
                found: dict[str, Any] = json.load(answer)
                return found
        except OSError as error:
            raise AssertionError(f"no answer yet: {error}") from error

    def series(self) -> dict[Cell, int]:
        """Return the count of each topic and minute that the API serves, zeros left out."""
        counts: dict[Cell, int] = {}
        for topic in self.get("/v1/topics")["items"]:
            for day in range(7):
                since = Truth.START + timedelta(days=day - 1)
                span = f"from={since:%Y-%m-%dT%H:%M:%SZ}&to={since + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
                for point in self.get(f"/v1/topics/{topic['id']}/series?{span}&step=60")["points"]:
                    minute = int(datetime.fromisoformat(point["at"]).timestamp()) // 60
                    counts[topic["id"], minute] = point["count"]
        return {cell: count for cell, count in counts.items() if count}

    def alert_events(self) -> list[tuple[str, int]]:
        """Return (alert, revision) of every alert event that the API serves."""
        alerts = [item["alert_id"] for item in self.get("/v1/alerts?limit=200")["items"]]
        return [
            (alert, line["data"]["revision"])
            for alert in alerts
            for line in self.get(f"/v1/alerts/{alert}/events")["items"]
            if line["origin"] == "machine"
        ]


class Truth:
    """Mentions with what must be counted: per topic and event minute, each (source, id) once."""

    #: Arrival of the first mention; some were published earlier.
    START = datetime(2026, 11, 1, tzinfo=UTC)

    def __init__(self, count: int, seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a reproducible test stream
        self.counts: Counter[Cell] = Counter()
        self._arrived = self.START
        self.mentions = [self._mention(n) for n in range(count)]

    def _mention(self, number: int) -> dict[str, object]:
        burst = BURST[0] <= number < BURST[1]
        self._arrived += timedelta(seconds=0.5 if burst else 6)
        published = self._arrived - timedelta(seconds=self._random.expovariate(1 / 600))
        topics = [3] if burst else self._random.sample(range(12), k=self._random.choice((0, 0, 0, 1, 1, 2)))
        for topic in topics:
            self.counts[f"chu-de-{topic}", int(published.timestamp()) // 60] += 1
        said = ", ".join(f"chuyện số {topic} ở xã" for topic in topics)
        mood = "bức xúc, phẫn nộ vì nhiễm độc, tử vong" if burst else "bàn bạc bình thường"
        return {
            "id": f"m{number}",
            "published_at": published.isoformat(),
            "fetched_at": self._arrived.isoformat(),
            "text": f"Hôm nay bà con {mood} về {said}",
            "source": {"name": f"báo {number % 30}", "kind": "press"},
            "author_key": f"tac-gia-{number % 900}",
        }

    def records(self, envelope: int) -> Iterator[bytes]:
        """Yield record values: singles and envelopes in turn, every twentieth record sent twice."""
        place = 0
        while place < len(self.mentions):
            size = 1 if self._random.random() < 0.2 else envelope
            part = self.mentions[place : place + size]
            value = msgspec.json.encode(part[0] if len(part) == 1 else part)
            yield value
            if self._random.random() < 0.05:
                yield value
            place += size


def make_producer(bootstrap: str) -> KafkaProducer:
    """Return a producer that gets through a restart of the broker without losing or doubling a record."""
    return KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, delivery_timeout_ms=120_000
    )


def send(producer: KafkaProducer, values: Iterable[bytes], key: bytes | None = b"test") -> None:
    """Write record values to ``mentions`` in order and wait for their acknowledgement."""
    futures = [producer.send("mentions", value=value, key=key) for value in values]
    producer.flush()
    for future in futures:
        future.get(60)


def read_all(
    bootstrap: str, topic: str, partitions: Iterable[int] = range(PARTITIONS)
) -> list[tuple[bytes | None, bytes]]:
    """Return (key, value) of every record of a topic, or of some of its partitions."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    places = [TopicPartition(topic, partition) for partition in partitions]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    found: list[tuple[bytes | None, bytes]] = []
    while any(consumer.position(place) < ends[place] for place in places):
        for batch in consumer.poll(timeout_ms=500).values():
            found += [(record.key, record.value) for record in batch]
    consumer.close()
    return found


def series(bootstrap: str) -> dict[Cell, int]:
    """Return the count of each topic and minute as the projector would keep it, zeros left out."""
    counts: dict[Cell, int] = {}
    for _, value in read_all(bootstrap, "series"):
        for topic, minute, count, *_ in json.loads(value)["rows"]:
            counts[topic, minute] = max(count, counts.get((topic, minute), 0))
    return {cell: count for cell, count in counts.items() if count}


def offsets(bootstrap: str) -> dict[tuple[str, int], Offsets]:
    """Return where the worker's group stands on each input partition.

    Raises
    ------
    AssertionError
        If the broker does not answer (yet).

    """
    places = [(topic, partition) for topic in READ_TOPICS for partition in range(PARTITIONS)]
    try:
        with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
            return read_offsets(admin, GROUP, places)
    except KafkaError as error:
        raise AssertionError(f"offsets cannot be read yet: {error}") from error


def handled(bootstrap: str) -> int:
    """Return how many records of ``mentions`` the worker has acknowledged."""
    found = [found for place, found in offsets(bootstrap).items() if place[0] == "mentions"]
    return sum(each.end - each.remaining for each in found)


def remaining(bootstrap: str) -> int:
    """Return how many records of ``mentions`` the worker has yet to acknowledge."""
    return sum(found.remaining for place, found in offsets(bootstrap).items() if place[0] == "mentions")


def wait_until_read(bootstrap: str, within_seconds: float = 120) -> None:
    """Wait until every mention is classified: committed == end on each partition of ``mentions``."""
    eventually(
        lambda: remaining(bootstrap),
        until=lambda left: left == 0,
        within_seconds=within_seconds,
        what="mentions read",
    )
