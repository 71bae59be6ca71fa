"""Sample webhook receiver: verifies every delivery with the public library and prints what arrived.

It is what a ministry's own receiver has to do, in one file: check the signature over the raw body, refuse old
timestamps (the library does both), answer quickly, and treat a message id seen before as done.
"""

import json
import sys
import threading
from collections import OrderedDict
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TextIO

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

MAX_BODY_BYTES = 64 * 1024
KEPT_EVENTS = 1_000
"""Message ids and events remembered; older ones are forgotten first."""
VIETNAM = timezone(timedelta(hours=7))
SEVERITIES = {"info": "THÔNG TIN", "warning": "CẢNH BÁO", "critical": "KHẨN CẤP"}


class Refusal(StrEnum):
    """Why a request is not accepted."""

    NOT_SUBSCRIBED = "not_subscribed"
    BAD_SIGNATURE = "bad_signature"
    NOT_AN_EVENT = "not_an_event"
    TOO_LARGE = "too_large"


class Receiver:
    """What has been received, and the secret to check it with.

    The secret is read from its file when it is needed, so that the receiver may start before the secret
    exists and follows a rotation.
    """

    def __init__(self, secret_file: Path, out: TextIO) -> None:
        """Print one line per verified event to `out`."""
        self._secret_file = secret_file
        self._out = out
        self._lock = threading.Lock()
        self._events: OrderedDict[str, dict[str, object]] = OrderedDict()

    def accept(self, headers: dict[str, str], body: bytes) -> Refusal | None:
        """Verify one delivery, remember and print it unless its message id is known; None means accepted."""
        try:
            secret = self._secret_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return Refusal.NOT_SUBSCRIBED
        try:
            Webhook(secret).verify(body, headers)
        except (WebhookVerificationError, ValueError):
            return Refusal.BAD_SIGNATURE
        event = json.loads(body)
        if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
            return Refusal.NOT_AN_EVENT
        self._remember(headers["webhook-id"], event)
        return None

    def received(self) -> list[dict[str, object]]:
        """List verified events in order of arrival, each once, with its `webhook_id`."""
        with self._lock:
            return [{"webhook_id": name, **event} for name, event in self._events.items()]

    def _remember(self, name: str, event: dict[str, object]) -> None:
        with self._lock:
            if name in self._events:
                return
            self._events[name] = event
            while len(self._events) > KEPT_EVENTS:
                self._events.popitem(last=False)
            self._out.write(line_for(event) + "\n")
            self._out.flush()


def line_for(event: dict[str, object]) -> str:
    """One line for people: time in Vietnam, severity, Vietnamese headline; what is missing is left out."""
    data = event.get("data")
    data = data if isinstance(data, dict) else {}
    headline = data.get("headline") or data.get("message")
    text = headline.get("vi", "") if isinstance(headline, dict) else ""
    severity = str(data.get("severity", ""))
    parts = (
        _local(data.get("at") or event.get("timestamp")),
        SEVERITIES.get(severity, severity.upper()),
        text,
    )
    return "webhook | " + " | ".join(part for part in (*parts, str(event.get("type", ""))) if part)


def _local(value: object) -> str:
    try:
        return datetime.fromisoformat(str(value)).astimezone(VIETNAM).strftime("%d/%m %H:%M:%S +07:00")
    except ValueError:
        return ""


def make_server(host: str, port: int, secret_file: Path, out: TextIO) -> ThreadingHTTPServer:
    """Bind the receiver; port 0 takes a free one. Raises OSError when the port is taken."""
    receiver = Receiver(secret_file, out)

    class Handler(BaseHTTPRequestHandler):
        """POST anywhere delivers, GET /received lists, GET /healthz answers."""

        def do_POST(self) -> None:
            length = self.headers.get("content-length") or "0"
            if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
                self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": Refusal.TOO_LARGE})
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            refusal = receiver.accept(headers, self.rfile.read(int(length)))
            if refusal is None:
                self._answer(HTTPStatus.OK, {"status": "received"})
            else:
                self._answer(STATUS[refusal], {"error": refusal})

        def do_GET(self) -> None:
            if self.path == "/received":
                self._answer(HTTPStatus.OK, receiver.received())
            elif self.path == "/healthz":
                self._answer(HTTPStatus.OK, {"status": "ok"})
            else:
                self._answer(HTTPStatus.NOT_FOUND, {"error": "not found"})

        def _answer(self, status: HTTPStatus, content: object) -> None:
            body = json.dumps(content, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent: only verified events are printed."""

    return ThreadingHTTPServer((host, port), Handler)


STATUS = {
    Refusal.NOT_SUBSCRIBED: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.BAD_SIGNATURE: HTTPStatus.UNAUTHORIZED,
    Refusal.NOT_AN_EVENT: HTTPStatus.BAD_REQUEST,
    Refusal.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


def run(host: str, port: int, secret_file: Path) -> int:
    """Serve until interrupted; return the exit status (1 when the port cannot be had)."""
    try:
        server = make_server(host, port, secret_file, sys.stdout)
    except OSError as error:
        sys.stderr.write(f"receiver: cannot listen on {host}:{port}: {error.strerror}\n")
        return 1
    with server:
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            return 0
    return 0
