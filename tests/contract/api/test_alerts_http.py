"""Alerts, topics and series over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from api_support import START, Api, Log, alert_event, keep, running_api

from api import schemas
from api.keys import Role
from api.store import series as series_store
from detectors.events import AlertKind, EventName, Severity, encode_event


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Give the application without Kafka."""
    async with running_api(tmp_path) as running:
        yield running


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Give an officer's client."""
    async with api.client(Role.OFFICER) as made:
        yield made


async def ids(client: httpx.AsyncClient, query: str) -> list[str]:
    """Give the ids of the alerts that a query lists."""
    answer = await client.get(f"/v1/alerts?{query}")
    assert answer.status_code == 200, answer.text
    return [alert["alert_id"] for alert in answer.json()["items"]]


async def test_an_alert_is_its_latest_event_with_its_states(api: Api, client: httpx.AsyncClient) -> None:
    """Everything of the event, unchanged, and where it stands."""
    latest = alert_event("a", 2, EventName.RAISED, Severity.CRITICAL)
    api.project(alert_event("a"), latest)
    found = (await client.get("/v1/alerts/a")).json()
    event = msgspec.json.decode(encode_event(latest))
    assert {name: found[name] for name in event} == event
    assert (found["state"], found["human_state"], found["verdict"]) == ("open", "new", None)
    assert found["opened_at"] == "2026-11-24T03:00:00Z"
    schemas.Alert.model_validate(found)


async def test_filters_choose_and_a_repeated_one_means_any(api: Api, client: httpx.AsyncClient) -> None:
    """State, severity, kind, topic, since."""
    api.project(
        alert_event("a", severity=Severity.INFO),
        alert_event("b", kind=AlertKind.SURGE, topic="water"),
        alert_event("c", severity=Severity.CRITICAL),
        alert_event("c", 2, EventName.CLOSED, Severity.CRITICAL),
    )
    assert await ids(client, "state=closed") == ["c"]
    assert await ids(client, "severity=info&severity=critical") == ["c", "a"]
    assert await ids(client, "kind=surge") == ["b"]
    assert await ids(client, "topic=water&state=open") == ["b"]
    assert await ids(client, "since=2026-11-24T03:00:30Z") == ["c"]
    assert await ids(client, "human_state=acknowledged") == []


async def test_pages_give_each_alert_once(api: Api, client: httpx.AsyncClient) -> None:
    """Also when new alerts arrive between two pages."""
    api.project(*(alert_event(f"a{number:02}") for number in range(25)))
    seen: list[str] = []
    query: dict[str, str] = {"limit": "10"}
    while True:
        page = (await client.get("/v1/alerts", params=query)).json()
        seen += [alert["alert_id"] for alert in page["items"]]
        api.project(alert_event(f"z{len(seen)}"))
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == [f"a{number:02}" for number in reversed(range(25))]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/alerts?colour=red", "colour"),
        ("/v1/alerts?severity=grave", "severity.0"),
        ("/v1/alerts?limit=0", "limit"),
        ("/v1/alerts?limit=201", "limit"),
        ("/v1/alerts?since=yesterday", "since"),
        ("/v1/alerts?since=2026-11-24T03:00:00", "since"),
        ("/v1/alerts?cursor=nonsense", "cursor"),
        ("/v1/alerts?cursor=W10", "cursor"),
        ("/v1/alerts?cursor=WyJhIiwiYiJd", "cursor"),
        ("/v1/alerts/a?x=1", "x"),
        ("/v1/alerts/a/events?x=1", "x"),
        ("/v1/topics?x=1", "x"),
        ("/v1/topics/health/series?step=61", "step"),
        ("/v1/topics/health/series?step=0", "step"),
        ("/v1/topics/health/series?from=2026-11-24T03:00:00", "from"),
        ("/v1/topics/health/series?from=2026-11-25T00:00:00Z&to=2026-11-24T00:00:00Z", "from"),
        ("/v1/topics/health/series?from=2020-01-01T00:00:00Z&to=2026-11-24T00:00:00Z", "step"),
        ("/v1/stream?x=1", "x"),
        ("/v1/me?x=1", "x"),
        ("/healthz?x=1", "x"),
    ],
)
async def test_a_bad_or_unknown_parameter_is_named(
    api: Api, client: httpx.AsyncClient, path: str, field: str
) -> None:
    """422 as problem+json, with the field."""
    api.project(alert_event("a"))
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.headers["content-type"] == "application/problem+json"
    schemas.Problem.model_validate(answer.json())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/alerts/none", 404),
        ("GET", "/v1/alerts/none/events", 404),
        ("POST", "/v1/alerts/none/acknowledge", 404),
        ("GET", "/v1/topics/none/series", 404),
        ("GET", "/nowhere", 404),
        ("DELETE", "/v1/alerts", 405),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    """Every error has the same shape."""
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_officer_acknowledges_once_and_closes_once(api: Api, client: httpx.AsyncClient) -> None:
    """Each is compare-and-set: the second gets 409 with the present state."""
    api.project(alert_event("a"))
    taken = await client.post("/v1/alerts/a/acknowledge", json={"comment": "on it"})
    assert (taken.json()["human_state"], taken.json()["handled_by"]) == ("acknowledged", "the-officer")
    again = await client.post("/v1/alerts/a/acknowledge")
    assert (again.status_code, again.json()["human_state"]) == (409, "acknowledged")
    closed = await client.post("/v1/alerts/a/close", json={"verdict": "false_alarm"})
    assert (closed.json()["human_state"], closed.json()["verdict"]) == ("resolved", "false_alarm")
    late = await client.post("/v1/alerts/a/close", json={"verdict": "crisis"})
    assert (late.status_code, late.json()["human_state"]) == (409, "resolved")
    assert (await client.get("/v1/alerts/a")).json()["state"] == "open"


