"""Reading a bounded part of what a stranger sends."""

import aiohttp


async def read_at_most(stream: aiohttp.StreamReader, limit: int) -> bytes:
    """Read to the end or to ``limit`` bytes, whichever comes first."""
    parts: list[bytes] = []
    left = limit
    while left > 0:
        part = await stream.read(left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
