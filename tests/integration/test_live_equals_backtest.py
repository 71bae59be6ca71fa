"""The running service decides what the backtest decides: same records, same alert events (real Kafka)."""

from __future__ import annotations

import io
import json
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from kafka_support import eventually, fresh_broker
from stream_support import read_all, worker_part

from deploy.demo import scenario
from deploy.demo.texts import catalogue_text
from streams import backtest, send
from streams.catalogue import Catalogue
from streams.understanding import Understanding

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
BUDGET = scenario.PAGES_PER_WEEK
#: How long after the history the talk is replayed too: the officials speak some minutes into it.
AFTERMATH = timedelta(hours=2)
Event = dict[str, Any]


@pytest.fixture(scope="module")
def mentions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the demonstration's first episode and its aftermath."""
    plan = scenario.plan(NOW, 0, None)
    after = scenario.between(plan, plan.end_ms, plan.end_ms + int(AFTERMATH.total_seconds() * 1000))
    file = tmp_path_factory.mktemp("demo") / "demo.jsonl"
    file.write_bytes(b"".join(line.json + b"\n" for line in [*scenario.history(plan), *after]))
    return file


@pytest.fixture(scope="module")
def decided(mentions: Path) -> list[Event]:
    """Return the alert events of the backtest."""
    out = mentions.parent / "decided"
    catalogue = mentions.parent / "catalogue.toml"
    catalogue.write_text(catalogue_text(), encoding="utf-8")
    assert backtest.run([mentions], out, backtest.Options(catalogue, BUDGET), io.StringIO()) == 0
    return [json.loads(line) for line in (out / "demo.jsonl").read_text("utf-8").splitlines()]


def test_the_service_decides_what_the_backtest_decides(
    mentions: Path, decided: list[Event], tmp_path: Path
) -> None:
    """Each alert event of the demonstration is the same, field by field, live and offline."""
    with fresh_broker(tmp_path / "kafka") as broker:
        worker = worker_part(broker.bootstrap, tmp_path, catalogue_text(), pages_per_week=BUDGET)
        worker.start()
        send.run([str(mentions)], bootstrap=broker.bootstrap, rate=None, speed=None, state_dir=tmp_path)
        live = eventually(
            lambda: [json.loads(value) for _, value in read_all(broker.bootstrap, "alerts")],
            until=lambda events: len(events) >= len(decided),
            within_seconds=120,
            what=f"{len(decided)} alert events",
        )
        worker.end(signal.SIGTERM)
    assert in_order(live) == in_order(decided)


def test_the_crisis_pages_and_the_announcement_does_not(decided: list[Event]) -> None:
    """Only the crisis topic pages, within half an hour of the first angry mention, as a crisis."""
    paging = [event for event in decided if event["severity"] != "info"]
    assert {event["topic"]["id"] for event in paging} == {scenario.crisis_topic(0)}
    assert {event["kind"] for event in paging} == {"crisis"}
    began = scenario.plan(NOW, 0, None).crisis_ms / 1000
    first = datetime.fromisoformat(paging[0]["at"]).timestamp()
    assert 0 <= first - began <= 1800


def test_negativity_falls_after_the_officials_have_spoken(mentions: Path) -> None:
    """The share of negative mentions of the crisis topic is far lower an hour after the correction."""
    plan = scenario.plan(NOW, 0, None)
    understanding = Understanding(Catalogue.parse(catalogue_text(), "demo"))
    before, after = [], []
    for line in mentions.read_text("utf-8").splitlines():
        mention = json.loads(line)
        title, text = mention.get("title", ""), mention["text"]
        if scenario.crisis_topic(0) not in understanding.topics(title, text):
            continue
        arrived = datetime.fromisoformat(mention["fetched_at"]).timestamp() * 1000
        negative = understanding.polarity(title, text).negative >= 0.5
        if plan.crisis_ms <= arrived < plan.correction_ms:
            before.append(negative)
        elif arrived >= plan.correction_ms + 3_600_000:
            after.append(negative)
    assert sum(before) / len(before) > 0.5
    assert sum(after) / len(after) < 0.25


def in_order(events: list[Event]) -> list[Event]:
    """Return the events sorted by alert and revision."""
    return sorted(events, key=lambda event: (event["alert_id"], event["revision"]))
