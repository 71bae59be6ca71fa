"""The OpenAPI document: a golden file, and what must be true of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from api_support import running_api
from golden_openapi import GOLDEN, as_golden

pytestmark = pytest.mark.stores("sqlite")  # nothing here depends on the store
CONTRACT = {
    "/v1/alerts",
    "/v1/alerts/{alert_id}",
    "/v1/alerts/{alert_id}/events",
    "/v1/alerts/{alert_id}/acknowledge",
    "/v1/alerts/{alert_id}/close",
    "/v1/topics",
    "/v1/topics/{topic_id}/series",
    "/v1/stream",
    "/v1/mentions",
    "/v1/endpoints",
    "/v1/endpoints/{endpoint_id}/test",
    "/v1/endpoints/{endpoint_id}/rotate",
    "/v1/endpoints/{endpoint_id}/disable",
    "/v1/deliveries",
    "/v1/deliveries/{delivery_id}/replay",
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
    """And describes its errors as problems."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            if path.startswith("/v1/") and path != "/v1/me":
                assert operation["security"] == [{"apiKey": []}], path
                assert "application/problem+json" in operation["responses"]["422"]["content"], path


async def test_the_webhook_is_described(document: dict[str, Any]) -> None:
    """Receivers can generate their types from the document."""
    body = document["webhooks"]["alert"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/WebhookBody"}
