"""Start a program that cannot outlive the process which started it.

Run as ``python tether.py PARENT SIGNAL PROGRAM ARGUMENT...`` it asks the kernel to be sent SIGNAL when its
parent dies (``PR_SET_PDEATHSIG``), checks that the parent has not died already, and becomes PROGRAM: the
process id stays. So nothing is left running when a supervisor is killed with ``kill -9``. Where the kernel
cannot do that (macOS), a small watcher in the program's process group looks twice a second instead.
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
"""From ``linux/prctl.h``."""

WATCH_SECONDS = 0.5


def tethered(command: list[str], on_death: signal.Signals) -> list[str]:
    """Return the command line that runs ``command`` and sends it ``on_death`` when this process dies.

    The thread that starts it must live as long as the program should: Linux ties the signal to that thread.
    """
    return [sys.executable, "-S", str(Path(__file__)), str(os.getpid()), str(int(on_death)), *command]


def watch(supervisor: int, on_death: int) -> None:
    """End this process's group by ``on_death`` once the process ``supervisor`` is gone.

    Runs in a child of the program; returns when the program itself has ended.
    """
    program = os.getppid()
    while os.getppid() == program:
        if not exists(supervisor):
            os.killpg(os.getpgid(program), on_death)
            return
        time.sleep(WATCH_SECONDS)


def exists(pid: int) -> bool:
    """Whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, then become the program named by the arguments."""
    parent, on_death, program = int(arguments[0]), int(arguments[1]), arguments[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, on_death, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)
    elif os.fork() == 0:
        watch(parent, on_death)
        os._exit(0)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
