"""Which channels the settings switch on."""

from api.channels.alertmanager import AlertmanagerChannel
from api.channels.apprise import AppriseChannel
from api.channels.channel import Channel, Channels
from api.channels.email import EmailChannel, Relay
from api.channels.webhook import WebhookChannel
from api.sender import Sender
from api.settings import ApiSettings
from api.store.states import ChannelName


def alertmanager(settings: ApiSettings, sender: Sender) -> AlertmanagerChannel:
    """Make the channel to Alertmanagers."""
    return AlertmanagerChannel(
        sender, settings.allow_rules, settings.console_url, settings.alertmanager_refresh_seconds
    )


def channels(settings: ApiSettings, sender: Sender) -> Channels:
    """Make the channels: e-mail needs a server, Apprise a list of schemes."""
    made: dict[ChannelName, Channel] = {
        ChannelName.WEBHOOK: WebhookChannel(sender, settings.allow_rules, settings.console_url),
        ChannelName.ALERTMANAGER: alertmanager(settings, sender),
    }
    if settings.smtp_host is not None:
        made[ChannelName.EMAIL] = EmailChannel(_relay(settings, settings.smtp_host), settings.console_url)
    if settings.apprise_schemes:
        made[ChannelName.APPRISE] = AppriseChannel(
            frozenset(settings.apprise_schemes),
            settings.allow_rules,
            settings.console_url,
            settings.webhook_timeout_seconds,
        )
    return Channels(made)


def _relay(settings: ApiSettings, host: str) -> Relay:
    """Give the mail server of the settings."""
    password = settings.smtp_password
    return Relay(
        host=host,
        port=settings.smtp_port,
        encryption=settings.smtp_encryption,
        ca_file=settings.smtp_ca_file,
        sender=settings.smtp_from,
        user=settings.smtp_user,
        password=None if password is None else password.get_secret_value(),
        timeout_seconds=settings.webhook_timeout_seconds,
    )
