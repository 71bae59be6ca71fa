"""What every channel can do, and the set of those that this process has."""

from collections.abc import Mapping
from typing import Protocol

from api.letter import Letter
from api.outcome import Answer, Outcome
from api.store.states import ChannelName


class Channel(Protocol):
    """One way to reach an endpoint."""

    def fault(self, url: str) -> str | None:
        """Say what is wrong with an endpoint's address; None when it can be tried. Never quotes it."""

    async def send(self, letter: Letter, now_ms: int) -> Answer:
        """Make one attempt; every way in which it can end is an outcome, nothing is raised."""


class Channels:
    """The channels of this process, by name."""

    def __init__(self, channels: Mapping[ChannelName, Channel]) -> None:
        """Keep the channels; one that is left out is off."""
        self._channels = dict(channels)

    def fault(self, name: ChannelName, url: str) -> str | None:
        """Say what is wrong with an endpoint's address or that the channel is off; None when neither."""
        channel = self._channels.get(name)
        return f"channel {name} is off in the settings" if channel is None else channel.fault(url)

    async def send(self, name: ChannelName, letter: Letter, now_ms: int) -> Answer:
        """Make one attempt by a channel; one that is off cannot deliver."""
        channel = self._channels.get(name)
        return Answer(Outcome.CHANNEL_OFF) if channel is None else await channel.send(letter, now_ms)
