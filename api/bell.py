"""A bell: rung from any thread, heard by everyone on the event loop who waits."""

import asyncio


class Bell:
    """Wake waiters without polling.

    A waiter takes a ticket *before* it looks at the data and waits on it afterwards, so that a ring in
    between is not missed.
    """

    def __init__(self) -> None:
        """Make a silent bell; ``bind`` connects it to the loop of its waiters."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next = asyncio.Event()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether waiting is over for good."""
        return self._closed

    def bind(self) -> None:
        """Wake the waiters of the running event loop from now on."""
        self._loop = asyncio.get_running_loop()

    def ticket(self) -> asyncio.Event:
        """Give what the next ring sets."""
        return self._next

    def ring(self) -> None:
        """Wake everyone; harmless before ``bind`` and after the loop's end."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ring)

    def close(self) -> None:
        """Wake everyone for the last time."""
        self._closed = True
        self.ring()

    def _ring(self) -> None:
        """Set the present ticket and lay out the next."""
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, ticket: asyncio.Event, timeout_seconds: float) -> bool:
        """Wait for the ring after ``ticket`` was taken, at most so long; gives whether it rang.

        Not ``asyncio.wait_for``: before Python 3.12 it loses a cancellation that comes with the ring, and
        whoever waits for the cancelled task waits for ever.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                await ticket.wait()
        except TimeoutError:
            return False
        return True