@pytest.mark.parametrize(
    "body", [{}, {"verdict": "maybe"}, {"verdict": "crisis", "x": 1}, [], {"comment": "c"}]
)
async def test_closing_needs_a_verdict(api: Api, client: httpx.AsyncClient, body: object) -> None:
    """One of the five."""
    api.project(alert_event("a"))
    assert (await client.post("/v1/alerts/a/close", json=body)).status_code == 422


async def test_the_history_tells_machine_and_people_in_order(api: Api, client: httpx.AsyncClient) -> None:
    """Who did what, and what each revision said; in pages too."""
    api.project(alert_event("a"))
    await client.post("/v1/alerts/a/acknowledge")
    api.project(alert_event("a", 2, EventName.UPDATED), alert_event("b"))
    await client.post("/v1/alerts/a/close", json={"verdict": "crisis", "comment": "real"})
    first = (await client.get("/v1/alerts/a/events?limit=3")).json()
    rest = (await client.get("/v1/alerts/a/events", params={"cursor": first["next"]})).json()
    lines = first["items"] + rest["items"]
    assert [(line["origin"], line["event"], line["by"]) for line in lines] == [
        ("machine", "opened", None),
        ("officer", "acknowledge", "the-officer"),
        ("machine", "updated", None),
        ("officer", "close", "the-officer"),
    ]
    assert lines[3]["data"] == {
        "action": "close",
        "verdict": "crisis",
        "reason": None,
        "comment": "real",
        "to": None,
        "human_state": "resolved",
    }
    for line in lines:
        schemas.JournalLine.model_validate(line)


async def test_topics_say_how_many_alerts_are_open(api: Api, client: httpx.AsyncClient) -> None:
    """Listed by id, in pages."""
    api.project(alert_event("a"), alert_event("b", topic="water"), alert_event("c", topic="water"))
    first = (await client.get("/v1/topics?limit=1")).json()
    second = (await client.get("/v1/topics", params={"cursor": first["next"]})).json()
    assert [(topic["id"], topic["open_alerts"]) for topic in first["items"] + second["items"]] == [
        ("health", 1),
        ("water", 2),
    ]


async def test_a_series_has_every_step_and_silence_counts_zero(api: Api, client: httpx.AsyncClient) -> None:
    """Sums per step of count, negative, positive, expected and interval."""
    minute = int(START.timestamp()) // 60
    rows = [["health", minute + offset, 10, 4, 1, 5.0, 2.0, 9.0] for offset in (0, 1, 4)]
    keep(api.store, [Log().json("series", {"schema": "haidang.series.v1", "rows": rows})])
    query = {"from": "2026-11-24T03:00:00Z", "to": "2026-11-24T03:06:00Z", "step": "120"}
    series = (await client.get("/v1/topics/health/series", params=query)).json()
    assert [(point["count"], point["negative"], point["positive"]) for point in series["points"]] == [
        (20, 8, 2),
        (0, 0, 0),
        (10, 4, 1),
    ]
    assert series["points"][0]["expected"] == 10.0
    assert series["points"][0]["interval"] == [4.0, 18.0]
    assert series["points"][1]["expected"] is None


async def test_a_series_ends_with_its_newest_minute_and_goes_back_a_day(
    api: Api, client: httpx.AsyncClient
) -> None:
    """Also for a replay of old data."""
    minute = int(START.timestamp()) // 60
    rows = [["health", minute, 1, 0, 0, None, None, None]]
    keep(api.store, [Log().json("series", {"schema": "haidang.series.v1", "rows": rows})])
    points = (await client.get("/v1/topics/health/series")).json()["points"]
    assert len(points) == 24 * 60
    assert datetime.fromisoformat(points[-1]["at"]).astimezone(UTC) == START
    assert points[-1]["count"] == 1


async def test_rolling_up_changes_no_count_of_a_series(api: Api, client: httpx.AsyncClient) -> None:
    """At every step; what was expected of a whole hour stays, of a minute it is not known any more."""
    minute = int(START.timestamp()) // 60
    rows = [["health", minute + offset, offset, 1, 1, 5.0, 2.0, 9.0] for offset in range(0, 180, 7)]
    keep(api.store, [Log().json("series", {"schema": "haidang.series.v1", "rows": rows})])
    asked = [
        {"from": "2026-11-24T03:00:00Z", "to": "2026-11-24T06:00:00Z", "step": step}
        for step in ("60", "420", "3600")
    ]
    before = [(await client.get("/v1/topics/health/series", params=one)).json() for one in asked]
    with api.store.write() as connection:
        while series_store.roll_up(connection, minute + 120):
            pass
    after = [(await client.get("/v1/topics/health/series", params=one)).json() for one in asked]
    counts = [[[point["count"] for point in one["points"]] for one in many] for many in (before, after)]
    assert counts[0] == counts[1]
    assert before[2] == after[2]
    assert (before[0]["points"][0]["expected"], after[0]["points"][0]["expected"]) == (5.0, None)
