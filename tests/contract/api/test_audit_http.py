"""The audit log over HTTP: who changed what, and who was shown people's words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_support import Api, alert_event, running_api, serving

from api.keys import Role, create_key, list_keys, revoke_key
from api.routes.audit import AuditLine


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Give the application without Kafka."""
    async with running_api(tmp_path) as running:
        yield running


async def lines(api: Api, **query: str) -> list[dict[str, Any]]:
    """Read the log from its newest line."""
    async with api.client() as admin:
        answer = await admin.get("/v1/audit", params=query)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["items"]
    for line in found:
        AuditLine.model_validate(line)
    return found


async def reads(api: Api) -> list[tuple[str, str]]:
    """Give who was shown samples of what, in order."""
    found = await lines(api, action="samples_read")
    return [(line["actor"], line["detail"]["alerts"]) for line in reversed(found)]


async def test_every_reading_of_samples_is_noted(api: Api) -> None:
    """By list, by detail, by history; with the alerts whose samples were shown."""
    api.project(alert_event("a"), alert_event("b"))
    async with api.client(Role.VIEWER) as viewer:
        for path in ("/v1/alerts", "/v1/alerts/a", "/v1/alerts/b/events", "/v1/topics", "/v1/alerts/none"):
            await viewer.get(path)
    assert await reads(api) == [("the-viewer", "b a"), ("the-viewer", "a"), ("the-viewer", "b")]


async def test_what_is_not_sent_again_is_not_read_again(api: Api) -> None:
    """304 shows nothing."""
    api.project(alert_event("a"))
    async with api.client(Role.VIEWER) as viewer:
        tag = (await viewer.get("/v1/alerts/a")).headers["etag"]
        await viewer.get("/v1/alerts/a", headers={"If-None-Match": tag})
    assert len(await reads(api)) == 1


async def test_a_live_stream_is_a_reading(api: Api) -> None:
    """From the first event on."""
    headers = {"Authorization": f"Bearer {api.keys[Role.VIEWER]}", "Last-Event-ID": "0"}
    api.project(alert_event("a"))
    async with (
        serving(api) as address,
        httpx.AsyncClient(base_url=address, headers=headers) as client,
        client.stream("GET", "/v1/stream") as stream,
    ):
        async for line in stream.aiter_lines():
            if line == "event: alert":
                break
    assert await reads(api) == [("the-viewer", "a")]


async def test_an_alert_without_samples_shows_nobodys_words(api: Api) -> None:
    """So reading it is not noted."""
    bare = alert_event("a")
    fields = {name: getattr(bare, name) for name in bare.__struct_fields__} | {"samples": ()}
    api.project(type(bare)(**fields))
    async with api.client(Role.VIEWER) as viewer:
        await viewer.get("/v1/alerts")
    assert await reads(api) == []


async def test_the_log_is_for_administrators_and_comes_in_pages(api: Api) -> None:
    """The newest first, each line once; filters choose."""
    api.project(alert_event("a"))
    async with api.client(Role.OFFICER) as officer:
        for number in range(5):
            await officer.post("/v1/alerts/a/comment", json={"comment": f"{number}"})
        assert (await officer.get("/v1/audit")).status_code == 403
    async with api.client() as admin:
        first = (await admin.get("/v1/audit?action=alert_comment&limit=3")).json()
        query = {"action": "alert_comment", "cursor": first["next"]}
        rest = (await admin.get("/v1/audit", params=query)).json()
    numbers = [line["seq"] for line in first["items"] + rest["items"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 5
    assert await lines(api, actor="the-viewer") == []
    assert len(await lines(api, object="a", actor="the-officer")) == 5
    assert await lines(api, since="2999-01-01T00:00:00Z") == []


async def test_making_and_revoking_keys_is_noted(api: Api) -> None:
    """By name and role; the key itself is nowhere."""
    key = create_key(api.store, "ca trực", Role.OFFICER, 1)
    revoke_key(api.store, "ca trực")
    found = await lines(api, object="ca trực")
    assert [(line["actor"], line["action"]) for line in found] == [
        ("command line", "key_revoke"),
        ("command line", "key_create"),
    ]
    assert key not in str(found)


async def test_a_revoked_or_expired_key_opens_nothing(api: Api) -> None:
    """Nor do the console sign-ins made with it; the last use of a key is told."""
    lasting = create_key(api.store, "ngày", Role.VIEWER, 30)
    async with api.client(None) as client:
        client.headers["Authorization"] = f"Bearer {lasting}"
        assert (await client.get("/v1/me")).status_code == 200
        del client.headers["Authorization"]
        browser = {"sec-fetch-site": "same-origin"}
        assert (await client.post("/login", data={"key": lasting}, headers=browser)).status_code == 303
        assert (await client.get("/v1/me")).status_code == 200
        revoke_key(api.store, "ngày")
        assert (await client.get("/v1/me")).status_code == 401
    states = {key.name: (key.state, key.last_used_ms is None) for key in list_keys(api.store)}
    assert states["ngày"] == ("revoked", False)
    assert states["the-viewer"] == ("active", True)
