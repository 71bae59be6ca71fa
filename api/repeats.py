"""Idempotency-Key on every POST under ``/v1``: a request that is sent again is answered from memory.

Only what succeeded is remembered: a refused request has changed nothing and is judged afresh. What a request
writes and what is answered to it are one transaction.
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
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the routes, or from memory."""
        if not is_guarded(scope) or scope["method"] != "POST" or (key := _key(scope)) is None:
            await self._app(scope, receive, send)
            return
        try:
            body = await Request(scope, receive).body()
            asked = _asked(scope, _checked(key), body)
            found = await run_in_threadpool(self._look, asked)
            if found is None:
                found = await self._carry_out(asked, scope, _again(body, receive), send)
        except once.OtherRequestError:
            await errors.refusal(_other_request())(scope, receive, send)
        except (ProblemError, HTTPException) as error:
            await errors.refusal(error)(scope, receive, send)
        else:
            if found is not None:
                await json_response(found.status, found.body.encode(), REPLAYED)(scope, receive, send)

    def _look(self, asked: once.Asked) -> once.Answered | None:
        """Give what was answered to the request before; None when it was not."""
        with self._services.store.read() as connection:
            return once.look(connection, asked)

    async def _carry_out(
        self, asked: once.Asked, scope: Scope, receive: Receive, send: Send
    ) -> once.Answered | None:
        """Let the routes answer, keep that with what they wrote, and send it.

        Gives the answer of another request with this key that was faster; None when there was none.
        """
        store = once.OneTransaction(self._services.store, asked, now_ms())
        scope["state"]["store"] = store
        held = Held(send)
        try:
            await self._app(scope, receive, held.take)
            if held.status is not None and held.status < HTTPStatus.MULTIPLE_CHOICES:
                await run_in_threadpool(store.keep, once.Answered(held.status, held.body.decode()))
        except once.RepeatedError as error:
            return error.answered
        finally:
            await run_in_threadpool(store.drop)
        self._services.journal.ring()
        self._services.due.ring()
        if held.status is not None:
            await json_response(held.status, held.body, {})(scope, receive, send)
        return None


def _asked(scope: Scope, key: str, body: bytes) -> once.Asked:
    """Say what is asked for, and under which key."""
    digest = once.request_digest(scope["path"], scope["query_string"], body)
    return once.Asked(scope["state"]["principal"].key_id, key, digest)


def _key(scope: Scope) -> str | None:
    """Give the request's Idempotency-Key; None when it has none."""
    return Request(scope).headers.get(NAME)


def _checked(key: str) -> str:
    """Give a key that can be kept; raises a 422 problem when it is empty, too long or not printable."""
    if not 0 < len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise _bad(f"is 1 to {MAX_LENGTH} printable ASCII characters")
    return key


def _other_request() -> ProblemError:
    """Give the problem of a key that was used before."""
    detail = f"this {NAME} was used for another request within 24 hours; take a new one"
    return ProblemError(HTTPStatus.CONFLICT, detail, reason="other_request")


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
