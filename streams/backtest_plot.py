"""``haidang backtest --plot``: one picture a topic with counts, expected band, alerts, windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from detectors.events import AlertEvent
    from detectors.trace import Bin
    from streams.compare import Span

__all__ = ["draw"]

_COLOURS = {"info": "#8a6d00", "warning": "#c2410c", "critical": "#b91c1c"}
_INCHES = (14, 4)
_DAY_SECONDS = 86_400


def draw(
    path: Path, title: str, bins: Sequence[Bin], events: Iterable[AlertEvent], windows: Iterable[Span]
) -> None:
    """Write an SVG: counts as steps, the expected band, a line where an alert opens or rises.

    Labelled windows are shaded. Times are UTC.
    """
    figure = Figure(figsize=_INCHES, layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots()
    times = [_moment(one.at) for one in bins]
    axes.fill_between(
        times,
        [b.low for b in bins],
        [b.high for b in bins],
        color="#93c5fd",
        alpha=0.6,
        label="expected 95 %",
    )
    axes.plot(times, [b.expected for b in bins], color="#1d4ed8", linewidth=0.8, label="expected")
    axes.step(times, [b.mentions for b in bins], color="#111827", linewidth=0.7, label="counted")
    for span in windows:
        axes.axvspan(_moment(span.start), _moment(span.end), color="#fca5a5", alpha=0.35)
    for event in events:
        if event.event in ("opened", "raised"):
            axes.axvline(_moment(event.at.timestamp()), color=_COLOURS[event.severity], linewidth=1.2)
    axes.set_title(title)
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.legend(loc="upper left", fontsize="small")
    figure.savefig(path, format="svg", metadata={"Date": None})


def _moment(at: float) -> float:
    """Return a time as matplotlib counts it: days since the epoch."""
    return at / _DAY_SECONDS
