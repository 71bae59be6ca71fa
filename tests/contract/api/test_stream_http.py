"""The live stream over a real connection."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from api_support import Api, alert_event, running_api, serving

from api.keys import Role
from detectors.events import EventName

PATIENCE_SECONDS = 10.0

Event = dict[str, str]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Give the application without Kafka."""
    async with running_api(tmp_path) as running:
        yield running


async def events(lines: AsyncIterator[str], count: int) -> list[Event]:
    """Read so many events; comments are passed over."""
    found: list[Event] = []
    event: Event = {}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < count:
            name, _, value = (await anext(lines)).partition(": ")
            if name:
                event[name] = value
            elif event:
                found.append(event)
                event = {}
    return found


async def test_an_event_reaches_the_stream_as_it_happens(api: Api) -> None:
    """Alert event v1 with its states; an officer's action too."""
    headers = {"Authorization": f"Bearer {api.keys[Role.OFFICER]}"}
    async with (
        serving(api) as address,
        httpx.AsyncClient(base_url=address, headers=headers) as client,
        client.stream("GET", "/v1/stream") as stream,
    ):
        lines = stream.aiter_lines()
        [ready] = await events(lines, 1)
        assert (ready["event"], ready["id"]) == ("ready", "0")
        api.project(alert_event("a"))
        [alert] = await events(lines, 1)
        await client.post("/v1/alerts/a/acknowledge")
        [action] = await events(lines, 1)
    data = msgspec.json.decode(alert["data"])
    assert (alert["event"], data["alert_id"], data["state"], data["revision"]) == ("alert", "a", "open", 1)
    assert (action["event"], action["id"]) == ("action", "2")
    assert msgspec.json.decode(action["data"])["human_state"] == "acknowledged"


async def test_a_client_resumes_after_what_it_saw_last(api: Api) -> None:
    """Nothing twice, nothing lost; what it makes up begins now."""
    api.project(*(alert_event("a", number, EventName.UPDATED) for number in range(1, 6)))
    key = api.keys[Role.VIEWER]
    async with serving(api) as address, httpx.AsyncClient(base_url=address) as client:
        for last, expected in (("3", ["3", "4", "5"]), ("nonsense", ["5"]), ("999", ["5"]), ("-1", ["5"])):
            headers = {"Authorization": f"Bearer {key}", "Last-Event-ID": last}
            async with client.stream("GET", "/v1/stream", headers=headers) as stream:
                found = await events(stream.aiter_lines(), len(expected))
                assert [event["id"] for event in found] == expected


async def test_a_connected_client_does_not_hold_the_server(api: Api) -> None:
    """The stream ends when the server does, well before its grace is over."""
    headers = {"Authorization": f"Bearer {api.keys[Role.VIEWER]}"}
    async with httpx.AsyncClient(headers=headers) as client:
        async with serving(api) as address:
            request = client.build_request("GET", f"{address}/v1/stream")
            stream = await client.send(request, stream=True)
            lines = stream.aiter_lines()
            await events(lines, 1)
            before = time.monotonic()
        assert time.monotonic() - before < PATIENCE_SECONDS
        assert [line async for line in lines if line] == []
        await stream.aclose()
