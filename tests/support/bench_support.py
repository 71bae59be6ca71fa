"""What benchmarks share: figures that are shown, and steps whose text is left out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from detectors.counts import windows_of

if TYPE_CHECKING:
    from detectors.windows import Windows


def show(line: str) -> None:
    """Print a figure where `-s` shows it."""
    sys.stdout.write(f"{line}\n")


def counts_alone(closed: Windows) -> Windows:
    """Return a step as it is of a series of counts: no text, and so nothing negative."""
    return windows_of(closed.at, closed.step, closed.arrived, closed.total)
