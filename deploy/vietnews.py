"""Turns files of the vietnews corpus back into running text (pure).

The corpus (github.com/ThanhChinhBK/vietnews) holds one article a file, cut into words: a title, a blank line,
the lead, a blank line, the body. Syllables of a word are tied by ``_`` and spaces stand around every mark.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["joined", "title_and_lead"]

_BEFORE_CLOSING = re.compile(r"\s+([,.:;!?%)\]”’…])")
_AFTER_OPENING = re.compile(r"([(\[“‘])\s+")
#: Straight quotation marks open and close by turns; the last one of an odd number stays open.
_QUOTED = re.compile(r'\s*"\s*([^"]*?)\s*("|$)')
_SLASH = re.compile(r"\s*/\s*")
_HYPHEN = re.compile(r"(?<=\d)\s*-\s*(?=\d)")
_CITY = re.compile(r"\bTP\. ?HCM")
_LONGEST_LEAD = 400


def joined(text: str) -> str:
    """Return words as they stood in the article, in normal form C.

    >>> joined('" Lưới trời " : Đà_Nẵng tuyên_phạt 12 năm tù')
    '"Lưới trời": Đà Nẵng tuyên phạt 12 năm tù'
    """
    text = unicodedata.normalize("NFC", text).replace("_", " ")
    text = _AFTER_OPENING.sub(r"\1", _BEFORE_CLOSING.sub(r"\1", text))
    text = _HYPHEN.sub("-", _SLASH.sub("/", _QUOTED.sub(r' "\1\2', text)))
    return " ".join(_CITY.sub("TP.HCM", text).split())


def title_and_lead(file: str) -> tuple[str, str]:
    """Return the title and the first characters of the lead of a file; an absent one is empty."""
    title, lead, *_ = (*file.split("\n\n"), "")
    return joined(title), joined(lead)[:_LONGEST_LEAD]
