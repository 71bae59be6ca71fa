"""API keys: random, shown once, stored as SHA-256 only; they expire and can be revoked.

A key is 256 random bits, so a fast hash protects it as well as a slow one would: there is nothing to guess.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.clock import now_ms
from api.store import Store, audit
from api.store.tables import keys
from api.store.turns import Turn, take_turn

KEY_PREFIX = "hdk_"
ADMIN_NAME = "admin"
MAX_NAME = 100
COMMAND_LINE = "command line"
"""Who makes and revokes keys, in the audit log."""
DAY_MS = 86_400_000
MAX_DAYS = 3650


class KeyFaultError(Exception):
    """A key cannot be made; the message names what is wrong."""


class Role(StrEnum):
    """What a key may do; each role may do what those before it may."""

    VIEWER = "viewer"
    OFFICER = "officer"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what ``needed`` may."""
        order = tuple(Role)
        return order.index(self) >= order.index(needed)


def fingerprint(secret: str) -> str:
    """SHA-256 of a key or session token, in hex: what the store keeps."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class KeyState(StrEnum):
    """Whether a key opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class KeyInfo:
    """What may be told of a key. Times are milliseconds since 1970; ``expires_ms`` None: never."""

    key_id: str
    name: str
    role: Role
    state: KeyState
    created_ms: int
    expires_ms: int | None
    last_used_ms: int | None


def create_key(store: Store, name: str, role: Role | str, expires_days: int | None = None) -> str:
    """Make a key and give it: it is never shown again.

    ``name`` (1 to 100 characters) is who acts, in the audit log and on alerts; no other key ever has it.
    ``expires_days`` (1 to 3650) ends the key by itself. Raises KeyFaultError when the name is empty, too long
    or taken, the role unknown or the days out of range.
    """
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise KeyFaultError(f"a key's name is 1 to {MAX_NAME} printable characters")
    if role not in tuple(Role):
        raise KeyFaultError(f"a key's role is one of {', '.join(Role)}")
    if expires_days is not None and not 1 <= expires_days <= MAX_DAYS:
        raise KeyFaultError(f"a key expires after 1 to {MAX_DAYS} days")
    try:
        with store.write() as connection:
            return _add(connection, name, role, expires_days)
    except IntegrityError as error:
        raise KeyFaultError(f"there is a key named {name!r} already") from error


def _add(connection: Connection, name: str, role: Role | str, expires_days: int | None = None) -> str:
    """Store a new key's digest and give the key."""
    key, now = KEY_PREFIX + secrets.token_urlsafe(32), now_ms()
    row = {"key_id": "key_" + secrets.token_hex(8), "name": name, "role": str(role), "created_ms": now}
    row["expires_ms"] = None if expires_days is None else now + expires_days * DAY_MS
    connection.execute(insert(keys).values(**row, sha256=fingerprint(key)))
    audit.note(connection, COMMAND_LINE, "key_create", name, now, role=str(role))
    return key


def list_keys(store: Store) -> list[KeyInfo]:
    """List all keys, the oldest first."""
    now = now_ms()
    with store.read() as connection:
        rows = connection.execute(select(keys).order_by(keys.c.created_ms, keys.c.key_id))
        return [_info(row, now) for row in rows]


def _info(row: Row[*tuple[Any, ...]], now: int) -> KeyInfo:
    """Give what may be told of a key."""
    return KeyInfo(
        row.key_id,
        row.name,
        Role(row.role),
        _state(row, now),
        row.created_ms,
        row.expires_ms,
        row.last_used_ms,
    )


def _state(row: Row[*tuple[Any, ...]], now: int) -> KeyState:
    """Say whether a key opens anything."""
    if row.disabled_ms is not None:
        return KeyState.REVOKED
    return KeyState.EXPIRED if row.expires_ms is not None and row.expires_ms <= now else KeyState.ACTIVE


def revoke_key(store: Store, name: str) -> None:
    """End a key and the console sign-ins made with it; raises KeyFaultError when no key has this name."""
    now = now_ms()
    with store.write() as connection:
        found = connection.execute(update(keys).where(keys.c.name == name).values(disabled_ms=now))
        if found.rowcount == 0:
            raise KeyFaultError(f"there is no key named {name!r}: haidang key list shows them all")
        audit.note(connection, COMMAND_LINE, "key_revoke", name, now)


def ensure_admin_key(store: Store, path: Path) -> bool:
    """At the first start, make the administrator's key and write it to ``path``, readable by its owner only.

    Gives whether one was made; a store that has a key is left alone.
    """
    with store.write() as connection:
        take_turn(connection, Turn.ADMIN_KEY)
        if connection.execute(select(func.count()).select_from(keys)).scalar_one():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(_add(connection, ADMIN_NAME, Role.ADMIN) + "\n")
    return True
