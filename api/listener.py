"""The listener: rings this process's bells for what other processes did, in a thread of its own."""

import logging
import threading
from collections.abc import Mapping

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from api import logs
from api.bell import Bell
from api.store import Store
from api.store.calls import Call, heard, listen

WAIT_SECONDS = 1.0
TROUBLE_SECONDS = 1.0

LOG = logging.getLogger("haidang.listener")


class Listener:
    """Listen for as long as the process lives; only where several processes share the store."""

    def __init__(self, store: Store, bells: Mapping[Call, Bell]) -> None:
        """Prepare; nothing runs before ``start``."""
        self._store = store
        self._bells = dict(bells)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen, if there is anyone to listen to."""
        if self._store.shared:
            self._thread.start()

    def stop(self) -> None:
        """End within about a second."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2 * WAIT_SECONDS)

    def _run(self) -> None:
        """Listen; a server in trouble only pauses it."""
        while not self._stopping.is_set():
            try:
                self._listen()
            except (SQLAlchemyError, psycopg.Error) as error:
                logs.warn(LOG, "listener_retry", error=type(error).__name__)
                self._stopping.wait(TROUBLE_SECONDS)

    def _listen(self) -> None:
        """Ring once for what was missed, then for each call."""
        with self._store.alone() as connection:
            listen(connection)
            for bell in self._bells.values():
                bell.ring()
            while not self._stopping.is_set():
                for what in heard(connection, WAIT_SECONDS):
                    self._bells[what].ring()
