"""Telegram and others through Apprise, for addresses that an administrator sets. Off by default.

Apprise makes its own connections, past the guard of ``api/sender.py``. So only schemes that a setting lists
are taken, redirects are switched off, and every address that the host resolves to is judged just before use;
a name that changes in the instant between is not caught. An address holds the service's token: it is shown
to nobody and never logged.
"""

import asyncio
import logging
import socket
from urllib.parse import urlsplit

import apprise
from apprise.plugins.base import NotifyBase

from api import egress, message
from api.egress import AllowRule
from api.letter import Letter
from api.outcome import Answer, Outcome

HTTPS_PORT = 443
HTTP_PORT = 80


class AppriseChannel:
    """Send a message through a service that Apprise knows."""

    def __init__(
        self,
        schemes: frozenset[str],
        rules: tuple[AllowRule, ...],
        console_url: str | None,
        timeout_seconds: float,
    ) -> None:
        """Keep which schemes are taken and what may be reached."""
        self._schemes = schemes
        self._rules = rules
        self._console_url = console_url
        self._timeout_seconds = timeout_seconds
        logging.getLogger("apprise").disabled = True  # its lines name addresses and tokens

    def fault(self, url: str) -> str | None:
        """Say what is wrong with an address."""
        if urlsplit(url).scheme.lower() not in self._schemes:
            return f"must begin with one of the setting apprise_schemes: {', '.join(sorted(self._schemes))}"
        return None if _plugin(url) is not None else "is no address that Apprise understands"

    async def send(self, letter: Letter, now_ms: int) -> Answer:  # noqa: ARG002 - the services tell the time
        """Judge where it goes, then let Apprise send it."""
        plugin = None if self.fault(letter.url) else _plugin(letter.url)
        if plugin is None:
            return Answer(Outcome.CHANNEL_OFF)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                if not await self._passes(plugin):
                    return Answer(Outcome.BLOCKED_ADDRESS)
                said = message.compose(letter.content, letter.language, self._console_url)
                body = said.text.partition("\n")[2].strip()
                sent = await asyncio.to_thread(plugin.notify, body=body, title=said.headline)
        except TimeoutError:
            return Answer(Outcome.TIMEOUT)
        except OSError:
            return Answer(Outcome.CONNECT_FAILED)
        return Answer(Outcome.DELIVERED if sent else Outcome.BAD_ANSWER)

    async def _passes(self, plugin: NotifyBase) -> bool:
        """Whether every address of the plugin's host may be reached; raises OSError when it has none."""
        host, port, encrypted = _target(plugin)
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return all(
            egress.judge(str(address[0]), port, self._rules, encrypted=encrypted).passes
            for *_, address in found
        )


def _plugin(url: str) -> NotifyBase | None:
    """Give what Apprise makes of an address, with redirects switched off; None when it understands it not."""
    plugin = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if isinstance(plugin, NotifyBase):
        plugin.redirects = False
        return plugin
    return None


def _target(plugin: NotifyBase) -> tuple[str, int, bool]:
    """Give the host, the port and whether TLS is spoken: a service's own address, or the one given."""
    own = getattr(plugin, "notify_url", None)
    if isinstance(own, str) and urlsplit(own).hostname:
        parts = urlsplit(own)
        encrypted = parts.scheme == "https"
        return str(parts.hostname), parts.port or (HTTPS_PORT if encrypted else HTTP_PORT), encrypted
    encrypted = bool(plugin.secure)
    return str(plugin.host), plugin.port or (HTTPS_PORT if encrypted else HTTP_PORT), encrypted
