"""schemathesis at length: ``make bench ARGS="-k schema"``.

``HAIDANG_BENCH_EXAMPLES`` sets how many requests are generated for an operation and phase.
"""

import os
from pathlib import Path

import pytest
from kafka_support import fresh_broker
from schema_support import failures

EXAMPLES = int(os.environ.get("HAIDANG_BENCH_EXAMPLES", "200"))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_schema(tmp_path: Path, seed: int) -> None:
    """Zero failures of all checks."""
    with fresh_broker(tmp_path / "kafka") as broker:
        found = await failures(tmp_path, broker.bootstrap, EXAMPLES, "--seed", str(seed))
    assert not found, found
