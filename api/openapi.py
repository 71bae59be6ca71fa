"""The OpenAPI 3.1 document: what FastAPI derives from the routes, completed by what stands around them.

The gate (`api.gate` and its neighbours) answers for every route under ``/v1``; so its parameters, headers and
statuses are written here once for all of them, and every operation gets examples.
"""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI

from api.errors import MEDIA_TYPE
from api.examples import example
from api.gate import CHANGING, PREFIX

Document = dict[str, Any]

_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_STREAM = "text/event-stream"
_SSE = (
    "event: alert\nid: 118\n"
    'data: {"schema": "haidang.alert.v1", "alert_id": "y-te-20261124T0300Z-0a1b", "event": "opened"}\n\n'
)
_PARAMETERS = {
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "304 while the answer still has this `ETag`",
        "schema": {"type": "string"},
        "example": '"9f2b5c0d1e4a7f3e9f2b5c0d1e4a7f3e"',
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A fresh text for each request; the same one within 24 hours gets the same answer",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
        "example": "0b7e1a52-6c1d-4d5e-9a55-2f1f6a1c9d10",
    },
}
_HEADERS = {
    "ETag": {"description": "Changes when the answer does", "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds to wait", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
    "Allow": {"description": "The methods that the address has", "schema": {"type": "string"}},
}
_ANSWERS: dict[HTTPStatus, str] = {
    HTTPStatus.UNAUTHORIZED: "No key, or one that opens nothing",
    HTTPStatus.FORBIDDEN: "The key's role does not reach, or another site's page used the console's cookie",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A bad or unknown parameter or field, which is named",
    HTTPStatus.TOO_MANY_REQUESTS: "The key has sent too many requests; `Retry-After` says when to go on",
}
_CHANGE_ANSWERS: dict[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "The body cannot be read",
    HTTPStatus.CONFLICT: "Not possible in the present state, which is named, or its key is taken",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is above 4 MiB",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not JSON",
}
_WAITING = {str(int(status)) for status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)}
_WEBHOOK_HEADERS = {
    "webhook-id": ("The same for every attempt: drop ids that were seen before", "msg_3f9a0c1d2e4b5a67"),
    "webhook-timestamp": ("When this attempt was signed, in seconds since 1970", "1795490000"),
    "webhook-signature": (
        "One or two signatures, separated by a space: `v1,` and base64 of HMAC-SHA256 of id.timestamp.body",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}
_WEBHOOK_ANSWERS = {
    "2XX": "Delivered",
    "410": "The endpoint is gone: it is disabled",
    "default": "Not delivered, as by a redirect: tried again for up to 24 hours; `Retry-After` is heeded",
}


class DocumentedApp(FastAPI):
    """An application whose OpenAPI document is whole."""

    def openapi(self) -> Document:
        """Give the document; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


def complete(document: Document) -> Document:
    """Add to a document what stands around the routes; changes and gives it."""
    schemas = document["components"]["schemas"]
    document["components"] |= {"parameters": dict(_PARAMETERS), "headers": dict(_HEADERS)}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith(PREFIX):
                _guard(method, operation)
            _tell_problems(operation["responses"])
            _exemplify(operation, schemas)
    _describe_webhook(document["webhooks"]["alert"]["post"], schemas)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document


def _guard(method: str, operation: Document) -> None:
    """Tell of what the gate takes and answers."""
    streams = (
        _STREAM in operation["responses"]["200"]["content"] if "200" in operation["responses"] else False
    )
    answers, changes = operation["responses"], method.upper() in CHANGING
    for status, text in (_ANSWERS | (_CHANGE_ANSWERS if changes else {})).items():
        answers.setdefault(str(int(status)), {"description": text})
    if method == "post":
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
    elif method == "get" and not streams:
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IfNoneMatch"})
        tag = {"ETag": {"$ref": "#/components/headers/ETag"}}
        answers["200"]["headers"] = tag
        answers["304"] = {"description": "The client has the answer already", "headers": tag}


def _tell_problems(answers: Document) -> None:
    """Let every error be a problem, and only that."""
    for status, told in answers.items():
        if status.startswith("4") or (status.startswith("5") and "Readiness" not in str(told)):
            shown = _problem_example(HTTPStatus(int(status)), told["description"])
            told["content"] = {MEDIA_TYPE: {"schema": _PROBLEM, "example": shown}}
        if status in _WAITING and "Readiness" not in str(told):
            told["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}


def _problem_example(status: HTTPStatus, description: str) -> Document:
    """Give an example of a problem."""
    found: Document = {"type": "about:blank", "title": status.phrase, "status": int(status)}
    if status is HTTPStatus.UNPROCESSABLE_ENTITY:
        field = {"field": "limit", "detail": "Input should be greater than or equal to 1"}
        return found | {"detail": f"limit: {field['detail']}", "field": "limit", "errors": [field]}
    return found | {"detail": description}


def _exemplify(operation: Document, schemas: Document) -> None:
    """Give examples to parameters, body and answers that have none."""
    for parameter in operation.get("parameters", ()):
        if "$ref" not in parameter and (parameter["required"] or "query" not in parameter["in"]):
            parameter.setdefault("example", example(parameter["schema"], schemas, parameter["name"]))
    contents = [told.get("content", {}) for told in operation["responses"].values()]
    contents.append(operation.get("requestBody", {}).get("content", {}))
    for content in contents:
        for kind, media in content.items():
            _exemplify_media(kind, media, schemas)


def _exemplify_media(kind: str, media: Document, schemas: Document) -> None:
    """Give an example to one form of a body."""
    if kind == _STREAM:
        media.pop("itemSchema", None)
        media |= {"schema": {"type": "string"}, "example": _SSE}
    elif kind.startswith("text/"):
        media |= {"schema": {"type": "string"}, "example": 'haidang_alerts_open{severity="warning"} 1.0\n'}
    elif media.get("schema"):
        media.setdefault("example", example(media["schema"], schemas))


def _describe_webhook(operation: Document, schemas: Document) -> None:
    """Tell of the headers of a delivery and of what the answers to it mean."""
    operation["parameters"] = [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": text,
            "schema": {"type": "string"},
            "example": sample,
        }
        for name, (text, sample) in _WEBHOOK_HEADERS.items()
    ]
    operation["responses"] = {status: {"description": text} for status, text in _WEBHOOK_ANSWERS.items()}
    _exemplify_media("application/json", operation["requestBody"]["content"]["application/json"], schemas)
