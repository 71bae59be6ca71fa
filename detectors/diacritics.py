"""Gives Vietnamese typed without diacritics its likeliest ones back (pure).

Each syllable is judged by itself from what stands beside it as it is typed, so that the work is the same for
any text and a syllable between two others is looked up once. What is needed is counted beforehand from text
with diacritics and shipped in one file without code or text: how often each spelling occurs, and hashed, how
often it follows and precedes each plain syllable.
"""

from __future__ import annotations

import unicodedata
import zlib
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DiacriticsError", "Restorer", "count", "pack", "plain", "unpack"]

_MAGIC = b"HAIDANGD"
#: Format of this module; others are refused.
_FORMAT = 1
#: Cells of each table of neighbours, a power of two; few are in use. With 2^20 three points of accuracy
#: are lost.
_CELLS = 1 << 22
#: A cell holds 16 times the logarithm of a count, so that one byte reaches 8 million.
_SCALE = 16.0
#: Spellings and pairs that occur less often are left out.
_RAREST_SPELLING, _RAREST_PAIR = 3, 2
#: What a pair that was never seen counts as, and how many uses of a spelling are needed before its
#: neighbours speak: chosen on headlines of December 2025, where .94 of the syllables come out right.
_UNSEEN, _DOUBT = 0.3, 500.0
_REMEMBERED = 65_536


class DiacriticsError(ValueError):
    """A file of diacritics that cannot be used; the message says why."""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds: spellings with their counts, and from what they were counted, in words."""

    format: int
    counted_on: str
    spellings: dict[str, int]


class Restorer:
    """Gives plain syllables their diacritics.

    Parameters
    ----------
    spellings
        How often each spelling occurs.
    before, after
        By hashed cell, `_SCALE` times the logarithm of how often a spelling follows, and precedes, a plain
        syllable; 0 where it never does.

    """

    def __init__(self, spellings: dict[str, int], before: bytes, after: bytes) -> None:
        self._choices: dict[str, list[tuple[str, int, float]]] = {}
        for spelling, times in spellings.items():
            prior = log(times) - 2.0 * log(times + _DOUBT)
            self._choices.setdefault(plain(spelling), []).append((spelling, _hash(spelling), prior))
        self._before = before
        self._after = after
        self._likeliest = lru_cache(_REMEMBERED)(self._chosen)

    def restore(self, words: Sequence[str]) -> list[str]:
        """Return the words of a text without diacritics with their likeliest ones; unknown ones stay."""
        return [self._likeliest(*three) for three in zip(("", *words), words, (*words[1:], ""), strict=False)]

    def _chosen(self, before: str, word: str, after: str) -> str:
        """Return the spelling that explains both neighbours best (naive Bayes)."""
        choices = self._choices.get(word)
        if choices is None:
            return word
        first, last = _hash(before), _hash(after)
        best, highest = word, float("-inf")
        for spelling, code, prior in choices:
            follows = self._before[_cell(first, code)]
            score = prior + _LOGARITHMS[follows] + _LOGARITHMS[self._after[_cell(code, last)]]
            if score > highest:
                best, highest = spelling, score
        return best


def plain(word: str) -> str:
    """Return a lower-case word without diacritics.

    >>> plain("đường")
    'duong'
    """
    apart = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(one for one in apart if not unicodedata.combining(one))


def count(texts: Iterable[Sequence[str]]) -> tuple[dict[str, int], bytes, bytes]:
    """Return what a `Restorer` needs, counted from the words of texts with diacritics."""
    spellings: dict[str, int] = {}
    pairs: dict[tuple[str, str], int] = {}
    for words in texts:
        for word in words:
            spellings[word] = spellings.get(word, 0) + 1
        for pair in pairwise(words):
            pairs[pair] = pairs.get(pair, 0) + 1
    kept = {word: times for word, times in spellings.items() if word.isalpha() and _is_kept(word, times)}
    known = {plain(word) for word in kept if word != plain(word)}
    kept = {word: times for word, times in kept.items() if plain(word) in known}
    before: dict[tuple[str, str], int] = {}
    after: dict[tuple[str, str], int] = {}
    for (first, second), times in pairs.items():
        if second in kept:
            key = plain(first), second
            before[key] = before.get(key, 0) + times
        if first in kept:
            key = first, plain(second)
            after[key] = after.get(key, 0) + times
    return kept, _table(before), _table(after)


def pack(counted_on: str, spellings: dict[str, int], before: bytes, after: bytes) -> bytes:
    """Return the file of what was counted."""
    described = msgspec.json.encode(_Header(_FORMAT, counted_on, spellings))
    return _MAGIC + zlib.compress(len(described).to_bytes(4, "big") + described + before + after, 9)


def unpack(data: bytes) -> Restorer:
    """Return the restorer of a file.

    Raises
    ------
    DiacriticsError
        If it is no such file, of another format, or cut short.

    """
    if not data.startswith(_MAGIC):
        raise DiacriticsError("not a file of diacritics: it does not begin as one")
    try:
        body = zlib.decompress(data[len(_MAGIC) :])
        end = 4 + int.from_bytes(body[:4], "big")
        header = msgspec.json.decode(body[4:end], type=_Header)
    except (msgspec.DecodeError, zlib.error) as error:
        raise DiacriticsError("a damaged file of diacritics: install the package again") from error
    if header.format != _FORMAT:
        raise DiacriticsError(f"diacritics of format {header.format}, this version reads {_FORMAT}")
    if len(body) != end + 2 * _CELLS:
        raise DiacriticsError("a damaged file of diacritics: it is too short or too long")
    return Restorer(header.spellings, body[end : end + _CELLS], body[end + _CELLS :])


def _is_kept(word: str, times: int) -> bool:
    return times >= _RAREST_SPELLING and len(word) <= len("nghiêng")


def _table(pairs: dict[tuple[str, str], int]) -> bytes:
    """Return the cells of pairs; where two share a cell the larger count stays."""
    cells = bytearray(_CELLS)
    for (first, second), times in pairs.items():
        if times >= _RAREST_PAIR:
            cell = _cell(_hash(first), _hash(second))
            cells[cell] = max(cells[cell], min(255, round(_SCALE * log(times))))
    return bytes(cells)


#: Logarithm of the count that a cell holds.
_LOGARITHMS = (log(_UNSEEN), *(cell / _SCALE for cell in range(1, 256)))


@lru_cache(_REMEMBERED)
def _hash(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "replace"))


def _cell(first: int, second: int) -> int:
    """Return the cell of a pair of hashes; the same in every process."""
    return (first * 31 + second * 17) % 4_294_967_291 % _CELLS
