"""Standard Webhooks 1.0 signatures: pure (https://www.standardwebhooks.com, specification 1.0).

The signed text is ``id.timestamp.body``; the key is the secret's base64 part; the header lists one
signature per secret that is valid at the moment, so that a receiver can rotate without a gap.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
MIN_SECRET_BYTES = 24
MAX_SECRET_BYTES = 64
NEW_SECRET_BYTES = 32


def new_secret() -> str:
    """Make a random secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(NEW_SECRET_BYTES)).decode()


def secret_bytes(secret: str) -> bytes:
    """Give the key inside a secret.

    Raises ValueError, without quoting it, unless it is ``whsec_`` and base64 of 24 to 64 bytes.
    """
    problem = f"a secret is {PREFIX} followed by base64 of {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes"
    if not secret.startswith(PREFIX):
        raise ValueError(problem)
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(problem) from None
    if not MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES:
        raise ValueError(problem)
    return key


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Give one signature, ``v1,<base64>``; ``timestamp`` is in whole seconds since 1970."""
    text = b".".join((webhook_id.encode(), str(timestamp).encode(), body))
    digest = hmac.digest(secret_bytes(secret), text, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def headers(valid: Sequence[str], webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the headers of one attempt, signed with every valid secret, the newest first."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Haidang-Webhooks/1.0",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, webhook_id, timestamp, body) for secret in valid),
    }
