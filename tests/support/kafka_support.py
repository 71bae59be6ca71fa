"""Real Apache Kafka for tests: a fresh broker on a free port, and waiting for facts without sleeping blindly.

A test takes the fixture ``kafka_broker`` (one broker with all topics for the tests of its module; registered
in ``tests/conftest.py``) or builds its own with `fresh_broker`.
"""

import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from deploy.embedded_kafka import EmbeddedKafka
from deploy.kafka_topics import DEFAULT_PARTITIONS, ensure_topics

T = TypeVar("T")

POLL_SECONDS = 0.05
FIRST_PORT, PORTS = 20_000, 10_000  # below the kernel's range for outgoing connections
SHARES = 10  # of the ports: test processes side by side never look in the same one


def eventually(
    read: Callable[[], T],
    *,
    until: Callable[[T], bool] = bool,
    within_seconds: float = 30.0,
    what: str = "",
) -> T:
    """Read a value again and again until it satisfies ``until`` (default: it is true) and return it.

    Fails, telling ``what`` was awaited and the last value read, when ``within_seconds`` have passed. An
    `AssertionError` from ``read`` counts as "not yet".
    """
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            value = read()
            if until(value):
                return value
            last = f"last value {value!r}"
        except AssertionError as problem:
            last = f"last problem {problem}"
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_seconds} s: {what or read}; {last}")
        time.sleep(POLL_SECONDS)


def free_port(count: int = 1) -> int:
    """Return a port of 127.0.0.1 such that it and the ``count - 1`` above it are free.

    Taken outside the kernel's range for outgoing connections, and from this test process's own share, so
    that nobody slips in between the look and the use.
    """
    size = PORTS // SHARES
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SHARES
    chance = random.Random(time.monotonic_ns())  # noqa: S311 - where to look first
    for place in chance.sample(range(size - count), size - count):
        port = FIRST_PORT + share * size + place
        if all(_is_free(port + offset) for offset in range(count)):
            return port
    raise RuntimeError(f"no {count} free ports side by side among this process's {size}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def fresh_broker(data_dir: Path, partitions: int | None = DEFAULT_PARTITIONS) -> Iterator[EmbeddedKafka]:
    """Run an embedded broker on free ports, its data in ``data_dir``; ``partitions=None`` makes no topics."""
    broker = EmbeddedKafka(data_dir, port=free_port(2), heap_mb=256)
    with broker:
        if partitions is not None:
            ensure_topics(broker.bootstrap, partitions)
        yield broker


@pytest.fixture(scope="module")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One fresh broker with all topics for the tests of a module; its data is temporary."""
    with fresh_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker
