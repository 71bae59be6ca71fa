"""The shell of ``haidang backtest``: files in, one file of alert events each out."""

from __future__ import annotations

import gzip
import sys
import time
import zlib
from collections import Counter
from datetime import datetime
from typing import IO, TYPE_CHECKING, Annotated, NamedTuple, cast

import msgspec

from detectors.counts import watch_counts
from detectors.events import AlertEvent, encode_event
from detectors.settings import DetectionSettings
from detectors.trace import Trace
from streams.backtest_plot import draw
from streams.catalogue_file import read_catalogue
from streams.classify import Record
from streams.compare import WindowsError, compare, parse_windows, table
from streams.corrections import Corrections
from streams.counts_csv import Counts, CountsError, parse_counts
from streams.mention import Rejection
from streams.pipeline import Pipeline
from streams.steering import CALENDAR, read_correction, read_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from detectors.events import Severity
    from detectors.orders import Correction, Order
    from detectors.settings import NamedDetector
    from streams.catalogue import Catalogue
    from streams.compare import Span

__all__ = ["Look", "Options", "records_by_arrival", "run"]

_HOUR_SECONDS = 3600


class _Times(msgspec.Struct):
    """The two clocks of a mention, all that is needed to order it."""

    published_at: Annotated[datetime, msgspec.Meta(tz=True)]
    fetched_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_TIMES = msgspec.json.Decoder(_Times)


class Look(NamedTuple):
    """What a person may look at beside the events.

    Parameters
    ----------
    compare
        Print a table of ours beside other detectors.
    plot
        Folder for one picture a topic.
    windows
        File of labelled windows, shown in table and pictures.

    """

    compare: bool = False
    plot: Path | None = None
    windows: Path | None = None

    @property
    def wanted(self) -> bool:
        """Whether anything is to be looked at."""
        return self.compare or self.plot is not None


class Options(NamedTuple):
    """How files are decided.

    Parameters
    ----------
    catalogue
        Catalogue file for mentions; None: the bundled one.
    pages_per_week
        Alert budget for the whole input.
    only_paging
        Leave out events of severity info.
    detectors
        Detectors of river.anomaly told as further evidence.
    calendar
        JSON Lines of planned events (calendar v1), known from the beginning.
    look
        What else to show.
    corrections
        JSON Lines of corrections of polarity (correction v1). One whose mark is among the mentions is in
        force from there on, any other from the beginning.

    """

    catalogue: Path | None = None
    pages_per_week: float = 14.0
    only_paging: bool = False
    detectors: tuple[NamedDetector, ...] = ()
    calendar: Path | None = None
    look: Look = Look()
    corrections: Path | None = None


def run(files: list[Path], out: Path, options: Options, say: IO[str] | None = None) -> int:
    """Decide each file on the worker's path and write ``out``/<stem>.jsonl; return the exit status.

    Parameters
    ----------
    files
        ``.csv`` files of counts (a topic each) or JSON Lines of mentions, ``.gz`` too.
    out
        Folder of the results; made if it is not there. A file that cannot be used writes nothing.
    options
        How they are decided.
    say
        Where the summary goes; standard output by default.

    Raises
    ------
    CatalogueError, OSError
        If the catalogue or a file cannot be read.

    """
    say = sys.stdout if say is None else say
    try:
        desk = _read_desk(files, out, options)
    except (CountsError, ResultError, OrdersError, WindowsError) as error:
        sys.stderr.write(f"haidang: {error}\n")
        return 1
    for file in files:
        began = time.monotonic()
        decided = _decide(desk, file, out, say)
        alerts = ", ".join(f"{count} {name}" for name, count in sorted(decided.alerts.items())) or "no alert"
        say.write(f"{file.name}: {decided.read}; {alerts} ({time.monotonic() - began:.1f} s)\n")
        if decided.trace is not None:
            _show(decided, decided.trace, desk, say)
    return 0


class _Desk(NamedTuple):
    """What all files are decided by: read and found sound before any is decided."""

    options: Options
    watched: Catalogue
    counts: dict[Path, Counts]
    planned: list[Order]
    corrections: list[Correction]
    windows: Mapping[str, Sequence[Span]]
    budgets: dict[Path, float]


