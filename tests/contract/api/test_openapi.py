"""The OpenAPI document: a golden file, and what must be true of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from api_support import running_api
from golden_openapi import GOLDEN, as_golden
from jsonschema_rs import validator_for

pytestmark = pytest.mark.stores("sqlite")  # nothing here depends on the store
CONTRACT = {
    "/v1/alerts",
    "/v1/alerts/{alert_id}",
    "/v1/alerts/{alert_id}/events",
    "/v1/alerts/{alert_id}/acknowledge",
    "/v1/alerts/{alert_id}/assign",
    "/v1/alerts/{alert_id}/comment",
    "/v1/alerts/{alert_id}/close",
    "/v1/topics",
    "/v1/topics/{topic_id}/series",
    "/v1/stream",
    "/v1/mentions",
    "/v1/endpoints",
    "/v1/endpoints/{endpoint_id}/test",
    "/v1/endpoints/{endpoint_id}/rotate",
    "/v1/endpoints/{endpoint_id}/disable",
    "/v1/silences",
    "/v1/calendar",
    "/v1/deliveries",
    "/v1/deliveries/{delivery_id}/replay",
    "/v1/audit",
    "/healthz",
    "/readyz",
    "/metrics",
}


@pytest.fixture
async def document(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """Give the document as it is served."""
    async with running_api(tmp_path) as api, api.client(None) as client:
        yield (await client.get("/openapi.json")).json()


async def test_the_document_is_the_golden_one(document: dict[str, Any]) -> None:
    """A change of the interface is a visible diff: write it by ``python tests/support/golden_openapi.py``."""
    assert as_golden(document) == GOLDEN.read_text(encoding="utf-8")


async def test_every_path_of_the_contract_is_there(document: dict[str, Any]) -> None:
    """Under its name."""
    assert set(document["paths"]) >= CONTRACT


async def test_every_operation_under_v1_asks_for_a_key_and_says_what_it_does(
    document: dict[str, Any],
) -> None:
    """And documents every status that the gate before it may answer, as a problem."""
    for path, method, operation in operations(document):
        answers = operation["responses"]
        assert operation["description"], path
        if path.startswith("/v1/"):
            assert operation["security"] == [{"apiKey": []}], path
            expected = {"401", "403", "422", "429"}
            expected |= {"400", "409", "413", "415"} if method in ("post", "patch") else set()
            expected |= {"304"} if method == "get" and path != "/v1/stream" else set()
            assert set(answers) >= expected, path
        for status, told in answers.items():
            if status[0] in "45" and path != "/readyz":
                assert list(told["content"]) == ["application/problem+json"], (path, status)


async def test_the_statuses_that_ask_to_wait_say_how_long(document: dict[str, Any]) -> None:
    """Retry-After on 429 everywhere and on 503 of posting."""
    for path, _, operation in operations(document):
        for status in {"429", "503"} & set(operation["responses"]):
            if path != "/readyz":
                assert "Retry-After" in operation["responses"][status]["headers"], path


async def test_every_body_answer_and_path_has_an_example_that_fits(
    document: dict[str, Any],
) -> None:
    """A reader copies it; a generator of mocks serves it."""
    for path, method, operation in operations(document):
        contents = [told.get("content", {}) for told in operation["responses"].values()]
        contents.append(operation.get("requestBody", {}).get("content", {}))
        shown = [media for content in contents for media in content.values()]
        shown += [one for one in operation.get("parameters", ()) if one.get("in") == "path"]
        for media in shown:
            schema = media["schema"] | {"components": document["components"]}
            faults = [fault.message for fault in validator_for(schema).iter_errors(media["example"])]
            assert not faults, (method, path)


async def test_the_webhook_is_described(document: dict[str, Any]) -> None:
    """Receivers can generate their types from the document, headers and answers included."""
    webhook = document["webhooks"]["alert"]["post"]
    media = webhook["requestBody"]["content"]["application/json"]
    assert media["schema"] == {"$ref": "#/components/schemas/WebhookBody"}
    schema = media["schema"] | {"components": document["components"]}
    assert validator_for(schema).is_valid(media["example"])
    headers = {one["name"]: one["required"] for one in webhook["parameters"]}
    assert headers == {"webhook-id": True, "webhook-timestamp": True, "webhook-signature": True}
    assert set(webhook["responses"]) == {"2XX", "410", "default"}


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Give path, method and description of every operation."""
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
