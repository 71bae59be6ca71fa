"""What one closed minute costs, whole and by estimator, and what a topic's state weighs.

Run: make bench ARGS="-k cost"
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import msgspec
from bench_support import counts_alone, show
from detector_support import DAY_MINUTES, monitor, ordinary, steps

from detectors.budget import BudgetLadder
from detectors.sequential import RateCusum, ShareCusum
from detectors.share import ShareBaseline
from detectors.volume import WindowVolume, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
CALLS = 20_000


def microseconds(call: Callable[[], object], calls: int = CALLS) -> float:
    """Return the least mean cost of a call over some rounds: other work on the machine only adds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time_ns()
        for _ in range(calls):
            call()
        best = min(best, (time.process_time_ns() - begin) / calls / 1000)
    return best


def test_the_cost_of_a_closed_minute() -> None:
    """A topic after nine days, by rate, with text and without; the median of days: no novelty is at work."""
    for rate in (0.05, 2.0, 50.0):
        for text in (True, False):
            watcher = monitor()
            told = steps(ordinary(9 * DAY_MINUTES, rate=rate))
            feed = [w if text else counts_alone(w) for w in told]
            spent = []
            for day in range(9):
                begin = time.process_time_ns()
                for closed in feed[day * DAY_MINUTES : (day + 1) * DAY_MINUTES]:
                    watcher.close(closed)
                spent.append((time.process_time_ns() - begin) / DAY_MINUTES / 1000)
            size = len(msgspec.msgpack.encode(watcher.dump()))
            show(
                f"{rate} a minute, {'text' if text else 'counts'}: {statistics.median(spent):.1f} us a close "
                f"(least {min(spent):.1f}), state {size} bytes"
            )


def test_the_cost_of_each_estimator() -> None:
    """One step of each, as the evidence calls it."""
    window, share, ladder = WindowVolume(), ShareBaseline(), BudgetLadder()
    place = place_of(0, 0)
    rate, run = RateCusum(), ShareCusum()
    for _ in range(100):
        window.learn(20.0, place, 20.0)
        share.learn(40.0, 10.0)
    table: dict[str, Callable[[], object]] = {
        "WindowVolume: expect and score": lambda: window.score(24.0, window.mean(place)),
        "WindowVolume: learn": lambda: window.learn(20.0, place, 20.0),
        "ShareBaseline: score": lambda: share.score(40.0, 14.0),
        "ShareBaseline: learn": lambda: share.learn(40.0, 10.0),
        "RateCusum: push": lambda: rate.push(3.0, 2.0, 1.0, 40.0),
        "ShareCusum: push": lambda: run.push(3.0, 1.0, 0.3, 1.0, 40.0),
        "BudgetLadder: update, low score": lambda: ladder.update(0.5),
        "BudgetLadder: update, high score": lambda: ladder.update(3.0),
    }
    for name, call in table.items():
        show(f"{name}: {microseconds(call):.2f} us")
