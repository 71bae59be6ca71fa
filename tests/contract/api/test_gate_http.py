"""What every address under /v1 has: rate, form, tags, repeated requests, other origins."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from api_support import Api, alert_event, running_api
from sqlalchemy import func, select, text

from api import schemas
from api.keys import Role
from api.store import alerts, tables

JSON = {"Content-Type": "application/json"}
SILENCE = {"kinds": ["surge"], "reason": "diễn tập", "ends_at": "2999-01-01T00:00:00Z"}
ENDPOINT = {"url": "https://receiver.example/hook"}
NO_ANSWERS = {
    "sqlite": ["CREATE TRIGGER no_answers BEFORE UPDATE ON requests BEGIN SELECT RAISE(ABORT, 'no'); END"],
    "postgresql": [
        "CREATE FUNCTION no_answers() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'",
        "CREATE TRIGGER no_answers BEFORE UPDATE ON requests FOR EACH ROW EXECUTE FUNCTION no_answers()",
    ],
}
ANSWERS_AGAIN = {"sqlite": "DROP TRIGGER no_answers", "postgresql": "DROP FUNCTION no_answers CASCADE"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Give the application without Kafka."""
    async with running_api(tmp_path) as running:
        yield running


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Give an administrator's client."""
    async with api.client() as made:
        yield made


