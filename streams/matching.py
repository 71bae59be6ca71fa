"""Which topics a text names: all aliases at once by Aho-Corasick (pure).

Aho, Corasick 1975: one pass over the text, whatever the number of aliases. Of overlapping expressions the
first and longest counts, and exclusions take part in that contest, so that one can take an alias's place.
Ambiguous aliases count where a word of their topic's context stands anywhere in the text.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import ahocorasick

from streams.text import canonical, fold, has_marks, normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.catalogue import Catalogue

__all__ = ["Matcher", "Passage", "is_syllable"]

#: Stands between title and text, so that no alias spans both.
_BORDER = " | "

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


#: Start and end of an expression in a text, and the expression.
_Hit: TypeAlias = tuple[int, int, _Pattern]


class Passage(NamedTuple):
    """A passage that names a topic: `field` is ``title`` or ``text``, offsets are those of that field."""

    topic: str
    field: str
    start: int
    end: int


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
        hits = self._hits(canonical(f"{title}{_BORDER}{text}"))
        return tuple(sorted({topic for _, topics in _named(hits) for topic in topics})) if hits else ()

    def passages(self, title: str, text: str) -> list[Passage]:
        """Return where the title or the text names which topic, in order.

        Passages are those of title and text as they came in, in their writer's spelling.
        """
        found = normalised(f"{title}{_BORDER}{text}")
        border = len(title) + len(_BORDER)
        passages = []
        for (start, end, _), topics in _named(self._hits(found.text)):
            source = found.source(start, end)
            field, shift = ("title", 0) if source.start < len(title) else ("text", border)
            passages += [
                Passage(topic, field, source.start - shift, source.stop - shift) for topic in sorted(topics)
            ]
        return passages

    def _hits(self, cased: str) -> list[_Hit]:
        """Return every expression in a canonical text that stands alone and is written as it must be."""
        lowered = cased.lower()
        automaton = self._marked if has_marks(lowered) else self._plain
        hits = [
            (end - pattern.length + 1, end + 1, pattern)
            for end, pattern in automaton.iter(lowered)
            if not (lowered[end + 1 : end + 2].isalnum() or _glued(lowered, end - pattern.length))
        ]
        if any(pattern.capitals for _, _, pattern in hits):
            hits = list(_in_capitals(hits, cased))
        return hits

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


def _named(hits: list[_Hit]) -> list[tuple[_Hit, frozenset[str]]]:
    """Return the hits that no longer one covers, in order, with the topics that they name."""
    clear = frozenset[str]().union(*(pattern.context_of for _, _, pattern in hits))
    found: list[tuple[_Hit, frozenset[str]]] = []
    covered = -1
    for hit in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
        _, end, pattern = hit
        if pattern.contests and end > covered:
            found.append((hit, pattern.topics | (pattern.doubtful & clear)))
            covered = end
    return found


def _in_capitals(hits: Iterable[_Hit], cased: str) -> Iterator[_Hit]:
    """Yield the hits that are written as their pattern demands.

    Capitals tell nothing where all letters are, unless diacritics do.
    """
    shouted = cased.isupper() and cased.isascii()
    for start, end, pattern in hits:
        if not pattern.capitals or (not shouted and cased[start:end].isupper()):
            yield start, end, pattern
