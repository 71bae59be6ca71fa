"""The parts that ``haidang up`` runs: child processes in process groups of their own, and the broker."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Protocol

from deploy.embedded_kafka import EmbeddedKafka, tail
from deploy.tether import tethered

LOG_BYTES = 10_000_000
"""A log larger than this is kept as ``.1`` and begun anew, so a part's logs take 20 MB at most."""

LINES_KEPT = 20


class Part(Protocol):
    """Something that runs until it is told to stop; started by the main thread only."""

    @property
    def name(self) -> str:
        """One word for messages and the log's file name."""

    @property
    def finishes(self) -> bool:
        """Whether it may end by itself with exit status 0, its work done."""

    @property
    def pid(self) -> int | None:
        """The process id, ``None`` when it does not run."""

    @property
    def status(self) -> int | None:
        """How its last process ended (negative: by that signal); ``None`` while it runs or when unknown."""

    def start(self) -> None:
        """Start it; it may not be ready when this returns."""

    def ask_to_stop(self) -> None:
        """Send SIGTERM; nothing when it does not run."""

    def wait_stopped(self, deadline: float) -> None:
        """Wait until the monotonic time ``deadline``, then end it and all it started by SIGKILL."""

    def last_words(self) -> str:
        """Return what it printed last, on one line."""


class KafkaPart:
    """The embedded broker as a part."""

    name = "kafka"
    finishes = False

    def __init__(self, broker: EmbeddedKafka) -> None:
        self.broker = broker

    @property
    def status(self) -> int | None:
        """How the last broker ended."""
        return self.broker.status

    @property
    def pid(self) -> int | None:
        """The broker's process id."""
        return self.broker.pid

    def start(self) -> None:
        """Start the broker's process."""
        self.broker.start()

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self.broker.pid is not None:
            os.kill(self.broker.pid, signal.SIGTERM)

    def wait_stopped(self, deadline: float) -> None:
        """Wait, then kill."""
        self.broker.stop(max(0.0, deadline - time.monotonic()))

    def last_words(self) -> str:
        """Return the last lines of ``kafka.log``."""
        return self.broker.log_tail()


class ProcessPart:
    """A child process: its output goes to a log of bounded size, its last lines are kept for messages.

    It leads a process group of its own, so the terminal's Ctrl-C reaches the supervisor alone, and whatever
    it starts ends with it; it is killed when the supervisor dies.

    Parameters
    ----------
    name
        One word; its log is ``<name>.log`` in ``log_dir``.
    command, environment
        What to run: the program's full path and its arguments, and its whole environment.
    finishes
        Whether ending with status 0 is a success rather than a failure.
    echo
        Called with each line that it prints, from a thread of its own.

    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        log_dir: Path,
        *,
        finishes: bool = False,
        echo: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self._echo = echo
        self.finishes = finishes
        self.log_file = log_dir / f"{name}.log"
        self._command = command
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)

    @property
    def pid(self) -> int | None:
        """The process id, ``None`` when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def status(self) -> int | None:
        """How the last process ended."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start the process and the thread that keeps its log."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self._lines.clear()
        self._process = subprocess.Popen(
            tethered(self._command, signal.SIGKILL),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            process_group=0,
        )
        threading.Thread(target=self._keep_log, args=(self._process.stdout,), daemon=True).start()

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process; what it started is its own to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_stopped(self, deadline: float) -> None:
        """Wait until ``deadline``, then kill whatever is left of the process group."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        kill_group(self._process.pid)
        self._process.wait()

    def last_words(self) -> str:
        """Return the last lines it printed."""
        return tail("\n".join(self._lines))

    def _keep_log(self, output: IO[bytes]) -> None:
        with output:
            log = BoundedLog(self.log_file)
            for line in output:
                text = line.decode(errors="replace").rstrip()
                self._lines.append(text)
                log.write(line)
                if self._echo is not None:
                    self._echo(text)


class BoundedLog:
    """A log file that is set aside as ``.1`` when it grows beyond ``limit_bytes``.

    A log that cannot be written (disk full) loses its lines; the program that prints them goes on.
    """

    def __init__(self, path: Path, limit_bytes: int = LOG_BYTES) -> None:
        self._path = path
        self._limit_bytes = limit_bytes

    def write(self, line: bytes) -> None:
        """Append a line."""
        with contextlib.suppress(OSError):
            if self._path.exists() and self._path.stat().st_size + len(line) > self._limit_bytes:
                self._path.replace(self._path.with_suffix(".log.1"))
            with self._path.open("ab") as file:
                file.write(line)


def kill_group(group: int) -> None:
    """Send SIGKILL to every process of a group; nothing when none is left."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
