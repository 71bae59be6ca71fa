"""The life cycle of an alert over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from api_support import Api, alert_event, running_api

from api.feedback import unpublished
from api.keys import Role
from api.store.projection import store_places
from detectors.events import EventName


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Give the application with one alert."""
    async with running_api(tmp_path) as running:
        running.project(alert_event("a"))
        yield running


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Give an officer's client."""
    async with api.client(Role.OFFICER) as running:
        yield running


async def test_a_shift_works_an_alert_and_hands_it_over(client: httpx.AsyncClient) -> None:
    """Every step shows on the alert and stays in its history, with who did it."""
    steps = [
        ("acknowledge", {}, "acknowledged", None),
        ("assign", {"to": "day desk"}, "assigned", "day desk"),
        ("hand_over", {"to": "night desk", "comment": "call the hospital"}, "assigned", "night desk"),
        ("comment", {"comment": "they answered"}, "assigned", "night desk"),
        ("close", {"verdict": "useful", "reason": "a shortage in two wards"}, "resolved", "night desk"),
        ("reopen", {"reason": "a third ward"}, "assigned", "night desk"),
    ]
    for number, (action, body, state, assignee) in enumerate(steps, start=1):
        answer = await client.post(f"/v1/alerts/a/{action}", json=body)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["human_state"], found["assignee"]) == (state, assignee)
        assert found["handling_revision"] == number
    lines = (await client.get("/v1/alerts/a/events")).json()["items"][1:]
    assert [line["event"] for line in lines] == [step[0] for step in steps]
    assert {line["by"] for line in lines} == {"the-officer"}


async def test_a_stale_view_gets_409_that_says_where_the_alert_stands(
    api: Api, client: httpx.AsyncClient
) -> None:
    """By the machine's revision and by the officers'."""
    api.project(alert_event("a", 2, EventName.RAISED))
    stale = await client.post("/v1/alerts/a/acknowledge", json={"revision": 1})
    assert (stale.status_code, stale.json()["reason"], stale.json()["revision"]) == (409, "revision", 2)
    assert (await client.post("/v1/alerts/a/acknowledge", json={"revision": 2})).status_code == 200
    late = await client.post("/v1/alerts/a/assign", json={"to": "me", "handling_revision": 0})
    assert late.status_code == 409
    told = late.json()
    assert (told["reason"], told["human_state"], told["handling_revision"]) == (
        "handling_revision",
        "acknowledged",
        1,
    )


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("assign", {}),
        ("assign", {"to": " "}),
        ("assign", {"to": "x" * 101}),
        ("comment", {}),
        ("comment", {"comment": ""}),
        ("reopen", {"verdict": "crisis"}),
        ("acknowledge", {"revision": 0}),
    ],
)
async def test_a_body_that_does_not_fit_is_refused(
    client: httpx.AsyncClient, action: str, body: object
) -> None:
    """And changes nothing."""
    assert (await client.post(f"/v1/alerts/a/{action}", json=body)).status_code == 422
    assert (await client.get("/v1/alerts/a")).json()["handling_revision"] == 0


@pytest.mark.parametrize("action", ["acknowledge", "assign", "hand_over", "comment", "close", "reopen"])
async def test_a_viewer_handles_nothing(api: Api, action: str) -> None:
    """403."""
    async with api.client(Role.VIEWER) as viewer:
        assert (await viewer.post(f"/v1/alerts/a/{action}", json={})).status_code == 403


async def test_each_verdict_waits_for_kafka_once(api: Api, client: httpx.AsyncClient) -> None:
    """A verdict and its withdrawal, in their order; what is published is not offered again."""
    await client.post("/v1/alerts/a/acknowledge")
    await client.post("/v1/alerts/a/close", json={"verdict": "false_alarm", "reason": "a film"})
    await client.post("/v1/alerts/a/reopen")
    with api.store.write() as connection:
        messages, place = unpublished(connection)
        store_places(connection, {("feedback", 0): place + 1})
        assert unpublished(connection) == ([], 0)
    said = [msgspec.json.decode(value) for _, value in messages]
    assert {key for key, _ in messages} == {b"a"}
    assert [(one["verdict"], one["reason"], one["by"]) for one in said] == [
        ("false_alarm", "a film", "the-officer"),
        (None, None, "the-officer"),
    ]
    assert said[0] | {"id": 0, "at": ""} == {
        "schema": "haidang.feedback.v1",
        "id": 0,
        "at": "",
        "alert_id": "a",
        "revision": 1,
        "topic": "health",
        "kind": "crisis",
        "severity": "warning",
        "opened_at": "2026-11-24T03:00:00Z",
        "verdict": "false_alarm",
        "reason": "a film",
        "by": "the-officer",
    }
