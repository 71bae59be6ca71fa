"""API keys: random, shown once, stored as SHA-256 only.

A key is 256 random bits, so a fast hash protects it as well as a slow one would: there is nothing to guess.
"""

import hashlib
import os
import secrets
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from api.clock import now_ms
from api.store import Store
from api.store.tables import keys

KEY_PREFIX = "hdk_"
ADMIN_NAME = "admin"
MAX_NAME = 100


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


def create_key(store: Store, name: str, role: Role | str) -> str:
    """Make a key and give it: it is never shown again.

    ``name`` (1 to 100 characters) is who acts, in the audit log and on alerts. Raises KeyFaultError when the
    name is empty, too long or taken, or the role is unknown.
    """
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise KeyFaultError(f"a key's name is 1 to {MAX_NAME} printable characters")
    if role not in tuple(Role):
        raise KeyFaultError(f"a key's role is one of {', '.join(Role)}")
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    row = {"key_id": "key_" + secrets.token_hex(8), "name": name, "role": str(role)}
    try:
        with store.write() as connection:
            connection.execute(insert(keys).values(**row, sha256=fingerprint(key), created_ms=now_ms()))
    except IntegrityError as error:
        raise KeyFaultError(f"there is a key named {name!r} already") from error
    return key


def ensure_admin_key(store: Store, path: Path) -> bool:
    """At the first start, make the administrator's key and write it to ``path``, readable by its owner only.

    Gives whether one was made; a store that has a key is left alone.
    """
    with store.read() as connection:
        if connection.execute(select(func.count()).select_from(keys)).scalar_one():
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(create_key(store, ADMIN_NAME, Role.ADMIN) + "\n")
    return True
