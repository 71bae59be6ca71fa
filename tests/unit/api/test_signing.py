"""Our signatures against the public library of Standard Webhooks."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from api import signing


def secret_of(key: bytes) -> str:
    """Give a secret around a key."""
    return signing.PREFIX + base64.b64encode(key).decode()


@given(key=st.binary(min_size=24, max_size=64), text=st.text(max_size=200))
def test_the_public_library_accepts_what_we_sign(key: bytes, text: str) -> None:
    """Any key and any body: verified by someone else's code."""
    body = text.encode()
    headers = signing.headers([secret_of(key)], "msg_1", int(time.time()), body)
    assert Webhook(secret_of(key)).verify(body, headers, json_parse=False) is None


def test_both_secrets_verify_while_rotating() -> None:
    """During the overlap a receiver may hold the old secret or the new one."""
    old, new = signing.new_secret(), signing.new_secret()
    headers = signing.headers([new, old], "msg_1", int(time.time()), b"{}")
    for secret in (old, new):
        assert Webhook(secret).verify(b"{}", headers) == {}


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "body", "secret"])
def test_a_change_of_any_part_is_noticed(part: str) -> None:
    """Id, time, body and secret are all signed."""
    secret, now = signing.new_secret(), int(time.time())
    headers, body = signing.headers([secret], "msg_1", now, b"{}"), b"{}"
    if part == "body":
        body = b"{ }"
    elif part == "secret":
        secret = signing.new_secret()
    else:
        headers[part] = {"webhook-id": "msg_2", "webhook-timestamp": str(now + 1)}[part]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "abc",
        "whsec_",
        "whsec_***",
        secret_of(b"x" * 23),
        secret_of(b"x" * 65),
        base64.b64encode(b"x" * 32).decode(),
    ],
)
def test_a_weak_or_broken_secret_is_refused_without_being_quoted(secret: str) -> None:
    """24 to 64 bytes in base64 after whsec_, nothing else."""
    with pytest.raises(ValueError, match="a secret is whsec_") as refused:
        signing.secret_bytes(secret)
    assert len(secret) < 8 or secret not in str(refused.value)


def test_new_secrets_differ() -> None:
    """Each is random and 32 bytes long."""
    secrets = {signing.new_secret() for _ in range(20)}
    assert len(secrets) == 20
    assert {len(signing.secret_bytes(secret)) for secret in secrets} == {32}
