"""E-mail over the SMTP server of the settings."""

import re
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib

from api import message
from api.clock import from_ms
from api.letter import Letter
from api.outcome import Answer, Outcome

MAX_RECIPIENTS = 50
PERMANENT = 500
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


class Encryption(StrEnum):
    """How the connection to the SMTP server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True)
class Relay:
    """The SMTP server that takes our mail.

    ``ca_file``: the authorities that may have signed its certificate, None for the system's.
    """

    host: str
    port: int
    encryption: Encryption
    ca_file: Path | None
    sender: str
    user: str | None
    password: str | None
    timeout_seconds: float


def recipients(url: str) -> tuple[str, ...]:
    """Read ``mailto:a@b.example,c@d.example``; raises ValueError when it is not of that form."""
    parts = urlsplit(url)
    found = tuple(unquote(one) for one in parts.path.split(","))
    problem = f"is mailto: and up to {MAX_RECIPIENTS} addresses separated by commas"
    if parts.scheme != "mailto" or parts.query or parts.netloc or len(found) > MAX_RECIPIENTS:
        raise ValueError(problem)
    if not all(_ADDRESS.fullmatch(one) for one in found):
        raise ValueError(problem)
    return found


class EmailChannel:
    """Send a message as mail, in plain text and HTML; its Message-ID is the delivery's over all attempts."""

    def __init__(self, relay: Relay, console_url: str | None) -> None:
        """Keep the server, and where the console is."""
        self._relay = relay
        self._console_url = console_url

    def fault(self, url: str) -> str | None:
        """Say what is wrong with an endpoint's addresses."""
        try:
            recipients(url)
        except ValueError as error:
            return str(error)
        return None

    async def send(self, letter: Letter, now_ms: int) -> Answer:
        """Hand the mail to the server; when it takes it for some of the recipients, it is delivered."""
        relay = self._relay
        try:
            refused, _ = await aiosmtplib.send(
                self._mail(letter, now_ms),
                hostname=relay.host,
                port=relay.port,
                username=relay.user,
                password=relay.password,
                use_tls=relay.encryption is Encryption.TLS,
                start_tls=relay.encryption is Encryption.STARTTLS,
                cert_bundle=None if relay.ca_file is None else str(relay.ca_file),
                timeout=relay.timeout_seconds,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _failure(error)
        return Answer(Outcome.DELIVERED, HTTPStatus.OK, text=f"{len(refused)} refused" if refused else "")

    def _mail(self, letter: Letter, now_ms: int) -> EmailMessage:
        """Write the mail."""
        said = message.compose(letter.content, letter.language, self._console_url)
        mail = EmailMessage()
        mail["Subject"] = said.headline
        mail["From"] = self._relay.sender
        mail["To"] = ", ".join(recipients(letter.url))
        mail["Date"] = format_datetime(from_ms(now_ms))
        mail["Message-ID"] = f"<{letter.id}@{self._relay.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(said.text + "\n", cte="base64")
        mail.add_alternative(said.html, subtype="html", cte="base64")
        return mail


def _failure(error: BaseException) -> Answer:
    """Name what went wrong; the server's own words are kept out, they may quote addresses."""
    if isinstance(error, aiosmtplib.SMTPTimeoutError | TimeoutError):
        return Answer(Outcome.TIMEOUT)
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [one.code for one in error.recipients]
        return _refused(min(codes, default=PERMANENT))
    if isinstance(error, aiosmtplib.SMTPConnectResponseError | aiosmtplib.SMTPResponseException):
        return _refused(error.code)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Answer(Outcome.TLS_FAILED)
    if isinstance(error, aiosmtplib.SMTPConnectError | aiosmtplib.SMTPServerDisconnected | OSError):
        return Answer(Outcome.CONNECT_FAILED)
    return Answer(Outcome.BAD_ANSWER)


def _refused(code: int) -> Answer:
    """Name a refusal by its SMTP code: 4xx may pass later, 5xx is for good."""
    return Answer(Outcome.CLIENT_ERROR if code >= PERMANENT else Outcome.SERVER_ERROR, code)
