"""ETag and If-None-Match on every JSON answer to a GET under ``/v1``.

The tag is a digest of the answer, so it changes exactly when the answer does. A 304 saves the transfer, not
the query.
"""

import hashlib
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.gate import is_guarded
from api.held import Held, json_response

VARY = "Authorization, Cookie"
CACHE = "private, no-cache"


class Freshness:
    """Tag answers; say 304 to whoever has the present one."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, tagged."""
        if not is_guarded(scope) or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        held = Held(send)
        await self._app(scope, receive, held.take)
        if held.start is not None:
            wanted = Headers(scope=scope).get("if-none-match", "")
            await tagged(held.body, wanted)(scope, receive, send)


def tag(body: bytes) -> str:
    """Give the entity tag of an answer."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(if_none_match: str, present: str) -> bool:
    """Whether a client's If-None-Match names the present tag (RFC 9110, 13.1.2: weak comparison, a list)."""
    named = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return present in named or "*" in named


def tagged(body: bytes, if_none_match: str) -> Response:
    """Give the whole answer, or 304 to a client that has it."""
    headers = {"ETag": tag(body), "Cache-Control": CACHE, "Vary": VARY}
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return json_response(HTTPStatus.OK, body, headers)
