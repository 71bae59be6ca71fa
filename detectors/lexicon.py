"""A hand-written lexicon of crisis words, and how a text is read with it (pure).

An expression has a sense and a weight. Reading a text sums the weights of the negative and of the positive
expressions in it, minding negation ("không bị thương"), contrast ("nhưng") and degree ("rất", "hơi").
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.diacritics import Restorer

__all__ = ["Entry", "Lexicon", "LexiconError", "LexiconPair", "Reading", "Sense"]

_VERSION = re.compile(r"^# version: (\d+)$", re.MULTILINE)
_HEADER = "expression\tclass\tweight"
_HEAVIEST = 3.0
#: How far before an expression a negation may stand, in words: "không hề có người bị thương".
_REACH = 3
#: What is left of a negated expression: "không hỗ trợ" blames, "không bị thương" reassures a little.
_NEGATED_POSITIVE = 0.7
_NEGATED_NEGATIVE = 0.3
#: What a contrast leaves of what was said before it in the same sentence.
_BEFORE_CONTRAST = 0.5
#: Sums are of a text of this many words; longer texts are scaled down by the root of their length, because
#: independent hits add up like noise.
_USUAL_WORDS = 25
#: A text counts as English when this share of its words cannot be Vietnamese syllables without diacritics.
_FOREIGN_RATIO = 0.3
_ENDS = frozenset(".!?;…")
_PAUSES = frozenset(".!?;…,:")


class LexiconError(ValueError):
    """A lexicon file that cannot be used; the message names line, problem and fix."""


class Sense(StrEnum):
    """What an expression says; its value is the word used in the file."""

    HARM = "harm"
    DISASTER = "disaster"
    WRONGDOING = "wrongdoing"
    PROTEST = "protest"
    SHORTAGE = "shortage"
    FALSEHOOD = "falsehood"
    ANGER = "anger"
    PRAISE = "praise"
    SUCCESS = "success"
    RELIEF = "relief"
    CORRECTION = "correction"
    NEUTRAL = "neutral"
    NEGATION = "negation"
    CONTRAST = "contrast"
    INTENSIFIER = "intensifier"
    DIMINISHER = "diminisher"


NEGATIVE = frozenset(list(Sense)[:7])
POSITIVE = frozenset(list(Sense)[7:11])
_MARKED = re.compile("[\u00e0-\u00fd\u0103\u0111\u0129\u0169\u01a1\u01b0\u1ea1-\u1ef9]")
_SYLLABLE = re.compile(
    "(?:ngh|ch|gh|gi|kh|ng|nh|ph|qu|th|tr|[bcdghklmnpqrstvx])?"
    "(?:uye|uoi|uou|ieu|yeu|oai|oay|oeo|uya|[iy]e|[uo][oaeyi]|[aeo][uoiy]|[aeiouy]|[iu][au])"
    "(?:ch|ng|nh|[cmnpt])?"
)


class Entry(msgspec.Struct, frozen=True):
    """One expression of the lexicon.

    Attributes
    ----------
    words
        The expression, word by word, in normal form and lower case.
    sense
        What it says.
    weight
        Strength, 0 to 3; for degrees the factor on what stands beside it.
    value
        The weight with the sign of the sense: below 0 for negative ones, 0 for what is neither.

    """

    words: tuple[str, ...]
    sense: Sense
    weight: float
    value: float

    @classmethod
    def of(cls, expression: str, sense: Sense, weight: float) -> Entry:
        """Return the entry of an expression."""
        sign = (sense in POSITIVE) - (sense in NEGATIVE)
        return cls(tuple(expression.split(" ")), sense, weight, sign * weight)


class Reading(msgspec.Struct, frozen=True):
    """What a lexicon finds in a text.

    Attributes
    ----------
    negative, positive
        Sums of weights, >= 0, scaled to a text of usual length.
    hits
        Number of negative and positive expressions.

    """

    negative: float
    positive: float
    hits: int


#: Nodes by word; the entry that ends at a node stands under the empty word.
_Trie: TypeAlias = "dict[str, _Trie | Entry]"
_NOTHING = Reading(0.0, 0.0, 0)


class Lexicon:
    """Expressions of one language.

    Parameters
    ----------
    entries
        The expressions; of several alike the first counts.
    version
        Number that changes with any entry.

    """

    def __init__(self, entries: Iterable[Entry], version: int) -> None:
        self.entries = tuple(entries)
        self.version = version
        self._trie: _Trie = {}
        for entry in self.entries:
            _grow(self._trie, entry.words, entry)

    @classmethod
    def parse(cls, text: str) -> Lexicon:
        """Return the lexicon written in `text`: a version, then expression, class and weight in columns.

        Raises
        ------
        LexiconError
            Names line, problem and fix.

        """
        version = _VERSION.search(text)
        if version is None:
            raise LexiconError('no version: add a line "# version: 1"')
        lines = [
            (number, line) for number, line in enumerate(text.splitlines(), 1) if line and line[0] != "#"
        ]
        if not lines or lines[0][1] != _HEADER:
            raise LexiconError(f"no header: begin the table with {_HEADER!r}")
        return cls([_entry(number, line) for number, line in lines[1:]], int(version.group(1)))

    def read(self, tokens: Sequence[str]) -> Reading:
        """Return what the lexicon finds in the words of a text."""
        trie = self._trie
        if trie.keys().isdisjoint(tokens):
            return _NOTHING
        tally = _Tally()
        index = 0
        while index < len(tokens):
            entry = _longest(trie, tokens, index) if tokens[index] in trie else None
            if entry is None:
                tally.skip(tokens[index])
                index += 1
            else:
                tally.take(entry, index)
                index += len(entry.words)
        return tally.reading(len(tokens))

    def told(self, tokens: Sequence[str]) -> list[Entry]:
        """Return the positive and negative expressions of a text with diacritics, negated ones left out."""
        found: list[Entry] = []
        index = negated_until = 0
        while index < len(tokens):
            entry = _longest(self._trie, tokens, index) if tokens[index] in self._trie else None
            if entry is not None and entry.sense is Sense.NEGATION:
                negated_until = index + len(entry.words) + _REACH
            elif entry is not None and entry.value and index >= negated_until:
                found.append(entry)
            index += 1 if entry is None else len(entry.words)
        return found


class EnglishLexicon(Protocol):
    """Whatever reads English words."""

    def read(self, tokens: Sequence[str]) -> Reading:
        """Return what is found in the words of a text."""


class LexiconPair:
    """Reads a text with the Vietnamese lexicon, or with the English one if it is no Vietnamese.

    Parameters
    ----------
    vietnamese, english
        The two lexicons.
    restorer
        Gives Vietnamese typed without diacritics its likeliest ones back.

    """

    def __init__(self, vietnamese: Lexicon, english: EnglishLexicon, restorer: Restorer) -> None:
        self.vietnamese = vietnamese
        self.english = english
        self._restorer = restorer

    def restored(self, tokens: Sequence[str]) -> Sequence[str]:
        """Return the words of a text as they are, those of plain Vietnamese with their diacritics."""
        if is_marked(tokens) or is_foreign(tokens):
            return tokens
        return self._restorer.restore(tokens)

    def is_english(self, tokens: Sequence[str]) -> bool:
        """Return whether the words are read with the English lexicon."""
        return not is_marked(tokens) and is_foreign(tokens)

    def read(self, tokens: Sequence[str]) -> Reading:
        """Return what the fitting lexicon finds in the restored words of a normalised text."""
        return (self.english if self.is_english(tokens) else self.vietnamese).read(tokens)


def is_marked(tokens: Iterable[str]) -> bool:
    """Return whether any word has a Vietnamese diacritic."""
    return _MARKED.search(" ".join(tokens)) is not None


def is_foreign(tokens: Iterable[str]) -> bool:
    """Return whether words without diacritics are hardly Vietnamese; a text without words is not foreign."""
    letters = [token for token in tokens if token.isalpha()]
    strange = sum(_SYLLABLE.fullmatch(token) is None for token in letters)
    return strange > _FOREIGN_RATIO * len(letters)


class _Tally:
    """Running sums while a text is read from left to right."""

    def __init__(self) -> None:
        self.sums = [0.0, 0.0]
        self.sentence = [0.0, 0.0]
        self.hits = 0
        self.negated_until = -1
        self.degree = 1.0
        self.degree_at = -1
        self.last_end = -1
        self.last_value = 0.0

    def skip(self, token: str) -> None:
        """Pass over a word that the lexicon does not know."""
        if token in _PAUSES:
            self.negated_until = self.last_end = self.degree_at = -1
            if token in _ENDS:
                self._finish_sentence()

    def take(self, entry: Entry, index: int) -> None:
        """Count an expression that begins at `index`."""
        end = index + len(entry.words)
        if entry.value:
            self._count(entry.value, index, end)
        elif entry.sense is Sense.NEGATION:
            self.negated_until = end + _REACH - 1
        elif entry.sense is Sense.CONTRAST:
            self.sentence = [one * _BEFORE_CONTRAST for one in self.sentence]
        elif entry.sense is not Sense.NEUTRAL:
            self._grade(entry.weight, index, end)

    def _count(self, value: float, index: int, end: int) -> None:
        """Add an expression's value, turned or graded by what stands before it."""
        if self.degree_at == index:
            value *= self.degree
        if index <= self.negated_until:
            value *= -_NEGATED_NEGATIVE if value < 0 else -_NEGATED_POSITIVE
        self.sentence[value > 0] += abs(value)
        self.hits += 1
        self.last_end, self.last_value = end, value

    def _grade(self, factor: float, index: int, end: int) -> None:
        """Apply a degree to the expression it follows ("tệ quá"), else to the one it precedes ("rất tệ")."""
        if self.last_end == index:
            self.sentence[self.last_value > 0] += abs(self.last_value) * (factor - 1.0)
        else:
            self.degree, self.degree_at = factor, end

    def _finish_sentence(self) -> None:
        self.sums = [one + other for one, other in zip(self.sums, self.sentence, strict=True)]
        self.sentence = [0.0, 0.0]

    def reading(self, length: int) -> Reading:
        """Return the sums, scaled to a text of usual length."""
        self._finish_sentence()
        scale = min(1.0, (_USUAL_WORDS / length) ** 0.5)
        return Reading(self.sums[0] * scale, self.sums[1] * scale, self.hits)


