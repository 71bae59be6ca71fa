"""Errors as problem+json (RFC 9457): what is wrong, and in which field. Never what was sent."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

MEDIA_TYPE = "application/problem+json"
_OUTER = ("body", "query", "path", "header", "cookie")

_FRAMEWORK = {
    HTTPStatus.BAD_REQUEST: "the body cannot be read: it is no JSON in UTF-8",
    HTTPStatus.NOT_FOUND: "there is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "the address does not have this method; Allow names those it has",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is too large",
}


class FieldError(msgspec.Struct, frozen=True):
    """One bad field: its path with dots, e.g. ``3.published_at``, and what is wrong with it."""

    field: str
    detail: str


class ProblemError(Exception):
    """Stop a request with a problem."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        retry_after_seconds: int | None = None,
        **extra: str | int | None,
    ) -> None:
        """Say what is wrong in one sentence; ``extra`` members are added to the problem.

        ``retry_after_seconds`` tells when the same request may do better.
        """
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds
        self.extra = extra


def problem(error: ProblemError) -> Response:
    """Give the response that tells of a problem."""
    title = error.status.phrase
    content: dict[str, Any] = {"type": "about:blank", "title": title, "status": int(error.status)}
    content["detail"] = error.detail
    if error.errors:
        content |= {"field": error.errors[0].field, "errors": error.errors}
    body = msgspec.json.encode(content | error.extra)
    return Response(body, error.status, media_type=MEDIA_TYPE, headers=_headers(error))


def _headers(error: ProblemError) -> dict[str, str]:
    """Give the headers that go with a problem."""
    headers: dict[str, str] = {}
    if error.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return headers


def invalid(field: str, detail: str) -> ProblemError:
    """Give the problem of one bad field."""
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY, f"{field}: {detail}", errors=(FieldError(field, detail),)
    )


def field_errors(errors: Sequence[Any]) -> tuple[FieldError, ...]:
    """Translate pydantic's errors; what was sent is left out."""
    return tuple(
        FieldError(_field(error["loc"]), str(error["msg"]).removeprefix("Value error, ")) for error in errors
    )


def _field(location: Sequence[str | int]) -> str:
    """Join a location, without the part of the request that it is in."""
    parts = location[1:] if len(location) > 1 and location[0] in _OUTER else location
    return ".".join(str(part) for part in parts)


async def _on_problem(_: Request, error: Exception) -> Response:
    """Answer a problem that a route raised."""
    return problem(error) if isinstance(error, ProblemError) else await _on_crash(_, error)


async def _on_invalid(_: Request, error: Exception) -> Response:
    """Answer a request that does not fit its schema."""
    errors = field_errors(error.errors()) if isinstance(error, RequestValidationError) else ()
    first = f"{errors[0].field}: {errors[0].detail}" if errors else "the request does not fit"
    return problem(ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, first, errors=errors))


def refusal(error: ProblemError | HTTPException) -> Response:
    """Give the response to a problem of ours or of the framework."""
    if isinstance(error, ProblemError):
        return problem(error)
    status = HTTPStatus(error.status_code)
    response = problem(ProblemError(status, _FRAMEWORK.get(status, status.phrase.lower())))
    response.headers.update(error.headers or {})
    return response


async def _on_http(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: an unknown path, a wrong method."""
    if not isinstance(error, HTTPException):
        return await _on_crash(request, error)
    response = refusal(error)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = _methods_at(request)
        response.headers["Allow"] = ", ".join(sorted(allowed)) or response.headers["Allow"]
    return response


def _methods_at(request: Request) -> set[str]:
    """Give all documented methods of an address; the framework names those of one of its routes only."""
    paths: dict[str, dict[str, object]] = request.app.openapi()["paths"]
    here = [methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path)]
    return {method.upper() for methods in here for method in methods}


async def _on_crash(_: Request, _error: Exception) -> Response:
    """Answer a fault of ours without telling its details."""
    return problem(ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "the request failed; the log says why"))


def install(app: FastAPI) -> None:
    """Let the application answer every error as a problem."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_crash)
