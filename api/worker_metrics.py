"""The worker's metrics, fetched so that one address serves one machine."""

from collections.abc import Iterable, Iterator

import aiohttp

from api.capped import read_at_most

TIMEOUT_SECONDS = 2.0
MAX_BYTES = 16 * 1024 * 1024
PREFIX = "haidang_"


def families(text: str, ours: Iterable[str]) -> Iterator[str]:
    """Give the lines of the worker's families, without what is not Haidang's or is served here already."""
    taken = frozenset(ours)
    wanted = False
    for line in text.splitlines():
        if line.startswith(("# HELP ", "# TYPE ")):
            name = line.split(" ", 3)[2]
            wanted = name.startswith(PREFIX) and name not in taken
        if wanted and line:
            yield line


def family_names(text: str) -> frozenset[str]:
    """Name the families of a page of metrics."""
    return frozenset(line.split(" ", 3)[2] for line in text.splitlines() if line.startswith("# TYPE "))


async def fetch(url: str) -> str | None:
    """Read the worker's page; None when it does not answer well within two seconds."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if not response.ok:
                return None
            return (await read_at_most(response.content, MAX_BYTES)).decode()
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError):
        return None


async def append(page: str, url: str | None) -> str:
    """Append the worker's families to our page, or say clearly that the worker is away."""
    if url is None:
        return page
    text = await fetch(url)
    up = "# TYPE haidang_worker_metrics_up gauge\nhaidang_worker_metrics_up"
    if text is None:
        return f"{page}# The worker's metrics are away: its address did not answer.\n{up} 0\n"
    lines = "\n".join(families(text, family_names(page)))
    return f"{page}{up} 1\n{lines}\n"
