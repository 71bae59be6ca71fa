"""schemathesis against the served application: generated requests, right and wrong, and all its checks."""

import asyncio
import sys
from pathlib import Path

from api_support import Api, Log, alert_event, keep, running_api, serving

from api.keys import Role
from detectors.events import AlertKind, Severity

CONFIG = Path(__file__).with_name("schemathesis.toml")
STREAM = "/v1/stream"
"""Never ends, so it is tested by itself."""
SETTINGS = {"kafka_produce_seconds": 5.0, "webhook_timeout_seconds": 0.5}


def fill(api: Api) -> None:
    """Give the store something to find: topics, alerts, counts."""
    log = Log()
    topic = {"schema": "haidang.topic.v1", "id": "y-te", "name": {"vi": "Y tế", "en": "Health"}}
    row = ["y-te", 29_926_500, 10, 4, 1, 5.0, 2.0, 9.0]
    series = {"schema": "haidang.series.v1", "rows": [row]}
    keep(api.store, [log.json("catalogue", topic, key="y-te"), log.json("series", series)])
    surge = alert_event("b", severity=Severity.CRITICAL, kind=AlertKind.SURGE)
    api.project(alert_event("y-te-20261124T0300Z-0a1b", topic="y-te"), surge)


async def failures(folder: Path, bootstrap: str, examples: int, *arguments: str) -> str:
    """Serve a filled application beside a Kafka and let schemathesis ask; gives what failed ("": nothing)."""
    async with running_api(folder, kafka_bootstrap=bootstrap, **SETTINGS) as api, serving(api) as address:
        fill(api)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(CONFIG), "run"),
            *(f"{address}/openapi.json", "--header", f"Authorization: Bearer {api.keys[Role.ADMIN]}"),
            *("--checks", "all", "--max-examples", str(examples), "--exclude-path", STREAM),
            *("--continue-on-failure", "--warnings", "off", *arguments),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        report, _ = await process.communicate()
    return "" if process.returncode == 0 else report.decode(errors="replace")
