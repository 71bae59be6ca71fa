"""How answers are written, and which errors every route shares."""

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import Response

from api.schemas import Problem

Responses = dict[int | str, dict[str, Any]]


def _problem(status: HTTPStatus, text: str) -> Responses:
    """Describe an error answer."""
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {"application/problem+json": {"schema": schema}}
    return {int(status): {"description": text, "content": content, "model": Problem}}


SHARED: Responses = {
    **_problem(HTTPStatus.UNAUTHORIZED, "No key, or nobody's"),
    **_problem(HTTPStatus.FORBIDDEN, "The key's role does not allow it"),
    **_problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A bad or unknown parameter or field, which is named"),
}
NOT_FOUND = _problem(HTTPStatus.NOT_FOUND, "There is no such thing")
CONFLICT = _problem(HTTPStatus.CONFLICT, "Not possible in the present state, which is named")
AWAY = _problem(HTTPStatus.SERVICE_UNAVAILABLE, "Kafka did not take it in time; send it again")
TOO_MANY = _problem(
    HTTPStatus.TOO_MANY_REQUESTS, "Too many requests, or corrections; `Retry-After` says when to go on"
)
TOO_LARGE = _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large")


def answer(content: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Give content as JSON; it may hold JSON that is encoded already."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")
