"""Signed webhooks after Standard Webhooks 1.0."""

from api import signing, webhook
from api.channels.addresses import http_fault
from api.clock import MILLISECONDS
from api.egress import AllowRule
from api.letter import Content, Letter
from api.outcome import Answer
from api.sender import Sender


class WebhookChannel:
    """POST a signed body."""

    def __init__(self, sender: Sender, rules: tuple[AllowRule, ...], console_url: str | None) -> None:
        """Keep the guarded client, what it may reach, and where the console is."""
        self._sender = sender
        self._rules = rules
        self._console_url = console_url
        self._written: tuple[Content, bytes] | None = None

    def fault(self, url: str) -> str | None:
        """Say what is wrong with an address, as far as that can be told without connecting."""
        return http_fault(url, self._rules)

    async def send(self, letter: Letter, now_ms: int) -> Answer:
        """Sign and send."""
        body = self._body(letter.content)
        headers = signing.headers(letter.secrets, letter.id, now_ms // MILLISECONDS, body)
        return await self._sender.send(letter.url, headers, body)

    def _body(self, content: Content) -> bytes:
        """Write the body; the last one is kept, since a hundred endpoints are told of one event."""
        if self._written is None or self._written[0] is not content:
            self._written = (content, webhook.body(content, self._console_url))
        return self._written[1]
