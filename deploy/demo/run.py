"""The demonstration's process: subscribes the sample receiver, replays the history, goes on in real time.

Everything is written to files before it is sent (`episode-N.history.jsonl`, `episode-N.live.jsonl`), so that
the same records can go through `haidang backtest`, and so that a kill at any moment loses nothing: the next
run sends what the broker has not acknowledged, under the same ids. State is one small file, `state.json`.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from deploy.demo import scenario
from deploy.demo.endpoint import Subscription, ensure_subscribed
from deploy.demo.scenario import Line, Plan
from deploy.settings import Settings
from streams.envelopes import Pace
from streams.send import Job, send_job
from streams.send_input import InputError
from streams.send_kafka import Sender, SendError, cluster_of
from streams.send_position import PositionStore
from streams.send_report import LineReport

TOPIC = "mentions"
KEY = b"demo"
"""One key for all files: one partition, so that their order is kept."""
TICK_SECONDS = 1.0
SUBSCRIBE_SECONDS = 30.0
TAIL_BYTES = 1 << 16
"""Longer than any line of the demonstration."""


class State(msgspec.Struct, frozen=True):
    """Where the demonstration stands: the Kafka cluster it talks to and the episode under way."""

    cluster: str
    plan: Plan
    replayed: bool = False


class Demo:
    """One run of the demonstration against one cluster, its files under `folder`."""

    def __init__(self, folder: Path, cluster: str, sender: Sender, say: Callable[[str], None]) -> None:
        """Read what an earlier run left behind; with a new cluster everything starts over."""
        self._folder = folder
        self._cluster = cluster
        self._sender = sender
        self._say = say
        self._positions = PositionStore(folder / "positions", f"{cluster}/{TOPIC}")
        self._state = self._read()

    def replay(self, now: datetime) -> Plan:
        """Send everything up to where real time begins and return the plan of the episode."""
        state = self._state
        if state is None:
            state = State(self._cluster, scenario.plan(now, 0, None))
        elif state.replayed:
            append_whole(self.live_file(state.plan), [])
            self._send(self.live_file(state.plan))
            since = datetime.fromtimestamp(self.sent_until(state.plan) / 1000, UTC)
            state = State(self._cluster, scenario.plan(now, state.plan.episode + 1, since))
        self._write(state)
        self._replay(state.plan)
        self._write(msgspec.structs.replace(state, replayed=True))
        return state.plan

    def _replay(self, plan: Plan) -> None:
        file = self.history_file(plan)
        if not file.exists():
            _write_whole(file, (line.json for line in scenario.history(plan)))
        started = time.monotonic()
        mentions = self._send(file)
        self._say(
            f"episode {plan.episode}: {mentions:,} mentions of {span(plan.end_ms - plan.start_ms)} replayed "
            f"in {time.monotonic() - started:.1f} s; the crisis is on {scenario.crisis_topic(plan.episode)}"
        )

    def step(self, plan: Plan, until_ms: int) -> int:
        """Send what has arrived since the last step; return how many mentions."""
        lines = scenario.between(plan, self.sent_until(plan), until_ms)
        if lines:
            append_whole(self.live_file(plan), lines)
            self._send(self.live_file(plan))
        return len(lines)

    def sent_until(self, plan: Plan) -> int:
        """Arrival of the last mention on file, or where the replay ended."""
        last = last_arrival_ms(self.live_file(plan))
        return plan.end_ms if last is None else last

    def history_file(self, plan: Plan) -> Path:
        """File of the replayed part of an episode."""
        return self._folder / f"episode-{plan.episode:03}.history.jsonl"

    def live_file(self, plan: Plan) -> Path:
        """File of the real-time part of an episode; it sorts after the replayed part."""
        return self._folder / f"episode-{plan.episode:03}.live.jsonl"

    def _send(self, file: Path) -> int:
        """Send what is not acknowledged of a file; return how many mentions of it are now."""
        if not file.exists():
            return 0
        found = self._positions.find(file)
        report = LineReport(f"demo: {file.name}", sys.stdout, every_seconds=1.0)
        job = Job(str(file), str(file), found.position, Pace(), report, self._positions.save)
        job.size = file.stat().st_size
        if not found.position.complete:
            send_job(job, self._sender)
        return job.position.mentions

    def _read(self) -> State | None:
        try:
            state = msgspec.json.decode((self._folder / "state.json").read_bytes(), type=State)
        except (FileNotFoundError, msgspec.DecodeError):
            state = None
        if state is not None and state.cluster == self._cluster:
            return state
        for file in self._folder.glob("episode-*.jsonl"):
            file.unlink()
        return None

    def _write(self, state: State) -> None:
        self._state = state
        _write_whole(self._folder / "state.json", [msgspec.json.encode(state)])


def span(milliseconds: int) -> str:
    """Say a span of time in its fitting unit, e.g. seconds below two minutes."""
    seconds = milliseconds / 1000
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def _write_whole(file: Path, lines: Iterable[bytes]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    with draft.open("wb") as out:
        out.writelines(line + b"\n" for line in lines)
    draft.replace(file)


def append_whole(file: Path, lines: list[Line]) -> None:
    """Append lines; what a kill in the middle of an earlier append left of a line is cut off first."""
    with file.open("ab") as out:
        size = out.tell()
        whole = _whole_bytes(file, size)
        if whole != size:
            out.truncate(whole)
        out.write(b"".join(line.json + b"\n" for line in lines))


def _whole_bytes(file: Path, size: int) -> int:
    """Size of a file up to its last line end."""
    with file.open("rb") as source:
        source.seek(max(0, size - TAIL_BYTES))
        tail = source.read()
    return size - len(tail) + tail.rfind(b"\n") + 1


class _Arrived(msgspec.Struct):
    fetched_at: datetime


def last_arrival_ms(file: Path) -> int | None:
    """Arrival of the last whole line of a file, None when it has none."""
    if not file.exists():
        return None
    size = file.stat().st_size
    whole = _whole_bytes(file, size)
    with file.open("rb") as source:
        source.seek(max(0, whole - TAIL_BYTES))
        lines = source.read(min(whole, TAIL_BYTES)).splitlines()
    if not lines:
        return None
    return round(msgspec.json.decode(lines[-1], type=_Arrived).fetched_at.timestamp() * 1000)


def run(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM; return the exit status, 1 with one line when Kafka or the disk fails."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        _run(settings, stop)
    except (SendError, InputError, OSError) as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    return 0


def _run(settings: Settings, stop: threading.Event) -> None:
    deploy = settings.deploy
    _subscribe(settings, stop)
    cluster = cluster_of(deploy.kafka_bootstrap, TOPIC)
    with Sender(deploy.kafka_bootstrap, TOPIC, KEY) as sender:
        demo = Demo(deploy.data_dir / "demo", cluster, sender, _say)
        now = datetime.now(UTC)
        plan = demo.replay(now)
        ahead_ms = max(0, plan.end_ms - round(now.timestamp() * 1000))
        _say("from here on in real time; the officials speak about six minutes from now")
        while not stop.wait(TICK_SECONDS):
            demo.step(plan, round(time.time() * 1000) + ahead_ms)


def _subscribe(settings: Settings, stop: threading.Event) -> None:
    """Subscribe the receiver; without an answer in time the replay starts all the same."""
    api_url = f"http://{settings.api.api_host}:{settings.api.api_port}"
    receiver_url = f"http://127.0.0.1:{settings.deploy.demo_receiver_port}/"
    deadline = time.monotonic() + SUBSCRIBE_SECONDS
    while True:
        outcome = ensure_subscribed(api_url, receiver_url, settings.deploy.data_dir)
        late = time.monotonic() > deadline
        if outcome is not Subscription.NOT_YET or late or stop.wait(TICK_SECONDS):
            break
    _say(f"sample receiver at {receiver_url}: {outcome}")


def _say(text: str) -> None:
    sys.stdout.write(f"demo: {text}\n")
    sys.stdout.flush()
