"""The API process: store, projectors, delivery and HTTP together."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager

import uvicorn
from fastapi import FastAPI

from api import logs
from api.app import create_app
from api.keys import ensure_admin_key
from api.services import Services, build
from api.settings import ApiSettings
from api.store import StoreError, open_store, serving
from detectors.gist import Gist

GRACE_SECONDS = 2
BACKLOG = 512

LOG = logging.getLogger("haidang.api")


class _Server(uvicorn.Server):
    """uvicorn that ends the live streams first and leaves with the caller, not with a raised signal."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        """Keep what must hear of the end."""
        super().__init__(config)
        self._services = services

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM end the server."""
        loop = asyncio.get_running_loop()
        ending = (signal.SIGINT, signal.SIGTERM)
        for number in ending:
            loop.add_signal_handler(number, self._leave)
        try:
            yield
        finally:
            for number in ending:
                loop.remove_signal_handler(number)

    def _leave(self) -> None:
        """Stop serving; the live streams end at once."""
        self._services.journal.close()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, then the rest."""
        self._services.journal.close()
        await super().shutdown(sockets)


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    """Run projectors and delivery for as long as the application is served."""
    services: Services = app.state.services
    services.journal.bind()
    services.due.bind()
    threads = services.new_threads()
    for thread in threads:
        thread.start()
    dispatcher = services.new_dispatcher()
    publishers = services.new_publishers()
    parts = (dispatcher, *publishers, services.new_refresher(), services.new_housekeeper())
    working = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await dispatcher.stop()
        for thread in threads:
            await asyncio.to_thread(thread.stop)
        await services.sender.close()
        await asyncio.to_thread(services.producer.close)


def listen(host: str, port: int) -> socket.socket:
    """Take the port; raises OSError when that cannot be done.

    The protocol is named, since asyncio switches Nagle's algorithm off only where it is: otherwise the body
    of each answer waits for the client's delayed acknowledgement of its head, 40 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def new_server(services: Services, app: FastAPI) -> uvicorn.Server:
    """Make the server of an application: it ends within seconds, whoever is still connected."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,
    )
    return _Server(config, services)


def _serve(services: Services, listening: socket.socket) -> None:
    """Serve until told to stop."""
    app = create_app(services, _running)
    asyncio.run(new_server(services, app).serve(sockets=[listening]))


def run(settings: ApiSettings, gist_of: Callable[[str], Gist]) -> int:
    """Run the API until SIGINT or SIGTERM; gives the exit status.

    ``gist_of`` gives what a correction keeps of a sample's text.

    1, after one clear line in the log, when the store cannot be opened or the port is taken.
    """
    logs.configure()
    try:
        with serving(settings.store_url), closing(open_store(settings.store_url)) as store:
            return _run_with(settings, build(settings, store, gist_of))
    except StoreError as error:
        logs.fail(LOG, "store_unusable", reason=str(error))
        return 1


def _run_with(settings: ApiSettings, services: Services) -> int:
    """Make the first key, take the port, serve."""
    try:
        if ensure_admin_key(services.store, settings.admin_key_path):
            logs.info(LOG, "admin_key_written", file=settings.admin_key_path)
        listening = listen(settings.api_host, settings.api_port)
    except OSError as error:
        place = error.filename or f"{settings.api_host}:{settings.api_port}"
        logs.fail(
            LOG, "start_refused", place=place, reason=error.strerror, settings="api_host,api_port,data_dir"
        )
        return 1
    logs.info(LOG, "serving", address=settings.api_host, port=listening.getsockname()[1])
    _serve(services, listening)
    logs.info(LOG, "stopped")
    return 0
