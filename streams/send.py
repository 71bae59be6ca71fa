"""`haidang send`: mentions from JSON Lines to Kafka, acknowledged, resumable, at a chosen pace.

The lines themselves are not changed and mentions not judged: what is wrong with one becomes a dead letter of
the stream, with its reason. Only a line that is not JSON at all is refused here.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from streams.envelopes import Envelope, LineReason, Pace, refusal
from streams.send_input import (
    STDIN,
    InputError,
    Source,
    content,
    in_arrival_order,
    is_regular,
    open_source,
    write_ordered,
)
from streams.send_kafka import Parcel, Sender, SendError, cluster_of
from streams.send_position import Found, Position, PositionStore, Resume, line_digest
from streams.send_report import Report, report_for

SAVE_SECONDS = 0.5
"""How often the position is written while sending: what a kill makes the next run repeat at most."""
DRAIN_SECONDS = 5.0
"""How long an interrupted run waits for what is under way."""
TICK_SECONDS = 0.25
"""Longest wait between two looks at the acknowledgements and the screen."""
MAX_REFUSALS_SHOWN = 20


@dataclass
class Job:
    """One input on its way: what it reads, where it remembers, how it reports.

    `read_from` differs from `path` when the file had to be put in arrival order first. `remember` is called
    with each position that is safe to write.
    """

    name: str
    read_from: str
    position: Position
    pace: Pace
    report: Report
    remember: Callable[[Position], None]
    started: float = field(default_factory=time.monotonic)
    size: int = 0


def run(
    files: list[str],
    *,
    bootstrap: str,
    rate: float | None,
    speed: float | None,
    state_dir: Path,
    fresh: bool = False,
    topic: str = "mentions",
) -> int:
    """Send every file in turn; return the exit status.

    Parameters
    ----------
    files
        Paths of JSON Lines files, gzipped or not; `-` is standard input.
    bootstrap
        Kafka's `host:port`.
    rate
        Mentions per second at most, > 0; None: no limit.
    speed
        Replay by arrival time this many times faster than it happened, 0 or None: as fast as possible.
    state_dir
        Folder of the position files.
    fresh
        Forget earlier positions and start over.
    topic
        Kafka topic.

    Returns
    -------
    int
        0 when every line is acknowledged, 1 when a line was refused, an input unreadable, Kafka out of reach
        or the run interrupted, 2 when `rate` or `speed` is out of range. Every reason is printed on standard
        error.

    """
    problem = _usage_problem(files, rate, speed)
    if problem is not None:
        return _fail(problem, status=2)
    try:
        store = PositionStore(state_dir, f"{cluster_of(bootstrap, topic)}/{topic}")
        refused = 0
        for name in files:
            pace = Pace(rate=rate, speed=speed)
            with Sender(bootstrap, topic, key_of(name)) as sender:
                job = _prepare(name, pace, store, by_arrival=bool(speed), fresh=fresh)
                refused += _send_and_report(job, sender)
    except (SendError, InputError) as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("interrupted: run the same command again to continue where it stopped")
    return 1 if refused else 0


def _usage_problem(files: list[str], rate: float | None, speed: float | None) -> str | None:
    if rate is not None and rate <= 0:
        return f"--rate {rate}: mentions per second must be above 0"
    if speed is not None and speed < 0:
        return f"--speed {speed}: must be 0 (as fast as possible) or above"
    if files.count(STDIN) > 1:
        return "standard input (-) can be read only once"
    return None


def _fail(message: str, status: int = 1) -> int:
    sys.stderr.write(f"haidang send: {message}\n")
    sys.stderr.flush()
    return status


def key_of(name: str) -> bytes:
    """Kafka key of all envelopes of one input: same key, same partition, so their order is kept."""
    return Path(name).name.encode(errors="replace")


def _prepare(name: str, pace: Pace, store: PositionStore, *, by_arrival: bool, fresh: bool) -> Job:
    report = report_for("stdin" if name == STDIN else Path(name).name, sys.stdout)
    if not is_regular(name):
        nowhere = Position(path="", size=0, modified_ns=0, inode=0)
        return Job(name, name, nowhere, pace, report, remember=lambda _: None)
    path = Path(name)
    unordered = by_arrival and not in_arrival_order(name)
    found = store.find(path, fresh=fresh, by_arrival=unordered)
    _say_where(name, found, report)
    job = Job(name, name, found.position, pace, report, remember=store.save)
    if unordered and not found.position.complete:
        _put_in_order(job, store.ordered_copy(path), is_new=found.resume is not Resume.CONTINUE)
    job.size = Path(job.read_from).stat().st_size
    return job


def _put_in_order(job: Job, copy: Path, *, is_new: bool) -> None:
    job.read_from = str(copy)
    if copy.exists() and not is_new:
        return
    job.report.note(f"{job.name}: not in order of arrival, sorting it first")
    refused = write_ordered(job.name, copy)
    if is_new:
        job.position = msgspec.structs.replace(job.position, refused=len(refused))
        for shown, (number, reason) in enumerate(refused, 1):
            _report_refusal(job, number, reason, shown)


def _say_where(name: str, found: Found, report: Report) -> None:
    position = found.position
    match found.resume:
        case Resume.CONTINUE | Resume.GREW:
            grew = " (the file has grown)" if found.resume is Resume.GREW else ""
            report.note(
                f"{name}: continuing after line {position.line:,}, "
                f"{position.mentions:,} already acknowledged{grew}"
            )
        case Resume.COMPLETE:
            report.note(f"{name}: already sent, {position.mentions:,} mentions; --fresh sends it again")
        case Resume.CHANGED:
            report.note(f"{name}: changed since it was last sent, starting over")
        case Resume.NEW:
            pass


def _send_and_report(job: Job, sender: Sender) -> int:
    if job.position.complete:
        return job.position.refused
    with job.report:
        send_job(job, sender)
    position = job.position
    seconds = time.monotonic() - job.started
    refused = f", {position.refused:,} lines refused" if position.refused else ""
    job.report.note(f"{job.name}: {position.mentions:,} mentions acknowledged in {seconds:.1f} s{refused}")
    return position.refused


def send_job(job: Job, sender: Sender) -> None:
    """Send the rest of one input and remember its position; also what was acknowledged before an exception.

    Raises SendError and InputError, and lets KeyboardInterrupt through after a short wait for what is under
    way.
    """
    try:
        with open_source(job.read_from, job.position.offset) as source:
            _Feed(job, source, sender).run()
    except KeyboardInterrupt:
        _drain(job, sender)
        raise
    finally:
        job.remember(job.position)
    job.position = msgspec.structs.replace(job.position, complete=True)
    job.remember(job.position)
    if job.position.by_arrival:
        Path(job.read_from).unlink(missing_ok=True)


def _drain(job: Job, sender: Sender) -> None:
    deadline = time.monotonic() + DRAIN_SECONDS
    while sender.unacknowledged and time.monotonic() < deadline:
        _advance(job, sender.acknowledged(0.2))


def _advance(job: Job, parcels: list[Parcel]) -> None:
    if parcels:
        job.position = parcels[-1].end


def _report_refusal(job: Job, number: int, reason: LineReason, shown: int) -> None:
    if shown <= MAX_REFUSALS_SHOWN:
        job.report.note(f"{job.name}:{number}: refused, {reason}")
    if shown == MAX_REFUSALS_SHOWN:
        job.report.note(f"{job.name}: further refused lines are counted, not shown")


class _Feed:
    """Reads one source, checks and packs its lines, hands envelopes over, collects acknowledgements."""

    def __init__(self, job: Job, source: Source, sender: Sender) -> None:
        self._job = job
        self._source = source
        self._sender = sender
        self._envelope = Envelope()
        start = job.position
        self._offset, self._line = start.offset, start.line
        self._mentions, self._refused = start.mentions, start.refused
        self._last = b""
        self._saved = self._began = time.monotonic()

    def run(self) -> None:
        for line in self._source.lines():
            self._take(content(line))
            self._offset += len(line)
            self._line += 1
            self._last = line
        self._ship()
        while self._sender.unacknowledged:
            self._collect(wait_seconds=1.0)
        self._job.position = self._here()

    def _take(self, line: bytes) -> None:
        """Add one line to the envelope, shipping it first when it is full or the line is not due yet."""
        if not line:
            return
        reason = refusal(line)
        if reason is not None:
            self._refused += 1
            _report_refusal(self._job, self._line + 1, reason, self._refused)
            return
        if self._job.pace.paced:
            self._wait_for(line)
        if not self._envelope.fits(line):
            self._ship()
        self._envelope.add(line)
        self._mentions += 1

    def _wait_for(self, line: bytes) -> None:
        due = self._job.pace.due(line)
        if self._began + due <= time.monotonic():
            return
        self._ship()
        while (left := self._began + due - time.monotonic()) > 0:
            if self._sender.unacknowledged:
                self._collect(wait_seconds=min(left, TICK_SECONDS))
            else:
                time.sleep(min(left, TICK_SECONDS))
                self._show()

    def _ship(self) -> None:
        if not len(self._envelope):
            return
        while self._sender.full:
            self._collect(wait_seconds=1.0)
        self._sender.send(Parcel(self._envelope.value(), self._here()))
        self._envelope = Envelope()
        self._collect(wait_seconds=0.0)

    def _collect(self, wait_seconds: float) -> None:
        _advance(self._job, self._sender.acknowledged(wait_seconds))
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self._saved = time.monotonic()
            self._job.remember(self._job.position)
        self._show()

    def _show(self) -> None:
        done = self._job.position.mentions
        read, size = self._source.bytes_read(), self._job.size
        self._job.report.progress(done, self._mentions - done, min(read / size, 1.0) if size else None)

    def _here(self) -> Position:
        """Place after every line taken so far."""
        if not self._last:
            return self._job.position
        return msgspec.structs.replace(
            self._job.position,
            offset=self._offset,
            line=self._line,
            mentions=self._mentions,
            refused=self._refused,
            last=line_digest(self._last),
            last_bytes=len(self._last),
        )
