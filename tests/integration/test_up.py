"""`haidang up`: one command starts everything, keeps it running, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka_support import eventually, free_port

from deploy.local_http import get

START_SECONDS = 120.0
STOP_SECONDS = 40.0


class Running:
    """A `haidang up` in a process of its own, on free ports, and what it printed."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.port = port
        self.api = f"127.0.0.1:{port + 2}"
        self.metrics = f"127.0.0.1:{port + 3}"
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "haidang", "up"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(data_dir, port),
            process_group=0,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines.extend(line.rstrip() for line in output)

    def part(self, name: str) -> dict[str, int]:
        """Read process id and restarts of a part."""
        state = json.loads((self.data_dir / "up.json").read_text(encoding="utf-8"))
        found = state["parts"][name]
        assert isinstance(found, dict)
        return found

    def processes(self) -> set[int]:
        """Return the ids of the supervisor and everything below it."""
        return descendants(self.process.pid) | {self.process.pid}

    def end(self, number: signal.Signals) -> int:
        """Send a signal to the supervisor and return its exit status once everything it printed is read."""
        self.process.send_signal(number)
        status = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return status


def environment(data_dir: Path, port: int) -> dict[str, str]:
    """Return an environment with settings for five ports from ``port`` on."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HAIDANG_") or name == "HAIDANG_CACHE_DIR"
    }
    return {
        **kept,
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
        "HAIDANG_DATA_DIR": str(data_dir),
        "HAIDANG_EMBEDDED_KAFKA_PORT": str(port),
        "HAIDANG_API_PORT": str(port + 2),
        "HAIDANG_WORKER_METRICS_PORT": str(port + 3),
        "HAIDANG_DEMO_RECEIVER_PORT": str(port + 4),
    }


def descendants(pid: int) -> set[int]:
    """Return the ids of all processes below ``pid``."""
    parents = dict(each for each in map(parent_of, Path("/proc").glob("[0-9]*")) if each is not None)
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def parent_of(process: Path) -> tuple[int, int] | None:
    """Return the ids of a running process and its parent; nothing for a zombie or one that is gone."""
    try:
        state, parent = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else (int(process.name), int(parent))


def alive(pids: set[int]) -> set[int]:
    """Return those of the processes that still run."""
    return {pid for pid in pids if parent_of(Path("/proc") / str(pid)) is not None}


@contextmanager
def up(data_dir: Path, port: int) -> Iterator[Running]:
    """Run `haidang up` until it tells its addresses; whatever is left at the end is killed."""
    running = Running(data_dir, port)
    try:
        eventually(
            lambda: (
                running.process.poll() is not None or any("Ctrl-C ends" in line for line in running.lines)
            ),
            within_seconds=START_SECONDS,
            what="haidang up is ready",
        )
        assert running.process.poll() is None, "\n".join(running.lines)
        yield running
    finally:
        if running.process.poll() is None:
            running.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one data folder for this module's runs."""
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def first(data_dir: Path) -> Iterator[Running]:
    """Return a first run, started for this module and ended by the test that ends it."""
    with up(data_dir, free_port(5)) as running:
        yield running


def test_everything_answers(first: Running) -> None:
    """API and worker are ready, the console is there, and one address serves both processes' metrics."""
    assert get(first.api, "/readyz")[0] == 200
    assert get(first.api, "/")[0] in {200, 303, 307}
    assert "haidang_worker_ready 1" in get(first.metrics, "/metrics")[1]
    assert "haidang_mentions_total" in get(first.api, "/metrics")[1]


def test_the_printed_command_works(first: Running) -> None:
    """The line with curl, pasted into a shell, lists the alerts."""
    line = next(line for line in first.lines if "curl -H" in line)
    done = subprocess.run(
        ["bash", "-c", line.partition("API")[2].strip().replace("curl", "curl -sf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"] == []


def test_the_key_is_readable_by_its_owner_alone_and_not_on_the_screen(first: Running) -> None:
    """Only the demonstration shows its key."""
    key_file = first.data_dir / "admin.key"
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert not any(key_file.read_text(encoding="ascii").strip() in line for line in first.lines)


def test_the_doctor_finds_nothing(first: Running) -> None:
    """On a healthy machine every line is OK and the exit status 0."""
    done = subprocess.run(
        [sys.executable, "-m", "haidang", "doctor"],
        capture_output=True,
        text=True,
        check=False,
        env=environment(first.data_dir, first.port),
    )
    assert done.returncode == 0, done.stdout
    checked = [line.split()[1].rstrip(":") for line in done.stdout.splitlines()]
    assert checked == [
        *("python", "settings", "disk", "catalogue", "kafka", "topics", "clock"),
        *("store", "worker", "api", "endpoints", "restarts"),
    ]


def test_a_second_run_on_the_same_data_is_refused(first: Running) -> None:
    """One clear line with the first run's process id, and the first goes on."""
    done = subprocess.run(
        [sys.executable, "-m", "haidang", "up"],
        capture_output=True,
        text=True,
        check=False,
        env=environment(first.data_dir, first.port + 5),
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"haidang: haidang already runs on {first.data_dir}")
    assert f"(process {first.process.pid})" in done.stderr
    assert first.process.poll() is None


@pytest.mark.parametrize("name", ["worker", "api", "kafka"])
def test_a_part_that_is_killed_comes_back(first: Running, name: str) -> None:
    """Worker, API and broker each survive `kill -9`; the restart is counted and told."""
    killed = first.part(name)
    os.kill(killed["pid"], signal.SIGKILL)
    eventually(lambda: first.part(name)["pid"] not in {None, killed["pid"]}, what=f"{name} runs again")
    assert first.part(name)["restarts"] == killed["restarts"] + 1
    eventually(lambda: any(f"{name} ended (SIGKILL); restart 1" in line for line in first.lines))
    eventually(lambda: get(first.api, "/readyz")[0] == 200, within_seconds=60, what="the API is ready again")


def test_ctrl_c_ends_every_process(first: Running) -> None:
    """Exit status 0, and nothing that was started is left, not even a grandchild."""
    processes = first.processes()
    assert len(processes) >= 4
    assert first.end(signal.SIGINT) == 0
    eventually(lambda: not alive(processes), what="every process has ended")
    assert "everything has ended" in first.lines[-1]
    assert not (first.data_dir / "up.json").exists()


def test_the_next_run_continues_and_a_killed_supervisor_leaves_nothing(first: Running) -> None:
    """The same data and key are used again; `kill -9` of the supervisor ends all the others too."""
    key = (first.data_dir / "admin.key").read_text(encoding="ascii")
    with up(first.data_dir, first.port) as second:
        assert any("(0 created)" in line for line in second.lines)
        assert (first.data_dir / "admin.key").read_text(encoding="ascii") == key
        processes = second.processes()
        second.end(signal.SIGKILL)
        eventually(lambda: not alive(processes), what="every process has ended")


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    """Another program on the API's port: one line with port and setting, no Kafka, exit status 1."""
    port = free_port(5)
    with socket.create_server(("127.0.0.1", port + 2)):
        done = subprocess.run(
            [sys.executable, "-m", "haidang", "up"],
            capture_output=True,
            text=True,
            check=False,
            env=environment(tmp_path, port),
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"haidang: port {port + 2} on 127.0.0.1 is taken, the API needs it")
    assert "HAIDANG_API_PORT" in done.stderr
    assert not (tmp_path / "kafka").exists()