def _read_desk(files: list[Path], out: Path, options: Options) -> _Desk:
    """Return it; a file's part of the budget is that of its topics.

    Raises
    ------
    CountsError, ResultError, OrdersError, WindowsError
        If something is not sound.

    """
    watched, look = read_catalogue(options.catalogue), options.look
    shares = {file: 1 if _is_counts(file) else len(watched.topics) for file in files}
    _check_results(files, out)
    return _Desk(
        options,
        watched,
        {file: _read_counts(file) for file in files if _is_counts(file)},
        [] if options.calendar is None else _read_calendar(options.calendar, watched),
        [] if options.corrections is None else _read_corrections(options.corrections),
        {} if look.windows is None else parse_windows(look.windows.read_text(encoding="utf-8")),
        {file: options.pages_per_week * share / sum(shares.values()) for file, share in shares.items()},
    )


class _Decided(NamedTuple):
    """A file that was decided.

    Parameters
    ----------
    budget
        Its pages a week.
    read
        What became of its rows or mentions, for a person.
    alerts
        Alerts by their highest severity.
    events, trace
        Its events, and what was counted and expected; nothing unless somebody wants to look.

    """

    budget: float
    read: str
    alerts: Counter[str]
    events: list[AlertEvent]
    trace: Trace | None


def _decide(desk: _Desk, file: Path, out: Path, say: IO[str]) -> _Decided:
    """Decide one file and write its events."""
    options, budget, counts = desk.options, desk.budgets[file], desk.counts.get(file)
    trace = _trace(counts) if options.look.wanted else None
    kept: list[AlertEvent] = []
    if counts is not None:
        settings = DetectionSettings(pages_per_week=budget, detectors=options.detectors)
        events = watch_counts(_stem(file), counts.rows, counts.step, settings, trace)
        written = _write(out, _stem(file), _keep(events, kept, trace), only_paging=options.only_paging)
        return _Decided(budget, f"{len(counts.rows)} rows", written, kept, trace)
    records, numbers = records_by_arrival(_lines(file), time.time_ns() // 1_000_000)
    corrections = Corrections.replayed(desk.corrections, (record.value for record in records))
    pipeline = Pipeline(desk.watched, budget, options.detectors, desk.planned, corrections)
    pipeline.watch.trace = trace
    events = pipeline.run(records)
    written = _write(out, _stem(file), _keep(events, kept, trace), only_paging=options.only_paging)
    return _Decided(budget, _read(pipeline, numbers, say), written, kept, trace)


def _trace(counts: Counts | None) -> Trace:
    return Trace(_HOUR_SECONDS if counts is None else counts.step)


def _keep(events: Iterable[AlertEvent], kept: list[AlertEvent], trace: Trace | None) -> Iterator[AlertEvent]:
    """Yield the events, keeping them too where somebody wants to look."""
    for event in events:
        if trace is not None:
            kept.append(event)
        yield event


def _show(decided: _Decided, trace: Trace, desk: _Desk, say: IO[str]) -> None:
    look, events = desk.options.look, decided.events
    known = {topic: desk.windows[topic] for topic in trace.topics() if topic in desk.windows}
    if look.compare:
        rows = compare(trace, events, decided.budget, known)
        say.write(table(rows, sum(len(spans) for spans in known.values())))
    if look.plot is not None:
        look.plot.mkdir(parents=True, exist_ok=True)
        for topic in trace.topics():
            own = [event for event in events if event.topic.id == topic]
            draw(look.plot / f"{topic}.svg", topic, trace.bins(topic), own, known.get(topic, ()))


class OrdersError(ValueError):
    """Planned events or corrections that cannot be used; the message names file, line, field and problem."""


def _read_calendar(file: Path, catalogue: Catalogue) -> list[Order]:
    """Return the planned events of a file.

    Raises
    ------
    OrdersError
        At the first line that is none.

    """
    planned: list[Order] = []
    for place, line in _orders(file):
        order = read_order(CALENDAR, line, catalogue)
        if isinstance(order, Rejection):
            raise _unsound(order, place)
        planned.append(order)
    return planned


def _read_corrections(file: Path) -> list[Correction]:
    """Return the corrections of a file.

    Raises
    ------
    OrdersError
        At the first line that is none.

    """
    said: list[Correction] = []
    for place, line in _orders(file):
        correction = read_correction(line)
        if isinstance(correction, Rejection):
            raise _unsound(correction, place)
        said.append(correction)
    return said


def _orders(file: Path) -> Iterator[tuple[str, bytes]]:
    """Yield place and value of each line that is not empty."""
    for number, line in enumerate(_lines(file), 1):
        if line.strip():
            yield f"{file.name}: line {number}", line


def _unsound(rejection: Rejection, place: str) -> OrdersError:
    """Return the error of a line that says nothing."""
    return OrdersError(f"{place}: {rejection.field or 'line'}: {rejection.detail}")


class ResultError(ValueError):
    """The results have no safe place; the message says why and what to do."""


def _check_results(files: list[Path], out: Path) -> None:
    """Refuse before anything is decided that a result replaces another one or an input.

    Raises
    ------
    ResultError
        If it would.

    """
    stems = Counter(_stem(file) for file in files)
    for file in files:
        result = out / f"{_stem(file)}.jsonl"
        if stems[_stem(file)] > 1:
            raise ResultError(f"two files would write {result.name}; rename one of them")
        if any(result.resolve() == other.resolve() for other in files):
            raise ResultError(
                f"{result} is an input and would be overwritten; name another folder with --out"
            )


def _lines(file: Path) -> Iterator[bytes]:
    """Yield the lines of a file.

    Raises
    ------
    OSError
        If it cannot be read; a damaged gzip file too.

    """
    with _open(file) as lines:
        try:
            yield from lines
        except (EOFError, zlib.error) as error:
            raise gzip.BadGzipFile(f"{file.name}: damaged gzip file ({error})") from error


def _read_counts(file: Path) -> Counts:
    return parse_counts((line.decode("utf-8", "replace") for line in _lines(file)), file.name)


def _read(pipeline: Pipeline, numbers: list[int], say: IO[str]) -> str:
    """Tell the first dead letters and return what became of the mentions."""
    for refused in pipeline.refused[:5]:
        rejection = refused.rejection
        line = numbers[refused.record.offset]
        say.write(f"  line {line}: {rejection.reason} {rejection.field}: {rejection.detail}\n")
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(pipeline.outcomes.items()))


