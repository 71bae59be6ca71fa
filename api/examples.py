"""Examples for the OpenAPI document, made from the schemas: pure.

A field's example is what `FIELDS` says of its name, whatever object it stands in, so that a new operation has
examples without further words. A name that means something else in one object has an entry in `OBJECTS`.
"""

from typing import Any

Schema = dict[str, Any]

_REF = "#/components/schemas/"
_ALERT = "y-te-20261124T0300Z-0a1b"
_MOMENT = "2026-11-24T03:12:00Z"

FIELDS: dict[str, object] = {
    "accepted": 2,
    "action": "alert_close",
    "active": True,
    "actor": "ca trực đêm",
    "alert": _ALERT,
    "alert_id": _ALERT,
    "alerts": [_ALERT],
    "answer": "ok",
    "assignee": "phòng báo chí",
    "by": "ca trực đêm",
    "checks": {"store": True, "kafka": True, "projector": True},
    "comment": "đã gọi bệnh viện, chờ xác nhận",
    "confidence": 0.94,
    "config_hash": "5f2c9a1e",
    "correction": None,
    "correction_id": "cor_0000000017_5e1d02ab",
    "count": 41,
    "created_by": "quản trị",
    "carried_by": None,
    "cursor": "WzE3OTU0OTAwNDAwMDAsImEiXQ",
    "deadline": None,
    "delivery_id": "msg_3f9a0c1d2e4b5a67",
    "detail": {"verdict": "useful", "to": None},
    "disabled_reason": None,
    "endpoint": "ep_1c0ffee2badc0de5",
    "endpoint_id": "ep_1c0ffee2badc0de5",
    "ends_at": "2026-11-24T12:00:00+07:00",
    "event": "opened",
    "expected": 20.0,
    "escalation_minutes": None,
    "failing_since": None,
    "failures": 0,
    "fetched_at": "2026-11-24T10:00:30+07:00",
    "from": "2026-11-24T02:57:00Z",
    "group": [],
    "group_seconds": 0,
    "given_by": "ca trực đêm",
    "handled_by": "ca trực đêm",
    "handling_revision": 1,
    "headline": {
        "vi": "Y tế: lượng đề cập gấp 6 lần bình thường",
        "en": "Health: mentions 6 times the usual",
    },
    "human_state": "acknowledged",
    "id": "bai-1042",
    "interval": [12.0, 31.0],
    "kinds": ["surge"],
    "label": "neutral",
    "lang": "vi",
    "limit": 50,
    "mention": "3f9a0c1d2e4b5a67",
    "message": {
        "vi": "Y tế: lượng đề cập gấp 6 lần bình thường từ 09:50. Tiếp nhận trước 10:27.",
        "en": "Health: mentions 6 times the usual since 09:50. Acknowledge before 10:27.",
    },
    "min_severity": "warning",
    "name": {"vi": "Y tế", "en": "Health"},
    "negative": 12,
    "next": None,
    "number": 1,
    "object": _ALERT,
    "observed": 120,
    "open_alerts": 1,
    "outcome": "delivered",
    "parent": None,
    "phrases": ["thiếu thuốc", "chờ từ sáng"],
    "positive": 2,
    "paused_until": None,
    "quiet_hours": "22:00-06:00",
    "reach": 1200,
    "reason": "volume_and_negativity",
    "replayed": 3,
    "revision": 1,
    "role": "officer",
    "score": 9.1,
    "secret": None,
    "seq": 118,
    "severities": ["warning"],
    "severity": "warning",
    "silence_id": "sil_77aa0b1c",
    "silence": None,
    "since": "2026-11-24T02:50:00Z",
    "sources": {"press": 20, "social": 100},
    "starts_at": "2026-11-24T10:00:00+07:00",
    "status": 204,
    "step": 60,
    "taken_back_at": None,
    "taken_back_by": None,
    "text": "Bệnh viện hết thuốc, người bệnh chờ từ sáng",
    "threshold": 4.0,
    "title": "Bệnh viện thiếu thuốc",
    "title_or_text": "Bệnh viện thiếu thuốc, [tên] chờ từ sáng",
    "to": "phòng báo chí",
    "took_ms": 84,
    "topic": {"id": "y-te", "name": {"vi": "Y tế", "en": "Health"}},
    "topic_id": "y-te",
    "topics": ["y-te"],
    "url": "https://bao.example/benh-vien-thieu-thuoc",
    "verdict": "useful",
    "verdict_reason": None,
    "version": "1",
    "last-event-id": "117",
}

