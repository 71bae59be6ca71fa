"""The gate before everything under ``/v1``: who asks, how often, in what form; and who is shown samples.

It stands outside the routes, so that no body is read for whoever has no key, and a new route has all of it.
"""

import time
from http import HTTPStatus

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import quota
from api.auth import Principal, identify
from api.clock import now_ms
from api.errors import ProblemError, invalid, problem
from api.services import Services
from api.store import audit

PREFIX = "/v1/"
CHANGING = frozenset({"POST", "PATCH"})
"""The methods that change something."""


def is_guarded(scope: Scope) -> bool:
    """Whether a request is one that the gate stands before."""
    return scope["type"] == "http" and bool(scope["path"].startswith(PREFIX))


class Gate:
    """Let in what has a key, keeps to its rate and is JSON."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        """Wrap an application."""
        self._app = app
        self._services = services
        self._buckets: dict[str, quota.Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        if not is_guarded(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            await self._admit(request)
        except ProblemError as error:
            await problem(error)(scope, receive, send)
            return
        await self._app(scope, receive, self._noting(request, send))

    async def _admit(self, request: Request) -> None:
        """Find who asks and count it; raises a problem when the request is not let in."""
        who = await run_in_threadpool(identify, request, self._services)
        request.state.principal = who
        request.state.sampled = []
        self._take(request, who)
        _refuse_nul(request)
        _require_json(request)

    def _take(self, request: Request, who: Principal) -> None:
        """Count the request against its key's rate; raises a 429 problem."""
        per_minute = self._services.settings.rate_limit_per_minute
        if per_minute == 0:
            return
        bucket = self._buckets.get(who.key_id)
        self._buckets[who.key_id], grant = quota.take(bucket, per_minute, time.monotonic())
        request.state.quota_headers = quota.headers(grant, per_minute)
        if isinstance(grant, quota.Exhausted):
            detail = f"a key may send {per_minute} requests a minute"
            status = HTTPStatus.TOO_MANY_REQUESTS
            raise ProblemError(status, detail, retry_after_seconds=grant.retry_seconds)

    def _noting(self, request: Request, send: Send) -> Send:
        """Send, but before samples of mentions go out, note who is shown them."""

        async def sending(message: Message) -> None:
            answers = (
                message["type"] == "http.response.start" and message["status"] < HTTPStatus.MULTIPLE_CHOICES
            )
            if answers and request.state.sampled:
                await run_in_threadpool(self._note, request)
            await send(message)

        return sending

    def _note(self, request: Request) -> None:
        """Write the line of the audit log."""
        with self._services.store.write() as connection:
            audit.note_samples(connection, request.state.principal.name, request.state.sampled, now_ms())


def _refuse_nul(request: Request) -> None:
    """Refuse NUL in an address, which no database holds: a 404 or 422 problem."""
    if "\0" in request.url.path or "\0" in request.scope["path"]:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is nothing at this address")
    for name, value in request.query_params.multi_items():
        if "\0" in name + value:
            raise invalid(name.replace("\0", "")[:100], "must not contain NUL")


def _require_json(request: Request) -> None:
    """Refuse a body that is not JSON, with a 415 problem."""
    headers = request.headers
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a body is application/json")