async def test_a_key_that_asks_too_often_waits_and_no_other_key_with_it(tmp_path: Path) -> None:
    """429 as a problem, with Retry-After; every answer says what is left."""
    async with running_api(tmp_path, rate_limit_per_minute=3) as api, api.client(Role.VIEWER) as viewer:
        answers = [await viewer.get("/v1/me") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert answers[3].headers["retry-after"] == "20"
        assert answers[3].headers["ratelimit-policy"] == "3;w=60"
        schemas.Problem.model_validate(answers[3].json())
        async with api.client(Role.OFFICER) as officer:
            assert (await officer.get("/v1/me")).status_code == 200


async def test_a_problem_of_a_route_tells_the_rate_too(tmp_path: Path) -> None:
    """Whatever was answered, it counted."""
    async with running_api(tmp_path, rate_limit_per_minute=3) as api, api.client() as client:
        answer = await client.get("/v1/alerts/none")
        assert (answer.status_code, answer.headers["ratelimit-remaining"]) == (404, "2")


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
async def test_a_body_that_is_not_json_is_refused(client: httpx.AsyncClient, kind: str | None) -> None:
    """415 as a problem."""
    headers = {} if kind is None else {"Content-Type": kind}
    answer = await client.post("/v1/endpoints", content=b"{}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (415, "application/problem+json")


async def test_json_may_name_its_charset(client: httpx.AsyncClient) -> None:
    """As many clients do."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = await client.post("/v1/endpoints", content=b'{"url": "https://a.example/"}', headers=headers)
    assert answer.status_code == 201


async def test_nobody_learns_of_addresses_without_a_key(api: Api) -> None:
    """An unknown path, a wrong method and a wrong form ask for the key first."""
    async with api.client(None) as nobody:
        for method, path in (("GET", "/v1/nothing"), ("DELETE", "/v1/alerts"), ("POST", "/v1/endpoints")):
            assert (await nobody.request(method, path, content=b"{")).status_code == 401


@pytest.mark.parametrize(("path", "allowed"), [("/v1/alerts/a", "GET"), ("/v1/endpoints", "GET, POST")])
async def test_a_wrong_method_names_the_others(client: httpx.AsyncClient, path: str, allowed: str) -> None:
    """405 with Allow, all of them."""
    answer = await client.delete(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_no_text_of_any_body_may_hold_nul(api: Api, client: httpx.AsyncClient) -> None:
    """Each field of each operation, also of those that come later."""
    document = api.app.openapi()
    tried = 0
    for path, methods in document["paths"].items():
        body = methods.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        example = body.get("example")
        for name, value in example.items() if isinstance(example, dict) else ():
            if isinstance(value, str):
                answer = await client.post(
                    path.replace("{", "").replace("}", ""), json=example | {name: "a\0"}
                )
                assert answer.status_code == 422, (path, name)
                tried += 1
    assert tried


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/alerts/a%00b", None, 404),
        ("GET", "/v1/alerts?topic=a%00b", None, 422),
        ("GET", "/v1/me?%00=1", None, 422),
        ("POST", "/v1/alerts/a/comment", {"comment": "a\0b"}, 422),
        ("POST", "/v1/endpoints", {"url": "https://a.example/", "name": "\0"}, 422),
        ("POST", "/v1/silences", SILENCE | {"topics": ["\0"]}, 422),
    ],
)
async def test_nul_is_refused_before_any_database_sees_it(
    api: Api, client: httpx.AsyncClient, method: str, path: str, body: object, status: int
) -> None:
    """PostgreSQL would fail on it."""
    api.project(alert_event("a"))
    answer = await client.request(method, path, json=body) if body else await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/v1/alerts", "/v1/alerts/a", "/v1/alerts/a/events", "/v1/topics", "/v1/endpoints", "/v1/deliveries"],
)
async def test_an_answer_is_not_sent_twice(api: Api, client: httpx.AsyncClient, path: str) -> None:
    """304 while nothing has changed; the whole answer, with another tag, once something has."""
    api.project(alert_event("a"))
    first = await client.get(path)
    known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    again = await client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert (await client.get(path, headers={"If-None-Match": '"other"'})).content == first.content
    api.project(alert_event("a", 2), alert_event("b", topic="water"))
    await client.post("/v1/endpoints", json=ENDPOINT)
    api.project(alert_event("c"))
    changed = await client.get(path, headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_answers_are_kept_by_nobody_but_the_client(api: Api, client: httpx.AsyncClient) -> None:
    """And only to be asked about; what changes something is not kept at all."""
    api.project(alert_event("a"))
    listed = await client.get("/v1/alerts")
    assert (listed.headers["cache-control"], listed.headers["vary"]) == (
        "private, no-cache",
        "Authorization, Cookie",
    )
    acted = await client.post("/v1/alerts/a/acknowledge")
    assert acted.headers["cache-control"] == "no-store"


async def test_a_request_sent_again_is_carried_out_once(api: Api, client: httpx.AsyncClient) -> None:
    """The same answer, marked; one endpoint, one secret."""
    headers = {"Idempotency-Key": "5a1b"}
    first = await client.post("/v1/endpoints", json=ENDPOINT, headers=headers)
    again = await client.post("/v1/endpoints", json=ENDPOINT, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len((await client.get("/v1/endpoints")).json()["items"]) == 1
    async with api.client(Role.OFFICER) as officer:
        made = [await officer.post("/v1/silences", json=SILENCE, headers=headers) for _ in range(2)]
        assert made[0].status_code == made[1].status_code == 422  # 31 days at most: nothing is remembered


async def test_an_action_sent_again_is_no_conflict(api: Api, client: httpx.AsyncClient) -> None:
    """The officer's phone lost the answer; the second try gets it."""
    api.project(alert_event("a"))
    headers = {"Idempotency-Key": "take"}
    answers = [await client.post("/v1/alerts/a/acknowledge", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    events = (await client.get("/v1/alerts/a/events")).json()["items"]
    assert [line["event"] for line in events] == ["opened", "acknowledge"]


async def test_at_once_it_is_carried_out_once_too(api: Api, client: httpx.AsyncClient) -> None:
    """The others get its answer."""
    api.project(alert_event("a"))
    headers = {"Idempotency-Key": "note"}
    body = {"comment": "đang xác minh"}
    many = [client.post("/v1/alerts/a/comment", json=body, headers=headers) for _ in range(8)]
    answers = await asyncio.gather(*many)
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    with api.store.read() as connection:
        comments = (
            select(func.count())
            .select_from(tables.alert_events)
            .where(tables.alert_events.c.event == "comment")
        )
        assert connection.execute(comments).scalar_one() == 1


async def test_a_deed_whose_answer_cannot_be_kept_is_undone(api: Api, client: httpx.AsyncClient) -> None:
    """As when the process is killed between the two: the repeat is carried out, once."""
    api.project(alert_event("a"))
    headers = {"Idempotency-Key": "take"}
    with api.store.write() as connection:
        for statement in NO_ANSWERS[connection.dialect.name]:
            connection.execute(text(statement))
    failed = await client.post("/v1/alerts/a/acknowledge", headers=headers)
    assert failed.status_code == 500
    assert (await client.get("/v1/alerts/a")).json()["human_state"] == "new"
    with api.store.write() as connection:
        connection.execute(text(ANSWERS_AGAIN[connection.dialect.name]))
    assert (await client.post("/v1/alerts/a/acknowledge", headers=headers)).status_code == 200
    events = (await client.get("/v1/alerts/a/events")).json()["items"]
    assert [line["event"] for line in events] == ["opened", "acknowledge"]


async def test_the_stream_hears_of_what_is_carried_out_once(api: Api, client: httpx.AsyncClient) -> None:
    """When it is kept, not before."""
    api.project(alert_event("a"))

    async def listen() -> None:
        """Look at the journal when the bell rings, until there is something new."""
        while True:
            ticket = api.services.journal.ticket()
            with api.store.read() as connection:
                if alerts.journal(connection, 1, 10):
                    return
            await ticket.wait()

    listening = asyncio.create_task(listen())
    await client.post("/v1/alerts/a/acknowledge", headers={"Idempotency-Key": "take"})
    await asyncio.wait_for(listening, 10)


async def test_another_request_with_the_same_key_is_refused(client: httpx.AsyncClient) -> None:
    """409 with the reason: another body, or another address."""
    headers = {"Idempotency-Key": "5a1b"}
    assert (await client.post("/v1/endpoints", json=ENDPOINT, headers=headers)).status_code == 201
    for path, body in (("/v1/endpoints", ENDPOINT | {"name": "x"}), ("/v1/silences", ENDPOINT)):
        answer = await client.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (409, "other_request")


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_that_cannot_be_kept_is_refused(client: httpx.AsyncClient, key: str) -> None:
    """1 to 200 characters."""
    answer = await client.post("/v1/endpoints", json=ENDPOINT, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


async def test_a_body_that_is_too_large_is_refused_with_a_key_too(client: httpx.AsyncClient) -> None:
    """413 as a problem."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 1024 * 1024

    headers = JSON | {"Idempotency-Key": "k"}
    answer = await client.post("/v1/mentions", content=parts(), headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


async def test_no_other_origin_reads_unless_it_is_named(tmp_path: Path) -> None:
    """Off by default; then exactly the named origins, and never with the console's cookie."""
    asked = {"Origin": "https://dashboard.example"}
    preflight = asked | {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    async with running_api(tmp_path / "off") as api, api.client() as client:
        assert "access-control-allow-origin" not in (await client.get("/v1/me", headers=asked)).headers
    async with (
        running_api(tmp_path / "on", cors_origins=("https://dashboard.example",)) as api,
        api.client() as client,
        api.client(None) as browser,
    ):
        answer = await client.get("/v1/me", headers=asked)
        assert answer.headers["access-control-allow-origin"] == "https://dashboard.example"
        assert "access-control-allow-credentials" not in answer.headers
        assert (await browser.options("/v1/me", headers=preflight)).status_code == 200
        other = preflight | {"Origin": "https://dashboard.example.evil.example"}
        assert (await browser.options("/v1/me", headers=other)).status_code == 400
