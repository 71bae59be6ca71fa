"""The contract that every channel keeps, each against a real receiver on this machine."""

import asyncio
import email
import email.policy
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from api_support import alert_event
from receiver_support import Receiver, receiving

from api.channels.build import channels
from api.channels.channel import Channels
from api.channels.email import Encryption, recipients
from api.clock import now_ms
from api.letter import Content, Events, Language, Letter, Trial
from api.outcome import Answer, Outcome
from api.sender import Sender
from api.settings import ApiSettings
from api.store.states import ChannelName
from detectors.events import encode_event

SECRET = "whsec_" + "eHh4" * 11
CERTIFICATES = Path(__file__).parents[2] / "support" / "certificates"
KNOWN, UNKNOWN = "geheim-4711", "falsch-0815"


@dataclass
class Mailbox:
    """What an SMTP server took, and how it answers."""

    mails: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    answer: str = "250 OK"
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Take a mail; aiosmtpd names the method."""
        if self.answer.startswith("2"):
            content = envelope.content or b""
            parsed = email.message_from_bytes(
                content if isinstance(content, bytes) else content.encode(), policy=email.policy.default
            )
            assert isinstance(parsed, EmailMessage)
            self.mails.append((envelope, parsed))
        return self.answer


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object
) -> AuthResult:
    """Let in who knows the password."""
    right = isinstance(data, LoginPassword) and data.password == KNOWN.encode()
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def mail_server(
    encryption: Encryption = Encryption.NONE, *, authenticated: bool = False
) -> AsyncIterator[Mailbox]:
    """Run a real SMTP server on a free port, with the certificate of ``localhost`` if it encrypts."""
    box = Mailbox()
    options: dict[str, Any] = {}
    if authenticated:
        options = {"authenticator": _authenticate, "auth_required": True, "auth_require_tls": False}
    certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.load_cert_chain(CERTIFICATES / "localhost.pem")
    if encryption is Encryption.STARTTLS:
        options |= {"tls_context": certificate, "require_starttls": True}

    def session() -> SMTP:
        return SMTP(box, hostname="mail.test", enable_SMTPUTF8=True, **options)

    implicit = certificate if encryption is Encryption.TLS else None
    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=implicit)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


@dataclass
class Rig:
    """One channel with its receiver: how it is addressed, and what it got."""

    channels: Channels
    name: ChannelName
    url: str
    got: Callable[[], list[str]]
    fail: Callable[[], None]

    def letter(self, content: Content, delivery_id: str = "msg_1") -> Letter:
        """Write a letter to the receiver."""
        return Letter(delivery_id, self.url, Language.VI, content, (SECRET,))

    async def send(self, content: Content) -> Outcome:
        """Make one attempt."""
        answer = await self.channels.send(self.name, self.letter(content), now_ms())
        return answer.outcome


@asynccontextmanager
async def built(**settings: object) -> AsyncIterator[Channels]:
    """Give the channels of some settings."""
    chosen = ApiSettings.model_validate({"webhook_timeout_seconds": 5, **settings})
    sender = Sender(chosen.allow_rules, chosen.webhook_timeout_seconds)
    try:
        yield channels(chosen, sender)
    finally:
        await sender.close()


@asynccontextmanager
async def http_rig(
    name: ChannelName, address: Callable[[Receiver], str], **settings: object
) -> AsyncIterator[Rig]:
    """Give a channel that speaks HTTP."""
    async with receiving() as receiver:
        rule = f"127.0.0.1/32:{receiver.port}"
        async with built(egress_allow=[rule], **settings) as made:

            def fail() -> None:
                receiver.usual = 503

            yield Rig(
                made, name, address(receiver), lambda: [got.body.decode() for got in receiver.got], fail
            )


def webhook_rig() -> AbstractAsyncContextManager[Rig]:
    """Give the signed webhooks."""
    return http_rig(ChannelName.WEBHOOK, lambda receiver: receiver.url)


def alertmanager_rig() -> AbstractAsyncContextManager[Rig]:
    """Give the Alertmanager channel (a real Alertmanager is in tests/integration)."""
    return http_rig(ChannelName.ALERTMANAGER, lambda receiver: f"http://127.0.0.1:{receiver.port}")


def apprise_rig() -> AbstractAsyncContextManager[Rig]:
    """Give Apprise with its plainest service."""
    return http_rig(
        ChannelName.APPRISE, lambda receiver: f"json://127.0.0.1:{receiver.port}/x", apprise_schemes=["json"]
    )


@asynccontextmanager
async def email_rig() -> AsyncIterator[Rig]:
    """Give e-mail."""
    async with mail_server() as box:
        settings = {"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_encryption": "none"}

        def got() -> list[str]:
            return [f"{mail['Subject']}\n{mail.get_body(('plain',))}" for _, mail in box.mails]

        def fail() -> None:
            box.answer = "451 try later"

        async with built(**settings) as made:
            yield Rig(made, ChannelName.EMAIL, "mailto:truc@bo.example", got, fail)


RIGS = {"webhook": webhook_rig, "alertmanager": alertmanager_rig, "email": email_rig, "apprise": apprise_rig}


def alert() -> Events:
    """Give an alert event."""
    return Events((msgspec.json.decode(encode_event(alert_event())),))


@pytest.fixture(params=list(RIGS))
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Give each channel with its receiver."""
    async with RIGS[request.param]() as made:
        yield made


