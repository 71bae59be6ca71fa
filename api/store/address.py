"""Addresses of databases: which ones the store can use, said in words that never quote a password. Pure."""

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

SQLITE = "sqlite"
POSTGRESQL = "postgresql+psycopg"


class AddressError(ValueError):
    """The address is not one of a database that the store can use; the message says what is wrong."""


def parse_address(address: str) -> URL:
    """Read ``sqlite:///PATH`` or ``postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE``.

    ``postgresql://`` means the same driver. Raises AddressError.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise AddressError(
            f"is no address: write {SQLITE}:///PATH or {POSTGRESQL}://USER:PASSWORD@HOST:PORT/DATABASE, "
            "with %XX for special characters of the password"
        ) from None
    if url.drivername == "postgresql":
        url = url.set(drivername=POSTGRESQL)
    fault = _fault(url)
    if fault is not None:
        raise AddressError(fault)
    return url


def _fault(url: URL) -> str | None:
    """Say what is wrong with a well-formed address; None when nothing is."""
    if url.drivername not in {SQLITE, POSTGRESQL}:
        return f"names {url.drivername}: only {SQLITE} and {POSTGRESQL} are possible"
    if url.drivername == POSTGRESQL:
        return None if url.database else "names no database: end it with /DATABASE"
    if url.host is not None:
        return f"needs three slashes, four before an absolute path: {SQLITE}:///PATH"
    return "needs a file: sqlite:///PATH" if url.database in {None, "", ":memory:"} else None
