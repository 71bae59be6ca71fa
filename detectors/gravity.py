"""Gravity: how much harm a text speaks of, by the classes of the crisis lexicon (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.lexicon import Sense

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.lexicon import Lexicon

__all__ = ["gravity_milli", "is_abroad"]

#: Deaths and poisoning, floods and collapses, wrongdoing, leaks and fakes, shortages.
_GRAVE = frozenset((Sense.HARM, Sense.DISASTER, Sense.WRONGDOING, Sense.FALSEHOOD, Sense.SHORTAGE))
#: An expression of weight 2 or 3 counts; the gravest gives the base, each of them a little more.
_LEAST_WEIGHT = 2.0
_GRAVEST = 3.0
_BASE_MILLI, _GRAVEST_MILLI, _EACH_MILLI, _FULL_MILLI = 300, 600, 150, 1000

_PLACES = """
afghanistan; ai cập; algeria; argentina; australia; ba lan; bahrain; bangladesh; bangkok; belarus;
brazil; bulgaria; bắc kinh; bồ đào nha; california; campuchia; canada; châu phi; châu âu; chile;
colombia; congo; croatia; cuba; dubai; ecuador; ethiopia; fbi; florida; gaza; hamas; hoa kỳ; hong
kong; hungary; hy lạp; hà lan; hàn quốc; indonesia; iran; iraq; ireland; israel; jakarta; jordan;
kazakhstan; kenya; kiev; kuwait; kyiv; lebanon; libya; london; macau; malaysia; manila; mexico;
moscow; myanmar; mông cổ; na uy; nam phi; nam á; nato; nepal; new york; new zealand; nhà trắng; nhật
bản; nigeria; pakistan; paris; peru; philippines; phần lan; putin; qatar; quảng đông; romania;
saudi; scotland; seoul; serbia; singapore; sri lanka; sudan; syria; texas; thuỵ sĩ; thuỵ điển; thái
lan; thượng hải; thổ nhĩ kỳ; tokyo; triều tiên; trump; trung quốc; trung đông; tây ban nha; uae;
ukraine; venezuela; washington; yemen; ấn độ; đan mạch; đài loan
"""
#: Words of one syllable that also mean something else, or end a name, unless they have a capital alone.
_SHORT = frozenset(("mỹ", "nga", "nhật", "pháp", "đức", "úc", "lào", "bỉ"))
_NAMES = frozenset(tuple(place.split()) for place in " ".join(_PLACES.split()).split("; "))
_LONGEST = max(map(len, _NAMES))
_WORD = re.compile(r"[^\W\d_]+|[^\w\s]")


def gravity_milli(lexicon: Lexicon, tokens: Sequence[str]) -> int:
    """Return the gravity of a text's words in thousandths, 0 .. 1000; negated expressions do not count."""
    heavy = [e.weight for e in lexicon.told(tokens) if e.sense in _GRAVE and e.weight >= _LEAST_WEIGHT]
    if not heavy:
        return 0
    base = _GRAVEST_MILLI if max(heavy) >= _GRAVEST else _BASE_MILLI
    return min(_FULL_MILLI, base + _EACH_MILLI * len(heavy))


def is_abroad(title: str) -> bool:
    """Return whether a canonical title names a country, city or body abroad, in Vietnamese spelling.

    Only a headline names where its story happens; what happens abroad is no crisis at home.
    """
    found = _WORD.findall(title)
    lowered = [word.lower() for word in found]
    for i in range(len(found)):
        if any(tuple(lowered[i : i + n]) in _NAMES for n in range(1, _LONGEST + 1)):
            return True
        if lowered[i] in _SHORT and _alone(found, i):
            return True
    return False


def _alone(words: list[str], i: int) -> bool:
    """Return whether only the word at `i` has a capital, so that it is no part of a longer name."""
    beside = (*words[max(i - 1, 0) : i], *words[i + 1 : i + 2])
    return words[i][0].isupper() and not any(word[0].isupper() for word in beside)
