"""Nothing is lost and nothing counted twice while worker and broker are killed (real Apache Kafka)."""

from __future__ import annotations

import json
import random
import signal
import threading
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from kafka_support import eventually, fresh_broker
from stream_support import (
    Truth,
    WorkerProcess,
    offsets,
    read_all,
    send,
    series,
    wait_until_read,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.embedded_kafka import EmbeddedKafka

MENTIONS = 50_000
FAULTS = ("worker -9", "worker -15", "broker -9", "worker -9", "broker -15", "worker -9")
Scene = tuple["EmbeddedKafka", WorkerProcess]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Return a broker with all topics and a worker on it."""
    with fresh_broker(tmp_path / "kafka") as broker:
        worker = WorkerProcess(broker.bootstrap, tmp_path)
        worker.start()
        yield broker, worker
        worker.end(signal.SIGKILL)


def strike(fault: str, broker: EmbeddedKafka, worker: WorkerProcess) -> None:
    """Commit one fault and bring back what it ended."""
    if fault == "worker -9":
        worker.end(signal.SIGKILL)
    elif fault == "worker -15":
        worker.end(signal.SIGTERM)
    elif fault == "broker -9":
        broker.kill()
        broker.start()
    else:
        broker.stop()
        broker.start()
    worker.restart_if_dead()


def alert_events(bootstrap: str) -> dict[tuple[str, int], set[bytes]]:
    """Return the distinct contents of each (alert, revision) on the topic ``alerts``."""
    found: dict[tuple[str, int], set[bytes]] = defaultdict(set)
    for _, value in read_all(bootstrap, "alerts"):
        event = json.loads(value)
        found[event["alert_id"], event["revision"]].add(value)
    return found


def test_counts_and_alerts_are_exact_under_faults(scene: Scene) -> None:
    """After kill -9 and SIGTERM of worker and broker in a replay, counts equal the truth, alerts are unique."""
    broker, worker = scene
    truth = Truth(MENTIONS)
    values = list(truth.records(100))
    step = len(values) // (len(FAULTS) + 1)
    wait = random.Random(3)  # noqa: S311 - the moments of the faults, reproducible
    for number, fault in enumerate(FAULTS):
        part = values[number * step : (number + 1) * step]
        sender = threading.Thread(target=send, args=(broker.bootstrap, part))
        sender.start()
        target = wait.random()
        eventually(
            lambda: sum(found.end for place, found in offsets(broker.bootstrap).items()),
            until=lambda end, at=number * step + target * step: end >= at,
            what="the replay to reach the moment of the fault",
        )
        strike(fault, broker, worker)
        sender.join(120)
        assert not sender.is_alive(), "the sender must get through"
    send(broker.bootstrap, values[len(FAULTS) * step :])
    eventually(
        lambda: worker.restart_if_dead() or wait_until_read(broker.bootstrap, 15) is None,
        within_seconds=120,
        what="every mention to be read",
    )
    eventually(
        lambda: series(broker.bootstrap) == dict(truth.counts), within_seconds=60, what="exact counts"
    )
    events = alert_events(broker.bootstrap)
    assert {alert for alert, _ in events}, "the burst must have opened an alert"
    assert all(len(contents) == 1 for contents in events.values()), "a revision has one content"
    for alert in {alert for alert, _ in events}:
        revisions = sorted(revision for name, revision in events if name == alert)
        assert revisions == list(range(1, len(revisions) + 1))


def test_commits_reach_the_end_after_two_restarts(scene: Scene) -> None:
    """After two clean restarts the committed offsets still follow the input (faust-streaming issue 596)."""
    broker, worker = scene
    values = list(Truth(3_000).records(50))
    third = len(values) // 3
    for start in (0, third, 2 * third):
        send(broker.bootstrap, values[start : start + third])
        wait_until_read(broker.bootstrap)
        worker.end(signal.SIGTERM)
        stopped = {place: found for place, found in offsets(broker.bootstrap).items() if found.end}
        assert all(found.committed == found.end for place, found in stopped.items() if place[0] == "mentions")
        worker.start()
    assert all(earlier <= later for earlier, later in pairwise(sorted(stopped)))


def test_no_author_leaves_the_first_topic(scene: Scene) -> None:
    """No author key is found on any topic behind ``mentions``, neither plain nor in the state."""
    broker, _ = scene
    send(broker.bootstrap, list(Truth(2_000).records(50)))
    wait_until_read(broker.bootstrap)
    eventually(lambda: series(broker.bootstrap), what="counts")
    for topic in ("observations", "series", "alerts", "dead_letters", "haidang-state-changelog", "catalogue"):
        assert not any(b"tac-gia" in value for _, value in read_all(broker.bootstrap, topic))
