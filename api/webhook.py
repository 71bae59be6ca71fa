"""Webhook body v1: pure.

``{"type", "timestamp", "data", "message"}``, under 20 kB as Standard Webhooks asks: what an alert can spare
is left out, from the least important on, until it fits. ``type`` is ``alert.opened|raised|updated|closed`` or
``alert.escalated`` (``data`` is an Alert event v1; ``deadline`` says what is about to pass), or
``endpoint.disabled`` or ``endpoint.test``. Alerts that were grouped follow the first in ``group``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from api import message
from api.letter import Content, Escalation, Event, Events, Language, Notice, Trial

MAX_BODY_BYTES = 20_000
TEST_TYPE = "endpoint.test"
DISABLED_TYPE = "endpoint.disabled"
ESCALATED_TYPE = "alert.escalated"
_SPARES = ("samples", "phrases", "evidence", "sources")
_KEPT = ("schema", "alert_id", "revision", "event", "at", "topic", "kind", "severity", "onset")

Body = dict[str, Any]


def body(content: Content, console_url: str | None = None) -> bytes:
    """Give the body that carries some content, with what a person reads in both languages; below 20 kB."""
    said = {language: message.compose(content, language, console_url).text for language in Language}
    return _fit(_plain(content) | {"message": said})


def _plain(content: Content) -> Body:
    """Give the body without its message."""
    if isinstance(content, Notice):
        return {"type": DISABLED_TYPE, "timestamp": content.notice["at"], "data": content.notice}
    if isinstance(content, Trial):
        data = {"endpoint_id": content.endpoint_id, "message": {"vi": "Thử kết nối", "en": "Connection test"}}
        return {"type": TEST_TYPE, "timestamp": content.at, "data": data}
    if isinstance(content, Escalation):
        event = content.event
        return {"type": ESCALATED_TYPE, "timestamp": event["at"], "data": event, "deadline": content.deadline}
    return _events(content)


def _events(content: Events) -> Body:
    """Give the body of one alert event, with those that are grouped with it."""
    first, *others = content.events
    found: Body = {"type": f"alert.{first['event']}", "timestamp": first["at"], "data": first}
    return found | {"group": others} if others else found


def _fit(full: Body) -> bytes:
    """Encode a body, emptying what can be spared until it fits."""
    encoded = msgspec.json.encode(full)
    for spare in _SPARES:
        if len(encoded) < MAX_BODY_BYTES:
            return encoded
        full = _each_event(full, partial(_emptied, name=spare))
        encoded = msgspec.json.encode(full)
    if len(encoded) < MAX_BODY_BYTES:
        return encoded
    short = _each_event(full, _core)
    return msgspec.json.encode({name: value for name, value in short.items() if name != "message"})


def _each_event(full: Body, change: Callable[[Event], Event]) -> Body:
    """Change every event of a body."""
    changed = full | {"data": change(full["data"])}
    return changed | {"group": [change(event) for event in full["group"]]} if "group" in full else changed


def _core(event: Event) -> Event:
    """Give what says which event it is."""
    return {name: event[name] for name in _KEPT if name in event}


def _emptied(event: Event, name: str) -> Event:
    """Give an event with nothing in one member, of the kind that it was."""
    if name not in event:
        return event
    return {**event, name: {} if isinstance(event[name], dict) else []}
