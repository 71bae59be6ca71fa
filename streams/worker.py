"""The worker process: settings in, a running Faust worker with its pulse and metrics out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from faust import Worker

from streams.agents import GROUP, READ_TOPICS, Agents, make_app
from streams.catalogue import Catalogue, CatalogueError, default_catalogue_text
from streams.metrics import Metrics, disable_created_metrics, serve
from streams.pulse import Pulse

if TYPE_CHECKING:
    from pathlib import Path

    import faust

    from streams.settings import WorkerSettings

__all__ = ["read_catalogue", "run"]

LOG = logging.getLogger(__name__)
#: Both Kafka clients write hundreds of lines a second while a broker is away; the pulse says it in one.
_NOISY = ("aiokafka", "kafka", "faust.transport.drivers.aiokafka")


def read_catalogue(path: Path | None) -> Catalogue:
    """Return the catalogue of a file, or the bundled one.

    Raises
    ------
    CatalogueError
        If the file cannot be read or used; the message names place, problem and fix.

    """
    if path is None:
        return Catalogue.parse(default_catalogue_text(), "catalogue_vn.toml")
    try:
        return Catalogue.parse(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CatalogueError(str(path), "file", str(problem), "name a readable TOML file") from error


def run(settings: WorkerSettings) -> int:
    """Run the worker until it is told to stop; return its exit status.

    Raises
    ------
    CatalogueError
        If the catalogue cannot be used.
    OSError
        If the metrics port is taken.

    """
    catalogue = read_catalogue(settings.catalogue)
    disable_created_metrics()
    lag = dict.fromkeys(READ_TOPICS, settings.partitions)
    metrics = Metrics([topic.id for topic in catalogue.topics], lag)
    if settings.worker_metrics_port:
        serve(metrics, settings.worker_metrics_host, settings.worker_metrics_port)
    app = make_app(settings)
    agents = Agents(app, settings, catalogue, metrics)
    places = [(topic, partition) for topic in READ_TOPICS for partition in range(settings.partitions)]
    pulse = Pulse(
        settings,
        GROUP,
        places,
        mine=agents.mine,
        on_offsets=agents.on_offsets,
        on_silent=agents.on_silent,
    )
    pulse.start()
    return _work(app)


def _work(app: faust.App) -> int:
    worker = Worker(app, loglevel="WARN", quiet=True, redirect_stdouts=False)
    logging.getLogger("streams").setLevel(logging.INFO)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    try:
        worker.execute_from_commandline()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0
