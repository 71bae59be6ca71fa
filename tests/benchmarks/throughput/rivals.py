"""The same job in other hands: read ``mentions``, match, judge polarity, count per topic and minute, commit.

Each contender is written as its own documentation suggests, and all use our matcher and polarity, so that the
difference lies in how a record travels, not in what is thought about it. They do less than the worker: no
validation, no dead letters, no duplicates, no exactness over a crash, no windows, no detection, no alerts.

``python -m tests.benchmarks.throughput.rivals faust|aiokafka|quix BOOTSTRAP CATALOGUE COUNT_FILE FOLDER``
"""

import asyncio
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from streams.catalogue import Catalogue
from streams.understanding import Understanding

PARTITIONS = 4
COMMIT_SECONDS = 0.5
TALLY_SECONDS = 0.2


class Job:
    """What a contender does with one mention, and how many topics it counted so far."""

    def __init__(self, catalogue: Path, tally: Path) -> None:
        self.understanding = Understanding(
            Catalogue.parse(catalogue.read_text(encoding="utf-8"), "benchmark")
        )
        self.counted = 0
        self._tally = tally
        threading.Thread(target=self._report, daemon=True).start()

    def counts(self, mention: dict[str, object]) -> Iterator[tuple[str, bool]]:
        """Yield the cell (topic and minute) of each count and whether it is a negative one."""
        text = str(mention["text"])
        topics = self.understanding.topics("", text)
        if topics:
            negative = self.understanding.polarity("", text).negative >= 0.5
            minute = int(datetime.fromisoformat(str(mention["published_at"])).timestamp()) // 60
            for topic in topics:
                self.counted += 1
                yield f"{topic} {minute}", negative

    def _report(self) -> None:
        """Leave the tally where the benchmark reads it."""
        while True:
            self._tally.write_text(str(self.counted), encoding="utf-8")
            time.sleep(TALLY_SECONDS)


def run_faust(job: Job, bootstrap: str, folder: Path) -> None:
    """Faust as its tutorial has it: an agent, one event at a time, a table entry per count."""
    import faust  # noqa: PLC0415 - each contender loads only its own library

    app = faust.App(
        "bench-faust",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=str(folder / "faust"),
        web_enabled=False,
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=COMMIT_SECONDS,
    )
    counts = app.Table("counts", default=int, partitions=PARTITIONS)
    topic = app.topic("mentions", value_serializer="raw")

    @app.agent(topic)
    async def count(stream: faust.Stream[bytes]) -> None:
        async for value in stream:
            found = json.loads(value)
            for mention in found if isinstance(found, list) else [found]:
                for cell, _ in job.counts(mention):
                    counts[cell] += 1

    worker = faust.Worker(app, loglevel="ERROR", quiet=True, redirect_stdouts=False)
    worker.execute_from_commandline()


def run_aiokafka(job: Job, bootstrap: str, _folder: Path) -> None:
    """Use aiokafka by hand: ``getmany``, counts in memory, the changed ones produced, offsets committed."""
    asyncio.run(_aiokafka(job, bootstrap))


async def _aiokafka(job: Job, bootstrap: str) -> None:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # noqa: PLC0415 - see run_faust

    consumer = AIOKafkaConsumer(
        "mentions",
        bootstrap_servers=bootstrap,
        group_id="bench-aiokafka",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
    await consumer.start()
    await producer.start()
    totals: Counter[str] = Counter()
    while True:
        changed: set[str] = set()
        for records in (await consumer.getmany(timeout_ms=100, max_records=500)).values():
            for record in records:
                found = msgspec.json.decode(record.value)
                for mention in found if isinstance(found, list) else [found]:
                    for cell, _ in job.counts(mention):
                        totals[cell] += 1
                        changed.add(cell)
        if changed:
            value = msgspec.json.encode([(cell, totals[cell]) for cell in changed])
            await producer.send_and_wait("series", value)
        await consumer.commit()


def run_quix(job: Job, bootstrap: str, folder: Path) -> None:
    """Quix Streams as its documentation has it: a streaming data frame with state per key."""
    from quixstreams import Application, State  # noqa: PLC0415 - see run_faust

    app = Application(
        broker_address=bootstrap,
        consumer_group="bench-quix",
        auto_offset_reset="earliest",
        commit_interval=COMMIT_SECONDS,
        state_dir=folder / "quix",
        consumer_extra_config={"fetch.message.max.bytes": 4 << 20},
        loglevel="ERROR",
    )
    topic = app.topic("mentions", value_deserializer="bytes", key_deserializer="bytes")

    def count(value: bytes, state: State) -> None:
        found = msgspec.json.decode(value)
        for mention in found if isinstance(found, list) else [found]:
            for cell, _ in job.counts(mention):
                state.set(cell, state.get(cell, 0) + 1)

    frame = app.dataframe(topic).update(count, stateful=True)
    app.run(frame)


RUNNERS = {"faust": run_faust, "aiokafka": run_aiokafka, "quix": run_quix}

if __name__ == "__main__":
    contender, address, catalogue_file, tally_file, own_folder = sys.argv[1:]
    RUNNERS[contender](Job(Path(catalogue_file), Path(tally_file)), address, Path(own_folder))
