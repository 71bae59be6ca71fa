"""Interoperability with Debian's real Alertmanager: it accepts, shows, keeps firing and resolves."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from kafka_support import free_port
from timeline import Timeline, timeline

from api.clock import to_ms

PROGRAM = shutil.which("prometheus-alertmanager")
PATIENCE = 200
CONFIGURATION = """
route: { receiver: nobody, group_by: [alertname] }
receivers: [{ name: nobody }]
"""

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="Alertmanager is not installed (Debian: prometheus-alertmanager)"
)


@asynccontextmanager
async def alertmanager(folder: Path) -> AsyncIterator[str]:
    """Run a real Alertmanager; gives its address."""
    configuration = folder / "alertmanager.yml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    port = free_port()
    options = (
        f"--config.file={configuration}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(str(PROGRAM), *options, stdout=quiet, stderr=quiet)
    try:
        await shown(f"http://127.0.0.1:{port}", lambda alerts: alerts == [])
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def shown(address: str, wanted: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
    """Wait until Alertmanager shows what is wanted, and give it."""
    found: list[dict[str, Any]] = []
    async with aiohttp.ClientSession() as client:
        for _ in range(PATIENCE):
            try:
                async with client.get(f"{address}/api/v2/alerts") as answer:
                    found = await answer.json()
                    if wanted(found):
                        return found
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError(f"Alertmanager shows {found}")


@asynccontextmanager
async def told(folder: Path) -> AsyncIterator[tuple[Timeline, str]]:
    """Give a time line at the present time with an Alertmanager endpoint."""
    async with alertmanager(folder) as address:
        rule = f"127.0.0.1/32:{address.rpartition(':')[2]}"
        async with timeline(folder, start=datetime.now(UTC), allow=rule) as line:
            await line.endpoint("am", url=address, channel="alertmanager")
            yield line, address


async def test_a_real_alertmanager_accepts_and_resolves(tmp_path: Path) -> None:
    """Opened, raised to critical (the warning ends), closed: at the end nothing fires."""
    async with told(tmp_path) as (line, address):
        await line.push("a", 1, "opened")
        [alert] = await shown(address, lambda alerts: _firing(alerts, "HaidangAlert"))
        assert alert["labels"]["severity"] == "warning"
        assert "Y tế" in alert["annotations"]["summary"]
        await line.push("a", 2, "raised", "critical")
        await shown(address, lambda alerts: _severities(alerts) == ["critical"])
        await line.push("a", 3, "closed", "critical")
        await shown(address, lambda alerts: _severities(alerts) == [])
        tested = await line.post(f"/v1/endpoints/{line.ids['am']}/test")
        assert tested["outcome"] == "delivered"
        await shown(address, lambda alerts: _firing(alerts, "HaidangTest"))


async def test_what_fires_is_told_again_and_ends_when_it_is_not(tmp_path: Path) -> None:
    """Each refresh moves the end four refreshes ahead; a closed alert is told for five minutes more."""
    async with told(tmp_path) as (line, address):
        await line.push("a", 1, "opened")
        [before] = await shown(address, lambda alerts: _firing(alerts, "HaidangAlert"))
        line.clock.time_ms += 60_000
        await line.api.services.new_refresher().round()
        [after] = await shown(address, lambda alerts: _ends(alerts) > _ends([before]))
        assert after["fingerprint"] == before["fingerprint"]
        await line.push("a", 2, "closed")
        await line.api.services.new_refresher().round()
        line.clock.time_ms += 301_000
        await line.api.services.new_refresher().round()
        assert [one["outcome"] for one in (await _attempts(line))] == ["delivered"] * 2


async def _attempts(line: Timeline) -> list[dict[str, Any]]:
    """Give all attempts."""
    found = await line.get("/v1/deliveries")
    return [attempt for delivery in found["items"] for attempt in delivery["attempts"]]


def _firing(alerts: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Give the alerts of a name."""
    return [alert for alert in alerts if alert["labels"]["alertname"] == name]


def _severities(alerts: list[dict[str, Any]]) -> list[str]:
    """Give the severities of our alerts."""
    return [alert["labels"]["severity"] for alert in _firing(alerts, "HaidangAlert")]


def _ends(alerts: list[dict[str, Any]]) -> int:
    """Give when the first of our alerts ends by itself."""
    return to_ms(datetime.fromisoformat(_firing(alerts, "HaidangAlert")[0]["endsAt"]))
