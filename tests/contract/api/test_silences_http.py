"""Silences over HTTP, and what they withhold."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from api_support import Log, alert_event, keep, running_api

from api.clock import now_ms
from api.keys import Role

URL = {"url": "https://receiver.example/"}


def soon(hours: int = 1) -> str:
    """Give a time some hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


async def test_a_silenced_alert_is_visible_and_says_why_it_was_not_sent(tmp_path: Path) -> None:
    """Until the silence is ended; then the next event is sent."""
    async with running_api(tmp_path) as api, api.client() as client:
        await client.post("/v1/endpoints", json=URL)
        body = {"topics": ["health"], "reason": "a drill", "ends_at": soon()}
        silence = (await client.post("/v1/silences", json=body)).json()
        log = Log()
        keep(api.store, [log.alert(alert_event("a"), at_ms=now_ms())])
        [delivery] = (await client.get("/v1/deliveries?alert=a")).json()["items"]
        told = (delivery["state"], delivery["reason"], delivery["silence"])
        assert told == ("withheld", "silenced", silence["id"])
        assert (await client.get("/v1/alerts/a")).status_code == 200
        assert len((await client.get("/v1/silences?active=true")).json()["items"]) == 1
        assert (await client.post(f"/v1/silences/{silence['id']}/end")).status_code == 200
        assert (await client.post(f"/v1/silences/{silence['id']}/end")).status_code == 409
        keep(api.store, [log.alert(alert_event("b"), at_ms=now_ms())])
        [after] = (await client.get("/v1/deliveries?alert=b")).json()["items"]
        assert after["state"] == "due"


@pytest.mark.parametrize(
    "wrong",
    [{"topics": []}, {"reason": " "}, {"ends_at": soon(-1)}, {"ends_at": soon(24 * 40)}, {"kinds": ["x"]}],
)
async def test_a_silence_needs_matchers_a_reason_and_an_end(tmp_path: Path, wrong: dict[str, object]) -> None:
    """422."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        body = {"topics": ["health"], "reason": "a drill", "ends_at": soon()} | wrong
        assert (await client.post("/v1/silences", json=body)).status_code == 422