OBJECTS: dict[str, dict[str, object]] = {
    "AlertEvent": {"negative": {"observed": 0.7, "expected": 0.3}},
    "Alert": {"negative": {"observed": 0.7, "expected": 0.3}},
    "Closing": {"reason": "thông tin đúng, đã có thông cáo"},
    "Correction": {"id": FIELDS["correction_id"], "source": "Báo Ví Dụ"},
    "Delivery": {"id": FIELDS["delivery_id"], "reason": None, "state": "delivered"},
    "Endpoint": {
        "id": FIELDS["endpoint_id"],
        "name": "cổng trực ban",
        "url": "https://receiver.example/haidang",
    },
    "Health": {"status": "ok"},
    "JournalLine": {
        "event": "close",
        "data": {"action": "close", "verdict": "useful", "human_state": "resolved"},
    },
    "Me": {"name": "ca trực đêm"},
    "Mention": {"topics": None, "source": {"name": "Báo Ví Dụ", "kind": "press"}},
    "NewPlannedEvent": {"name": "Công bố điểm chuẩn đại học", "to": "2026-11-26T03:00:00Z"},
    "CalendarEntry": {"name": "Công bố điểm chuẩn đại học", "cancelled_by": None, "cancelled_at": None},
    "EndpointChange": {"name": "cổng trực ban", "url": "https://receiver.example/haidang"},
    "NewEndpoint": {"name": "cổng trực ban", "url": "https://receiver.example/haidang"},
    "NewSilence": {"alerts": [], "topics": ["y-te"], "reason": "diễn tập đã báo trước"},
    "Point": {"expected": 21.0, "interval": [12.0, 31.0]},
    "Readiness": {"status": "ready"},
    "Reopening": {"reason": "có diễn biến mới"},
    "Sample": {"source": "Báo Ví Dụ"},
    "Series": {"topic": "y-te"},
    "Shares": {"observed": 0.7, "expected": 0.3},
    "Silence": {"id": FIELDS["silence_id"], "alerts": [], "reason": "diễn tập đã báo trước"},
    "Span": {"to": "2026-11-24T03:12:00Z"},
    "Source": {"name": "Báo Ví Dụ"},
    "Topic": {"id": "y-te"},
}


def example(schema: Schema, schemas: Schema, name: str = "") -> object:
    """Give a value of a schema; ``schemas`` are the document's, ``name`` is the field's that holds it."""
    if "$ref" in schema:
        return _of_model(schema["$ref"].removeprefix(_REF), schemas, name)
    if name in FIELDS:
        return FIELDS[name]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], schemas, name)
    return _of_kind(schema, schemas)


def _of_model(model: str, schemas: Schema, name: str) -> object:
    """Give a value of a named schema."""
    schema, known = schemas[model], FIELDS.get(name)
    if "properties" not in schema:
        return known if known in schema["enum"] else schema["enum"][0]
    if isinstance(known, dict):
        return known
    special = OBJECTS.get(model, {})
    return {
        field: special[field] if field in special else example(inner, schemas, field)
        for field, inner in schema["properties"].items()
    }


def _of_kind(schema: Schema, schemas: Schema) -> object:
    """Give a value by what the schema says of itself."""
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return _MOMENT
    if schema.get("type") == "array":
        return [example(schema["items"], schemas)] if "items" in schema else []
    kinds = {"string": "…", "integer": 1, "number": 1.0, "boolean": True, "object": {}}
    return kinds.get(schema.get("type", ""))
