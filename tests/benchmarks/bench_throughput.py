"""Throughput beside other ways to do the job: prints the report, asserts only that everybody counts right.

``BENCH_SCALE=0.1 make bench`` runs a tenth of the mentions.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_throughput_of_the_whole_path() -> None:
    """Every contender commits and counts what was sent; the figures are read by people."""
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.throughput",
        "--scale",
        os.environ.get("BENCH_SCALE", "1"),
    ]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
