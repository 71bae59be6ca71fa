"""Who asks: an API key in ``Authorization: Bearer``, or the console's cookie.

The cookie holds a random session token of which the store keeps the SHA-256. It is HttpOnly and
SameSite=Strict, and what changes something is only accepted from our own pages.
"""

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from api.clock import MILLISECONDS, now_ms
from api.errors import ProblemError
from api.keys import Role, fingerprint
from api.services import Services
from api.store import audit
from api.store.tables import keys, sessions

COOKIE = "haidang_session"
FAR_MS = 2**62
USE_TOLD_MS = 60_000
"""A key's last use is written at most this often: a request must not cost a write each time."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = HTTPBearer(auto_error=False, scheme_name="apiKey", description="An API key: `Bearer hdk_...`")

_ALIVE = select(keys.c.key_id, keys.c.name, keys.c.role, keys.c.last_used_ms).where(
    keys.c.disabled_ms.is_(None), func.coalesce(keys.c.expires_ms, FAR_MS) > bindparam("now_ms")
)
_BY_KEY = _ALIVE.where(keys.c.sha256 == bindparam("wanted"))
_BY_ID = _ALIVE.where(keys.c.key_id == bindparam("wanted"))
"""Built once: every request asks one of them."""

Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]


@dataclass(frozen=True)
class Principal:
    """Who acts: the name of the key, as it stands in the audit log."""

    key_id: str
    name: str
    role: Role
    last_used_ms: int | None


def by_key(connection: Connection, key: str) -> Principal | None:
    """Find whose key this is; None when it is nobody's, revoked or expired."""
    return _one(connection, _BY_KEY, fingerprint(key))


def by_session(connection: Connection, token: str) -> Principal | None:
    """Find who signed in with this token; None when nobody did or it is over."""
    alive = (sessions.c.sha256 == fingerprint(token)) & (sessions.c.until_ms > now_ms())
    key_id = connection.execute(select(sessions.c.key_id).where(alive)).scalar_one_or_none()
    return None if key_id is None else _one(connection, _BY_ID, key_id)


def _one(connection: Connection, query: Select[*tuple[Any, ...]], wanted: str) -> Principal | None:
    """Give the one key that is wanted, if it is neither revoked nor expired."""
    row = connection.execute(query, {"wanted": wanted, "now_ms": now_ms()}).first()
    return None if row is None else Principal(row.key_id, row.name, Role(row.role), row.last_used_ms)


def sign_in(services: Services, key: str) -> str | None:
    """Open a session for a key and give its token; None when the key is nobody's."""
    with services.store.write() as connection:
        principal = by_key(connection, key)
        if principal is None:
            return None
        token = secrets.token_urlsafe(32)
        until_ms = now_ms() + round(services.settings.session_hours * 3600 * MILLISECONDS)
        connection.execute(delete(sessions).where(sessions.c.until_ms <= now_ms()))
        row = {"sha256": fingerprint(token), "key_id": principal.key_id, "until_ms": until_ms}
        connection.execute(insert(sessions).values(row))
        audit.note(connection, principal.name, "sign_in", principal.key_id, now_ms())
        return token


def sign_out(services: Services, token: str) -> None:
    """End a session; does nothing when there is none."""
    with services.store.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.sha256 == fingerprint(token)))


def from_our_page(request: Request) -> bool:
    """Whether a browser says that one of our own pages sent this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin") == f"{request.url.scheme}://{request.headers.get('host')}"


def identify(request: Request, services: Services) -> Principal:
    """Find who asks and note that the key was used.

    Raises a 401 problem when it is nobody, a 403 problem when another site's page uses the cookie to change
    something.
    """
    principal = find_principal(request, services)
    if principal is None:
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "an API key is needed: Authorization: Bearer hdk_...")
    now = now_ms()
    if principal.last_used_ms is None or now - principal.last_used_ms >= USE_TOLD_MS:
        used = update(keys).where(keys.c.key_id == principal.key_id).values(last_used_ms=now)
        with services.store.write() as connection:
            connection.execute(used)
    return principal


def find_principal(request: Request, services: Services) -> Principal | None:
    """Find who asks, by key or by the console's cookie; None when it is nobody.

    Raises a 403 problem when another site's page uses the cookie to change something.
    """
    bearer, token = _bearer(request), request.cookies.get(COOKIE)
    if bearer is None and token is None:
        return None
    with services.store.read() as connection:
        if bearer is not None:
            return by_key(connection, bearer)
        principal = by_session(connection, token or "")
    if principal is not None and request.method not in _SAFE and not from_our_page(request):
        raise ProblemError(HTTPStatus.FORBIDDEN, "the console's cookie only works from the console's pages")
    return principal


def _bearer(request: Request) -> str | None:
    """Give the key that the request carries; None when it carries none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


class Needs:
    """A dependency: the request, which the gate let in, comes from someone with this role or a higher one."""

    def __init__(self, role: Role) -> None:
        """Keep the role."""
        self._role = role

    async def __call__(self, request: Request, _: Credentials) -> Principal:
        """Give who asks; raises a 403 problem."""
        principal: Principal = request.state.principal
        if not principal.role.covers(self._role):
            raise ProblemError(HTTPStatus.FORBIDDEN, f"this needs a key with the role {self._role} or higher")
        return principal


Viewer = Annotated[Principal, Depends(Needs(Role.VIEWER))]
Officer = Annotated[Principal, Depends(Needs(Role.OFFICER))]
Admin = Annotated[Principal, Depends(Needs(Role.ADMIN))]
