"""The calendar over HTTP, and what of it goes to the detectors."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from api_support import running_api

from api.calendar import PLANS
from api.keys import Role


def soon(hours: float) -> str:
    """Give a time some hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def exam() -> dict[str, object]:
    """Give an event of tomorrow."""
    return {"name": "Điểm chuẩn", "topics": ["health"], "from": soon(24), "to": soon(48), "factor": 8}


async def test_a_planned_event_is_told_to_the_detectors_once(tmp_path: Path) -> None:
    """Planned by an officer, published, cancelled, published again; each is in the audit log."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        made = await client.post("/v1/calendar", json=exam())
        assert made.status_code == 201
        entry = made.json()
        assert (entry["created_by"], entry["published"], entry["cancelled_at"]) == (
            "the-officer",
            False,
            None,
        )
        for cancelled in (False, True):
            with api.store.write() as connection:
                [(key, value)], revisions = PLANS.unpublished(connection)
                PLANS.published(connection, revisions)
                assert PLANS.unpublished(connection) == ([], {})
            told = msgspec.json.decode(value)
            assert key.decode() == told["id"] == entry["id"]
            assert (told["schema"], told["topics"], told["factor"]) == ("haidang.calendar.v1", ["health"], 8)
            assert told["to"] - told["from"] == pytest.approx(86_400, abs=2)
            assert told["cancelled"] is cancelled
            if not cancelled:
                [listed] = (await client.get("/v1/calendar?expected=true")).json()["items"]
                assert listed["published"] is True
                assert (await client.post(f"/v1/calendar/{entry['id']}/cancel")).status_code == 200
        assert (await client.post(f"/v1/calendar/{entry['id']}/cancel")).status_code == 409
        assert (await client.get("/v1/calendar?expected=true")).json()["items"] == []
        [kept] = (await client.get("/v1/calendar")).json()["items"]
        assert kept["cancelled_by"] == "the-officer"
        async with api.client() as admin:
            actions = {line["action"] for line in (await admin.get("/v1/audit")).json()["items"]}
        assert {"calendar_plan", "calendar_cancel"} <= actions


async def test_a_change_while_it_is_being_published_is_published_after_it(tmp_path: Path) -> None:
    """What was read before the cancelling does not count as the cancelling."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        entry = (await client.post("/v1/calendar", json=exam())).json()
        with api.store.read() as connection:
            _, revisions = PLANS.unpublished(connection)
        await client.post(f"/v1/calendar/{entry['id']}/cancel")
        with api.store.write() as connection:
            PLANS.published(connection, revisions)
            [(_, value)], _ = PLANS.unpublished(connection)
        assert msgspec.json.decode(value)["cancelled"] is True


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"factor": 0.5}, "factor"),
        ({"factor": 1001}, "factor"),
        ({"name": " "}, "name"),
        ({"to": soon(-1)}, "to"),
        ({"to": soon(24 * 100)}, "to"),
        ({"from": "2027-01-01T00:00:00"}, "from"),
        ({"person": "x"}, "person"),
    ],
)
async def test_a_wrong_plan_is_refused_by_field(tmp_path: Path, wrong: dict[str, object], field: str) -> None:
    """422 names it; nothing is planned."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        answer = await client.post("/v1/calendar", json=exam() | wrong)
        assert answer.status_code == 422
        assert field in answer.text
        assert (await client.get("/v1/calendar")).json()["items"] == []


async def test_a_viewer_reads_the_calendar_and_plans_nothing(tmp_path: Path) -> None:
    """403; an unknown event is a 404."""
    async with running_api(tmp_path) as api, api.client(Role.VIEWER) as client:
        assert (await client.get("/v1/calendar")).status_code == 200
        assert (await client.post("/v1/calendar", json=exam())).status_code == 403
        async with api.client(Role.OFFICER) as officer:
            assert (await officer.post("/v1/calendar/cal_none/cancel")).status_code == 404
