"""Settings, cursors, bell, log lines."""

import asyncio
import contextlib
import logging
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api import cursor, logs
from api.bell import Bell
from api.clock import from_ms, rfc3339, to_ms
from api.errors import ProblemError
from api.server import listen
from api.settings import ApiSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_port", 65536),
        ("api_port", -1),
        ("api_host", ""),
        ("egress_allow", ["10.0.0.0/8"]),
        ("worker_metrics_url", "file:///etc/passwd"),
        ("webhook_timeout_seconds", 0),
        ("webhook_lanes", 0),
        ("session_hours", 0),
        ("rate_limit_per_minute", -1),
        ("cors_origins", ["*"]),
        ("cors_origins", ["https://a.example/"]),
        ("cors_origins", ["https://*.example"]),
        ("cors_origins", ["null"]),
        ("colour", "red"),
    ],
)
def test_an_unsafe_or_unknown_setting_is_refused_by_name(name: str, value: object) -> None:
    """Refuse to start rather than guess."""
    with pytest.raises(ValidationError) as refused:
        ApiSettings.model_validate({name: value})
    assert refused.value.errors()[0]["loc"][0] == name


def test_settings_are_described_and_frozen() -> None:
    """Each says what it is for."""
    assert all(field.description for field in ApiSettings.model_fields.values())
    with pytest.raises(ValidationError):
        ApiSettings().api_port = 1  # type: ignore[misc]


@given(
    place=st.tuples(
        st.integers(-(2**53), 2**53), st.text(st.characters(codec="utf-8", exclude_characters="\0"))
    )
)
def test_a_cursor_comes_back_as_it_was(place: tuple[int, str]) -> None:
    """And fits into an address as it is."""
    text = cursor.encode(place)
    assert text.replace("-", "").replace("_", "").isalnum()
    assert cursor.decode(text, int, str) == place


@given(text=st.text(max_size=30))
def test_no_text_breaks_the_cursor(text: str) -> None:
    """It is a place or a problem naming the parameter."""
    found = None
    with contextlib.suppress(ProblemError):
        found = cursor.decode(text, int)
    assert found is None or isinstance(found[0], int)


@given(moment_ms=st.integers(0, 4_000_000_000_000))
def test_times_cross_the_border_unharmed(moment_ms: int) -> None:
    """Milliseconds to RFC 3339 and back."""
    assert to_ms(from_ms(moment_ms)) == moment_ms
    assert rfc3339(moment_ms).endswith("Z")


async def test_a_ring_between_ticket_and_wait_is_heard() -> None:
    """Nobody sleeps through what happened while he looked."""
    bell = Bell()
    bell.bind()
    ticket = bell.ticket()
    ringer = threading.Thread(target=bell.ring)
    ringer.start()
    ringer.join()
    assert await bell.wait(ticket, 5)


async def test_everyone_who_waits_is_woken() -> None:
    """And the next wait needs the next ring."""
    bell = Bell()
    bell.bind()
    waits = [asyncio.create_task(bell.wait(bell.ticket(), 5)) for _ in range(3)]
    bell.ring()
    assert await asyncio.gather(*waits) == [True] * 3
    assert not await bell.wait(bell.ticket(), 0.01)


def test_a_bell_nobody_hears_is_harmless() -> None:
    """Before the loop and after its end."""
    bell = Bell()
    bell.ring()
    asyncio.run(_bind(bell))
    bell.close()
    assert bell.closed


async def _bind(bell: Bell) -> None:
    """Bind a bell to a loop that is about to end."""
    bell.bind()


def test_a_log_line_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Values with spaces or line ends are quoted."""
    caplog.set_level(logging.INFO)
    logs.info(logging.getLogger("haidang.test"), "done", count=3, name="a b\nc", ratio=0.5)
    assert caplog.messages == ["done count=3 name='a b\\nc' ratio=0.500"]


def test_an_exception_is_logged_without_its_message() -> None:
    """It may quote what a person wrote."""
    with pytest.raises(ValueError, match="bí mật") as raised:
        int("bí mật")
    exception = (raised.type, raised.value, raised.tb)
    record = logging.LogRecord("haidang", logging.ERROR, "", 0, "failed", None, exception)
    line = logs.LineFormatter().format(record)
    assert "error=ValueError@" in line
    assert "bí mật" not in line


async def test_no_answer_waits_for_the_acknowledgement_of_its_head() -> None:
    """Connections that are accepted send what they are given at once."""
    found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listening = listen("127.0.0.1", 0)
    async with await asyncio.start_server(accepted, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        assert await asyncio.wait_for(found, 10)
        writer.close()
