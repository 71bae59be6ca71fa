"""The supervisor keeps real processes running and ends every one of them."""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from deploy.errors import DeployError
from deploy.parts import ProcessPart
from deploy.restarts import QUICK_FAILURES_ALLOWED
from deploy.supervisor import EndRequestedError, Supervisor, describe_status

SLEEP = "import time; time.sleep(600)"


class Stage:
    """A supervisor with what it said, and parts that are Python scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.state_file = folder / "up.json"
        self.supervisor = Supervisor(self.said.append, self.state_file)

    def part(self, name: str, script: str, *, finishes: bool = False) -> ProcessPart:
        """Return a part that runs ``script``."""
        command = [sys.executable, "-c", script]
        return ProcessPart(name, command, dict(os.environ), self.folder, finishes=finishes)

    def restarts(self, name: str) -> int:
        """Read a part's count of restarts from the state file."""
        count = json.loads(self.state_file.read_text(encoding="utf-8"))["parts"][name]["restarts"]
        assert isinstance(count, int)
        return count


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a fresh supervisor."""
    return Stage(tmp_path)


def test_a_part_that_dies_is_started_again(stage: Stage) -> None:
    """Its restart is told with the reason and counted where `haidang doctor` reads it."""
    part = stage.part("worker", SLEEP)
    with stage.supervisor.ending():
        stage.supervisor.start(part)
        first = part.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        stage.supervisor.wait_until(lambda: part.pid not in {None, first}, "a new process", 30)
        assert stage.said == ["worker ended (SIGKILL); restart 1 of it in 0.5 s"]
        assert stage.restarts("worker") == 1


def test_a_part_that_never_gets_going_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the allowed quick ends the error carries status and last words; what runs is ended."""
    monkeypatch.setattr("deploy.restarts.LONGEST_DELAY_SECONDS", 0.01)
    good = stage.part("api", SLEEP)
    bad = stage.part("worker", "import sys; sys.exit('no catalogue')")
    told = (
        rf"worker ended \(exit status 1\) {QUICK_FAILURES_ALLOWED} times in a row .*giving up: no catalogue"
    )
    stage.supervisor.start(good)
    stage.supervisor.start(bad)
    with pytest.raises(DeployError, match=told), stage.supervisor.ending():
        stage.supervisor.run_until_stopped()
    assert good.pid is None


def test_a_part_that_may_finish_is_not_started_again(stage: Stage) -> None:
    """A replayer that has replayed everything is done; failing, it would be started again."""
    part = stage.part("demo", "print('all sent')", finishes=True)
    with stage.supervisor.ending():
        stage.supervisor.start(part)
        stage.supervisor.wait_until(lambda: part.status == 0, "the end", 30)
        stage.supervisor.check()
        stage.supervisor.check()
        assert part.pid is None
        assert stage.said == []


def test_what_does_not_come_in_time_is_named(stage: Stage) -> None:
    """The error says what was awaited and what the parts printed last."""
    stage.supervisor.start(stage.part("api", SLEEP))
    with pytest.raises(DeployError, match=r"the API was not ready within 0 s: api: it printed nothing"):
        stage.supervisor.wait_until(lambda: False, "the API", 0)
    stage.supervisor.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_part(stage: Stage, number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and a closed terminal: all processes end, the state file goes."""
    parts = [stage.part(name, SLEEP) for name in ("kafka", "worker", "api")]
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    stage.supervisor.catch_signals()
    try:
        with stage.supervisor.ending():
            for part in parts:
                stage.supervisor.start(part)
            threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
            stage.supervisor.run_until_stopped()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert [part.status for part in parts] == [-signal.SIGTERM] * 3
    assert not stage.state_file.exists()


def test_the_first_part_ends_last(stage: Stage) -> None:
    """The broker stays until those who write to it have ended."""
    broker = stage.part("kafka", SLEEP)
    slow = (
        "import signal, time, sys; signal.signal(15, lambda *_: (time.sleep(0.5), sys.exit(0))); "
        "print('up', flush=True); time.sleep(600)"
    )
    worker = stage.part("worker", slow)
    ends: dict[str, float] = {}
    stage.supervisor.start(broker)
    stage.supervisor.start(worker)
    stage.supervisor.wait_until(lambda: worker.last_words() == "up", "the worker", 30)
    watcher = threading.Thread(target=_note_ends, args=((broker, worker), ends))
    watcher.start()
    stage.supervisor.stop()
    watcher.join()
    assert ends["worker"] < ends["kafka"]
    assert worker.status == 0


def _note_ends(parts: tuple[ProcessPart, ...], ends: dict[str, float]) -> None:
    while len(ends) < len(parts):
        for part in parts:
            if part.pid is None:
                ends.setdefault(part.name, time.monotonic())


def test_an_end_asked_for_while_waiting_is_no_failure(stage: Stage) -> None:
    """Ctrl-C during the start ends everything quietly."""
    with stage.supervisor.ending():
        stage.supervisor.start(stage.part("worker", SLEEP))
        raise EndRequestedError
    assert stage.said == ["stopping ..."]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (0, "exit status 0"),
        (1, "exit status 1"),
        (-9, "SIGKILL"),
        (-200, "signal 200"),
        (None, "its end was not seen"),
    ],
)
def test_how_a_process_ended_is_told_in_words(status: int | None, told: str) -> None:
    """An exit status, or a signal's name."""
    assert describe_status(status) == told
