"""Small HTTP requests to the project's own processes on this machine: readiness, metrics, the live stream."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

TIMEOUT_SECONDS = 5.0


@contextmanager
def request(
    address: str,
    path: str,
    *,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Iterator[http.client.HTTPResponse]:
    """Give the open answer to ``GET path`` from ``address`` (``host:port``), authorised by ``key`` if given.

    Raises
    ------
    OSError
        Nothing answers there.
    http.client.HTTPException
        The answer is no HTTP.

    """
    connection = http.client.HTTPConnection(address, timeout=timeout_seconds)
    authorisation = {} if key is None else {"Authorization": f"Bearer {key}"}
    try:
        connection.request("GET", path, headers={**(headers or {}), **authorisation})
        yield connection.getresponse()
    finally:
        connection.close()


def get(address: str, path: str, *, key: str | None = None) -> tuple[int, str]:
    """Return status and body of ``GET path``; status 0 and the reason when nothing answers."""
    try:
        with request(address, path, key=key) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, type(error).__name__
