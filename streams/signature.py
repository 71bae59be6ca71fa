"""Signature of a text, for finding near-copies without keeping texts (pure).

MinHash (Broder 1997) of the syllables and pairs of neighbouring syllables, without diacritics, in bands
(Indyk and Motwani 1998): two texts whose sets overlap by the share J agree in a band of four rows with
probability J**4, and in one of ten with 1 - (1 - J**4)**10, which is .99 at J = .8, .48 at .5, .02 at .2.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from zlib import crc32

from rensa import RMinHash

from detectors.copies import SIGNATURE_KEYS, signature_of
from streams.text import fold, words

__all__ = ["signature"]

_ROWS = 4
_HASHES = _ROWS * SIGNATURE_KEYS
_DIGEST = struct.Struct(f"<{_HASHES}I")
_BAND = 4 * _ROWS
_SEED = 1
#: Shorter texts have no signature: many people write "mất điện rồi" without copying anyone.
_LEAST_SYLLABLES = 8
#: Syllables after which the rest of a text is left out, so that its length bounds the time.
_LONGEST = 150


def signature(lowered: str) -> bytes:
    """Return the signature of a lower-case canonical text; empty for fewer than eight syllables.

    Punctuation and pictures do not count, nor do diacritics: who reposts a text without them repeats it. The
    same words give the same signature in every process.
    """
    said = [word for word in words(fold(lowered))[: 2 * _LONGEST] if word[0].isalnum()][:_LONGEST]
    if len(said) < _LEAST_SYLLABLES:
        return b""
    hashes = RMinHash(_HASHES, _SEED)
    hashes.update([*said, *map(" ".join, pairwise(said))])
    digest = _DIGEST.pack(*hashes.digest())
    return signature_of(crc32(digest[place : place + _BAND], place) for place in range(0, len(digest), _BAND))
