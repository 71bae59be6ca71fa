"""Vietnamese text as people write it, made comparable: one normal form, folding, words (pure).

Two spellings that a reader takes for the same word become the same string; nothing else is changed. The
normal form is idempotent and is reached in bounded time whatever comes in, lone surrogates included.
"""

from __future__ import annotations

import html
import re
import unicodedata

__all__ = ["MAX_CHARS", "canonical", "classic", "fold", "has_marks", "normalise", "readable", "words"]

#: A mention holds at most 20,000 characters of text and a title; whatever is longer is cut here, so that no
#: caller can make understanding take longer than that.
MAX_CHARS = 21_000

#: Characters that are in normal form already and need no second look: printable ASCII save "<", "&" and "@",
#: precomposed Latin letters and their Vietnamese block, general punctuation without its invisible members,
#: common symbols and pictures. Everything else sends a text down the slow path.
_CLEAN = (
    " -%'-;=?A-~\u00a1-\u00ac\u00ae-\u00cf\u00d1-\u00ef\u00f1-\u017f\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9"
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20c0\u2190-\u21ff\u2600-\u27bf\U0001f300-\U0001faff"
)
_UNCLEAN = re.compile(f"[^\t\n\r{_CLEAN}]")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"”’]+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)(?:@[\w.]*\w)+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,400}>")
_ENTITY = re.compile(r"&(?=#|[A-Za-z])|<(?=[/A-Za-z!])")
_ROUNDS = 4

#: Tone marks on open "oa", "oe", "uy" stand on either letter (hòa = hoà); the second letter is canonical, so
#: that the often misplaced "tòan" and "ngòai" come right as well.
_TONE = re.compile("[òóỏõọÒÓỎÕỌ][aeAE]|[ùúủũụÙÚỦŨỤ][yY]")


#: Cyrillic, Greek and Icelandic letters that stand for Latin ones in copied or disguised text, and these.
_DECEPTIVE = "авекмнорстухіјѕԁһӏАВЕКМНОРСТУХІЈЅοαινκΑΒΕΖΗΙΚΜΝΟΡΤΥΧðÐɖƉ"
_MEANT = "abekmhopctyxijsdhlABEKMHOPCTYXIJSoaivkABEZHIKMNOPTYXđĐđĐ"


def _look_alikes() -> dict[int, str]:
    """Return what each deceptive or invisible character is read as."""
    table = dict.fromkeys((*range(0x20), 0x7F, *range(0x80, 0xA1), 0x2028, 0x2029, 0x3000), " ")
    invisible = (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0)
    hidden = (*invisible, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))
    table |= dict.fromkeys((*hidden, *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080)), "")
    table |= dict.fromkeys((*range(0x2000, 0x200B), 0x202F, 0x205F), " ")
    table |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    table |= {ord(one): other for one, other in zip(_DECEPTIVE, _MEANT, strict=True)}
    for code in (*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if plain.isascii() and plain not in "<>&@":
            table[code] = plain
    return table


_LOOK_ALIKES = _look_alikes()


def readable(text: str) -> str:
    """Return `text` as a person may read it: NFC, without HTML remains, invisible or deceptive characters.

    Lone surrogates become U+FFFD. White space is collapsed. What is beyond `MAX_CHARS` is cut.
    """
    text = text[:MAX_CHARS]
    return " ".join((_scrubbed(text) if _UNCLEAN.search(text) else text).split())


def canonical(text: str) -> str:
    """Return `text` in its normal form, case kept.

    As `readable`, and tone marks of open "oa", "oe", "uy" on the second letter, addresses and handles taken
    out.
    """
    text = readable(text)
    if "@" in text or "://" in text or "www." in text:
        text = " ".join(_HANDLE.sub(" ", _ADDRESS.sub(" ", text)).split())
    return _TONE.sub(_moved_tone, text) if _TONE.search(text) else text


def normalise(text: str) -> str:
    """Return `text` in its normal form and in lower case (see `canonical`).

    >>> normalise("  Bộ Y tế&nbsp;HOÀ  giải")
    'bộ y tế hoà giải'
    """
    return canonical(text).lower()


def _scrubbed(text: str) -> str:
    """Return a text with unusual characters resolved; the loop ends where nothing changes any more."""
    for _ in range(_ROUNDS):
        before = text
        text = _TAG.sub(" ", html.unescape(text)) if "&" in text or "<" in text else text
        text = unicodedata.normalize("NFC", text.translate(_LOOK_ALIKES))
        if text == before:
            break
    else:
        text = _ENTITY.sub(" ", text)
    return text


_OPEN = re.compile(r"([oO])([àáảãạèéẻẽẹÀÁẢÃẠÈÉẺẼẸ])(?!\w)|(?<![qQ])([uU])([ỳýỷỹỵỲÝỶỸỴ])(?!\w)")


def classic(text: str) -> str:
    """Return a canonical text with the tone marks where most print has them: hòa, khỏe, thủy.

    >>> classic("hoà bình, tuỳ ý, quý trọng, hoàn toàn")
    'hòa bình, tùy ý, quý trọng, hoàn toàn'
    """
    return _OPEN.sub(_moved_back, text)


def _moved_back(match: re.Match[str]) -> str:
    """Return two vowels with the tone mark moved from the second to the first."""
    pair = match.group()
    apart = unicodedata.normalize("NFD", pair[1])
    return unicodedata.normalize("NFC", pair[0] + apart[1]) + apart[0]


def _moved_tone(match: re.Match[str]) -> str:
    """Return two vowels with the tone mark moved from the first to the second."""
    pair = match.group()
    apart = unicodedata.normalize("NFD", pair[0])
    return apart[0] + unicodedata.normalize("NFC", pair[1] + apart[1])


_MARKS = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
_MARKED = re.compile(f"[{_MARKS}]")


def _folded(letter: str) -> str:
    """Return a letter without its diacritics."""
    return "d" if letter == "đ" else unicodedata.normalize("NFD", letter)[0]


_FOLD = {ord(one): _folded(one) for one in _MARKS} | {
    ord(one.upper()): _folded(one).upper() for one in _MARKS
}


def fold(text: str) -> str:
    """Return a canonical text without Vietnamese diacritics, letter by letter (same length).

    >>> fold("đường bộ Hoà Lạc")
    'duong bo Hoa Lac'
    """
    return text if text.isascii() else text.translate(_FOLD)


def has_marks(lowered: str) -> bool:
    """Return whether a lower-case canonical text has any Vietnamese diacritic."""
    return not lowered.isascii() and _MARKED.search(lowered) is not None


_WORD = re.compile(r"[^\W_]+|[!?]+|[\u2600-\u27bf\U0001f300-\U0001faff]|[.,;:…]")


def words(lowered: str) -> list[str]:
    """Return the syllables, numbers, pictures and sentence marks of a lower-case canonical text, in order."""
    return _WORD.findall(lowered)
