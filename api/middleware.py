"""What wraps every request: a bound on the body, security headers, one log line."""

import logging
import time
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import logs
from api.clock import MILLISECONDS
from api.errors import ProblemError, problem

MAX_BODY_BYTES = 4 * 1024 * 1024

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

LOG = logging.getLogger("haidang.http")


class BodyLimit:
    """Refuse bodies above 4 MiB with 413, also when they do not say how long they are."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what arrives."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            await problem(_too_large())(scope, receive, send)
            return
        await self._app(scope, _counted(receive), send)


def _counted(receive: Receive) -> Receive:
    """Receive, until it is too much."""
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return counting


def _too_large() -> ProblemError:
    """Make the problem of a body that is too large."""
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body is at most {MAX_BODY_BYTES} bytes")


class Watch:
    """Add the security headers and log one line a request: the route's form, never what was asked for."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and tell of it when it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, getattr(Request(scope).state, "quota_headers", {}))
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            _tell(scope, status, time.monotonic() - started)


def _add_headers(message: Message, quota_headers: Mapping[str, str]) -> None:
    """Add security and quota; what must not be kept is marked so unless the route said otherwise."""
    headers = MutableHeaders(scope=message)
    for name, value in (_HEADERS | dict(quota_headers)).items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")


def _tell(scope: Scope, status: int, took_seconds: float) -> None:
    """Log one request."""
    if scope["path"] in _QUIET and status < HTTPStatus.BAD_REQUEST:
        return
    route = getattr(scope.get("route"), "path", "-")
    took_ms = round(took_seconds * MILLISECONDS)
    logs.info(LOG, "request", method=scope["method"], route=route, status=status, took_ms=took_ms)
