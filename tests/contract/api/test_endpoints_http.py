"""Endpoints and deliveries over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from api_support import Api, alert_event, running_api
from receiver_support import Receiver, receiving
from sqlalchemy import select

from api import schemas, signing
from api.breaker import OPEN_AFTER_FAILURES
from api.keys import Role
from api.store import tables


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a running receiver."""
    async with receiving() as running:
        yield running


@pytest.fixture
async def api(tmp_path: Path, receiver: Receiver) -> AsyncIterator[Api]:
    """Give the application, which may reach the receiver."""
    async with running_api(tmp_path, egress_allow=[receiver.rule]) as running:
        yield running


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Give an administrator's client."""
    async with api.client() as made:
        yield made


async def subscribe(client: httpx.AsyncClient, receiver: Receiver, **more: str) -> dict[str, str]:
    """Subscribe the receiver."""
    answer = await client.post("/v1/endpoints", json={"url": receiver.url} | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


async def test_a_secret_is_shown_once(client: httpx.AsyncClient, receiver: Receiver) -> None:
    """When it is made; never in a list."""
    made = await subscribe(client, receiver, name="desk")
    assert len(signing.secret_bytes(made["secret"])) == 32
    listed = await client.get("/v1/endpoints")
    assert made["secret"] not in listed.text
    [shown] = listed.json()["items"]
    assert (shown["id"], shown["name"], shown["state"], shown["secret"]) == (
        made["id"],
        "desk",
        "active",
        None,
    )
    schemas.Page[schemas.Endpoint].model_validate(listed.json())


async def test_a_secret_of_the_subscriber_is_kept(client: httpx.AsyncClient, receiver: Receiver) -> None:
    """If it follows the standard."""
    own = signing.new_secret()
    assert (await subscribe(client, receiver, secret=own))["secret"] == own
    weak = await client.post("/v1/endpoints", json={"url": receiver.url, "secret": "whsec_YWJj"})
    assert (weak.status_code, weak.json()["field"]) == (422, "secret")
    assert "YWJj" not in weak.text


@pytest.mark.parametrize(
    "url",
    [
        "ftp://receiver.example/",
        "receiver.example/hook",
        "https://",
        "https://user:pass@receiver.example/",
        "https://receiver.example/#part",
        "https://receiver.example:99999/",
        "https://receiver.example/a b",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "http://8.8.8.8/",
        "https://10.0.0.1/",
    ],
)
async def test_an_address_that_may_not_be_reached_is_refused(client: httpx.AsyncClient, url: str) -> None:
    """At once where it can be told, naming the field."""
    answer = await client.post("/v1/endpoints", json={"url": url})
    assert (answer.status_code, answer.json()["field"]) == (422, "url")
    assert "pass@" not in answer.text


async def test_a_test_delivery_is_signed_and_says_what_came_of_it(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """Not an alert, not stored, not retried."""
    made = await subscribe(client, receiver)
    answer = (await client.post(f"/v1/endpoints/{made['id']}/test")).json()
    assert (answer["outcome"], answer["status"]) == ("delivered", 200)
    receiver.got[0].verify(made["secret"])
    assert msgspec.json.decode(receiver.got[0].body)["type"] == "endpoint.test"
    receiver.answer(500)
    assert (await client.post(f"/v1/endpoints/{made['id']}/test")).json()["outcome"] == "server_error"
    assert (await client.get("/v1/deliveries")).json()["items"] == []


async def test_rotation_shows_a_new_secret(client: httpx.AsyncClient, receiver: Receiver) -> None:
    """Both sign during the overlap."""
    made = await subscribe(client, receiver)
    rotated = (await client.post(f"/v1/endpoints/{made['id']}/rotate")).json()
    assert rotated["secret"] != made["secret"]
    await client.post(f"/v1/endpoints/{made['id']}/test")
    for secret in (made["secret"], rotated["secret"]):
        receiver.got[0].verify(secret)


async def test_what_an_endpoint_wants_can_be_changed(
    api: Api, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """From the next event on; what is left out stays, the log says who changed what but no address."""
    made = await subscribe(client, receiver, name="desk", quiet_hours="22:00-06:00")
    path = f"/v1/endpoints/{made['id']}"
    change = {"topics": ["transport"], "min_severity": "critical", "quiet_hours": None}
    changed = (await client.patch(path, json=change)).json()
    assert changed == (await client.get(path)).json()
    assert changed == made | change | {"secret": None, "revision": 2}
    api.project(alert_event("a"))
    [withheld] = (await client.get("/v1/deliveries")).json()["items"]
    assert (withheld["state"], withheld["reason"]) == ("withheld", "below_severity")
    [line] = (await client.get("/v1/audit?action=endpoint_change")).json()["items"]
    assert (line["actor"], line["object"]) == ("the-admin", made["id"])
    assert line["detail"] == {"fields": "min_severity quiet_hours topics"}


async def test_a_change_decided_on_an_older_revision_is_refused(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """409 says where the endpoint stands; nothing is changed."""
    path = f"/v1/endpoints/{(await subscribe(client, receiver))['id']}"
    first = await client.patch(path, json={"name": "one", "revision": 1})
    late = await client.patch(path, json={"name": "two", "revision": 1})
    assert (first.status_code, late.status_code) == (200, 409)
    assert (late.json()["reason"], late.json()["revision"]) == ("revision", 2)
    assert (await client.get(path)).json()["name"] == "one"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "ftp://receiver.example/"}, "url"),
        ({"url": None}, "url"),
        ({"name": None}, "name"),
        ({"quiet_hours": "late"}, "quiet_hours"),
        ({"channel": "email"}, "channel"),
        ({"secret": signing.new_secret()}, "secret"),
        ({"state": "disabled"}, "state"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(
    client: httpx.AsyncClient, receiver: Receiver, change: dict[str, str | None], field: str
) -> None:
    """By the same rules as a new endpoint; channel, secret and state have ways of their own."""
    made = await subscribe(client, receiver)
    path = f"/v1/endpoints/{made['id']}"
    answer = await client.patch(path, json=change)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await client.get(path)).json() == made | {"secret": None}


async def test_what_waits_goes_to_a_changed_address_at_once(
    api: Api, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """With a fresh circuit: the new receiver is not to blame for the old one."""
    path = f"/v1/endpoints/{(await subscribe(client, receiver))['id']}"
    receiver.usual = 500
    dispatcher = api.services.new_dispatcher()
    for number in range(OPEN_AFTER_FAILURES):
        api.project(alert_event(f"a{number}"))
        await dispatcher.settle()
    assert (await client.get(path)).json()["circuit"] == "open"
    receiver.usual = 200
    moved = await client.patch(path, json={"url": f"{receiver.url}/new"})
    assert (moved.json()["circuit"], moved.json()["failures"]) == ("closed", 0)
    await dispatcher.settle()
    await dispatcher.stop()
    assert {one["state"] for one in (await client.get("/v1/deliveries")).json()["items"]} == {"delivered"}


async def test_a_disabled_endpoint_gets_nothing_until_it_is_enabled(
    api: Api, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """What waited for it is a dead letter; what comes meanwhile is not kept for it."""
    made = await subscribe(client, receiver)
    api.project(alert_event("a"))
    disabled = (await client.post(f"/v1/endpoints/{made['id']}/disable")).json()
    assert (disabled["state"], disabled["disabled_reason"]) == ("disabled", "by_request")
    api.project(alert_event("b"))
    enabled = (await client.post(f"/v1/endpoints/{made['id']}/enable")).json()
    assert (enabled["state"], enabled["disabled_reason"]) == ("active", None)
    api.project(alert_event("c"))
    listed = (await client.get("/v1/deliveries")).json()
    assert [(one["alert_id"], one["state"], one["reason"]) for one in listed["items"]] == [
        ("c", "due", None),
        ("a", "dead", "endpoint_disabled"),
    ]
    schemas.Page[schemas.Delivery].model_validate(listed)


async def test_a_delivery_that_is_not_over_is_not_replayed(
    api: Api, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """409 names its state."""
    await subscribe(client, receiver)
    api.project(alert_event("a"))
    [waiting] = (await client.get("/v1/deliveries?state=due&alert=a")).json()["items"]
    answer = await client.post(f"/v1/deliveries/{waiting['id']}/replay")
    assert (answer.status_code, answer.json()["state"]) == (409, "due")


async def test_deliveries_come_in_pages(api: Api, client: httpx.AsyncClient, receiver: Receiver) -> None:
    """The newest first, each once, for one endpoint if asked."""
    made = await subscribe(client, receiver)
    await subscribe(client, receiver)
    api.project(*(alert_event(f"a{number}") for number in range(5)))
    first = (await client.get(f"/v1/deliveries?endpoint={made['id']}&limit=3")).json()
    query = {"endpoint": made["id"], "cursor": first["next"]}
    rest = (await client.get("/v1/deliveries", params=query)).json()
    assert [one["alert_id"] for one in first["items"] + rest["items"]] == ["a4", "a3", "a2", "a1", "a0"]
    assert rest["next"] is None


@pytest.mark.parametrize("action", ["test", "rotate", "disable", "enable"])
async def test_an_unknown_endpoint_is_not_found(client: httpx.AsyncClient, action: str) -> None:
    """404 as a problem."""
    assert (await client.post(f"/v1/endpoints/ep_none/{action}")).status_code == 404


async def test_every_change_is_in_the_audit_log(
    api: Api, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """Who, what, when; never a secret."""
    made = await subscribe(client, receiver)
    for action in ("rotate", "test", "disable", "enable"):
        await client.post(f"/v1/endpoints/{made['id']}/{action}")
    api.project(alert_event("a"))
    async with api.client(Role.OFFICER) as officer:
        await officer.post("/v1/alerts/a/acknowledge")
    with api.store.read() as connection:
        since = tables.audit.c.actor.like("the-%")
        lines = connection.execute(select(tables.audit).where(since).order_by(tables.audit.c.seq)).all()
    assert [(line.actor, line.action) for line in lines] == [
        ("the-admin", "endpoint_create"),
        ("the-admin", "endpoint_rotate"),
        ("the-admin", "endpoint_test"),
        ("the-admin", "endpoint_disable"),
        ("the-admin", "endpoint_enable"),
        ("the-officer", "alert_acknowledge"),
    ]
    assert "whsec_" not in "".join(line.detail for line in lines)


async def test_an_endpoint_says_how_it_is_reached_and_when(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """Channel, language, quiet hours, grouping, escalation and the circuit."""
    body = {"url": receiver.url, "quiet_hours": "22:00-06:00", "escalation_minutes": 5, "language": "en"}
    made = (await client.post("/v1/endpoints", json=body)).json()
    shown = ("channel", "language", "quiet_hours", "escalation_minutes", "group_seconds", "circuit")
    assert [made[name] for name in shown] == ["webhook", "en", "22:00-06:00", 5, 0, "closed"]
    schemas.Endpoint.model_validate(made)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quiet_hours": "22-06"}, "quiet_hours"),
        ({"group_seconds": -1}, "group_seconds"),
        ({"escalation_minutes": 1441}, "escalation_minutes"),
        ({"channel": "pager"}, "channel"),
        ({"channel": "email"}, "url"),
        ({"channel": "apprise"}, "url"),
        ({"channel": "alertmanager", "secret": signing.new_secret()}, "secret"),
    ],
)
async def test_a_bad_wish_is_named(
    client: httpx.AsyncClient, receiver: Receiver, body: dict[str, object], field: str
) -> None:
    """One field, and what is allowed."""
    answer = await client.post("/v1/endpoints", json={"url": receiver.url} | body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_the_token_in_an_address_of_apprise_is_shown_to_nobody(tmp_path: Path) -> None:
    """Not when it is made, not in the list, not in the audit log; people's channels group by default."""
    token = "123456789:AAEhBOweik6ad6PsVv4l5lTC8G2_kUEbTnE"  # noqa: S105 - made up
    async with running_api(tmp_path, apprise_schemes=["tgram"]) as api, api.client() as client:
        body = {"url": f"tgram://{token}/12315544/", "channel": "apprise"}
        made = await client.post("/v1/endpoints", json=body)
        assert (made.json()["url"], made.json()["secret"]) == ("tgram://...", None)
        assert made.json()["group_seconds"] == 60
        refused = await client.post("/v1/endpoints", json=body | {"url": f"slack://{token}/"})
        listed = await client.get("/v1/endpoints")
        audit = await client.get("/v1/audit")
        rotated = await client.post(f"/v1/endpoints/{made.json()['id']}/rotate")
    assert (refused.status_code, rotated.status_code) == (422, 409)
    for answer in (made, refused, listed, audit, rotated):
        assert token not in answer.text


async def test_dead_letters_of_one_endpoint_are_replayed_by_one_call(
    api: Api, client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """All that was given up when it was disabled; of an endpoint that is not there, none."""
    made = await subscribe(client, receiver)
    api.project(alert_event("a"), alert_event("b"))
    await client.post(f"/v1/endpoints/{made['id']}/disable")
    dead = (await client.get(f"/v1/deliveries?state=dead&endpoint={made['id']}")).json()["items"]
    assert [one["reason"] for one in dead] == ["endpoint_disabled"] * 2
    answer = await client.post("/v1/deliveries/replay", json={"endpoint": made["id"]})
    assert (answer.status_code, answer.json()) == (202, {"replayed": 2})
    assert (await client.post("/v1/deliveries/replay", json={"endpoint": "ep_none"})).status_code == 404
