"""Channels: by what an endpoint is reached. Each is an endpoint with the same outbox, retries and log."""

from api.channels.channel import Channel, Channels

__all__ = ["Channel", "Channels"]
