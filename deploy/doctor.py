"""``haidang doctor``: looks at everything that must be right, and says of each what to do."""

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from api.store import Form, StoreError, look
from api.store.address import SQLITE, parse_address
from deploy.embedded_kafka import FREE_BYTES_WANTED
from deploy.errors import DeployError, storage_message
from deploy.kafka_topics import MismatchReason, find_mismatches
from deploy.local_http import get
from deploy.settings import Settings, load, variable
from deploy.up import OK, STATE_FILE, address
from streams.catalogue import CatalogueError
from streams.catalogue_file import read_catalogue

PROBE_TOPIC = "haidang-doctor"
SKEW_ALLOWED_SECONDS = 2.0
"""A mention more than five minutes ahead of the broker's clock is refused; two seconds are plenty."""

FREE_BYTES_COMFORTABLE = 2_000_000_000


class Level(StrEnum):
    """How a check came out."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


class Finding(msgspec.Struct, frozen=True):
    """What one check found, and for anything but OK what to do."""

    level: Level
    subject: str
    text: str

    def __str__(self) -> str:
        """Return the line for the terminal."""
        return f"{self.level:4} {self.subject}: {self.text}"


def run() -> int:
    """Print every finding as it comes; return 1 when one of them is a failure, else 0."""
    failed = False
    for finding in findings():
        print(finding, flush=True)
        failed = failed or finding.level is Level.FAIL
    return int(failed)


def findings() -> Iterator[Finding]:
    """Check everything in order; without usable settings there is nothing further to check."""
    yield _python()
    try:
        settings = load()
    except DeployError as error:
        yield Finding(Level.FAIL, "settings", str(error))
        return
    yield Finding(Level.OK, "settings", f"data in {settings.deploy.data_dir.absolute()}")
    for check in (_data_dir, _catalogue, _kafka, examine_store, _worker, _api, _endpoints, _restarts):
        yield from check(settings)


def _python() -> Finding:
    return Finding(Level.OK, "python", f"{platform.python_version()} at {sys.executable}")


def _data_dir(settings: Settings) -> Iterator[Finding]:
    folder = settings.deploy.data_dir.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield Finding(Level.FAIL, "data folder", storage_message(error, folder))
        return
    yield Finding(disk_level(free), "disk", f"{free / 1e9:.1f} GB free for {folder}" + _disk_advice(free))


def disk_level(free_bytes: int) -> Level:
    """Judge the free space of the data folder."""
    if free_bytes < FREE_BYTES_WANTED:
        return Level.FAIL
    return Level.WARN if free_bytes < FREE_BYTES_COMFORTABLE else Level.OK


def _disk_advice(free_bytes: int) -> str:
    return (
        "" if disk_level(free_bytes) is Level.OK else "; free some space: Kafka stops when the disk is full"
    )


def _catalogue(settings: Settings) -> Iterator[Finding]:
    try:
        catalogue = read_catalogue(settings.worker.catalogue)
    except CatalogueError as error:
        yield Finding(Level.FAIL, "catalogue", str(error))
        return
    yield Finding(Level.OK, "catalogue", f"{len(catalogue.topics)} topics, digest {catalogue.digest}")


def _kafka(settings: Settings) -> Iterator[Finding]:
    bootstrap = settings.deploy.kafka_bootstrap
    try:
        mismatches = find_mismatches(bootstrap, settings.deploy.partitions)
    except DeployError as error:
        yield Finding(Level.FAIL, "kafka", f"{error}{_embedded_advice(settings)}")
        return
    yield Finding(Level.OK, "kafka", f"answers at {bootstrap}")
    missing = [each.topic for each in mismatches if each.reason is MismatchReason.MISSING]
    if missing:
        advice = "haidang up and haidang kafka create them"
        yield Finding(Level.FAIL, "topics", f"missing: {', '.join(missing)}; {advice}")
    for mismatch in mismatches:
        if mismatch.reason is not MismatchReason.MISSING:
            yield Finding(Level.FAIL, "topics", str(mismatch))
    if not mismatches:
        yield Finding(Level.OK, "topics", "all as they must be")
    yield _clock(bootstrap)


def _embedded_advice(settings: Settings) -> str:
    return "" if settings.own_kafka else "; the embedded one runs inside haidang up or haidang kafka"


def _clock(bootstrap: str) -> Finding:
    try:
        skew_seconds = measure_skew(bootstrap)
    except KafkaError as error:
        return Finding(Level.WARN, "clock", f"could not be compared with Kafka's: {type(error).__name__}")
    return judge_skew(skew_seconds)


def judge_skew(skew_seconds: float) -> Finding:
    """Judge by how many seconds the broker's clock is ahead of ours (negative: behind)."""
    if abs(skew_seconds) <= SKEW_ALLOWED_SECONDS:
        return Finding(Level.OK, "clock", f"within {SKEW_ALLOWED_SECONDS:.0f} s of Kafka's")
    side = "ahead of" if skew_seconds > 0 else "behind"
    return Finding(
        Level.FAIL,
        "clock",
        f"Kafka's is {abs(skew_seconds):.0f} s {side} this machine's; let both follow a time server (NTP)",
    )


