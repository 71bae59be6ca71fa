"""Commands on the store of the settings: backup, restore, erasure; only a restore needs the API stopped."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.clock import now_ms
from api.settings import ApiSettings
from api.store import Store, StoreError, backup, open_store, samples
from api.store.samples import Erasure
from deploy.errors import DeployError, storage_errors_named
from deploy.kafka_topics import HOUR_MS, topic_specs

HOLDING_TEXT = ("mentions", "observations", "alerts")
"""The topics on which people's words travel."""


@contextmanager
def _faults_named() -> Iterator[None]:
    """Turn what is wrong with the store into a `DeployError`."""
    try:
        yield
    except StoreError as error:
        raise DeployError(str(error)) from error


def back_up(settings: ApiSettings, file: Path) -> None:
    """Write the store into a new file; raises DeployError."""
    with _faults_named(), storage_errors_named(file):
        backup.back_up(settings.store_url, file)
    print(f"the store is in {file}; it holds webhook secrets: keep it as you keep those")


def restore(settings: ApiSettings, file: Path) -> None:
    """Put a backup in the store's place; raises DeployError."""
    with _faults_named(), storage_errors_named(settings.data_dir):
        former = backup.restore(settings.store_url, file)
    if former is not None:
        print(f"what was there before is in {former}")
    print(f"{file} is restored; at the next start the API reads what came since from Kafka")


def erase(settings: ApiSettings, erasure: Erasure) -> None:
    """Erase a source's or a mention's samples and say what remains where; raises DeployError."""
    with _faults_named(), _open(settings) as store, store.write() as connection:
        events = samples.erase(connection, erasure, now_ms())
    print(f"erased from {events} events in the store; it stays away from later ones")
    for line in remains():
        print(line)


@contextmanager
def _open(settings: ApiSettings) -> Iterator[Store]:
    """Open the store."""
    store = open_store(settings.store_url)
    try:
        yield store
    finally:
        store.close()


def remains() -> Iterator[str]:
    """Yield what an erasure does not reach: Kafka, which forgets by time only, and copies."""
    configs = {spec.name: spec.configs for spec in topic_specs()}
    for topic in HOLDING_TEXT:
        kept_ms = sum(int(configs[topic][setting]) for setting in ("retention.ms", "segment.ms"))
        yield f"not reached: Kafka topic {topic} keeps what it has for up to {kept_ms // HOUR_MS} hours"
    yield "not reached: the worker's state keeps masked examples for up to 48 hours"
    yield "not reached: backups made before, and receivers that alerts were delivered to"
