"""Which topics a text names: all aliases at once by Aho-Corasick (pure).

Aho, Corasick 1975: one pass over the text, whatever the number of aliases. Of overlapping expressions the
first and longest counts, and exclusions take part in that contest, so that one can take an alias's place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import ahocorasick

from streams.text import canonical, fold, has_marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.catalogue import Catalogue

__all__ = ["Matcher"]

_ONSET = "ngh|ch|gh|gi|kh|ng|nh|ph|qu|th|tr|[bcdghklmnprstvx]"
_NUCLEUS = "[iy]e|[uo][oaeyi]|uye|uoi|uou|ieu|oai|oay|[aeo][uoiy]|a[uoiy]|[aeiouy]"
_CODA = "ch|ng|nh|[cmnpt]"
#: What can be a Vietnamese syllable once diacritics are gone: an abbreviation that looks like one ("BOT" like
#: bột, bớt) counts in capitals only.
_SYLLABLE = re.compile(f"(?:{_ONSET})?(?:{_NUCLEUS})(?:{_CODA})?")


class _Pattern:
    """One expression to find: whose alias it is (nobody's if an exclusion) and how it must be written."""

    __slots__ = ("capitals", "length", "topics")

    def __init__(self, length: int, *, capitals: bool) -> None:
        self.length = length
        self.capitals = capitals
        self.topics: frozenset[str] = frozenset()


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
            for alias in topic.aliases:
                self._add(marked, plain, alias, topic.id)
            for exclusion in topic.exclusions:
                self._add(marked, plain, exclusion, None)
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
    def _add(marked: dict[str, _Pattern], plain: dict[str, _Pattern], alias: str, topic: str | None) -> None:
        """Enter an alias under its spellings with and without diacritics."""
        lowered = alias.lower()
        folded = fold(lowered)
        capitals = _needs_capitals(alias)
        _enter(marked, lowered, topic, capitals=capitals)
        if folded == lowered or " " in folded:
            _enter(plain, folded, topic, capitals=capitals)


def _enter(patterns: dict[str, _Pattern], spelling: str, topic: str | None, *, capitals: bool) -> None:
    """Add a spelling; one that several topics share names them all."""
    pattern = patterns.setdefault(spelling, _Pattern(len(spelling), capitals=capitals))
    if topic is not None:
        pattern.topics |= {topic}


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


def _glued(text: str, index: int) -> bool:
    """Return whether the character at `index` continues a word."""
    return index >= 0 and text[index].isalnum()


def _named(hits: list[tuple[int, int, _Pattern]], cased: str, lowered: str) -> tuple[str, ...]:
    """Return the topics of the hits that no longer one covers."""
    if any(pattern.capitals for _, _, pattern in hits):
        hits = list(_in_capitals(hits, cased if len(cased) == len(lowered) else lowered))
    found: set[str] = set()
    covered = -1
    for _, end, pattern in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
        if end > covered:
            found |= pattern.topics
            covered = end
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