def measure_skew(bootstrap: str) -> float:
    """Return by how many seconds the broker's clock is ahead of ours, to about a network round trip.

    Kafka tells its time only on records, so one is written to a topic made for it, which is deleted after.

    Raises
    ------
    KafkaError
        The broker refuses or does not answer.

    """
    admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","))
    try:
        configs = {"message.timestamp.type": "LogAppendTime", "retention.ms": "60000"}
        admin.create_topics(
            {PROBE_TOPIC: {"num_partitions": 1, "configs": configs}},
            raise_errors=False,
            wait_for_metadata=True,
        )
        try:
            return _append_skew(bootstrap)
        finally:
            admin.delete_topics([PROBE_TOPIC])
    finally:
        admin.close()


def _append_skew(bootstrap: str) -> float:
    producer = KafkaProducer(bootstrap_servers=bootstrap.split(","))
    try:
        producer.partitions_for(PROBE_TOPIC)
        sent = time.time()
        appended_ms = producer.send(PROBE_TOPIC, b"", partition=0).get(timeout=10).timestamp
        middle = (sent + time.time()) / 2
    finally:
        producer.close()
    return float(appended_ms) / 1000 - middle


def examine_store(settings: Settings) -> Iterator[Finding]:
    """Look whether the store can be used, changing nothing."""
    url = parse_address(settings.api.store_url)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == SQLITE and not Path(url.database or "").exists():
        yield Finding(Level.OK, "store", f"{shown} is made at the first start")
        return
    try:
        yield judge_store(look(settings.api.store_url), shown)
    except StoreError as error:
        advice = f"check {variable('database_url')} and that the database runs"
        yield Finding(Level.FAIL, "store", f"{shown}: {error}; {advice}")


def judge_store(form: Form, shown: str) -> Finding:
    """Judge a database that answers by its form."""
    if form is Form.UNKNOWN:
        advice = "start the version that wrote it, or restore a backup"
        return Finding(
            Level.FAIL, "store", f"{shown} was written by another version of this program; {advice}"
        )
    told = {
        Form.EMPTY: "answers; the first start makes its tables",
        Form.OLDER: "answers; the next start brings it to the newest form: back it up before",
        Form.NEWEST: "answers",
    }
    return Finding(Level.OK, "store", f"{shown} {told[form]}")


def _worker(settings: Settings) -> Iterator[Finding]:
    worker = settings.worker
    if worker.worker_metrics_port == 0:
        yield Finding(Level.WARN, "worker", f"serves no metrics ({variable('worker_metrics_port')} is 0)")
        return
    where = address(worker.worker_metrics_host, worker.worker_metrics_port)
    yield judge_worker(*get(where, "/metrics"), where)


def judge_worker(status: int, page: str, where: str) -> Finding:
    """Judge the worker by its metrics page."""
    if status != OK:
        return Finding(
            Level.WARN, "worker", f"nothing answers at {where}; start it with haidang up or haidang worker"
        )
    if "\nhaidang_worker_ready 1" not in page:
        return Finding(Level.WARN, "worker", "runs but is not ready yet; its log says what it waits for")
    return Finding(Level.OK, "worker", f"ready, {lag_of(page)} records behind")


def lag_of(page: str) -> int:
    """Sum ``haidang_stream_lag_records`` of a metrics page; 0 when there is none."""
    lines = (line for line in page.splitlines() if line.startswith("haidang_stream_lag_records{"))
    return sum(int(float(line.rpartition(" ")[2])) for line in lines)


def _api(settings: Settings) -> Iterator[Finding]:
    where = address(settings.api.api_host, settings.api.api_port)
    status, body = get(where, "/readyz")
    if status == OK:
        yield Finding(Level.OK, "api", f"ready at http://{where}/")
    elif status == 0:
        yield Finding(
            Level.WARN, "api", f"nothing answers at {where}; start it with haidang up or haidang api"
        )
    else:
        yield Finding(Level.WARN, "api", f"runs but is not ready: {body[:200]}")


def _endpoints(settings: Settings) -> Iterator[Finding]:
    """Ask the API for endpoints that deliveries no longer reach; silent when it does not run."""
    key_file = settings.api.admin_key_path
    if not os.access(key_file, os.R_OK):
        return
    where = address(settings.api.api_host, settings.api.api_port)
    status, body = get(where, "/v1/endpoints", key=key_file.read_text(encoding="ascii").strip())
    if status == OK:
        yield from judge_endpoints(json.loads(body))


def judge_endpoints(answer: dict[str, list[dict[str, object]]]) -> Iterator[Finding]:
    """Judge the API's list of endpoints: a disabled one is told with its id."""
    items = answer.get("items", [])
    disabled = [str(item.get("id")) for item in items if item.get("state") == "disabled"]
    if disabled:
        advice = "repair the receiver, then enable it in the console or the API"
        yield Finding(Level.WARN, "endpoints", f"disabled: {', '.join(disabled)}; {advice}")
    else:
        yield Finding(Level.OK, "endpoints", f"{len(items)} subscribed, none disabled")


def _restarts(settings: Settings) -> Iterator[Finding]:
    file = settings.deploy.data_dir.expanduser().absolute() / STATE_FILE
    if not file.exists():
        return
    state = json.loads(file.read_text(encoding="utf-8"))
    counts = {name: part["restarts"] for name, part in state["parts"].items() if part["restarts"]}
    if counts:
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        yield Finding(
            Level.WARN, "restarts", f"since haidang up began: {told}; see {file.parent / 'logs'} for why"
        )
    else:
        yield Finding(Level.OK, "restarts", "none since haidang up began")
