"""Write tests/golden/openapi_v1.json anew: ``python tests/support/golden_openapi.py``, then read the diff."""

import asyncio
import sys
import tempfile
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "openapi_v1.json"


def as_golden(document: object) -> str:
    """Give the document as the golden file holds it."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


async def _served(folder: Path) -> object:
    """Give the document that an application without Kafka serves."""
    from api_support import running_api  # noqa: PLC0415 - found beside this file, once the root is on the path

    async with running_api(folder) as api:
        return api.app.openapi()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        GOLDEN.write_text(as_golden(asyncio.run(_served(Path(folder)))), encoding="utf-8")
