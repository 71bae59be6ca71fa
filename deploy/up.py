"""``haidang up``: everything on one machine, each part a child process, kept running until Ctrl-C.

Nothing is started before it is certain that it can be: the data directory is locked, every port is free.
Then, in order: embedded Apache Kafka (unless one is named), topics, worker and API, and for the demonstration
its webhook receiver and its replayer.
"""

import ipaddress
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy import data_lock
from deploy.demo.scenario import PAGES_PER_WEEK
from deploy.embedded_kafka import READY_TIMEOUT_SECONDS, EmbeddedKafka, refuse_taken_port
from deploy.headlines import Headlines, earlier
from deploy.kafka_topics import ensure_topics
from deploy.local_http import get
from deploy.parts import KafkaPart, Part, ProcessPart
from deploy.settings import DeploySettings, Settings, SettingsError, variable
from deploy.supervisor import Supervisor

STATE_FILE = "up.json"
PART_READY_SECONDS = 120.0
OK = 200
DEMO_CATALOGUE = Path(__file__).parent / "demo" / "catalogue.toml"
ANY_IPV4 = str(ipaddress.IPv4Address(0))
ANY_IPV6 = str(ipaddress.IPv6Address(0))


class Progress:
    """Lines for the terminal, each with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, line: str) -> None:
        """Print a line at once."""
        print(f"[up {time.monotonic() - self._began:6.1f} s] {line}", flush=True)

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """Say what begins, and how long it took when it is done."""
        self(f"{doing} ...")
        began = time.monotonic()
        yield
        self(f"{done} ({time.monotonic() - began:.1f} s)")


def address(host: str, port: int) -> str:
    """Return ``host:port`` at which a server that listens on ``host`` is reached from this machine."""
    near = {ANY_IPV4: "127.0.0.1", ANY_IPV6: "::1"}.get(host, host)
    return f"[{near}]:{port}" if ":" in near else f"{near}:{port}"


class Up:
    """One run of the whole; see the module.

    Parameters
    ----------
    settings
        All settings; ``settings.own_kafka`` decides whether a broker is embedded.
    demo
        Whether the demonstration's receiver and replayer run too.

    """

    def __init__(self, settings: Settings, *, demo: bool) -> None:
        self._settings = settings
        self._demo = demo
        self._data_dir = settings.deploy.data_dir.expanduser().absolute()
        self._show = Progress()
        self._supervisor = Supervisor(self._show, self._data_dir / STATE_FILE)
        self._api_address = address(settings.api.api_host, settings.api.api_port)

    def run(self) -> int:
        """Run until Ctrl-C or SIGTERM; return the exit status 0.

        Raises
        ------
        DeployError
            Something cannot be started or kept running; everything that was started has been ended.

        """
        self._refuse_unusable_ports()
        with data_lock.held(self._data_dir):
            self._refuse_taken_ports()
            self._supervisor.catch_signals()
            with self._supervisor.ending():
                self._start_all()
                self._supervisor.run_until_stopped()
            self._show(f"everything has ended; the data stays in {self._data_dir}")
        return 0

    def _refuse_unusable_ports(self) -> None:
        if self._settings.api.api_port == 0:
            raise SettingsError(f"{variable('api_port')}: 0 is not allowed with haidang up: name the port")
        if self._settings.worker.worker_metrics_port == 0:
            raise SettingsError(
                f"{variable('worker_metrics_port')}: 0 is not allowed with haidang up: name the port"
            )

    def _refuse_taken_ports(self) -> None:
        deploy, worker, api, own_kafka = self._settings
        refuse_taken_port(api.api_host, api.api_port, "the API", variable("api_port"))
        refuse_taken_port(
            worker.worker_metrics_host,
            worker.worker_metrics_port,
            "the worker's metrics",
            variable("worker_metrics_port"),
        )
        if not own_kafka:
            for port in (deploy.embedded_kafka_port, deploy.embedded_kafka_port + 1):
                refuse_taken_port("127.0.0.1", port, "the embedded Kafka", variable("embedded_kafka_port"))
        if self._demo:
            port = deploy.demo_receiver_port
            refuse_taken_port("127.0.0.1", port, "the sample receiver", variable("demo_receiver_port"))

    def _start_all(self) -> None:
        if not self._settings.own_kafka:
            start_kafka(self._settings.deploy, self._supervisor, self._show)
        make_topics(self._settings.deploy, self._show)
        self._supervisor.start(self._process("worker"))
        self._supervisor.start(self._process("api"))
        self._show("starting worker and API ...")
        self._await("the API", self._api_ready)
        self._await("the worker", self._worker_ready)
        self._tell_addresses()
        self._follow_alerts()
        if self._demo:
            self._supervisor.start(self._process("receiver", echo=_print_webhook))
            self._supervisor.start(self._process("demo", finishes=True, echo=_print_indented))

    def _await(self, what: str, ready: Callable[[], bool]) -> None:
        self._supervisor.wait_until(ready, what, PART_READY_SECONDS)
        self._show(f"{what} is ready")

    def _worker_ready(self) -> bool:
        worker = self._settings.worker
        _, page = get(address(worker.worker_metrics_host, worker.worker_metrics_port), "/metrics")
        return "\nhaidang_worker_ready 1" in page

    def _api_ready(self) -> bool:
        return get(self._api_address, "/readyz")[0] == OK

    def _process(
        self, command: str, *, finishes: bool = False, echo: Callable[[str], None] | None = None
    ) -> Part:
        return ProcessPart(
            command,
            [sys.executable, "-m", "haidang", command],
            self._environment(),
            self._data_dir / "logs",
            finishes=finishes,
            echo=echo,
        )

    def _environment(self) -> dict[str, str]:
        """Return this process's environment with what the parts must agree on."""
        worker, api = self._settings.worker, self._settings.api
        metrics = f"http://{address(worker.worker_metrics_host, worker.worker_metrics_port)}/metrics"
        return {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            variable("kafka_bootstrap"): self._settings.deploy.kafka_bootstrap,
            variable("data_dir"): str(self._data_dir),
            variable("worker_metrics_url"): api.worker_metrics_url or metrics,
            **(self._demo_environment() if self._demo else {}),
        }

    def _demo_environment(self) -> dict[str, str]:
        """Return what only the demonstration needs: its invented topics with their budget, its receiver."""
        catalogue = self._settings.worker.catalogue or DEMO_CATALOGUE
        receiver = f"127.0.0.1/32:{self._settings.deploy.demo_receiver_port}"
        return {
            variable("catalogue"): str(catalogue),
            variable("pages_per_week"): os.environ.get(variable("pages_per_week"), str(PAGES_PER_WEEK)),
            variable("egress_allow"): ",".join((*self._settings.api.egress_allow, receiver)),
        }

    @property
    def _key_file(self) -> Path:
        return self._data_dir / "admin.key"

    def _tell_addresses(self) -> None:
        base = f"http://{self._api_address}"
        for line in (
            "",
            f"  Console   {base}/",
            f"  Sign in   with the key in {self._key_file}" + self._shown_key(),
            f'  API       curl -H "Authorization: Bearer $(cat {self._key_file})" {base}/v1/alerts',
            f"  Docs      {base}/docs",
            f"  Metrics   {base}/metrics",
            f"  Logs      {self._data_dir / 'logs'}",
            "",
            "  Ctrl-C ends everything; the same command later continues with the data.",
            "",
        ):
            print(line, flush=True)

    def _shown_key(self) -> str:
        """Return the key itself for the demonstration only: a real one does not belong on a screen."""
        return f": {self._key()}" if self._demo else ""

    def _key(self) -> str:
        return self._key_file.read_text(encoding="ascii").strip()

    def _follow_alerts(self) -> None:
        for line in earlier(self._api_address, self._key()):
            _print_indented(f"(earlier) {line}")
        Headlines(self._api_address, self._key_file, _print_indented).start()


