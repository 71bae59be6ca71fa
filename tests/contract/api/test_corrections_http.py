"""Corrections of samples over HTTP, what is kept of them, and what goes to the workers."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from api_support import Api, alert_event, running_api

from api import correcting
from api.corrections import SAID
from api.keys import Role
from api.store.samples import Erasure, erase
from detectors.gist import Label
from detectors.orders import Correction
from streams.mention import Rejection
from streams.steering import read_correction
from streams.understanding import sample_gist

ALERT = alert_event().alert_id
[SAMPLE] = alert_event().samples
POLARITY = f"/v1/alerts/{ALERT}/samples/{SAMPLE.mention}/polarity"


def published(api: Api) -> list[Correction]:
    """Give what the workers are told, as they read it."""
    with api.store.write() as connection:
        messages, revisions = SAID.unpublished(connection)
        SAID.published(connection, revisions)
        assert SAID.unpublished(connection) == ([], {})
    read = [read_correction(value) for _, value in messages]
    said = [one for one in read if not isinstance(one, Rejection)]
    assert len(said) == len(messages)
    assert [key.decode() for key, _ in messages] == [one.correction_id for one in said]
    return said


async def correct(client: httpx.AsyncClient, label: str, path: str = POLARITY) -> dict[str, Any]:
    """Correct the sample."""
    answer = await client.post(path, json={"label": label})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def take_back(client: httpx.AsyncClient, correction_id: str) -> httpx.Response:
    """Take a correction back."""
    return await client.post(f"/v1/corrections/{correction_id}/take_back")


async def test_a_correction_is_told_to_the_workers_once_and_so_is_its_end(tmp_path: Path) -> None:
    """Given, given again (nothing new), changed, taken back: each change is published under the same id."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        api.project(alert_event())
        made = await correct(client, "neutral")
        gist = sample_gist(SAMPLE.title_or_text)
        assert published(api) == [Correction(made["id"], 1, 1, Label.NEUTRAL, gist)]
        assert (await correct(client, "neutral"))["revision"] == 1
        assert published(api) == []
        assert (await correct(client, "positive"))["id"] == made["id"]
        assert published(api) == [Correction(made["id"], 2, 1, Label.POSITIVE, gist)]
        ended = await take_back(client, made["id"])
        assert (ended.status_code, ended.json()["taken_back_by"]) == (200, "the-officer")
        assert published(api) == [Correction(made["id"], 3, 1, None, None)]
        assert (await take_back(client, made["id"])).status_code == 409
        again = await correct(client, "negative")
        assert (again["revision"], again["taken_back_at"]) == (4, None)


