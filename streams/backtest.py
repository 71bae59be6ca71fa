"""The shell of ``haidang backtest``: files in, one file of alert events each out."""

from __future__ import annotations

import gzip
import sys
import time
import zlib
from collections import Counter
from datetime import datetime
from typing import IO, TYPE_CHECKING, Annotated, cast

import msgspec

from detectors.counts import watch_counts
from detectors.events import encode_event
from detectors.settings import DetectionSettings
from streams.catalogue_file import read_catalogue
from streams.classify import Record
from streams.counts_csv import Counts, CountsError, parse_counts
from streams.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from detectors.events import AlertEvent, Severity
    from detectors.settings import NamedDetector

__all__ = ["records_by_arrival", "run"]


class _Times(msgspec.Struct):
    """The two clocks of a mention, all that is needed to order it."""

    published_at: Annotated[datetime, msgspec.Meta(tz=True)]
    fetched_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


_TIMES = msgspec.json.Decoder(_Times)


def run(
    files: list[Path],
    out: Path,
    catalogue: Path | None,
    pages_per_week: float,
    only_paging: bool,  # noqa: FBT001 - an option of the command
    say: IO[str] | None = None,
    detectors: tuple[NamedDetector, ...] = (),
) -> int:
    """Decide each file on the worker's path and write ``out``/<stem>.jsonl; return the exit status.

    Parameters
    ----------
    files
        ``.csv`` files of counts (a topic each) or JSON Lines of mentions, ``.gz`` too.
    out
        Folder of the results; made if it is not there. A file that cannot be used writes nothing.
    catalogue
        Catalogue file for mentions; None: the bundled one.
    pages_per_week
        Alert budget for the whole input.
    only_paging
        Leave out events of severity info.
    say
        Where the summary goes; standard output by default.
    detectors
        Detectors of river.anomaly told as further evidence.

    Raises
    ------
    CatalogueError, OSError
        If the catalogue or a file cannot be read.

    """
    say = sys.stdout if say is None else say
    watched = read_catalogue(catalogue)
    shares = [1 if _is_counts(file) else len(watched.topics) for file in files]
    try:
        _check_results(files, out)
        counts = {file: _read_counts(file) for file in files if _is_counts(file)}
    except (CountsError, ResultError) as error:
        sys.stderr.write(f"haidang: {error}\n")
        return 1
    for file, share in zip(files, shares, strict=True):
        budget = pages_per_week * share / sum(shares)
        began = time.monotonic()
        if file in counts:
            settings = DetectionSettings(pages_per_week=budget, detectors=detectors)
            events = watch_counts(_stem(file), counts[file].rows, counts[file].step, settings)
            written = _write(out, _stem(file), events, only_paging=only_paging)
            read = f"{len(counts[file].rows)} rows"
        else:
            pipeline = Pipeline(watched, budget, detectors)
            records, numbers = records_by_arrival(_lines(file), time.time_ns() // 1_000_000)
            written = _write(out, _stem(file), pipeline.run(records), only_paging=only_paging)
            read = _read(pipeline, numbers, say)
        alerts = ", ".join(f"{count} {name}" for name, count in sorted(written.items())) or "no alert"
        say.write(f"{file.name}: {read}; {alerts} ({time.monotonic() - began:.1f} s)\n")
    return 0


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
