"""API keys in the store that the settings name, whether the API runs or not."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.clock import rfc3339
from api.keys import KeyFaultError, KeyInfo, create_key, list_keys, revoke_key
from api.settings import ApiSettings
from api.store import Store, StoreError, open_store
from deploy.errors import DeployError

HEAD = ("name", "role", "state", "created", "expires", "last used")


@contextmanager
def _store(settings: ApiSettings) -> Iterator[Store]:
    """Open the store; raises DeployError for what the person at the terminal can mend."""
    try:
        store = open_store(settings.store_url)
        try:
            yield store
        finally:
            store.close()
    except (KeyFaultError, StoreError) as error:
        raise DeployError(str(error)) from error


def create(settings: ApiSettings, name: str, role: str, expires_days: int | None) -> str:
    """Return a new key for ``name``; only its digest is stored.

    Raises
    ------
    DeployError
        The name is taken or malformed, the role unknown, the days out of range, or the store is unusable.

    """
    with _store(settings) as store:
        return create_key(store, name, role, expires_days)


def revoke(settings: ApiSettings, name: str) -> None:
    """End a key at once; raises DeployError when there is none of this name."""
    with _store(settings) as store:
        revoke_key(store, name)


def table(settings: ApiSettings) -> list[str]:
    """Return what is known of each key, as lines of one table; times are in UTC."""
    with _store(settings) as store:
        rows = [HEAD, *(_row(key) for key in list_keys(store))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _row(key: KeyInfo) -> tuple[str, ...]:
    return key.name, key.role, key.state, *map(_time, (key.created_ms, key.expires_ms, key.last_used_ms))


def _time(moment_ms: int | None) -> str:
    return "never" if moment_ms is None else rfc3339(moment_ms // 1000 * 1000)
