"""Which topics a text names: all aliases at once by Aho-Corasick (pure).

Aho, Corasick 1975: one pass over the text, whatever the number of aliases. Of overlapping expressions the
first and longest counts, and exclusions take part in that contest, so that one can take an alias's place.
Ambiguous aliases count where a word of their topic's context stands anywhere in the text.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

import ahocorasick

from streams.text import canonical, fold, has_marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.catalogue import Catalogue

__all__ = ["Matcher", "is_syllable"]

_ONSET = "ngh|ch|gh|gi|kh|ng|nh|ph|qu|th|tr|[bcdghklmnprstvx]"
_NUCLEUS = "[iy]e|[uo][oaeyi]|uye|uoi|uou|ieu|oai|oay|[aeo][uoiy]|a[uoiy]|[aeiouy]"
_CODA = "ch|ng|nh|[cmnpt]"
#: What can be a Vietnamese syllable once diacritics are gone: an abbreviation that looks like one ("BOT" like
#: bột, bớt) counts in capitals only.
_SYLLABLE = re.compile(f"(?:{_ONSET})?(?:{_NUCLEUS})(?:{_CODA})?")


class _Role(StrEnum):
    """What an expression is to its topic; the value is the field of `Topic` that holds it."""

    ALIAS = "aliases"
    AMBIGUOUS = "ambiguous"
    CONTEXT = "context"
    EXCLUSION = "exclusions"


class _Pattern:
    """One expression to find: whose alias or context it is, if anybody's, and how it is written."""

    __slots__ = ("capitals", "contests", "context_of", "doubtful", "length", "topics")

    def __init__(self, length: int, *, capitals: bool) -> None:
        self.length = length
        self.capitals = capitals
        self.topics: frozenset[str] = frozenset()
        self.doubtful: frozenset[str] = frozenset()
        self.context_of: frozenset[str] = frozenset()
        self.contests = False


class Matcher:
    """Finds the topics that a text names.

    Parameters
    ----------
    catalogue
        The topics and their aliases.

    Notes
    -----
    An alias matches whole words, in any case and in any equivalent spelling. Texts without any diacritics are
    compared with aliases without diacritics; other texts never are, else "bột" would be "BOT". One-syllable
    aliases lose too much without their diacritics and are not looked for there.

    """

    def __init__(self, catalogue: Catalogue) -> None:
        marked: dict[str, _Pattern] = {}
        plain: dict[str, _Pattern] = {}
        for topic in catalogue.topics:
            for role in _Role:
                for expression in getattr(topic, role):
                    self._add(marked, plain, expression, topic.id, role)
        self._marked = _automaton(marked)
        self._plain = _automaton(plain)

    def topics(self, title: str, text: str) -> tuple[str, ...]:
        """Return the sorted ids of the topics that the title or the text names; empty if none."""
        cased = canonical(f"{title} | {text}")
        lowered = cased.lower()
        automaton = self._marked if has_marks(lowered) else self._plain
        hits = [
            (end - pattern.length + 1, end + 1, pattern)
            for end, pattern in automaton.iter(lowered)
            if not (lowered[end + 1 : end + 2].isalnum() or _glued(lowered, end - pattern.length))
        ]
        return _named(hits, cased, lowered) if hits else ()

    @staticmethod
    def _add(
        marked: dict[str, _Pattern], plain: dict[str, _Pattern], alias: str, topic: str, role: _Role
    ) -> None:
        """Enter an expression under its spellings with and without diacritics."""
        lowered = alias.lower()
        folded = fold(lowered)
        capitals = _needs_capitals(alias)
        _enter(marked, lowered, topic, role, capitals=capitals)
        if folded == lowered or " " in folded:
            _enter(plain, folded, topic, role, capitals=capitals)


def _enter(patterns: dict[str, _Pattern], spelling: str, topic: str, role: _Role, *, capitals: bool) -> None:
    """Add a spelling; one that several topics share names them all."""
    pattern = patterns.setdefault(spelling, _Pattern(len(spelling), capitals=capitals))
    if role is _Role.ALIAS:
        pattern.topics |= {topic}
    elif role is _Role.AMBIGUOUS:
        pattern.doubtful |= {topic}
    elif role is _Role.CONTEXT:
        pattern.context_of |= {topic}
    pattern.contests |= role is not _Role.CONTEXT


def _automaton(patterns: dict[str, _Pattern]) -> ahocorasick.Automaton:
    """Return the automaton of all patterns."""
    automaton = ahocorasick.Automaton()
    for spelling, pattern in patterns.items():
        automaton.add_word(spelling, pattern)
    # An automaton without words refuses to search; this one finds what canonical text cannot hold.
    automaton.add_word("\x00", _Pattern(1, capitals=False))
    automaton.make_automaton()
    return automaton


def _needs_capitals(alias: str) -> bool:
    """Return whether an alias is an abbreviation that would be a word in small letters."""
    return alias.isascii() and alias.isupper() and _SYLLABLE.fullmatch(alias.lower()) is not None


def is_syllable(lowered: str) -> bool:
    """Return whether a word in small letters without diacritics can be a Vietnamese syllable."""
    return _SYLLABLE.fullmatch(lowered) is not None


def _glued(text: str, index: int) -> bool:
    """Return whether the character at `index` continues a word."""
    return index >= 0 and text[index].isalnum()


def _named(hits: list[tuple[int, int, _Pattern]], cased: str, lowered: str) -> tuple[str, ...]:
    """Return the topics of the hits that no longer one covers."""
    if any(pattern.capitals for _, _, pattern in hits):
        hits = list(_in_capitals(hits, cased if len(cased) == len(lowered) else lowered))
    found: set[str] = set()
    doubtful: set[str] = set()
    covered = -1
    for _, end, pattern in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
        if pattern.contests and end > covered:
            found |= pattern.topics
            doubtful |= pattern.doubtful
            covered = end
    if doubtful:
        found.update(*(doubtful & pattern.context_of for _, _, pattern in hits))
    return tuple(sorted(found))


def _in_capitals(
    hits: Iterable[tuple[int, int, _Pattern]], cased: str
) -> Iterator[tuple[int, int, _Pattern]]:
    """Yield the hits that are written as their pattern demands.

    Capitals tell nothing where all letters are, unless diacritics do.
    """
    shouted = cased.isupper() and cased.isascii()
    for start, end, pattern in hits:
        if not pattern.capitals or (not shouted and cased[start:end].isupper()):
            yield start, end, pattern
