"""What `haidang send` shows while it works: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

LINE_SECONDS = 5.0
"""Pause between two plain progress lines."""


class Report(Protocol):
    """Where progress goes."""

    def __enter__(self) -> Self:
        """Show from here on."""

    def __exit__(self, *_: object) -> None:
        """Stop showing."""

    def note(self, text: str) -> None:
        """Say one thing on a line of its own."""

    def progress(self, acknowledged: int, under_way: int, share: float | None) -> None:
        """Show mentions acknowledged and under way; `share` 0..1 of the input is read, None: unknown."""


class LineReport:
    """One plain line now and then, for logs and pipes."""

    def __init__(self, name: str, out: TextIO, every_seconds: float = LINE_SECONDS) -> None:
        """Report on the input `name` to `out`."""
        self._name = name
        self._out = out
        self._every = every_seconds
        self._started = self._shown = time.monotonic()
        self._first: int | None = None

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def note(self, text: str) -> None:
        """Write the line."""
        self._out.write(text + "\n")
        self._out.flush()

    def progress(self, acknowledged: int, under_way: int, share: float | None) -> None:
        """Write a line when the last one is `every_seconds` old."""
        if self._first is None:
            self._first = acknowledged
        now = time.monotonic()
        if now - self._shown < self._every:
            return
        self._shown = now
        rate = (acknowledged - self._first) / (now - self._started)
        part = "" if share is None else f", {share:.0%} read"
        self.note(
            f"{self._name}: {acknowledged:,} acknowledged, {under_way:,} under way, "
            f"{rate:,.0f} mentions/s{part}"
        )


class BarReport:
    """A progress bar for a terminal."""

    def __init__(self, name: str) -> None:
        """Report on the input `name` to the terminal."""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[acknowledged]:,} acknowledged"),
            TextColumn("{task.fields[rate]:,.0f}/s"),
            TimeElapsedColumn(),
            console=Console(file=sys.stdout),
        )
        self._task = self._bar.add_task(name, total=None, acknowledged=0, rate=0.0)
        self._started = time.monotonic()
        self._first: int | None = None

    def __enter__(self) -> Self:
        """Draw."""
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last state on the screen."""
        self._bar.stop()

    def note(self, text: str) -> None:
        """Write a line above the bar."""
        self._bar.console.print(text, markup=False, highlight=False)

    def progress(self, acknowledged: int, under_way: int, share: float | None) -> None:
        """Move the bar; what is under way shows as the bar being ahead of the count."""
        del under_way
        if self._first is None:
            self._first = acknowledged
        seconds = max(time.monotonic() - self._started, 0.001)
        self._bar.update(
            self._task,
            total=None if share is None else 1.0,
            completed=share or 0.0,
            acknowledged=acknowledged,
            rate=(acknowledged - self._first) / seconds,
        )


def report_for(name: str, out: TextIO) -> Report:
    """Bar when `out` is a terminal, else lines."""
    return BarReport(name) if out.isatty() else LineReport(name, out)