async def test_a_channel_delivers_an_alert_with_its_headline(rig: Rig) -> None:
    """One message arrives and says what it is about."""
    assert await rig.send(alert()) is Outcome.DELIVERED
    [got] = rig.got()
    assert "Y tế" in got.encode().decode("unicode-escape") or "Y tế" in got


async def test_a_channel_delivers_a_test(rig: Rig) -> None:
    """An administrator sees whether it works."""
    assert rig.channels.fault(rig.name, rig.url) is None
    assert await rig.send(Trial("ep_1", "2026-11-24T03:00:00Z")) is Outcome.DELIVERED
    assert len(rig.got()) == 1


async def test_a_failure_of_the_receiver_is_an_outcome(rig: Rig) -> None:
    """Nothing is raised; the outbox tries again."""
    rig.fail()
    assert await rig.send(alert()) in {Outcome.SERVER_ERROR, Outcome.BAD_ANSWER}


async def test_a_channel_logs_no_address(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Neither when it delivers nor when it fails: an address may hold a token."""
    with caplog.at_level(logging.DEBUG):
        await rig.send(alert())
        rig.fail()
        await rig.send(alert())
    ours = [
        record.getMessage() for record in caplog.records if record.name.startswith(("haidang", "apprise"))
    ]
    assert rig.url not in " ".join(ours)


@pytest.mark.parametrize("name", list(ChannelName))
async def test_a_channel_refuses_the_address_of_another_kind(name: ChannelName) -> None:
    """With one clear sentence that does not repeat it."""
    async with built(smtp_host="mail.example", apprise_schemes=["tgram"]) as made:
        fault = made.fault(name, "gopher://geheim@receiver.example/")
    assert fault
    assert "geheim" not in fault


@pytest.mark.parametrize("name", [ChannelName.EMAIL, ChannelName.APPRISE])
async def test_mail_and_apprise_are_off_until_they_are_set_up(name: ChannelName) -> None:
    """What is off cannot be subscribed, and what was before is not sent."""
    async with built() as made:
        assert made.fault(name, "mailto:a@b.example") == f"channel {name} is off in the settings"
        answer = await made.send(name, Letter("m", "mailto:a@b.example", Language.EN, alert()), now_ms())
    assert answer.outcome is Outcome.CHANNEL_OFF


async def test_apprise_takes_only_the_listed_schemes() -> None:
    """Any other service stays out."""
    async with built(apprise_schemes=["tgram"]) as made:
        assert made.fault(ChannelName.APPRISE, "json://receiver.example/") is not None
        assert made.fault(ChannelName.APPRISE, "tgram://123456789:abcdefg_hijklmnop/12315544/") is None


async def test_apprise_is_stopped_before_an_inner_address() -> None:
    """What the host resolves to is judged before it is used."""
    async with receiving() as receiver, built(apprise_schemes=["json"]) as made:
        letter = Letter("m", f"json://localhost:{receiver.port}/", Language.EN, alert())
        answer = await made.send(ChannelName.APPRISE, letter, now_ms())
        assert (answer.outcome, receiver.got) == (Outcome.BLOCKED_ADDRESS, [])


async def test_apprise_follows_no_redirect() -> None:
    """Not even when the address asks for it."""
    async with receiving() as receiver, receiving() as inner:
        receiver.answer(307, Location=inner.url)
        rules = [f"127.0.0.1/32:{receiver.port}"]
        async with built(apprise_schemes=["json"], egress_allow=rules) as made:
            url = f"json://127.0.0.1:{receiver.port}/?redirect=yes"
            answer = await made.send(ChannelName.APPRISE, Letter("m", url, Language.EN, alert()), now_ms())
        assert (answer.outcome, inner.got) == (Outcome.BAD_ANSWER, [])


WITHOUT_CERTIFICATE = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS", "ignore:Session.login_data is deprecated"
)
"""The mail server of the tests speaks no TLS, and keeps what it will not keep in its next version."""


@asynccontextmanager
async def mailing(**settings: object) -> AsyncIterator[tuple[Mailbox, Channels]]:
    """Give a mail server that asks for a password, and channels that may know it."""
    async with mail_server(authenticated=True) as box:
        own = {"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_encryption": "none"}
        async with built(**own, smtp_from="haidang@bo.example", **settings) as made:
            yield box, made


@WITHOUT_CERTIFICATE
async def test_a_mail_is_whole() -> None:
    """From, to, a stable id, text and HTML, and a mark that no one's out-of-office answers."""
    url = "mailto:truc@bo.example,lanh-dao@bo.example"
    async with mailing(smtp_user="haidang", smtp_password=KNOWN) as (box, made):
        letter = Letter("msg_7", url, Language.VI, alert())
        answer = await made.send(ChannelName.EMAIL, letter, now_ms())
        assert answer.outcome is Outcome.DELIVERED
        [(envelope, mail)] = box.mails
        assert envelope.rcpt_tos == ["truc@bo.example", "lanh-dao@bo.example"]
        assert (mail["From"], mail["Message-ID"]) == ("haidang@bo.example", "<msg_7@bo.example>")
        assert mail["Auto-Submitted"] == "auto-generated"
        plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None
        assert rich is not None
        assert "gấp 6 lần" in plain.get_content()
        assert "gấp 6 lần" in rich.get_content()


@WITHOUT_CERTIFICATE
async def test_a_wrong_password_is_a_refusal_that_names_no_password() -> None:
    """An outcome with the server's code."""
    async with mailing(smtp_user="haidang", smtp_password=UNKNOWN) as (box, made):
        answer = await made.send(
            ChannelName.EMAIL, Letter("m", "mailto:a@b.example", Language.VI, alert()), now_ms()
        )
    assert (answer.outcome, answer.status, box.mails) == (Outcome.CLIENT_ERROR, 535, [])
    assert UNKNOWN not in answer.text


async def send_mail(box: Mailbox, encryption: Encryption, **settings: object) -> Answer:
    """Send one mail to a server that is called ``localhost``."""
    own = {"smtp_host": "localhost", "smtp_port": box.port, "smtp_encryption": encryption}
    async with built(**own | settings) as made:
        letter = Letter("m", "mailto:a@b.example", Language.VI, alert())
        return await made.send(ChannelName.EMAIL, letter, now_ms())


async def test_a_mail_server_that_is_away_or_without_tls_is_named() -> None:
    """Mail never falls back to a connection without encryption."""
    letter = Letter("m", "mailto:a@b.example", Language.VI, alert())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = {"smtp_host": "127.0.0.1", "smtp_port": taken.getsockname()[1], "smtp_encryption": "none"}
        async with built(**away) as made:
            answer = await made.send(ChannelName.EMAIL, letter, now_ms())
    assert answer.outcome is Outcome.CONNECT_FAILED
    async with mail_server() as box:
        async with built(smtp_host="127.0.0.1", smtp_port=box.port) as made:
            answer = await made.send(ChannelName.EMAIL, letter, now_ms())
        assert (answer.outcome is Outcome.DELIVERED, box.mails) == (False, [])


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
async def test_mail_goes_encrypted_to_a_server_whose_certificate_is_known(encryption: Encryption) -> None:
    """By the authority of the settings, whichever way the encryption begins."""
    async with mail_server(encryption) as box:
        answer = await send_mail(box, encryption, smtp_ca_file=CERTIFICATES / "ca.pem")
        assert answer.outcome is Outcome.DELIVERED
        [(envelope, _)] = box.mails
        assert envelope.rcpt_tos == ["a@b.example"]


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
@pytest.mark.parametrize(
    "settings",
    [{"smtp_ca_file": None}, {"smtp_ca_file": CERTIFICATES / "ca.pem", "smtp_host": "127.0.0.1"}],
    ids=["unknown authority", "certificate of another host"],
)
async def test_mail_does_not_go_to_a_server_with_a_wrong_certificate(
    encryption: Encryption, settings: dict[str, object]
) -> None:
    """The outcome says that it was the certificate; no password and no text has left."""
    async with mail_server(encryption) as box:
        answer = await send_mail(box, encryption, **settings)
        assert (answer.outcome, answer.text, box.mails) == (Outcome.TLS_FAILED, "", [])


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_authorities_is_refused_at_the_start(tmp_path: Path, content: str | None) -> None:
    """By name, whether it is missing or holds something else."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"smtp_ca_file(.|\n)*PEM"):
        ApiSettings.model_validate({"smtp_ca_file": file})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mailto:",
        "a@b.example",
        "mailto:a",
        "mailto:a@b.example?bcc=c@d.example",
        "mailto:a@b.example,",
        "mailto:a%0d%0aBcc:x@b.example",
        "mailto:a b@c.example",
    ],
)
def test_addresses_of_another_form_are_refused(url: str) -> None:
    """Nothing that could become a header of its own."""
    with pytest.raises(ValueError, match="mailto"):
        recipients(url)
