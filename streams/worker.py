"""The worker process: settings in, a running Faust worker with its pulse and metrics out."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from faust import Worker

from streams.agents import GROUP, READ_TOPICS, Agents, make_app
from streams.catalogue import CatalogueError
from streams.catalogue_file import CatalogueFile, read_catalogue
from streams.metrics import Metrics, disable_created_metrics, serve
from streams.pulse import Pulse

if TYPE_CHECKING:
    import faust

    from streams.settings import WorkerSettings

__all__ = ["run"]

LOG = logging.getLogger(__name__)
#: How often the catalogue's file is looked at.
_LOOK_SECONDS = 5.0
#: Both Kafka clients write hundreds of lines a second while a broker is away; the pulse says it in one.
_NOISY = ("aiokafka", "kafka", "faust.transport.drivers.aiokafka")


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
    follow_catalogue(app, CatalogueFile(settings.catalogue, catalogue), agents, metrics)
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


def follow_catalogue(app: faust.App, file: CatalogueFile, agents: Agents, metrics: Metrics) -> None:
    """Look at the catalogue's file now and then; what cannot be used is told and changes nothing."""

    @app.timer(interval=_LOOK_SECONDS, on_leader=False, name="catalogue")  # type: ignore[untyped-decorator]
    async def look() -> None:
        try:
            found = await asyncio.to_thread(file.changed)
            if found is not None:
                await agents.adopt(found)
        except CatalogueError as error:
            metrics.catalogue_changed(taken=False)
            LOG.error("status=catalogue_refused %s: the catalogue in force stays", error)  # noqa: TRY400
            return
        if found is not None:
            metrics.catalogue_changed(taken=True)
            LOG.info("status=catalogue_taken topics=%d digest=%s", len(found.topics), found.digest)


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
