"""Near-copies: mentions that repeat an earlier one of their topic, told by signatures without any text."""

from __future__ import annotations

import struct
from array import array
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["KEPT_MINUTES", "SIGNATURE_KEYS", "CopyMemory", "are_copies", "signature_of"]

#: A signature is so many 32-bit keys. Two texts are near-copies when they share one.
SIGNATURE_KEYS = 10
_KEYS = struct.Struct(f"<{SIGNATURE_KEYS}I")
#: A mention is a copy of one that arrived at most a day before it.
KEPT_MINUTES = 1440
#: Keys remembered of one topic, those of 307 wholly different texts: 12 kB of a snapshot. In a flood of more
#: the oldest are forgotten, so a copy is told when it comes within about 300 different texts. A text that is
#: repeated is one of them and stays; to be half of an hour's talk it must come far more often than that.
_MOST = 3072


def signature_of(keys: Iterable[int]) -> bytes:
    """Return the signature that holds `SIGNATURE_KEYS` keys of 32 bits."""
    return _KEYS.pack(*keys)


def are_copies(one: bytes, other: bytes) -> bool:
    """Return whether two signatures are those of near-copies; an empty one is a copy of nothing."""
    return bool(one and other) and not set(_KEYS.unpack(one)).isdisjoint(_KEYS.unpack(other))


class CopyMemory:
    """The signatures of one topic's last day, in bounded memory.

    Notes
    -----
    One dictionary from key to the last arrival minute in which it was seen, in the order of that minute: the
    index of locality-sensitive hashing (Indyk and Motwani 1998) without the texts. What it says depends on
    the order in which mentions are taken, so the caller takes those of a minute in canonical order.

    """

    def __init__(self, dump: Mapping[int, bytes] | None = None) -> None:
        self._seen: dict[int, int] = {}
        for minute, packed in (dump or {}).items():
            self._seen |= dict.fromkeys(memoryview(packed).cast("I").tolist(), minute)

    def take(self, signature: bytes, minute: int) -> bool:
        """Remember a mention that arrived in `minute`; return whether it is a near-copy of an earlier one.

        Minutes (since the epoch) must not run backwards. An empty signature is remembered as nothing.
        """
        if not signature:
            return False
        seen, keys, expired = self._seen, _KEYS.unpack(signature), minute - KEPT_MINUTES
        copied = any(seen.get(key, expired) > expired for key in keys)
        for key in keys:
            seen.pop(key, None)
            seen[key] = minute
        if len(seen) > _MOST:
            for key in list(islice(seen, _MOST // 8)):
                del seen[key]
        return copied

    def forget(self, minute: int) -> None:
        """Drop what cannot be copied any more at arrival minute `minute`."""
        for key in [key for key, last in self._seen.items() if last <= minute - KEPT_MINUTES]:
            del self._seen[key]

    def dump(self) -> dict[int, bytes]:
        """Return the state, to begin another memory with: keys by their last minute, the oldest first."""
        keys: dict[int, array[int]] = {}
        for key, minute in self._seen.items():
            keys.setdefault(minute, array("I")).append(key)
        return {minute: packed.tobytes() for minute, packed in keys.items()}
