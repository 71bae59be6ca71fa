"""Nothing is lost and nothing counted twice while worker, API and broker are killed (real Apache Kafka)."""

from __future__ import annotations

import json
import random
import signal
import threading
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import pytest
from kafka_support import eventually, fresh_broker
from stream_support import (
    Api,
    Cell,
    Part,
    Truth,
    handled,
    make_producer,
    offsets,
    read_all,
    remaining,
    send,
    series,
    wait_until_read,
    worker_part,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.embedded_kafka import EmbeddedKafka

MENTIONS = 50_000
PATIENCE_SECONDS = 300.0  # what must come true may take as long as a busy machine needs
FAULTS = ("worker -9", "api -9", "worker -15", "broker -9", "worker -9", "api -15", "broker -15", "worker -9")


class Scene(NamedTuple):
    """A broker with all topics, a worker and an API on it."""

    broker: EmbeddedKafka
    worker: Part
    api: Api

    def strike(self, fault: str) -> None:
        """Commit one fault and bring back what it ended."""
        victim, how = fault.split()
        kill = how == "-9"
        if victim == "broker":
            (self.broker.kill if kill else self.broker.stop)()
            self.broker.start()
        else:
            part = self.worker if victim == "worker" else self.api.part
            part.end(signal.SIGKILL if kill else signal.SIGTERM)
        self.revive()

    def revive(self) -> bool:
        """Start again what has died, as ``haidang up`` does; tell whether all was alive."""
        dead = [part.restart_if_dead() for part in (self.worker, self.api.part)]
        return not any(dead)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Run a broker, a worker and an API."""
    with fresh_broker(tmp_path / "kafka") as broker:
        bootstrap = broker.bootstrap
        found = Scene(broker, worker_part(bootstrap, tmp_path), Api(bootstrap, tmp_path))
        found.revive()
        yield found
        found.worker.end(signal.SIGKILL)
        found.api.part.end(signal.SIGKILL)


def alert_events(bootstrap: str) -> dict[tuple[str, int], set[bytes]]:
    """Return the distinct contents of each (alert, revision) on the topic ``alerts``."""
    found: dict[tuple[str, int], set[bytes]] = defaultdict(set)
    for _, value in read_all(bootstrap, "alerts"):
        event = json.loads(value)
        found[event["alert_id"], event["revision"]].add(value)
    return found


def differences(found: dict[Cell, int], truth: Truth) -> dict[Cell, tuple[int, int]]:
    """Return (counted, true) of the first and last five cells where the two differ."""
    wrong = [cell for cell in found.keys() | truth.counts.keys() if found.get(cell, 0) != truth.counts[cell]]
    ordered = sorted(wrong)
    return {cell: (found.get(cell, 0), truth.counts[cell]) for cell in {*ordered[:5], *ordered[-5:]}}


def test_counts_and_alerts_are_exact_under_faults(scene: Scene) -> None:
    """After kill -9 and SIGTERM of every process in a replay, counts equal the truth, alerts are unique."""
    broker = scene.broker
    truth = Truth(MENTIONS)
    values = list(truth.records(100))
    step = len(values) // (len(FAULTS) + 1)
    producer = make_producer(broker.bootstrap)
    wait = random.Random(3)  # noqa: S311 - the moments of the faults, reproducible
    for number, fault in enumerate(FAULTS):
        part = values[number * step : (number + 1) * step]
        sender = threading.Thread(target=send, args=(producer, part))
        sender.start()
        moment = (number + wait.random() / 2) * step
        eventually(
            lambda: scene.revive() and handled(broker.bootstrap),
            until=lambda records, moment=moment: records > moment,
            within_seconds=PATIENCE_SECONDS,
            what=f"the worker to reach the moment of {fault!r}",
        )
        scene.strike(fault)
        sender.join(120)
        assert not sender.is_alive(), "the sender must get through"
    send(producer, values[len(FAULTS) * step :])
    producer.close()
    eventually(
        lambda: scene.revive() and remaining(broker.bootstrap),
        until=lambda left: left == 0,
        within_seconds=PATIENCE_SECONDS,
        what="every mention to be read",
    )
    for where, counts in (("on Kafka", lambda: series(broker.bootstrap)), ("at the API", scene.api.series)):
        eventually(
            lambda counts=counts: differences(counts(), truth),
            until=lambda wrong: not wrong,
            within_seconds=PATIENCE_SECONDS,
            what=f"counts {where} that equal the truth",
        )
    events = alert_events(broker.bootstrap)
    served = eventually(
        scene.api.alert_events, until=lambda found: len(found) == len(events), what="every event by the API"
    )
    assert sorted(served) == sorted(events), "the API serves each revision once"
    assert {alert for alert, _ in events}, "the burst must have opened an alert"
    assert all(len(contents) == 1 for contents in events.values()), "a revision has one content"
    for alert in {alert for alert, _ in events}:
        revisions = sorted(revision for name, revision in events if name == alert)
        assert revisions == list(range(1, len(revisions) + 1))


def test_commits_reach_the_end_after_two_restarts(scene: Scene) -> None:
    """After two clean restarts the committed offsets still follow the input (faust-streaming issue 596)."""
    broker, worker = scene.broker, scene.worker
    values = list(Truth(3_000).records(50))
    third = len(values) // 3
    producer = make_producer(broker.bootstrap)
    for start in (0, third, 2 * third):
        send(producer, values[start : start + third])
        wait_until_read(broker.bootstrap)
        worker.end(signal.SIGTERM)
        stopped = {place: found for place, found in offsets(broker.bootstrap).items() if found.end}
        assert all(found.committed == found.end for place, found in stopped.items() if place[0] == "mentions")
        worker.start()
    producer.close()


def test_no_author_leaves_the_first_topic(scene: Scene) -> None:
    """No author key is found on any topic behind ``mentions``, neither plain nor in the state."""
    broker = scene.broker
    with closing(make_producer(broker.bootstrap)) as producer:
        send(producer, list(Truth(2_000).records(50)))
    wait_until_read(broker.bootstrap)
    eventually(lambda: series(broker.bootstrap), what="counts")
    for topic in ("observations", "series", "alerts", "dead_letters", "haidang-state-changelog", "catalogue"):
        assert not any(b"tac-gia" in value for _, value in read_all(broker.bootstrap, topic))