def _entry(number: int, line: str) -> Entry:
    """Return the entry of one line of a lexicon file."""
    match line.split("\t"):
        case [expression, sense, weight] if expression and sense in set(Sense):
            value = float(weight) if re.fullmatch(r"\d(?:\.\d+)?", weight) else -1.0
            if 0.0 <= value <= _HEAVIEST:
                return Entry.of(expression, Sense(sense), value)
            raise LexiconError(f"line {number}: weight {weight!r} is not a number from 0 to {_HEAVIEST:g}")
        case [_, sense, _]:
            raise LexiconError(f"line {number}: unknown class {sense!r}: use one of {', '.join(Sense)}")
    raise LexiconError(f"line {number}: not three columns: separate expression, class and weight by tabs")


def _grow(trie: _Trie, words: tuple[str, ...], entry: Entry) -> None:
    """Add an expression to a trie unless it is there."""
    for word in words:
        trie = cast("_Trie", trie.setdefault(word, {}))
    trie.setdefault("", entry)


def _longest(trie: _Trie, tokens: Sequence[str], index: int) -> Entry | None:
    """Return the longest expression that begins at `index`, if any."""
    found: Entry | None = None
    for token in tokens[index : index + 8]:
        below = trie.get(token)
        if not isinstance(below, dict):
            break
        trie = below
        entry = trie.get("")
        if isinstance(entry, Entry):
            found = entry
    return found
