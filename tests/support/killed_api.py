"""API processes to be killed: forks of one process that has everything imported, so they start at once."""

import multiprocessing
import os
import sys
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import api.dispatcher
import api.services
from api.server import run
from api.settings import ApiSettings
from streams.understanding import sample_gist

SOON_SECONDS = 2.0


def context() -> ForkServerContext:
    """Give what makes the processes; none of them shares anything with the test but its code."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([__name__])
    return found


def start(forks: ForkServerContext, folder: Path, port: int, **settings: object) -> BaseProcess:
    """Start one."""
    process = forks.Process(target=_serve, args=({"data_dir": folder, "api_port": port} | settings,))
    process.start()
    return process


def _serve(settings: dict[str, object]) -> None:
    """Serve in silence; a claim whose holder died is free after seconds, so nobody waits for a minute."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    api.services.LEASE_SECONDS = api.dispatcher.IDLE_SECONDS = SOON_SECONDS
    sys.exit(run(ApiSettings.model_validate(settings), sample_gist))
