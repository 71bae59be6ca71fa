"""The load: a process that makes its records first and sends them when told, at full speed or at a rate.

Speaks lines: prints ``{"matching": n}`` when ready, starts at a line on standard input, prints
``{"cpu_ms": n}`` when the broker has acknowledged everything.
"""

import argparse
import json
import sys
import time
from datetime import UTC, datetime

from confluent_kafka import Producer

from tests.benchmarks.throughput.load import mentions, values

QUEUE_RECORDS = 100_000


def main() -> None:
    """Make, wait, send."""
    asked = _arguments()
    stream = mentions(asked.count, asked.topics, seed=asked.seed, now=datetime.now(UTC))
    records, matching = values(stream, asked.envelope)
    _say({"matching": matching})
    sys.stdin.readline()
    producer = Producer(
        {
            "bootstrap.servers": asked.bootstrap,
            "acks": "all",
            "linger.ms": 5,
            "enable.idempotence": True,
            "queue.buffering.max.messages": QUEUE_RECORDS,
        }
    )
    start, used = time.monotonic(), time.process_time()
    for number, value in enumerate(records):
        if asked.rate:
            time.sleep(max(0.0, start + number / asked.rate - time.monotonic()))
        _send(producer, value, number % asked.partitions)
    producer.flush()
    _say({"cpu_ms": round(1000 * (time.process_time() - used))})


def _send(producer: Producer, value: bytes, partition: int) -> None:
    """Queue one record; wait while the queue is full."""
    while True:
        try:
            producer.produce("mentions", value, partition=partition)
        except BufferError:
            producer.poll(0.01)
        else:
            producer.poll(0)
            return


def _say(what: dict[str, int]) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - the protocol of this process


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    for name, default in (("count", 1000), ("envelope", 1), ("topics", 200), ("seed", 1), ("partitions", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rate", type=float, default=0.0, help="records a second; 0 = as fast as it goes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
