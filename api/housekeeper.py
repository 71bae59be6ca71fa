"""The housekeeper: ends what has been kept long enough, every ten minutes, in small steps."""

import asyncio
import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from api import logs
from api.clock import Clock
from api.store import Store
from api.store.retention import steps
from api.store.turns import Duty
from api.terms import Terms

ROUND_SECONDS = 600.0
MOST_STEPS = 2000
"""Of one kind in one round; what is left waits for the next."""

LOG = logging.getLogger("haidang.housekeeper")


class Housekeeper:
    """Keep house for as long as the process lives; one process does it for all."""

    def __init__(self, store: Store, clock: Clock, terms: Terms) -> None:
        """Prepare; nothing runs yet."""
        self._store = store
        self._clock = clock
        self._terms = terms
        self._stopping = threading.Event()

    async def run(self) -> None:
        """Keep house until cancelled; a store in trouble only costs a round."""
        try:
            while True:
                try:
                    await asyncio.to_thread(self.round)
                except SQLAlchemyError as error:
                    logs.warn(LOG, "housekeeping_trouble", error=type(error).__name__)
                await asyncio.sleep(ROUND_SECONDS)
        finally:
            self._stopping.set()

    def round(self) -> dict[str, int]:
        """Do everything that is to be done now; give how much of each."""
        done: dict[str, int] = {}
        with self._store.on_duty(Duty.HOUSEKEEPING) as held:
            if held is None:
                return done
            with self._store.read() as connection:
                work = list(steps(connection, self._terms, self._clock.now_ms()))
            for name, step in work:
                for _ in range(MOST_STEPS):
                    with self._store.write() as connection:
                        count = step(connection)
                    done[name] = done.get(name, 0) + count
                    if not count or self._stopping.is_set():
                        break
        if any(done.values()):
            logs.info(LOG, "house_kept", **done)
        return done
