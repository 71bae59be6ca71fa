"""The sample receiver is subscribed once, with a secret that only its owner can read."""

import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from deploy.demo.endpoint import Subscription, ensure_subscribed, secret_path

RECEIVER = "http://127.0.0.1:8099/"
KEY = "hdk_test"


class FakeApi:
    """Endpoints of the API as far as subscribing needs them."""

    def __init__(self) -> None:
        self.endpoints: list[dict[str, str]] = []
        self.requests: list[tuple[str, str]] = []
        self.refuses = False

    def answer(self, method: str, path: str, key: str | None, body: dict[str, str]) -> tuple[int, object]:
        """Answer one request."""
        self.requests.append((method, path))
        if key != f"Bearer {KEY}":
            return 401, {}
        if method == "GET":
            return 200, {"items": [{**item, "secret": None} for item in self.endpoints], "next": None}
        if self.refuses:
            return 422, {}
        if path.endswith("/rotate"):
            self.endpoints[0]["secret"] = "whsec_" + "b" * 32
            return 200, self.endpoints[0]
        self.endpoints.append({"id": "ep_1", "state": "active", **body})
        return 201, self.endpoints[-1]


@pytest.fixture
def api() -> FakeApi:
    """Start without endpoints."""
    return FakeApi()


@pytest.fixture
def address(api: FakeApi) -> Iterator[str]:
    """Serve the fake on a free port."""

    class Handler(BaseHTTPRequestHandler):
        """Hands requests to the fake."""

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, answer = api.answer(
                method, self.path, self.headers.get("authorization"), json.loads(content or b"{}")
            )
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Write the key that the API makes at its first start."""
    (tmp_path / "admin.key").write_text(KEY + "\n", encoding="ascii")
    return tmp_path


def test_the_receiver_is_subscribed_with_a_usable_secret_kept_private(
    api: FakeApi, address: str, data_dir: Path
) -> None:
    """The API and the file hold the same one; nobody else may read it."""
    assert ensure_subscribed(address, RECEIVER, data_dir) is Subscription.CREATED
    path = secret_path(data_dir)
    (endpoint,) = api.endpoints
    assert endpoint["url"] == RECEIVER
    assert endpoint["min_severity"] == "warning"
    assert path.read_text(encoding="ascii").strip() == endpoint["secret"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    Webhook(endpoint["secret"])


def test_a_second_run_changes_nothing(api: FakeApi, address: str, data_dir: Path) -> None:
    """It finds the endpoint by its address."""
    ensure_subscribed(address, RECEIVER, data_dir)
    assert ensure_subscribed(address, RECEIVER, data_dir) is Subscription.KNOWN
    assert len(api.endpoints) == 1


def test_after_a_kill_in_between_the_written_secret_is_used(
    api: FakeApi, address: str, data_dir: Path
) -> None:
    """The file came first."""
    ensure_subscribed(address, RECEIVER, data_dir)
    secret = api.endpoints.pop()["secret"]
    assert ensure_subscribed(address, RECEIVER, data_dir) is Subscription.CREATED
    assert api.endpoints[0]["secret"] == secret


def test_a_lost_secret_is_replaced(api: FakeApi, address: str, data_dir: Path) -> None:
    """The API shows a secret only once, so a new one is asked for."""
    ensure_subscribed(address, RECEIVER, data_dir)
    secret_path(data_dir).unlink()
    assert ensure_subscribed(address, RECEIVER, data_dir) is Subscription.ROTATED
    assert secret_path(data_dir).read_text(encoding="ascii").strip() == api.endpoints[0]["secret"]


def test_a_disabled_endpoint_is_replaced(api: FakeApi, address: str, data_dir: Path) -> None:
    """An officer may have tried the button."""
    ensure_subscribed(address, RECEIVER, data_dir)
    api.endpoints[0]["state"] = "disabled"
    assert ensure_subscribed(address, RECEIVER, data_dir) is Subscription.CREATED


def test_a_refusal_is_said(api: FakeApi, address: str, data_dir: Path) -> None:
    """E.g. when the receiver's address is not on the allow-list."""
    api.refuses = True
    assert ensure_subscribed(address, RECEIVER, data_dir) is Subscription.REFUSED


def test_without_api_or_key_it_is_not_yet(address: str, data_dir: Path) -> None:
    """Both may still be starting."""
    assert ensure_subscribed("http://127.0.0.1:9", RECEIVER, data_dir) is Subscription.NOT_YET
    (data_dir / "admin.key").write_text("hdk_other", encoding="ascii")
    assert ensure_subscribed(address, RECEIVER, data_dir) is Subscription.NOT_YET
    (data_dir / "admin.key").unlink()
    assert ensure_subscribed(address, RECEIVER, data_dir) is Subscription.NOT_YET
