"""Subscribes the sample receiver through the API, once."""

import base64
import http.client
import json
import os
import secrets
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

NAME = "demo-receiver"
PAGING = "warning"
"""The receiver is told of alerts that page; the console shows the others too."""
RECEIVER_FILE = "receiver.secret"
SECRET_BYTES = 32
TIMEOUT_SECONDS = 5.0


class Subscription(StrEnum):
    """What came of subscribing."""

    CREATED = "created"
    KNOWN = "known"
    ROTATED = "rotated"
    NOT_YET = "not_yet"
    REFUSED = "refused"


def secret_path(data_dir: Path) -> Path:
    """File with the receiver's secret, readable by its owner alone."""
    return data_dir / "demo" / RECEIVER_FILE


def ensure_subscribed(api_url: str, receiver_url: str, data_dir: Path) -> Subscription:
    """Make sure that the receiver is subscribed and its secret on file; call again when NOT_YET.

    The secret is made here and written before the API is told, so that a kill in between leaves nothing
    undone.
    """
    path = secret_path(data_dir)
    try:
        key = (data_dir / "admin.key").read_text(encoding="ascii").strip()
        listed = _call(api_url, key, "GET", "/v1/endpoints")
    except (OSError, http.client.HTTPException):
        return Subscription.NOT_YET
    if not isinstance(listed, dict):
        return Subscription.NOT_YET
    known = [
        item["id"] for item in listed["items"] if item["url"] == receiver_url and item["state"] == "active"
    ]
    if known and path.exists():
        return Subscription.KNOWN
    if known:
        return _rotated(api_url, key, known[0], path)
    if not path.exists():
        _write_secret(path, "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())
    secret = path.read_text(encoding="ascii").strip()
    body = {"url": receiver_url, "name": NAME, "min_severity": PAGING, "secret": secret}
    made = _call(api_url, key, "POST", "/v1/endpoints", body)
    return Subscription.REFUSED if made is None else Subscription.CREATED


def _rotated(api_url: str, key: str, endpoint_id: str, path: Path) -> Subscription:
    """Ask for a new secret: the file with the old one is gone."""
    answer = _call(api_url, key, "POST", f"/v1/endpoints/{endpoint_id}/rotate")
    if not isinstance(answer, dict):
        return Subscription.REFUSED
    _write_secret(path, str(answer["secret"]))
    return Subscription.ROTATED


def _write_secret(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    draft.replace(path)


def _call(api_url: str, key: str, method: str, path: str, body: object = None) -> object:
    """Ask the API; the decoded answer of a 2xx, None for any other."""
    parts = urlsplit(api_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        return json.loads(content) if answer.status < http.client.MULTIPLE_CHOICES else None
    finally:
        connection.close()
