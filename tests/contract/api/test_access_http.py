"""Who may do what, the console's sign-in, and what no answer or log line holds."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from api_support import Api, alert_event, running_api
from sqlalchemy import update

from api import schemas
from api.clock import now_ms
from api.gate import CHANGING
from api.keys import Role
from api.store import tables

OPEN = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/login")
BROWSER = {"sec-fetch-site": "same-origin"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Give the application without Kafka."""
    async with running_api(tmp_path) as running:
        yield running


def operations(api: Api) -> list[tuple[str, str]]:
    """Give method and path of everything under /v1."""
    return [
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, methods in api.app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/v1/")
    ]


@asynccontextmanager
async def signed_in(api: Api, role: Role = Role.OFFICER) -> AsyncIterator[httpx.AsyncClient]:
    """Give a browser that has signed in."""
    async with api.client(None) as client:
        answer = await client.post("/login", data={"key": api.keys[role]}, headers=BROWSER)
        assert answer.status_code == 303
        yield client


async def test_nothing_under_v1_answers_without_a_key(api: Api) -> None:
    """No key, an unknown key, another scheme: 401 as a problem, everywhere."""
    wrong = ({}, {"Authorization": "Bearer hdk_wrong"}, {"Authorization": f"Basic {api.keys[Role.ADMIN]}"})
    async with api.client(None) as client:
        for method, path in operations(api):
            for headers in wrong:
                answer = await client.request(method, path, headers=headers)
                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
                schemas.Problem.model_validate(answer.json())


async def test_a_role_may_do_only_what_is_its_own(api: Api) -> None:
    """A viewer changes nothing, an officer no endpoint."""
    api.project(alert_event("a"))
    async with api.client(Role.VIEWER) as viewer, api.client(Role.OFFICER) as officer:
        for method, path in operations(api):
            if method in CHANGING:
                assert (await viewer.request(method, path)).status_code == 403, path
        for path in ("/v1/endpoints", "/v1/endpoints/x/test", "/v1/deliveries/x/replay"):
            assert (await officer.post(path)).status_code == 403, path
        assert (await officer.get("/v1/me")).json() == {"name": "the-officer", "role": "officer"}


async def test_a_disabled_key_opens_nothing(api: Api) -> None:
    """From the next request on."""
    async with api.client(Role.VIEWER) as client:
        assert (await client.get("/v1/me")).status_code == 200
        with api.store.write() as connection:
            connection.execute(update(tables.keys).values(disabled_ms=now_ms()))
        assert (await client.get("/v1/me")).status_code == 401


async def test_a_key_ends_when_its_time_is_over(api: Api) -> None:
    """By itself."""
    async with api.client(Role.VIEWER) as client:
        with api.store.write() as connection:
            connection.execute(update(tables.keys).values(expires_ms=now_ms() + 60_000))
        assert (await client.get("/v1/me")).status_code == 200
        with api.store.write() as connection:
            connection.execute(update(tables.keys).values(expires_ms=now_ms()))
        assert (await client.get("/v1/me")).status_code == 401


async def test_watchers_need_no_key(api: Api) -> None:
    """Health, metrics and documentation are open."""
    async with api.client(None) as client:
        for path in OPEN:
            assert (await client.get(path)).status_code in (200, 503), path


async def test_readiness_says_what_is_missing(api: Api) -> None:
    """Without Kafka the process is alive but not ready."""
    async with api.client(None) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["kafka"]) == (503, False)
    assert answer.json()["checks"]["store"] is True


async def test_the_console_asks_who_is_there(api: Api) -> None:
    """Without a session, the way leads to the sign-in form."""
    async with api.client(None) as client:
        answer = await client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        refused = await client.post("/login", data={"key": "hdk_wrong"}, headers=BROWSER)
        assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)


async def test_a_sign_in_gives_a_cookie_that_no_script_reads(api: Api) -> None:
    """HttpOnly, SameSite=Strict, and not the key itself."""
    async with api.client(None) as client:
        answer = await client.post("/login", data={"key": api.keys[Role.OFFICER]}, headers=BROWSER)
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert api.keys[Role.OFFICER] not in cookie
        page = await client.get("/")
        assert page.status_code == 200
        assert "the-officer" in page.text


