"""Child processes: bounded logs, last words, and no process left behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kafka_support import eventually

from deploy.data_lock import held
from deploy.errors import DeployError, storage_errors_named
from deploy.parts import BoundedLog, ProcessPart
from deploy.tether import exists, tethered


def python_part(tmp_path: Path, script: str, echo: list[str] | None = None) -> ProcessPart:
    """Return a part that runs a Python script."""
    return ProcessPart(
        "child",
        [sys.executable, "-c", script],
        dict(os.environ, PYTHONUNBUFFERED="1"),
        tmp_path,
        echo=None if echo is None else echo.append,
    )


def is_running(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_output_goes_to_the_log_the_echo_and_the_last_words(tmp_path: Path) -> None:
    """Nothing that a part prints is lost, on either stream."""
    echo: list[str] = []
    part = python_part(tmp_path, "import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)", echo)
    part.start()
    assert eventually(lambda: part.status, until=lambda status: status is not None) == 3
    eventually(lambda: len(echo) == 2)
    assert part.last_words() == "one | two"
    assert (tmp_path / "child.log").read_text(encoding="utf-8") == "one\ntwo\n"


def test_stopping_ends_what_the_part_started_too(tmp_path: Path) -> None:
    """A grandchild that ignores SIGTERM is gone with its group."""
    grandchild = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    script = (
        "import subprocess, sys, time; "
        f"print(subprocess.Popen([sys.executable, '-c', {grandchild!r}]).pid, flush=True); time.sleep(600)"
    )
    echo: list[str] = []
    part = python_part(tmp_path, script, echo)
    part.start()
    eventually(lambda: len(echo) == 2, what="both processes have spoken")
    grandchild_pid = int(next(line for line in echo if line.isdigit()))
    part.ask_to_stop()
    part.wait_stopped(time.monotonic() + 10)
    assert part.status == -signal.SIGTERM
    eventually(lambda: not is_running(grandchild_pid))


def test_a_part_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """The wait has an end."""
    echo: list[str] = []
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(600)"
    part = python_part(tmp_path, script, echo)
    part.start()
    eventually(lambda: echo == ["up"])
    part.ask_to_stop()
    part.wait_stopped(time.monotonic())
    assert part.status == -signal.SIGKILL


def test_a_part_dies_with_its_supervisor(tmp_path: Path) -> None:
    """`kill -9` of the supervisor leaves nothing running."""
    command = tethered([sys.executable, "-c", "import time; time.sleep(600)"], signal.SIGKILL)
    assert command[-3:] == [sys.executable, "-c", "import time; time.sleep(600)"]
    script = (
        "import os, sys, time; from pathlib import Path; from deploy.parts import ProcessPart\n"
        "part = ProcessPart('p', [sys.executable, '-c', 'import time; time.sleep(600)'], dict(os.environ), "
        f"Path({str(tmp_path)!r}))\n"
        "part.start(); print(part.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        eventually(lambda: is_running(child))
        supervisor.kill()
    eventually(lambda: not is_running(child))


def test_the_watcher_ends_the_group_when_the_supervisor_is_gone(tmp_path: Path) -> None:
    """Where the kernel offers no signal at a parent's death, a watcher in the group does the same."""
    script = (
        "import os, sys, time; from deploy.tether import watch\n"
        "supervisor = int(sys.argv[1])\n"
        "if os.fork() == 0:\n    watch(supervisor, 9); os._exit(0)\n"
        "print('up', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as boss:
        watched = subprocess.Popen(
            [sys.executable, "-c", script, str(boss.pid)],
            stdout=subprocess.PIPE,
            process_group=0,
            cwd=tmp_path.cwd(),
        )
        assert watched.stdout is not None
        assert watched.stdout.readline() == b"up\n"
        boss.kill()
    assert watched.wait(30) == -signal.SIGKILL
    watched.stdout.close()


def test_a_process_exists_or_not() -> None:
    """Our own does; one that was waited for does not."""
    assert exists(os.getpid())
    with subprocess.Popen(["/bin/true"]) as done:
        pass
    assert not exists(done.pid)


def test_a_log_is_set_aside_when_it_is_full(tmp_path: Path) -> None:
    """Two files of the limit at most, the newest lines in the first."""
    log = BoundedLog(tmp_path / "x.log", limit_bytes=10)
    for number in range(7):
        log.write(b"line%d\n" % number)
    assert (tmp_path / "x.log").read_bytes() == b"line6\n"
    assert (tmp_path / "x.log.1").read_bytes() == b"line5\n"


def test_a_log_that_cannot_be_written_loses_lines_only(tmp_path: Path) -> None:
    """A full disk or a vanished folder does not end the part that prints."""
    BoundedLog(tmp_path / "gone" / "x.log").write(b"line\n")
    assert not (tmp_path / "gone").exists()


def test_a_full_disk_is_told_with_the_folder(tmp_path: Path) -> None:
    """No traceback and no bare errno: what is full, and what to do."""
    told = rf"disk full: no space left for {tmp_path}; free some space"
    with pytest.raises(DeployError, match=told), storage_errors_named(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_one_supervisor_per_data_folder(tmp_path: Path) -> None:
    """A second one is refused with the first one's process id; afterwards the folder is free again."""
    told = rf"\(process {os.getpid()}\).*HAIDANG_DATA_DIR"
    with held(tmp_path / "data"), pytest.raises(DeployError, match=told), held(tmp_path / "data"):
        pytest.fail("two hold the lock")
    with held(tmp_path / "data"):
        assert (tmp_path / "data" / "up.lock").exists()