def _print_webhook(line: str) -> None:
    """Print what the receiver got, save the many updates: those stand in its log."""
    if not line.endswith("alert.updated"):
        _print_indented(line)


def _print_indented(line: str) -> None:
    print(f"  {line}", flush=True)


def start_kafka(deploy: DeploySettings, supervisor: Supervisor, show: Progress) -> None:
    """Prepare and start the embedded broker under a supervisor, and wait until it answers."""
    broker = EmbeddedKafka(
        deploy.data_dir.expanduser().absolute() / "kafka",
        port=deploy.embedded_kafka_port,
        cache_dir=deploy.cache_dir,
        heap_mb=deploy.embedded_kafka_heap_mb,
        report=show,
    )
    with show.step("preparing the embedded Apache Kafka", "Apache Kafka is prepared"):
        broker.prepare()
    with show.step("starting Apache Kafka", f"Apache Kafka answers on {broker.bootstrap}"):
        supervisor.start(KafkaPart(broker))
        supervisor.wait_until(broker.answers, "Apache Kafka", READY_TIMEOUT_SECONDS)


def make_topics(deploy: DeploySettings, show: Progress) -> None:
    """Create the topics that are missing, and check the others."""
    created = ensure_topics(deploy.kafka_bootstrap, deploy.partitions, replication=deploy.kafka_replication)
    show(f"Kafka topics are as they must be ({len(created)} created)")


def run_kafka(settings: Settings) -> int:
    """Run the embedded broker alone, with its topics, until Ctrl-C or SIGTERM; return the exit status 0.

    Raises
    ------
    DeployError
        A Kafka of one's own is named, a port is taken, or the broker cannot be kept running.

    """
    if settings.own_kafka:
        raise SettingsError(
            f"{variable('kafka_bootstrap')} names a Kafka of your own: the embedded one stays off"
        )
    data_dir = settings.deploy.data_dir.expanduser().absolute()
    show = Progress()
    supervisor = Supervisor(show, data_dir / "kafka.json")
    with data_lock.held(data_dir, "kafka.lock"):
        supervisor.catch_signals()
        with supervisor.ending():
            start_kafka(settings.deploy, supervisor, show)
            make_topics(settings.deploy, show)
            supervisor.run_until_stopped()
    return 0


def run(settings: Settings, *, demo: bool) -> int:
    """Run everything until Ctrl-C or SIGTERM; return the exit status.

    Raises
    ------
    DeployError
        With the one line that says why it could not go on.

    """
    return Up(settings, demo=demo).run()
