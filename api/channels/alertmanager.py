"""Prometheus Alertmanager, API v2: alerts fire there as long as they are open here.

Alertmanager knows an alert by its labels, so one whose kind or severity changed is another one there: the
former is resolved with the same request. What fires ends by itself unless it is sent again in time
(``api/refresher.py``), so a Haidang that died leaves no alert behind for ever.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from api import message
from api.channels.addresses import http_fault
from api.clock import MILLISECONDS, rfc3339, to_ms
from api.egress import AllowRule
from api.letter import Escalation, Event, Events, Language, Letter, Notice
from api.outcome import Answer
from api.sender import Sender
from detectors.events import EventName

PATH = "/api/v2/alerts"
HEADERS = {"Content-Type": "application/json", "User-Agent": "Haidang/1.0"}
MISSED_REFRESHES = 4
NOTICE_SECONDS = 3600
TRIAL_SECONDS = 60

Posted = dict[str, Any]


class AlertmanagerChannel:
    """POST alerts to an Alertmanager; an endpoint's address is Alertmanager's own, without the API's path."""

    def __init__(
        self,
        sender: Sender,
        rules: tuple[AllowRule, ...],
        console_url: str | None,
        refresh_seconds: float,
    ) -> None:
        """Keep the guarded client; what fires stays firing over three missed refreshes."""
        self._sender = sender
        self._rules = rules
        self._console_url = console_url
        self._firing_ms = round(MISSED_REFRESHES * refresh_seconds * MILLISECONDS)

    def fault(self, url: str) -> str | None:
        """Say what is wrong with an address, as far as that can be told without connecting."""
        return http_fault(url, self._rules)

    async def send(self, letter: Letter, now_ms: int) -> Answer:
        """Let Alertmanager know what an alert has come to."""
        return await self._post(letter.url, self._alerts(letter, now_ms))

    async def refresh(self, url: str, language: Language, events: Iterable[Event], now_ms: int) -> Answer:
        """Say once more how some alerts stand: open ones fire on, closed ones are resolved."""
        return await self._post(url, [self._alert(event, language, now_ms) for event in events])

    async def _post(self, url: str, alerts: list[Posted]) -> Answer:
        """Post alerts."""
        return await self._sender.send(url.rstrip("/") + PATH, HEADERS, msgspec.json.encode(alerts))

    def _alerts(self, letter: Letter, now_ms: int) -> list[Posted]:
        """Give what a letter makes of Alertmanager's alerts."""
        content = letter.content
        if isinstance(content, Events):
            newest = message.newest(content.events)
            return [
                *(self._alert(event, letter.language, now_ms) for event in newest),
                *_resolved(newest, letter.former, now_ms),
            ]
        said = message.compose(content, letter.language, self._console_url)
        labels, until_ms = _labels_of(content, now_ms)
        return [_posted(labels, said, now_ms, until_ms)]

    def _alert(self, event: Event, language: Language, now_ms: int) -> Posted:
        """Give one alert as Alertmanager takes it."""
        said = message.compose(Events((event,)), language, self._console_url)
        closed = event["event"] == EventName.CLOSED
        until_ms = now_ms if closed else now_ms + self._firing_ms
        posted = _posted(_labels(event, event["kind"], event["severity"]), said, _onset_ms(event), until_ms)
        return posted | ({} if self._console_url is None else {"generatorURL": self._console_url})


def _posted(labels: Mapping[str, str], said: message.Message, starts_ms: int, ends_ms: int) -> Posted:
    """Give an alert in the form of the API; it never ends before it starts."""
    return {
        "labels": labels,
        "annotations": {"summary": said.headline, "description": said.text},
        "startsAt": rfc3339(min(starts_ms, ends_ms)),
        "endsAt": rfc3339(ends_ms),
    }


def _labels(event: Event, kind: str, severity: str) -> dict[str, str]:
    """Give the labels by which Alertmanager knows an alert."""
    return {
        "alertname": "HaidangAlert",
        "alert_id": event["alert_id"],
        "topic": event["topic"]["id"],
        "kind": kind,
        "severity": severity,
    }


def _onset_ms(event: Event) -> int:
    """Give when the alert's change began."""
    return to_ms(datetime.fromisoformat(event["onset"]))


def _resolved(newest: Iterable[Event], former: frozenset[tuple[str, str]], now_ms: int) -> list[Posted]:
    """Resolve what an alert was before its kind or severity changed."""
    return [
        {
            "labels": _labels(event, kind, severity),
            "startsAt": rfc3339(min(_onset_ms(event), now_ms)),
            "endsAt": rfc3339(now_ms),
        }
        for event in newest
        for kind, severity in sorted(former - {(event["kind"], event["severity"])})
    ]


def _labels_of(content: object, now_ms: int) -> tuple[dict[str, str], int]:
    """Give the labels of what is no alert event, and until when it fires."""
    if isinstance(content, Escalation):
        event, deadline = content.event, content.deadline
        labels = _labels(event, event["kind"], event["severity"]) | {"alertname": "HaidangDeadline"}
        named = {"goal": str(deadline["goal"]), "number": str(deadline["number"])}
        return labels | named, now_ms + NOTICE_SECONDS * MILLISECONDS
    if isinstance(content, Notice):
        labels = {"alertname": "HaidangEndpointDisabled", "endpoint": content.notice["endpoint_id"]}
        return labels | {"severity": "warning"}, now_ms + NOTICE_SECONDS * MILLISECONDS
    return {"alertname": "HaidangTest", "severity": "info"}, now_ms + TRIAL_SECONDS * MILLISECONDS