def records_by_arrival(lines: Iterable[bytes], now_ms: int) -> tuple[list[Record], list[int]]:
    """Return the lines as records in order of arrival (``fetched_at``, else ``published_at``).

    A line whose times cannot be read stays behind the one before it and becomes a dead letter. Offsets follow
    the order of arrival, as a broker would give them; beside the records come the numbers of their lines,
    counted from 1.
    """
    placed: list[tuple[int, int, bytes, int]] = []
    arrival, appended = 0, now_ms
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            times = _TIMES.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # taken as appended with the line before: the present would end the time of the file
        else:
            stamp = times.published_at if times.fetched_at is None else times.fetched_at
            arrival = int(stamp.timestamp() * 1000)
            appended = min(arrival, now_ms) if times.fetched_at is None else now_ms
        placed.append((arrival, number, line.strip(), appended))
    placed.sort()
    records = [Record(0, place, appended, value) for place, (_, _, value, appended) in enumerate(placed)]
    return records, [number + 1 for _, number, _, _ in placed]


def _write(out: Path, stem: str, events: Iterable[AlertEvent], *, only_paging: bool) -> Counter[str]:
    """Write the events beside their final place, then move them there; return alerts by severity."""
    out.mkdir(parents=True, exist_ok=True)
    highest: dict[str, Severity] = {}
    part = out / f"{stem}.jsonl.part"
    try:
        with part.open("wb") as file:
            for event in events:
                if event.severity.paging or not only_paging:
                    file.write(encode_event(event) + b"\n")
                    before = highest.get(event.alert_id, event.severity)
                    highest[event.alert_id] = max(before, event.severity, key=lambda severity: severity.rank)
        part.replace(out / f"{stem}.jsonl")
    finally:
        part.unlink(missing_ok=True)
    return Counter(str(severity) for severity in highest.values())


def _is_counts(file: Path) -> bool:
    return _plain(file).suffix == ".csv"


def _stem(file: Path) -> str:
    return _plain(file).stem


def _plain(file: Path) -> Path:
    return file.with_suffix("") if file.suffix == ".gz" else file


def _open(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file)) if file.suffix == ".gz" else file.open("rb")
