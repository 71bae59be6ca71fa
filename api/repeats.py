"""Idempotency-Key on every POST under ``/v1``: a request that is sent again is answered from memory.

Only what succeeded is remembered: a refused request has changed nothing and is judged afresh.
"""

from http import HTTPStatus

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from api.clock import now_ms
from api.errors import FieldError, ProblemError
from api.gate import is_guarded
from api.held import Held, json_response
from api.services import Services
from api.store import once

NAME = "Idempotency-Key"
MAX_LENGTH = 200
REPLAYED = {"Idempotency-Replayed": "true"}


class Repeats:
    """Carry a request with an Idempotency-Key out once."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        """Wrap an application."""
        self._app = app
        self._store = services.store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the routes, or from memory."""
        if not is_guarded(scope) or scope["method"] != "POST" or (key := _key(scope)) is None:
            await self._app(scope, receive, send)
            return
        try:
            body = await Request(scope, receive).body()
            claim = await run_in_threadpool(self._claim, scope, _checked(key), body)
        except (ProblemError, HTTPException) as error:
            await errors.refusal(error)(scope, receive, send)
            return
        if isinstance(claim, once.Answered):
            await json_response(claim.status, claim.body.encode(), REPLAYED)(scope, receive, send)
            return
        await self._carry_out(claim, scope, _again(body, receive), send)

    def _claim(self, scope: Scope, key: str, body: bytes) -> once.Claimed | once.Answered:
        """Claim the request; raises a problem when it is another's or under way."""
        digest = once.request_digest(scope["path"], scope["query_string"], body)
        with self._store.write() as connection:
            claim = once.claim(connection, scope["state"]["principal"].key_id, key, digest, now_ms())
        if isinstance(claim, once.Refusal):
            raise _refused(claim)
        return claim

    async def _carry_out(self, claim: once.Claimed, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the routes answer, keep what they answered and send it."""
        held = Held(send)
        kept = False
        try:
            await self._app(scope, receive, held.take)
            kept = held.status is not None and held.status < HTTPStatus.MULTIPLE_CHOICES
        finally:
            await run_in_threadpool(self._settle, claim, held if kept else None)
        if held.status is not None:
            await json_response(held.status, held.body, {})(scope, receive, send)

    def _settle(self, claim: once.Claimed, held: Held | None) -> None:
        """Remember the answer, or give the claim up when there is none to remember."""
        with self._store.write() as connection:
            if held is None or held.status is None:
                once.release(connection, claim)
            else:
                once.answer(connection, claim, held.status, held.body.decode())


def _key(scope: Scope) -> str | None:
    """Give the request's Idempotency-Key; None when it has none."""
    return Request(scope).headers.get(NAME)


def _checked(key: str) -> str:
    """Give a key that can be kept; raises a 422 problem when it is empty, too long or not printable."""
    if not 0 < len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise _bad(f"is 1 to {MAX_LENGTH} printable ASCII characters")
    return key


def _refused(refusal: once.Refusal) -> ProblemError:
    """Give the problem of a request that is not carried out."""
    if refusal is once.Refusal.UNDER_WAY:
        detail = f"the request with this {NAME} is still under way"
        return ProblemError(HTTPStatus.CONFLICT, detail, retry_after_seconds=1, reason=refusal)
    detail = f"this {NAME} was used for another request within 24 hours; take a new one"
    return ProblemError(HTTPStatus.CONFLICT, detail, reason=refusal)


def _bad(detail: str) -> ProblemError:
    """Make the problem of a bad key."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return ProblemError(status, f"{NAME}: {detail}", errors=(FieldError(NAME, detail),))


def _again(body: bytes, receive: Receive) -> Receive:
    """Receive a body that was read already, then whatever comes after it."""
    told = False

    async def receiving() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
