"""Start a program that cannot outlive the process which started it.

Run as ``python -m deploy.tether PARENT SIGNAL PROGRAM ARGUMENT...`` it asks the kernel to be sent SIGNAL when
its parent dies (``PR_SET_PDEATHSIG``), checks that the parent has not died already, and becomes PROGRAM:
the process id stays. So nothing is left running when a supervisor is killed with ``kill -9``.
Where the kernel cannot do that (macOS), the program is started all the same and ends by its own means.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
"""From ``linux/prctl.h``."""


def tethered(command: list[str], on_death: signal.Signals) -> list[str]:
    """Return the command line that runs ``command`` and sends it ``on_death`` when this process dies.

    The thread that starts it must live as long as the program should: Linux ties the signal to that thread.
    """
    return [sys.executable, str(Path(__file__)), str(os.getpid()), str(int(on_death)), *command]


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, then become the program named by the arguments."""
    parent, on_death, program = int(arguments[0]), int(arguments[1]), arguments[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, on_death, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
