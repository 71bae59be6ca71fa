"""Keep parts running: start them, start them again when they end, end them all; one thread, no surprises."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from deploy.errors import DeployError
from deploy.parts import Part
from deploy.restarts import Restarts, Verdict

POLL_SECONDS = 0.1
STOP_SECONDS = 15.0
"""How long the parts together may take to end after SIGTERM before they are killed."""

Show = Callable[[str], None]


class EndRequestedError(Exception):
    """The person pressed Ctrl-C, or SIGTERM or SIGHUP arrived, while something was awaited."""


class _Watched:
    """One part with what the supervisor knows of it."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.restarts = Restarts()
        self.started = time.monotonic()
        self.due: float | None = None
        self.done = False


class Supervisor:
    """Runs parts until it is told to stop.

    Parameters
    ----------
    show
        Called with each line for the terminal.
    state_file
        Where process ids and restart counts are kept for ``haidang doctor``; removed at the end.

    """

    def __init__(self, show: Show, state_file: Path) -> None:
        self._show = show
        self._state_file = state_file
        self._watched: dict[str, _Watched] = {}
        # plain flags: an Event's lock, taken in a signal handler, can deadlock with a wait under way
        self._stop = False
        self._hurry = False

    def catch_signals(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP ask for the end; a second one kills what still runs."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._hurry = self._stop
        self._stop = True

    @contextmanager
    def ending(self) -> Iterator[None]:
        """End all parts when the block is left, whatever way; a wish to end is a normal way."""
        try:
            with contextlib.suppress(EndRequestedError):
                yield
        finally:
            self._show("stopping ...")
            self.stop()

    def start(self, part: Part) -> None:
        """Start a part and watch it from now on."""
        part.start()
        self._watched[part.name] = _Watched(part)
        self._write_state()

    def check(self) -> None:
        """Look at every part once: start again what ended and is due.

        Raises
        ------
        DeployError
            A part ended too often in a row right after its start; the text ends with its last words.

        """
        for watched in self._watched.values():
            if watched.due is not None:
                self._restart_if_due(watched)
            elif watched.part.pid is None and not watched.done:
                self._on_end(watched)

    def _on_end(self, watched: _Watched) -> None:
        part = watched.part
        part.wait_stopped(time.monotonic())
        if part.finishes and part.status == 0:
            watched.done = True
            return
        now = time.monotonic()
        decision = watched.restarts.ended(now - watched.started)
        ending = f"{part.name} ended ({describe_status(part.status)})"
        if decision.verdict is Verdict.GIVE_UP:
            raise DeployError(
                f"{ending} {watched.restarts.quick_failures} times in a row right after its start; "
                f"giving up: {part.last_words()}"
            )
        watched.due = now + decision.delay_seconds
        self._show(f"{ending}; restart {watched.restarts.count} of it in {decision.delay_seconds:.1f} s")

    def _restart_if_due(self, watched: _Watched) -> None:
        if watched.due is not None and time.monotonic() >= watched.due:
            watched.due = None
            watched.started = time.monotonic()
            watched.part.start()
            self._write_state()

    def wait_until(self, ready: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        """Wait until ``ready()``, keeping the parts running meanwhile.

        Raises
        ------
        EndRequestedError
            The end was asked for.
        DeployError
            ``what`` did not come in time, or a part cannot be kept running.

        """
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            self._pause()
            self.check()
            if time.monotonic() > deadline:
                raise DeployError(f"{what} was not ready within {timeout_seconds:.0f} s: {self._words()}")

    def _words(self) -> str:
        return "; ".join(f"{name}: {each.part.last_words()}" for name, each in self._watched.items())

    def run_until_stopped(self) -> None:
        """Keep the parts running until the end is asked for.

        Raises
        ------
        DeployError
            A part cannot be kept running.

        """
        with contextlib.suppress(EndRequestedError):
            while True:
                self._pause()
                self.check()

    def _pause(self) -> None:
        time.sleep(POLL_SECONDS)
        if self._stop:
            raise EndRequestedError

    def stop(self) -> None:
        """End all parts, the last started first, the first one (the broker) when the others are gone."""
        parts = [watched.part for watched in reversed(self._watched.values())]
        deadline = time.monotonic() + STOP_SECONDS
        for group in (parts[:-1], parts[-1:]):
            for part in group:
                part.ask_to_stop()
            for part in group:
                self._wait_stopped(part, deadline)
        self._watched.clear()
        self._state_file.unlink(missing_ok=True)

    def _wait_stopped(self, part: Part, deadline: float) -> None:
        """Wait for one part until ``deadline``, or until a second Ctrl-C."""
        while part.pid is not None and time.monotonic() < deadline and not self._hurry:
            time.sleep(POLL_SECONDS / 2)
        part.wait_stopped(time.monotonic())

    def _write_state(self) -> None:
        state = {
            "pid": os.getpid(),
            "parts": {
                name: {"pid": each.part.pid, "restarts": each.restarts.count}
                for name, each in self._watched.items()
            },
        }
        temporary = self._state_file.with_suffix(".tmp")
        temporary.write_text(json.dumps(state), encoding="utf-8")
        temporary.replace(self._state_file)


def describe_status(status: int | None) -> str:
    """Say how a process ended: its exit status, or the signal that ended it."""
    if status is None:
        return "its end was not seen"
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
