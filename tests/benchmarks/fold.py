"""Cost of the stream's core without Kafka: classify, admit and fold, close, journal, restore.

``PYTHONPATH=.:tests/support python tests/benchmarks/fold.py`` prints a Markdown table: microseconds, medians
of five repetitions in one run, and the ratio to a fixed reference loop, by which runs on different machines
can be compared.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

from core_support import Desk, classifier, disorderly_log, mention, observed, record

from streams import observation as wire
from streams.watch import Effects
from streams.windows import TopicWindows

if TYPE_CHECKING:
    from collections.abc import Callable

MENTIONS = 2_000
ENVELOPE = 50
REPEAT = 5
Timed = tuple[str, float]


def reference() -> int:
    """Add up ten thousand small numbers: the yardstick of the machine."""
    total = 0
    for number in range(10_000):
        total += number & 7
    return total


def microseconds(work: Callable[[], object], units: int, setup: Callable[[], object] = lambda: None) -> float:
    """Return the median time of one unit; ``setup`` runs before each repetition, untimed."""
    found = []
    for _ in range(REPEAT):
        setup()
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) / units * 1e6)
    return statistics.median(found)


def classify(topics: tuple[int, ...]) -> float:
    """Time one mention of the classify stage, in envelopes of 50."""
    mentions = [mention(f"m{n}", n, topics, author=f"a{n % 300}") for n in range(MENTIONS)]
    records = [record(n, *mentions[n : n + ENVELOPE]) for n in range(0, MENTIONS, ENVELOPE)]
    return microseconds(lambda: classifier().classify(records), MENTIONS)


def admit_and_fold() -> float:
    """Time one observation, decoding included; 2,000 within seven minutes, 500 a record."""
    mentions = [mention(f"m{n}", n * 0.2, (n % 3,), author=f"a{n % 300}") for n in range(MENTIONS)]
    records = [record(n, found) for n, found in enumerate(mentions)]
    log = observed(classifier().classify(records[n : n + 500]) for n in range(0, MENTIONS, 500))
    desks: list[Desk] = []

    def fold() -> None:
        for offset, value in enumerate(log):
            admitted = desks[-1].watch.admit(offset, wire.decode(value))
            if admitted is not None:
                desks[-1].watch.fold(admitted[0], Effects())

    return microseconds(fold, MENTIONS, lambda: desks.append(Desk()))


def close(*, monitored: bool) -> float:
    """Time the end of one topic-minute with a mention in it, with or without the monitor's decision."""
    windows, minutes = TopicWindows(29_000_000), 2_000
    monitor = Desk().watch.topics["chu-de-0"].monitor

    def run() -> None:
        for _ in range(minutes):
            windows.add(windows.closed + 1, windows.closed + 1, 300, 200, 0, "báo")
            view = windows.close()
            if monitored:
                monitor.close(view)

    return microseconds(run, minutes)


def journal_and_restore() -> list[Timed]:
    """Time one journal entry (snapshots included) and one restart from 245 of them."""
    log, spent, desk = disorderly_log(5), list[float](), Desk(sources=2)
    for offset, value in enumerate(log):
        admitted = desk.watch.admit(offset, wire.decode(value))
        if admitted is not None:
            desk.watch.fold(admitted[0], Effects())
            desk.journal.note(admitted[0], decided=False)
        began = time.perf_counter()
        entries = desk.journal.entries()
        spent.append((time.perf_counter() - began) * 1e6)
        desk.write(entries)
    return [
        ("journal entry, a batch of one record", statistics.median(spent)),
        ("journal entry, worst (with a snapshot or seen mentions)", max(spent)),
        (f"restore, 3 topics, {len(log)} entries", microseconds(desk.start, 1)),
    ]


def main() -> None:
    """Print the table."""
    unit = microseconds(reference, 1)
    rows: list[Timed] = [
        ("reference loop (10,000 additions)", unit),
        ("classify a mention, no topic", classify(())),
        ("classify a mention, one topic", classify((0,))),
        ("decode, admit and fold an observation", admit_and_fold()),
        ("close a topic-minute, windows alone", close(monitored=False)),
        ("close a topic-minute, decision included", close(monitored=True)),
        *journal_and_restore(),
    ]
    sys.stdout.write("| step | us | reference = 1 |\n|---|---:|---:|\n")
    for name, found in rows:
        sys.stdout.write(f"| {name} | {found:,.1f} | {found / unit:,.3f} |\n")


if __name__ == "__main__":
    main()
