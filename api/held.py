"""Holding a JSON answer back until it is whole, so that something can be decided on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message, Send

JSON = "application/json"


@dataclass
class Held:
    """Takes an answer's messages: JSON is held, everything else (streams, problems) goes straight out."""

    send: Send
    start: Message | None = None
    parts: list[bytes] = field(default_factory=list)

    async def take(self, message: Message) -> None:
        """Take one message of the answer."""
        if message["type"] == "http.response.start" and Headers(scope=message).get("content-type") == JSON:
            self.start = message
        elif self.start is None:
            await self.send(message)
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))

    @property
    def body(self) -> bytes:
        """What is held."""
        return b"".join(self.parts)

    @property
    def status(self) -> int | None:
        """Status of the answer that is held; None when none is."""
        return None if self.start is None else int(self.start["status"])


def json_response(status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    """Give JSON that is encoded already as a response."""
    return Response(body, status, headers=headers, media_type=JSON)
