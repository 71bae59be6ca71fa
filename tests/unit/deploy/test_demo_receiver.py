"""The sample receiver accepts what is signed and fresh, once, and nothing else."""

import base64
import http.client
import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from deploy.receiver import MAX_BODY_BYTES, line_for, make_server

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
EVENT = {
    "type": "alert.opened",
    "timestamp": "2026-11-24T03:12:00Z",
    "data": {
        "at": "2026-11-24T03:12:00Z",
        "severity": "critical",
        "headline": {"vi": "Khủng hoảng: Nước máy Hải Sơn", "en": "Crisis: Hải Sơn tap water"},
    },
}


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """Write the secret that the API signs with."""
    path = tmp_path / "receiver.secret"
    path.write_text(SECRET + "\n", encoding="ascii")
    return path


@pytest.fixture
def out() -> io.StringIO:
    """Collect what the receiver prints."""
    return io.StringIO()


@pytest.fixture
def server(secret_file: Path, out: io.StringIO) -> Iterator[ThreadingHTTPServer]:
    """Run a receiver on a free port."""
    with make_server("127.0.0.1", 0, secret_file, out) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _request(
    server: ThreadingHTTPServer,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, object]:
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def _signed(body: bytes, name: str = "msg_1", age: timedelta = timedelta()) -> dict[str, str]:
    when = datetime.now(UTC).replace(microsecond=0) - age
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(name, when, body.decode()),
    }


def test_a_signed_event_is_printed_with_vietnamese_time_and_headline(
    server: ThreadingHTTPServer, out: io.StringIO
) -> None:
    """One line a person can read."""
    body = json.dumps(EVENT).encode()
    assert _request(server, "POST", "/", body, _signed(body))[0] == 200
    assert out.getvalue() == (
        "webhook | 24/11 10:12:00 +07:00 | KHẨN CẤP | Khủng hoảng: Nước máy Hải Sơn | alert.opened\n"
    )


def test_a_repeated_message_id_counts_once(server: ThreadingHTTPServer, out: io.StringIO) -> None:
    """It is answered with 200, else it would be sent again for days."""
    body = json.dumps(EVENT).encode()
    assert [_request(server, "POST", "/", body, _signed(body))[0] for _ in range(3)] == [200, 200, 200]
    assert out.getvalue().count("\n") == 1
    assert _request(server, "GET", "/received") == (200, [{"webhook_id": "msg_1", **EVENT}])


@pytest.mark.parametrize(
    "spoil",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": "v1,\xff"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1"},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
    ],
)
def test_a_bad_signature_is_401(server: ThreadingHTTPServer, out: io.StringIO, spoil: dict[str, str]) -> None:
    """Whatever is wrong with it."""
    body = json.dumps(EVENT).encode()
    assert _request(server, "POST", "/", body, _signed(body) | spoil) == (401, {"error": "bad_signature"})
    assert out.getvalue() == ""


def test_missing_signature_old_timestamp_and_changed_body_are_401(server: ThreadingHTTPServer) -> None:
    """A recorded delivery cannot be played back later."""
    body = json.dumps(EVENT).encode()
    old = _signed(body, age=timedelta(minutes=6))
    assert _request(server, "POST", "/", body)[0] == 401
    assert _request(server, "POST", "/", body, old)[0] == 401
    assert _request(server, "POST", "/", body + b" ", _signed(body))[0] == 401
    assert _request(server, "GET", "/received") == (200, [])


@pytest.mark.parametrize("body", [b"[]", b'{"data": 1}', b"7"])
def test_a_signed_body_that_is_no_event_is_400(server: ThreadingHTTPServer, body: bytes) -> None:
    """Signed, but not ours."""
    assert _request(server, "POST", "/", body, _signed(body))[0] == 400


def test_too_large_a_body_is_413(server: ThreadingHTTPServer) -> None:
    """Nothing of it is read."""
    headers = {"content-length": str(MAX_BODY_BYTES + 1)}
    assert _request(server, "POST", "/", b"", headers)[0] == 413


def test_before_the_subscription_it_asks_to_try_again(server: ThreadingHTTPServer, secret_file: Path) -> None:
    """The receiver may start before its secret exists."""
    body = json.dumps(EVENT).encode()
    secret_file.unlink()
    assert _request(server, "POST", "/", body, _signed(body))[0] == 503
    secret_file.write_text(SECRET, encoding="ascii")
    assert _request(server, "POST", "/", body, _signed(body))[0] == 200


def test_it_answers_whether_it_is_there(server: ThreadingHTTPServer) -> None:
    """And knows no other address."""
    assert _request(server, "GET", "/healthz")[0] == 200
    assert _request(server, "GET", "/else")[0] == 404


def test_an_event_without_headline_still_makes_a_line() -> None:
    """As a connection test does."""
    event: dict[str, object] = {
        "type": "endpoint.test",
        "timestamp": "no time",
        "data": {"message": {"vi": "Thử"}},
    }
    assert line_for(event) == "webhook | Thử | endpoint.test"
    assert line_for({}) == "webhook | "
