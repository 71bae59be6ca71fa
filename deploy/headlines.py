"""Alert events as lines for the terminal (Vietnamese, local time), followed on the API's live stream."""

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from deploy.local_http import get, request

LOCAL_TIME = timezone(timedelta(hours=7))
RETRY_SECONDS = 1.0
SILENCE_SECONDS = 60.0
"""The stream sends a comment at least every 15 s; silent for longer, the connection is taken for dead."""

EARLIER_SHOWN = 5

EVENT_WORDS = {"opened": "MỚI", "raised": "NẶNG HƠN", "closed": "KẾT THÚC"}
SEVERITY_WORDS = {"critical": "KHẨN CẤP", "warning": "CẢNH BÁO", "info": "THÔNG TIN"}


def headline(event: dict[str, object]) -> str | None:
    """Return the line for an alert event (v1), or ``None`` for one not shown (updated, or unreadable)."""
    word = EVENT_WORDS.get(str(event.get("event")))
    texts, at = event.get("headline"), event.get("at")
    if word is None or not isinstance(texts, dict) or not isinstance(at, str):
        return None
    severity = SEVERITY_WORDS.get(str(event.get("severity")), str(event.get("severity")))
    return f"{local_time(at)} | {word} | {severity} | {texts.get('vi', '')}"


def local_time(at: str) -> str:
    """Return an RFC 3339 time as ``dd/mm/yyyy HH:MM +07:00``."""
    return datetime.fromisoformat(at).astimezone(LOCAL_TIME).strftime("%d/%m/%Y %H:%M +07:00")


class StreamEvent(NamedTuple):
    """One server-sent event: its id (place in the journal), name and data, each empty when not given."""

    id: str
    name: str
    data: str


def events_of(lines: Iterable[bytes]) -> Iterator[StreamEvent]:
    """Yield the events of a server-sent event stream; comments and empty events are skipped."""
    fields: dict[str, str] = {}
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif not line and fields:
            yield StreamEvent(fields.get("id", ""), fields.get("event", ""), fields.get("data", ""))
            fields = {}


def alert_of(event: StreamEvent) -> dict[str, object]:
    """Return the alert event that a stream event carries, empty when it carries none."""
    if event.name != "alert":
        return {}
    value = json.loads(event.data)
    return value if isinstance(value, dict) else {}


class Headlines:
    """A thread that shows each alert event's headline until told to stop; it survives restarts of the API.

    Parameters
    ----------
    address
        The API's ``host:port``.
    key_file
        File with a key that may read; read again at each connection.
    show
        Called with each line.

    """

    def __init__(self, address: str, key_file: Path, show: Callable[[str], None]) -> None:
        self._address = address
        self._key_file = key_file
        self._show = show
        self._stopped = threading.Event()
        self._seen = ""

    def start(self) -> None:
        """Begin to follow."""
        threading.Thread(target=self._follow, name="headlines", daemon=True).start()

    def stop(self) -> None:
        """Show nothing more; the thread ends with its connection."""
        self._stopped.set()

    def _follow(self) -> None:
        while not self._stopped.is_set():
            # while the API starts again there is nothing to say: its state is the supervisor's to tell
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                self._read_stream(self._key_file.read_text(encoding="ascii").strip())
            self._stopped.wait(RETRY_SECONDS)

    def _read_stream(self, key: str) -> None:
        headers = {"Last-Event-ID": self._seen} if self._seen else {}
        with request(
            self._address, "/v1/stream", key=key, headers=headers, timeout_seconds=SILENCE_SECONDS
        ) as answer:
            for event in events_of(answer):
                self._seen = event.id or self._seen
                line = headline(alert_of(event))
                if line is not None and not self._stopped.is_set():
                    self._show(line)


def earlier(address: str, key: str) -> list[str]:
    """Return the headlines of the latest alerts that the API knows, oldest first."""
    status, body = get(address, f"/v1/alerts?limit={EARLIER_SHOWN}", key=key)
    if status != http.client.OK:
        return []
    answer = json.loads(body)
    items = answer.get("items", []) if isinstance(answer, dict) else []
    lines = [headline({**item, "event": _last_word(item)}) for item in items]
    return [line for line in reversed(lines) if line is not None]


def _last_word(alert: dict[str, object]) -> str:
    return "closed" if alert.get("state") == "closed" else "opened"
