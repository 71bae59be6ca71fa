"""The API's metrics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from api_support import alert_event, running_api
from prometheus_client.parser import text_string_to_metric_families

from api.outcome import Outcome
from api.services import build
from api.worker_metrics import families
from detectors.events import AlertKind, EventName, Severity

WORKER = """# HELP haidang_mentions_total Mentions
# TYPE haidang_mentions_total counter
haidang_mentions_total{outcome="counted"} 5.0
# HELP python_info x
# TYPE python_info gauge
python_info 1.0
# TYPE haidang_alerts_open gauge
haidang_alerts_open{severity="info"} 99.0
"""


@asynccontextmanager
async def worker() -> AsyncIterator[str]:
    """Run what looks like a worker's metrics page; gives its address."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=WORKER)

    app = web.Application()
    app.router.add_get("/metrics", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"
    finally:
        await runner.cleanup()


async def samples(
    folder: Path, *events: object, **settings: object
) -> tuple[str, dict[tuple[str, str], float]]:
    """Give the page and its samples after some alert events."""
    async with running_api(folder, **settings) as api, api.client(None) as client:
        api.project(*events)
        page = (await client.get("/metrics")).text
    return page, {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


async def test_every_known_label_value_is_there_from_the_start(tmp_path: Path) -> None:
    """So a rate is right from the first event on."""
    page, found = await samples(tmp_path)
    for event in EventName:
        for kind in AlertKind:
            for severity in Severity:
                assert found["haidang_alert_events_total", f"{event},{kind},{severity}"] == 0
    for outcome in Outcome:
        assert found["haidang_delivery_attempts_total", outcome] == 0
    assert found["haidang_detection_delay_seconds_count", ""] == 0
    assert found["haidang_delivery_delay_seconds_count", ""] == 0
    assert "_created" not in page


async def test_alert_events_and_open_alerts_are_counted(tmp_path: Path) -> None:
    """And the time from onset to opened."""
    _, found = await samples(
        tmp_path,
        alert_event("a"),
        alert_event("b"),
        alert_event("b", 2, EventName.CLOSED),
        alert_event("c", severity=Severity.CRITICAL),
    )
    assert found["haidang_alert_events_total", "opened,crisis,warning"] == 2
    assert found["haidang_alert_events_total", "closed,crisis,warning"] == 1
    assert found["haidang_alerts_open", "warning"] == 1
    assert found["haidang_alerts_open", "critical"] == 1
    assert found["haidang_detection_delay_seconds_count", ""] == 3
    assert found["haidang_detection_delay_seconds_sum", ""] == 3 * 600


async def test_counters_outlive_a_restart(tmp_path: Path) -> None:
    """They are seeded from the store."""
    async with running_api(tmp_path) as api:
        api.project(alert_event("a"))
        again = build(api.services.settings, api.store, api.services.gist_of)
        page = again.metrics.render(api.store).decode()
    assert 'haidang_alert_events_total{event="opened",kind="crisis",severity="warning"} 1.0' in page


async def test_one_address_serves_the_worker_too(tmp_path: Path) -> None:
    """Its own families, not the interpreter's, and none twice."""
    async with worker() as url:
        page, found = await samples(tmp_path, worker_metrics_url=url)
    assert found["haidang_mentions_total", "counted"] == 5
    assert found["haidang_worker_metrics_up", ""] == 1
    assert found["haidang_alerts_open", "info"] == 0
    assert "python_info" not in page


async def test_a_worker_that_is_away_is_said_and_fails_nothing(tmp_path: Path) -> None:
    """A comment for people, a gauge for machines."""
    page, found = await samples(tmp_path, worker_metrics_url="http://127.0.0.1:1/metrics")
    assert found["haidang_worker_metrics_up", ""] == 0
    assert "# The worker's metrics are away" in page


def test_the_families_of_a_page_are_chosen_whole() -> None:
    """Help, type and samples together."""
    assert list(families(WORKER, ["haidang_alerts_open"])) == WORKER.splitlines()[:3]
