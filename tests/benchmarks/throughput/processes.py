"""Processes under measurement: their CPU time and memory as the kernel counts them (Linux)."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[3]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
POLL_SECONDS = 0.1
STOP_SECONDS = 30
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class BenchmarkError(Exception):
    """A run that cannot be measured."""


def cpu_seconds(pid: int) -> float:
    """Return user and system time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def memory_mb(pid: int) -> float:
    """Return the largest resident memory of a process so far, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise BenchmarkError(f"no memory figure for process {pid}")


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(
    fact: Callable[[], bool], what: str, within_seconds: float, alive: Callable[[], bool] = lambda: True
) -> None:
    """Look until the fact holds; raise when time is over or the process behind it has died."""
    deadline = time.monotonic() + within_seconds
    while not fact():
        if not alive():
            raise BenchmarkError(f"the process died before {what}")
        if time.monotonic() > deadline:
            raise BenchmarkError(f"not within {within_seconds} s: {what}")
        time.sleep(POLL_SECONDS)


class Child:
    """One child process of the benchmark, its output in a file of the folder."""

    def __init__(self, module: str, arguments: list[str], folder: Path, **settings: str) -> None:
        self._log = (folder / f"{module.rpartition('.')[2]}.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=os.environ | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if module.endswith("produce") else self._log,
            stderr=self._log,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def hear(self) -> dict[str, int]:
        """Return the next line that it says, JSON."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise BenchmarkError("the load ended early; see produce.log")
        return json.loads(line)

    def go(self) -> None:
        """Tell it to begin."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        """End it and wait."""
        if self.alive():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()


def scrape(port: int) -> Samples:
    """Return every sample of a worker's /metrics by name and sorted labels; empty while nothing listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(samples: Samples, name: str) -> float:
    """Return the sum of one metric over its labels; 0 when it is not there."""
    return sum(value for (found, _), value in samples.items() if found == name)