async def test_the_alert_shows_what_its_samples_are_called_and_its_history_who_said_so(
    tmp_path: Path,
) -> None:
    """Beside the sample, in the history, in the audit log; none of them repeats the text."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        api.project(alert_event())
        made = await correct(client, "neutral")
        [shown] = (await client.get(f"/v1/alerts/{ALERT}")).json()["samples"]
        assert shown["correction"] == {"id": made["id"], "label": "neutral", "by": "the-officer"}
        await take_back(client, made["id"])
        [shown] = (await client.get(f"/v1/alerts/{ALERT}")).json()["samples"]
        assert shown.get("correction") is None
        lines = (await client.get(f"/v1/alerts/{ALERT}/events")).json()["items"]
        told = [(line["event"], line["by"], line["data"]["label"]) for line in lines[1:]]
        assert told == [("correct", "the-officer", "neutral"), ("take_back", "the-officer", None)]
        async with api.client() as admin:
            audit = (await admin.get(f"/v1/audit?object={ALERT}")).json()["items"]
        said = [line for line in audit if line["action"] != "samples_read"]
        assert [line["action"] for line in said] == ["polarity_take_back", "polarity_correct"]
        assert SAMPLE.title_or_text not in msgspec.json.encode([said, told, made]).decode()


async def test_corrections_are_listed_by_whoever_may_read(tmp_path: Path) -> None:
    """Of an alert, or those in force; a viewer may read and neither give nor take back."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        api.project(alert_event())
        made = await correct(client, "neutral")
        async with api.client(Role.VIEWER) as viewer:
            [listed] = (await viewer.get(f"/v1/corrections?alert={ALERT}")).json()["items"]
            assert listed == made
            assert (await viewer.get("/v1/corrections?alert=other")).json()["items"] == []
            assert (await viewer.post(POLARITY, json={"label": "neutral"})).status_code == 403
            assert (await take_back(viewer, made["id"])).status_code == 403
            await take_back(client, made["id"])
            assert (await viewer.get("/v1/corrections?in_force=true")).json()["items"] == []
            assert len((await viewer.get("/v1/corrections")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (POLARITY, {"label": "angry"}, 422),
        (POLARITY, {"label": "neutral", "author": "x"}, 422),
        (POLARITY, {}, 422),
        (POLARITY.replace(ALERT, "nobody"), {"label": "neutral"}, 404),
        (POLARITY.replace(SAMPLE.mention or "", "0" * 16), {"label": "neutral"}, 404),
        ("/v1/corrections/cor_9/take_back", None, 404),
    ],
)
async def test_what_cannot_be_corrected_is_named(
    tmp_path: Path, path: str, body: dict[str, str] | None, status: int
) -> None:
    """A wrong label, an alert or sample that is not there (any more)."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        api.project(alert_event())
        answer = await client.post(path, json=body)
        assert answer.status_code == status
        assert answer.json()["detail"]
        assert published(api) == []


async def test_a_repeated_request_corrects_once(tmp_path: Path) -> None:
    """With an idempotency key the answer that was lost comes again."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        api.project(alert_event())
        headers = {"Idempotency-Key": "k1"}
        first, second = [
            await client.post(POLARITY, json={"label": "neutral"}, headers=headers) for _ in range(2)
        ]
        assert first.json() == second.json()
        assert second.headers["Idempotency-Replayed"] == "true"
        assert len(published(api)) == 1


async def test_a_hostile_officer_is_stopped_within_the_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is an officer's, not a key's rate; others go on; the answer says when to go on."""
    monkeypatch.setattr(correcting, "MOST_PER_HOUR", 3)
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        api.project(alert_event())
        for label in ("neutral", "positive", "negative"):
            await correct(client, label)
        stopped = await client.post(POLARITY, json={"label": "neutral"})
        assert (stopped.status_code, stopped.json()["reason"]) == (429, "hourly_limit")
        assert 3500 < int(stopped.headers["Retry-After"]) <= 3600
        assert (await correct(client, "negative"))["revision"] == 3
        async with api.client(Role.ADMIN) as other:
            assert (await correct(other, "neutral"))["given_by"] == "the-admin"


async def test_no_more_are_in_force_than_workers_can_learn_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next mention is refused until something is taken back; what is in force can still be changed."""
    monkeypatch.setattr(correcting, "MOST_IN_FORCE", 1)
    other = alert_event("other-20261124T0300Z-0a1b")
    samples = (msgspec.structs.replace(SAMPLE, mention="00000000000000aa"),)
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        api.project(alert_event(), msgspec.structs.replace(other, samples=samples))
        made = await correct(client, "neutral")
        await correct(client, "positive")
        path = f"/v1/alerts/{other.alert_id}/samples/00000000000000aa/polarity"
        full = await client.post(path, json={"label": "neutral"})
        assert (full.status_code, full.json()["reason"]) == (409, "full")
        await take_back(client, made["id"])
        assert (await correct(client, "neutral", path))["id"] != made["id"]


@pytest.mark.parametrize(
    "erasure",
    [Erasure("bao-a"), Erasure("bao-a", SAMPLE.url), Erasure("bao-b"), Erasure("bao-a", "something else")],
)
async def test_an_erased_mention_takes_its_correction_along(tmp_path: Path, erasure: Erasure) -> None:
    """By its link or with its whole source; no hash of its words stays. Other mentions' corrections do."""
    async with running_api(tmp_path) as api, api.client(Role.OFFICER) as client:
        api.project(alert_event())
        made = await correct(client, "neutral")
        published(api)
        with api.store.write() as connection:
            erase(connection, erasure, 0)
        is_meant = erasure.source == "bao-a" and erasure.mention in {None, SAMPLE.url}
        told = [Correction(made["id"], 2, 1, None, None)] if is_meant else []
        assert published(api) == told
        [kept] = (await client.get("/v1/corrections")).json()["items"]
        assert kept["taken_back_by"] == ("command line" if is_meant else None)
