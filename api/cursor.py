"""Cursors: the place in an ordered list after which the next page begins. Opaque to callers, pure here."""

import base64
import binascii
from collections.abc import Sequence

import msgspec

from api.errors import ProblemError, invalid

LIMIT = 2**63

Place = tuple[int | str, ...]


def encode(place: Sequence[int | str]) -> str:
    """Give a place as text that fits into an address."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decode(text: str, *kinds: type) -> Place:
    """Read a place whose parts are of the given kinds; raises a 422 problem naming ``cursor`` otherwise."""
    try:
        padded = text + "=" * (-len(text) % 4)
        found = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise _bad() from None
    if not isinstance(found, list) or len(found) != len(kinds):
        raise _bad()
    if not all(_is(part, kind) for part, kind in zip(found, kinds, strict=True)):
        raise _bad()
    return tuple(found)


def _is(part: object, kind: type) -> bool:
    """Whether a part is of a kind and such that every database holds it."""
    if type(part) is not kind:
        return False
    return abs(part) < LIMIT if isinstance(part, int) else isinstance(part, str) and "\0" not in part


def _bad() -> ProblemError:
    """Make the problem of a cursor that is none of ours."""
    return invalid("cursor", "is not a cursor that this list gave out")
