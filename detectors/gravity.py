"""Gravity: how much a headline speaks of what a state must answer for (pure).

Ordinary crime, accidents and sport fill the press; what becomes a crisis of communication is mass harm,
nature out of hand, or a failure of what the public expects to be kept safe. Gravity reads that from signs
(`gravity_vi.tsv`), from numbers of people beside harm, and from the crisis lexicon.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from detectors.lexicon import Sense, is_foreign

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.lexicon import Lexicon

__all__ = ["Sign", "SignError", "Signs", "gravity_milli", "people_harmed"]

_HEADER = "expression\tsigns"
_GRAVE = frozenset((Sense.HARM, Sense.DISASTER, Sense.WRONGDOING, Sense.FALSEHOOD, Sense.SHORTAGE))
_GRAVE_WEIGHT = 2.0
_LONGEST = 5


class Sign(StrEnum):
    """What an expression is a sign of; its value is the word used in the file."""

    STORM = "storm"
    FORECAST = "forecast"
    LANDFALL = "landfall"
    EMERGENCY = "emergency"
    HAZARD = "hazard"
    FAILURE = "failure"
    CONCERN = "concern"
    KILLING = "killing"
    STATE = "state"
    ORDINARY = "ordinary"
    RELIEF = "relief"
    DEATH = "death"
    INJURY = "injury"
    FLIGHT = "flight"
    COUNTER = "counter"
    DIGEST = "digest"
    UNSAFE = "unsafe"
    DISEASE = "disease"
    SPREADS = "spreads"
    WEAKENING = "weakening"
    TALLY = "tally"
    NOTHING = "nothing"


class SignError(ValueError):
    """A file of signs that cannot be used; the message names line, problem and fix."""


class _Found(NamedTuple):
    start: int
    end: int
    expression: str
    signs: frozenset[Sign]


class Signs:
    """The expressions of a file of signs.

    Parameters
    ----------
    signs
        What each expression, word by word, is a sign of.

    """

    def __init__(self, signs: dict[tuple[str, ...], frozenset[Sign]]) -> None:
        self._signs = signs
        self._first = frozenset(words[0] for words in signs)

    @property
    def expressions(self) -> Iterable[tuple[str, ...]]:
        """Every expression, word by word."""
        return self._signs.keys()

    @classmethod
    def parse(cls, text: str) -> Signs:
        """Return the signs written in `text`: expression and signs in columns.

        Raises
        ------
        SignError
            Names line, problem and fix.

        """
        lines = [
            (number, line) for number, line in enumerate(text.splitlines(), 1) if line and line[0] != "#"
        ]
        if not lines or lines[0][1] != _HEADER:
            raise SignError(f"no header: begin the table with {_HEADER!r}")
        return cls(dict(_row(number, line) for number, line in lines[1:]))

    def find(self, tokens: Sequence[str]) -> list[_Found]:
        """Return the signs in the words of a text, from left to right, the longest where they overlap."""
        found: list[_Found] = []
        index = 0
        while index < len(tokens):
            one = self._at(tokens, index) if tokens[index] in self._first else None
            if one is not None:
                found.append(one)
            index = index + 1 if one is None else one.end
        return found

    def _at(self, tokens: Sequence[str], index: int) -> _Found | None:
        for end in range(min(index + _LONGEST, len(tokens)), index, -1):
            words = tuple(tokens[index:end])
            signs = self._signs.get(words)
            if signs is not None:
                return _Found(index, end, " ".join(words), signs)
        return None


def _row(number: int, line: str) -> tuple[tuple[str, ...], frozenset[Sign]]:
    expression, _, named = line.partition("\t")
    words = tuple(expression.split())
    unknown = [one for one in named.split() if one not in set(Sign)]
    if unknown or not named or not words or len(words) > _LONGEST:
        problem = f"unknown sign {unknown[0]!r}" if unknown else "not up to five words and their signs"
        raise SignError(f"line {number}: {problem}: use a tab, then some of {', '.join(Sign)}")
    return words, frozenset(map(Sign, named.split()))


class _Text(NamedTuple):
    """Signs of a title and of the title with its lead."""

    title: Sequence[_Found]
    lead: Sequence[_Found]

    def numbers(self, sign: Sign) -> tuple[int, int]:
        """Return how many expressions of a sign the title has, and how many more the lead."""
        title = {one.expression for one in self.title if sign in one.signs}
        lead = {one.expression for one in self.lead if sign in one.signs}
        return len(title), len(lead - title)

    def has(self, sign: Sign) -> bool:
        """Return whether title or lead has a sign."""
        return any(self.numbers(sign))

    def title_has(self, sign: Sign) -> bool:
        """Return whether the title has a sign."""
        return self.numbers(sign)[0] > 0


#: What a text is worth by people harmed: those dead, a fifth of those hurt, a fiftieth of those driven out.
_HARM = ((10.0, 1000), (5.0, 900), (3.0, 800), (2.0, 550), (1.0, 450))
_LEAD_HARM = 0.7
_PER_DEATH = {Sign.DEATH: 1, Sign.INJURY: 5, Sign.FLIGHT: 50}
#: More dead than this in one headline are of a year or of history.
_MOST_DEAD = 300
_STORM, _STORM_NEAR, _DEPRESSION, _STORM_IN_LEAD = 800, 900, 600, 600
_STRONG = 10
#: A headline that says how far a storm is, or how fast, tells of one ahead.
_DISTANCE = "km"
_HAZARD, _EACH_EMERGENCY, _HAZARD_MOST = 300, 250, 900
_FAILURE, _CONCERN, _CONCERN_IN_LEAD, _EACH_FAILURE = 750, 550, 400, 100
_KILLING = 800
_EACH_GRAVE, _GRAVE_MOST = 200, 500
_STATE, _STATE_FROM = 120, 400
_ORDINARY, _ORDINARY_BELOW, _RELIEF = 0.5, 800, 0.6
_FULL_MILLI = 1000


def gravity_milli(signs: Signs, lexicon: Lexicon, title: Sequence[str], lead: Sequence[str]) -> int:
    """Return the gravity of a headline in thousandths, 0 .. 1000.

    The gravest of mass harm, storm ahead, nature out of hand, public failure, mass violence and the crisis
    lexicon counts, more where the state acts or speaks, less for ordinary crime, sport and stage and for
    what looks back or helps. A digest of many stories has none, nor has the harm of a sum over months.

    Parameters
    ----------
    signs, lexicon
        What is looked for.
    title, lead
        Words (`streams.text.words`) of the title and of its first sentences after it.

    """
    text = _Text(signs.find(title), signs.find([*title, ".", *lead]))
    if text.title_has(Sign.DIGEST):
        return 0
    harm = 0 if text.title_has(Sign.TALLY) else _harm_milli(signs, title, lead)
    killing = _KILLING if text.title_has(Sign.KILLING) else 0
    event = max(
        harm, killing, _storm_milli(text, title, lead), _hazard_milli(text, title), _failure_milli(text)
    )
    if event >= _STATE_FROM and text.has(Sign.STATE):
        event += _STATE
    told = sum(e.weight >= _GRAVE_WEIGHT and e.sense in _GRAVE for e in lexicon.told(title))
    gravity: float = max(event, min(_GRAVE_MOST, _EACH_GRAVE * told))
    mass = max(harm, killing) >= _ORDINARY_BELOW or text.title_has(Sign.UNSAFE)
    if text.title_has(Sign.ORDINARY) and not mass:
        gravity *= _ORDINARY
    if text.title_has(Sign.RELIEF):
        gravity *= _RELIEF
    return min(_FULL_MILLI, round(gravity))


def _harm_milli(signs: Signs, title: Sequence[str], lead: Sequence[str]) -> int:
    harmed = max(people_harmed(signs, title), _LEAD_HARM * people_harmed(signs, lead))
    return next((milli for least, milli in _HARM if harmed >= least), 0)


def _storm_milli(text: _Text, title: Sequence[str], lead: Sequence[str]) -> int:
    named = any(word == "bão" and is_foreign([after]) for word, after in pairwise(title))
    named = named and not text.title_has(Sign.NOTHING)
    ahead = text.has(Sign.FORECAST) or _DISTANCE in title
    if not ahead or not (named or text.has(Sign.STORM)):
        return 0
    if not (named or text.title_has(Sign.STORM)):
        return _STORM_IN_LEAD
    if "bão" not in title or text.title_has(Sign.WEAKENING):
        return _DEPRESSION
    near = any(text.has(sign) for sign in (Sign.LANDFALL, Sign.EMERGENCY, Sign.STATE))
    return _STORM_NEAR if near or _strong([*title, *lead]) else _STORM


def _strong(tokens: Sequence[str]) -> bool:
    """Return whether a wind of force 10 or more is told ("cấp 12")."""
    forces = (int(force) for word, force in pairwise(tokens) if word == "cấp" and force.isdecimal())
    return any(_STRONG <= force <= 2 * _STRONG for force in forces)


def _hazard_milli(text: _Text, tokens: Sequence[str]) -> int:
    """Return the gravity of nature out of hand, of what is done about it and of lives that it takes."""
    title, more = text.numbers(Sign.EMERGENCY)
    emergency = title + more / 2
    if not text.has(Sign.HAZARD):
        return 0
    if text.title_has(Sign.HAZARD):
        emergency += any(Sign.DEATH in one.signs and not _is_negated(one, tokens) for one in text.title)
    elif emergency < 1:
        return _HAZARD
    return min(_HAZARD_MOST, round(_HAZARD + _EACH_EMERGENCY * emergency))


def _failure_milli(text: _Text) -> int:
    others = sum(text.numbers(Sign.FAILURE)) + sum(text.numbers(Sign.CONCERN)) - 1
    if text.title_has(Sign.FAILURE):
        return _FAILURE + _EACH_FAILURE * others
    spreads = text.title_has(Sign.DISEASE) and text.title_has(Sign.SPREADS)
    if spreads or text.title_has(Sign.CONCERN):
        return _CONCERN
    return _CONCERN_IN_LEAD if others >= 0 else 0


_NUMBERS = {
    "một": 1, "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "mười": 10,
    "nhiều": 3, "hàng loạt": 10, "hàng chục": 30, "hàng trăm": 300, "hàng nghìn": 3000, "hàng ngàn": 3000,
    "hàng vạn": 30_000,
}  # fmt: skip
_NEAR = 3
#: Two people, also where no number says so.
_PAIRS = frozenset(
    ("vợ chồng", "mẹ con", "bố con", "cha con", "anh em", "chị em", "ông cháu", "bà cháu", "cậu cháu")
)
#: What a number before a counter counts instead: "79 tuổi, chủ nhà" are no 79 houses.
_UNITS = frozenset(
    ("tuổi", "tháng", "ngày", "năm", "giờ", "phút", "lần", "vụ", "km", "m", "mét", "tấn", "ha")
)
_YEAR_AFTER, _YEAR_BEFORE = frozenset(("mỗi", "hàng")), frozenset(("ngoái", "nay", "qua", "trước", "học"))
#: A toll begins a text, or follows "số" (the number of).
_TOLL, _RISES = "số", frozenset(("lên", "vượt"))
_MARKS = frozenset(".,;:…!?")
#: What is said after "and" is told of what follows: "2 người tử vong và 5 người bị thương".
_AND = "và"
_DIGITS = 6
_THOUSANDS = 3
_NEGATIONS = frozenset(("không", "chưa", "suýt", "thoát", "tránh"))


def people_harmed(signs: Signs, tokens: Sequence[str]) -> float:
    """Return the largest number of people that a text says were harmed, in deaths.

    A number, what it counts ("người", "học sinh", "hộ") and a harm must stand together, with no mark between
    them; so an age or a date is none. A toll that rises is told the other way round: "số người chết ... lên
    14". "hàng trăm" is 300; "nhiều" is 3.
    """
    found = signs.find(tokens)
    harms = [one for one in found if not _PER_DEATH.keys().isdisjoint(one.signs)]
    if not harms:
        return 0.0
    told = [
        (harm, span.number)
        for span in _counted(found, tokens)
        for harm in harms
        if _beside(span, harm, tokens)
    ]
    return max(
        (_deaths(harm, number) for harm, number in (*told, *_risen(found, harms, tokens))), default=0.0
    )


class _Counted(NamedTuple):
    start: int
    end: int
    number: int


def _counted(found: Iterable[_Found], tokens: Sequence[str]) -> Iterable[_Counted]:
    """Yield the numbers before a counter, at most two words between them; two for a pair without one."""
    for counter in found:
        if Sign.COUNTER in counter.signs:
            read = _number_before(tokens, counter.start)
            if read is not None:
                yield _Counted(read[0], counter.end, read[1])
            elif counter.expression in _PAIRS:
                yield _Counted(counter.start, counter.end, 2)


def _number_before(tokens: Sequence[str], end: int) -> tuple[int, int] | None:
    """Return where the number begins that counts what stands at `end`, and the number."""
    for start in range(end - 1, max(end - 1 - _NEAR, -1), -1):
        if tokens[start] in _MARKS:
            return None
        read = None if _is_unit(tokens, start) else _number(tokens, start)
        if read is not None or tokens[start] in _UNITS:
            return read
    return None


def _is_unit(tokens: Sequence[str], place: int) -> bool:
    """Return whether a word is a unit and no number: "năm" is five, and a year ("3 năm", "năm ngoái")."""
    before = tokens[place - 1] if place else ""
    year = before.isdecimal() or before in _NUMBERS or before in _YEAR_AFTER
    return tokens[place] in _UNITS and (
        tokens[place] not in _NUMBERS or year or not _YEAR_BEFORE.isdisjoint(tokens[place + 1 : place + 2])
    )


def _risen(
    found: Iterable[_Found], harms: Sequence[_Found], tokens: Sequence[str]
) -> Iterable[tuple[_Found, int]]:
    """Yield tolls that rise: what is counted, its harm, then "lên" or "vượt" in the clause and a number."""
    for counter in found:
        if Sign.COUNTER in counter.signs and (not counter.start or tokens[counter.start - 1] == _TOLL):
            after = range(counter.end, len(tokens))
            turn = next((place for place in after if tokens[place] in _MARKS | _RISES), None)
            number = None if turn is None or tokens[turn] in _MARKS else _first_number(tokens, turn + 1)
            for harm in harms:
                if number is not None and counter.end <= harm.start <= counter.end + _NEAR:
                    yield harm, number


def _first_number(tokens: Sequence[str], start: int) -> int | None:
    """Return the first number that begins at most three words after `start`."""
    for place in range(start, min(start + _NEAR, len(tokens))):
        last = place + 2 if tokens[place + 1 : place + 2] == ["."] and tokens[place].isdecimal() else place
        read = _number(tokens, min(last, len(tokens) - 1))
        if read is not None:
            return read[1]
    return None


def _number(tokens: Sequence[str], end: int) -> tuple[int, int] | None:
    """Return where the number that ends at `end` begins, and the number."""
    word = tokens[end]
    pair = f"{tokens[end - 1]} {word}" if end else ""
    if pair in _NUMBERS:
        return end - 1, _NUMBERS[pair]
    if word in _NUMBERS:
        return end, _NUMBERS[word]
    if not word.isdecimal() or len(word) > _DIGITS:
        return None
    if end > 1 and tokens[end - 1] in ".," and tokens[end - 2].isdecimal():
        thousands = tokens[end - 1] == "." and len(word) == _THOUSANDS and len(tokens[end - 2]) <= _THOUSANDS
        return (end - 2, int(tokens[end - 2] + word)) if thousands else None
    return end, int(word)


def _beside(span: _Counted, harm: _Found, tokens: Sequence[str]) -> bool:
    """Return whether a harm stands at most three words from a counted number, no mark or "and" between."""
    between = tokens[span.end : harm.start] if harm.start >= span.end else tokens[harm.end : span.start]
    if harm.end <= span.start and _AND in between:
        return False
    return len(between) <= _NEAR and _MARKS.isdisjoint(between) and not _is_negated(harm, tokens)


def _is_negated(harm: _Found, tokens: Sequence[str]) -> bool:
    return not _NEGATIONS.isdisjoint(tokens[max(harm.start - _NEAR, 0) : harm.start])


def _deaths(harm: _Found, number: int) -> float:
    if Sign.DEATH in harm.signs:
        return number if number <= _MOST_DEAD else 0.0
    return max(number / per for sign, per in _PER_DEATH.items() if sign in harm.signs)