async def test_the_cookie_changes_something_only_from_our_own_pages(api: Api) -> None:
    """Another site's page may not acknowledge in an officer's name."""
    api.project(alert_event("a"))
    async with signed_in(api) as client:
        assert (await client.get("/v1/alerts/a")).status_code == 200
        path = "/v1/alerts/a/acknowledge"
        assert (await client.post(path)).status_code == 403
        assert (await client.post(path, headers={"sec-fetch-site": "cross-site"})).status_code == 403
        assert (await client.post(path, headers={"origin": "https://evil.example"})).status_code == 403
        assert (await client.post(path, headers=BROWSER)).status_code == 200


async def test_a_session_ends(api: Api) -> None:
    """By signing out, and by time."""
    async with signed_in(api) as client:
        cookies = dict(client.cookies)
        await client.post("/logout", headers=BROWSER)
        client.cookies.update(cookies)
        assert (await client.get("/v1/me")).status_code == 401
    async with signed_in(api) as client:
        with api.store.write() as connection:
            connection.execute(update(tables.sessions).values(until_ms=1))
        assert (await client.get("/v1/me")).status_code == 401


async def test_pages_load_nothing_from_elsewhere_and_escape_what_they_show(api: Api) -> None:
    """A strict policy, no inline script, and a key's name is text."""
    with api.store.write() as connection:
        connection.execute(update(tables.keys).where(tables.keys.c.role == "officer").values(name="<b>x</b>"))
    async with signed_in(api) as client:
        for path in ("/", "/login", "/docs"):
            page = await client.get(path)
            assert "default-src 'none'" in page.headers["content-security-policy"], path
            assert "http://" not in page.text.replace("http://localhost", ""), path
            assert "<b>x</b>" not in page.text, path
        assert "&lt;b&gt;x&lt;/b&gt;" in (await client.get("/")).text
        for name in ("console.js", "console.css", "login.js", "icon.svg"):
            assert (await client.get(f"/static/{name}")).status_code == 200, name


async def test_the_script_never_makes_markup_of_data(api: Api) -> None:
    """Text is set as text."""
    async with api.client(None) as client:
        script = (await client.get("/static/console.js")).text
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in script


async def test_no_log_line_holds_a_key_a_text_or_a_query(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Walks every path of success and failure."""
    caplog.set_level(logging.DEBUG)
    secret = api.keys[Role.ADMIN]
    text = "bí mật của một người"
    async with api.client() as client:
        await client.post("/v1/mentions", json=[{"id": "1", "text": text, "published_at": text}])
        await client.post("/login", data={"key": secret}, headers=BROWSER)
        await client.get(f"/v1/alerts?topic={text}&key={secret}")
        await client.get(f"/v1/alerts/{text}")
        await client.post("/v1/endpoints", json={"url": "https://user:hunter2@receiver.example/"})
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("haidang")]
    assert len(lines) == 5
    for line in lines:
        assert secret not in line
        assert text not in line
        assert "hunter2" not in line


async def test_no_problem_repeats_what_was_sent(api: Api) -> None:
    """A bad value is named by its field only."""
    async with api.client() as client:
        for body in (
            [{"id": "1", "text": "x", "published_at": "bí mật"}],
            [{"id": ["bí mật"], "text": "x", "published_at": "2026-01-01T00:00:00Z"}],
            [{"id": "1", "text": "x", "published_at": "2026-01-01T00:00:00Z", "source": {"kind": "bí mật"}}],
        ):
            answer = await client.post("/v1/mentions", json=body)
            assert answer.status_code == 422
            assert "bí mật" not in answer.text


async def test_every_answer_carries_the_security_headers(api: Api) -> None:
    """Pages, answers, problems, files: no sniffing, no framing, no referrer, nothing of other hosts."""
    async with api.client() as client:
        for path in (
            "/login",
            "/v1/me",
            "/v1/none",
            "/healthz",
            "/metrics",
            "/static/console.js",
            "/nowhere",
        ):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["x-frame-options"] == "DENY", path
            assert headers["referrer-policy"] == "no-referrer", path
            assert "frame-ancestors 'none'" in headers["content-security-policy"], path
            assert "unsafe-inline" not in headers["content-security-policy"], path
