"""Webhook body v1: pure.

``{"type": "alert.opened|raised|updated|closed", "timestamp": RFC 3339, "data": Alert event v1}``, under 20
kB as Standard Webhooks asks: what an alert can spare is left out, from the least important on, until it fits.
"""

from typing import Any

import msgspec

MAX_BODY_BYTES = 20_000
TEST_TYPE = "endpoint.test"


def body(event: str | bytes) -> bytes:
    """Give the body that carries one Alert event v1, given as its JSON; always below 20 kB."""
    data: dict[str, Any] = msgspec.json.decode(event)
    full = _encode(data)
    for spare in ("samples", "phrases", "evidence", "sources"):
        if len(full) < MAX_BODY_BYTES:
            return full
        data = {key: value for key, value in data.items() if key != spare} | _emptied(data, spare)
        full = _encode(data)
    return full if len(full) < MAX_BODY_BYTES else _encode({key: data.get(key) for key in _KEPT})


_KEPT = ("schema", "alert_id", "revision", "event", "at", "topic", "kind", "severity", "onset")


def _emptied(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Give a member with nothing in it, of the kind that it was."""
    value = data.get(name)
    return {name: {} if isinstance(value, dict) else []}


def _encode(data: dict[str, Any]) -> bytes:
    """Encode the body."""
    return msgspec.json.encode({"type": f"alert.{data['event']}", "timestamp": data["at"], "data": data})


def connection_test(timestamp: str, endpoint_id: str) -> bytes:
    """Give the body of a test delivery: no alert, so its type is no alert's."""
    data = {"endpoint_id": endpoint_id, "message": {"vi": "Thử kết nối", "en": "Connection test"}}
    return msgspec.json.encode({"type": TEST_TYPE, "timestamp": timestamp, "data": data})
