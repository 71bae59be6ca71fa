"""Throughput of the whole path beside other ways to do the job, measured in one run; a Markdown report.

``python -m tests.benchmarks.throughput`` (needs the extra ``bench``). Nothing is asserted but that every
contender counts right: figures belong to the machine, ratios travel.
"""

import argparse
import os
import platform
import sys
from collections.abc import Iterator

from tests.benchmarks.throughput.contest import GROUPS, WARM_UP, Case, Result, run

COUNTS = {1: 40_000, 50: 200_000, 200: 300_000}
RATE = 500.0
RATE_SECONDS = 30
MANY_TOPICS = 10_000
COLUMNS = (
    *("job", "mentions/s", "ratio", "per consumer CPU s", "ratio"),
    *("CPU s: job", "broker", "load", "MB: job", "broker"),
)


def main() -> None:
    """Run what was asked for and print it as it comes."""
    asked = _arguments()
    _print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; 30 % of the")
    _print(f"mentions match; `python -m tests.benchmarks.throughput {' '.join(sys.argv[1:])}`".rstrip())
    for envelope in asked.envelopes:
        _print("", f"### {_records(envelope)}", "")
        for line in _contest(asked.contenders, envelope, asked.scale):
            _print(line)
    if not asked.contest_only:
        _print("", "### Delay", "", *_delay(asked.scale))
        _print("", f"### {MANY_TOPICS:,} topics in one worker", "", *_many_topics(asked.scale))


def _contest(contenders: list[str], envelope: int, scale: float) -> Iterator[str]:
    """Yield the lines of one table, the first contender being the measure of the ratio."""
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|---|{'--:|' * (len(COLUMNS) - 1)}"
    first: Result | None = None
    for contender in contenders:
        result = run(Case(contender, _scaled(COUNTS.get(envelope, 200_000), envelope, scale), envelope))
        first = first or result
        yield _row(result, first)


def _row(result: Result, first: Result) -> str:
    cells = (
        result.case.contender,
        f"{result.per_second:,.0f}",
        f"{result.per_second / first.per_second:.2f}",
        f"{result.per_consumer_cpu:,.0f}",
        f"{result.per_consumer_cpu / first.per_consumer_cpu:.2f}",
        *(f"{seconds:.1f}" for seconds in (result.consumer_cpu, result.broker_cpu, result.load_cpu)),
        f"{result.consumer_mb:.0f}",
        f"{result.broker_mb:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _delay(scale: float) -> list[str]:
    """Measure how long a mention takes from the broker's append until it is counted, at a moderate rate."""
    seconds = max(RATE_SECONDS * min(scale, 1.0), 5)
    result = run(Case("haidang", int(RATE * seconds), 1, rate=RATE))
    buckets = _buckets(result)
    shown = ", ".join(f"p{share * 100:g} {quantile(buckets, share):.2f} s" for share in (0.5, 0.95, 0.99))
    return [f"{RATE:.0f} single records a second for {seconds:.0f} s, broker's append to count: {shown}"]


def _many_topics(scale: float) -> list[str]:
    """Measure one worker with a large catalogue: start, memory, rate."""
    result = run(Case("haidang", _scaled(COUNTS[200], 200, scale), 200, topics=MANY_TOPICS))
    figures = (
        f"start to counted {WARM_UP:,} mentions {result.ready_seconds:.1f} s, {result.consumer_mb:.0f} MB, "
        f"{result.per_second:,.0f} mentions/s in envelopes of 200 "
        f"({result.per_consumer_cpu:,.0f} per CPU second of the worker)"
    )
    return [figures]


def _buckets(result: Result) -> list[tuple[float, float]]:
    """Return (upper bound in seconds, observations up to it), ascending."""
    name = "haidang_mention_to_metric_seconds_bucket"
    return sorted(
        (float(dict(labels)["le"]), value)
        for (found, labels), value in result.metrics.items()
        if found == name
    )


def quantile(buckets: list[tuple[float, float]], share: float) -> float:
    """Return a quantile of a histogram, linear within its bucket, as Prometheus's histogram_quantile does."""
    rank = share * buckets[-1][1]
    low, below = 0.0, 0.0
    for bound, upto in buckets:
        if upto >= rank:
            inside = (rank - below) / (upto - below) if upto > below else 1.0
            return low if bound == float("inf") else low + (bound - low) * inside
        low, below = bound, upto
    return low


def _scaled(count: int, envelope: int, scale: float) -> int:
    return max(int(count * scale) // envelope, 1) * envelope


def _records(envelope: int) -> str:
    return "Single records" if envelope == 1 else f"Envelopes of {envelope}"


def _print(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 - the report


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.throughput", description=__doc__)
    parser.add_argument("--contenders", nargs="+", default=list(GROUPS), choices=list(GROUPS))
    parser.add_argument("--envelopes", nargs="+", type=int, default=list(COUNTS))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual number of mentions")
    parser.add_argument("--contest-only", action="store_true", help="leave out delay and 10,000 topics")
    return parser.parse_args()


if __name__ == "__main__":
    main()
