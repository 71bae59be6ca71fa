"""Vietnamese text as people write it, made comparable: one normal form, folding, words (pure).

Two spellings that a reader takes for the same word become the same string; nothing else is changed. The
normal form is idempotent and is reached in bounded time whatever comes in, lone surrogates included.

Every step is a substitution, so the same steps can keep account of where each character came from
(`normalised`): what is found in the normal form can be shown in the original.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_CHARS", "Normalised", "canonical", "classic", "fold", "has_marks", "normalise"]
__all__ += ["normalised", "readable", "words"]

#: A mention holds at most 20,000 characters of text and a title; whatever is longer is cut here, so that no
#: caller can make understanding take longer than that.
MAX_CHARS = 21_000

#: Characters that are in normal form already and need no second look: printable ASCII save "<", "&" and "@",
#: precomposed Latin letters and their Vietnamese block, general punctuation without its invisible members,
#: common symbols and pictures. Everything else sends a text down the slow path.
_CLEAN = (
    " -%'-;=?A-~\u00a1-\u00ac\u00ae-\u00cf\u00d1-\u00ef\u00f1-\u012f\u0131-\u017f"
    "\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9\u2010-\u2027\u2030-\u205e\u20a0-\u20c0\u2190-\u21ff\u2600-\u27bf\U0001f300-\U0001faff"
)
_UNCLEAN = re.compile(f"[^\t\n\r{_CLEAN}]")
#: An unclean run with the character before it, to which a combining mark belongs.
_RUN = re.compile(f"(?s:.)?[^\t\n\r{_CLEAN}]+")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"”’]+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)(?:@[\w.]*\w)+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,400}>")
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
_ENTITY = re.compile(r"&(?=#|[A-Za-z])|<(?=[/A-Za-z!])")
_SPACES = re.compile(r"\s+")
_ROUNDS = 6

_MARKS = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
_MARKED_AS = {
    base: "".join(one for one in _MARKS if unicodedata.normalize("NFD", one)[0] == base) for base in "aeiouy"
}

#: Tone marks on open "oa", "oe", "uy" stand on either letter (hòa = hoà); the second letter is canonical, so
#: that the often misplaced "tòan" and "ngòai" come right as well.
_TONE = re.compile("[òóỏõọÒÓỎÕỌ][aeAE]|[ùúủũụÙÚỦŨỤ][yY]")
_TONED = re.compile("[òóỏõọÒÓỎÕỌùúủũụÙÚỦŨỤ][aeyAEY]")
#: No word has a letter three times in a row, nor a vowel twice after itself with a mark; Roman numbers and
#: abbreviations without a vowel (CCCD, PCCC) have.
_STRETCHED = re.compile(
    r"([A-Za-z\u00c0-\u017f\u01a0-\u01b0\u1ea0-\u1ef9])\1{2,}|"
    + "|".join(f"([{_MARKED_AS[base]}]){base}{{2,}}" for base in "aeiouy"),
    re.IGNORECASE,
)
#: One of these is in every text with a stretched word, and they are ten times faster to look for; so is
#: `_TONED` beside `_TONE`.
_TRIPLE = re.compile(r"(.)\1\1", re.IGNORECASE)
_TRAILING = re.compile(f"[{_MARKS}{_MARKS.upper()}][aeiouyAEIOUY]{{2}}")
_ROMAN = re.compile("m{0,3}(?:c[md]|d?c{0,3})(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3})", re.IGNORECASE)
_LONGEST_RUN = 15
_VOWEL = re.compile(f"[aeiouy{_MARKS[:-1]}]", re.IGNORECASE)

#: Cyrillic, Greek and Icelandic letters that stand for Latin ones in copied or disguised text, and these.
_DECEPTIVE = "авекмнорстухіјѕԁһӏАВЕКМНОРСТУХІЈЅҺԀӀοαινκΑΒΕΖΗΙΚΜΝΟΡΤΥΧðÐɖƉİ"
_MEANT = "abekmhopctyxijsdhlABEKMHOPCTYXIJSHDIoaivkABEZHIKMNOPTYXđĐđĐI"


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

#: UTF-8 that was read as Latin-1 or Windows-1252: what each character's byte was.
_BYTE_OF = {
    ord(one): chr(byte)
    for byte in range(0x80, 0x100)
    for one in (chr(byte), bytes([byte]).decode("cp1252", "replace"))
    if one != "\ufffd"
}
_TAIL = "[" + "".join(re.escape(chr(one)) for one, byte in sorted(_BYTE_OF.items()) if byte < "\xc0") + "]"
_LEFT = "\\x00-\u00a0\u0300-\u036f\u200b-\u200f\ufe0f\ufeff"
_UNKNOWN = re.compile(f"[^{_LEFT}{_CLEAN}]")
_MISREAD_SIGN = re.compile(f"[Â-ô]{_TAIL}")
_MISREAD = re.compile(f"[Â-ß]{_TAIL}|[à-ï]{_TAIL}{{2}}|[ð-ô]{_TAIL}{{3}}")

#: Where each character of a text under way came from, and its end; None where nobody asks.
_Trace: TypeAlias = list[int] | None


class Normalised(NamedTuple):
    """A text in its normal form (`canonical`) that knows where each character came from.

    Attributes
    ----------
    text
        The normal form, case kept; lower case changes no length.
    offsets
        One more than `text` has characters, ascending: where each stood in the original, and where what is
        left of it ends.

    """

    text: str
    offsets: list[int]

    def source(self, start: int, end: int) -> slice:
        """Return which part of the original became ``text[start:end]``; ``start < end``."""
        return slice(self.offsets[start], self.offsets[end])


def readable(text: str) -> str:
    """Return `text` as a person may read it: NFC, without HTML remains, invisible or deceptive characters.

    UTF-8 that was read as Latin-1 is read again. Lone surrogates become U+FFFD. White space is collapsed.
    What is beyond `MAX_CHARS` is cut.
    """
    return _readable(text[:MAX_CHARS], None)


def canonical(text: str) -> str:
    """Return `text` in its normal form, case kept.

    As `readable`, and tone marks of open "oa", "oe", "uy" on the second letter, letters that are stretched to
    three or more said once, addresses and handles taken out.
    """
    return _canonical(text[:MAX_CHARS], None)


def normalise(text: str) -> str:
    """Return `text` in its normal form and in lower case (see `canonical`).

    >>> normalise("  Bộ Y tế&nbsp;HOÀ  giảiiii")
    'bộ y tế hoà giải'
    """
    text = canonical(text).lower()
    while _is_misread(text):  # its capitals spoke against it
        text = canonical(text).lower()
    return text


def normalised(text: str) -> Normalised:
    """Return the normal form of `text` with the way back to it.

    >>> found = normalised("GIÁ&nbsp;&nbsp;điệnnnn!")
    >>> found.text, "GIÁ&nbsp;&nbsp;điệnnnn!"[found.source(4, 8)]
    ('GIÁ điện!', 'điệnnnn')
    """
    text = text[:MAX_CHARS]
    offsets = list(range(len(text) + 1))
    return Normalised(_canonical(text, offsets), offsets)


def _readable(text: str, trace: _Trace) -> str:
    if _UNCLEAN.search(text) or _MISREAD_SIGN.search(text):
        text = _scrubbed(text, trace)
    return _collapsed(text, trace)


def _canonical(text: str, trace: _Trace) -> str:
    text = _readable(text, trace)
    for _ in range(_ROUNDS):
        before = text
        text = _without_addresses(text, trace)
        if _TONED.search(text):
            text = _substituted(_TONE, _moved_tone, text, trace)
        if _TRIPLE.search(text) or _TRAILING.search(text):
            text = _substituted(_STRETCHED, _said_once, text, trace)
        if text == before:
            break
        text = _readable(text, trace)  # what came together may be markup, or no more speak against misreading
    return text


def _without_addresses(text: str, trace: _Trace) -> str:
    if "@" not in text and "://" not in text and "www." not in text.lower():
        return text
    return _collapsed(_substituted(_HANDLE, " ", _substituted(_ADDRESS, " ", text, trace), trace), trace)


def _scrubbed(text: str, trace: _Trace) -> str:
    """Return a text with unusual characters resolved; the loop ends where nothing changes any more."""
    for _ in range(_ROUNDS):
        before = text
        if "&" in text or "<" in text:
            text = _substituted(_REFERENCE, _referred, text, trace)
            text = _substituted(_TAG, " ", text, trace)
        while _is_misread(text):  # misread twice; each time it gets shorter
            text = _substituted(_MISREAD, _read_again, text, trace)
        text = _resolved(text, trace)
        if text == before:
            break
    else:
        text = _substituted(_ENTITY, " ", text, trace)
    return text


def _resolved(text: str, trace: _Trace) -> str:
    """Return a text in NFC with look-alikes and invisible characters resolved, as a whole if nobody asks."""
    if trace is None:
        return unicodedata.normalize("NFC", text.translate(_LOOK_ALIKES))
    return _substituted(
        _RUN, lambda run: unicodedata.normalize("NFC", run[0].translate(_LOOK_ALIKES)), text, trace
    )


def _collapsed(text: str, trace: _Trace) -> str:
    """Return a text with one space for any white space, none around it."""
    if trace is None:
        return " ".join(text.split())
    text = _substituted(_SPACES, " ", text, trace)
    if text.startswith(" "):
        text = text[1:]
        del trace[0]
    if text.endswith(" "):
        text = text[:-1]
        del trace[-1]
    return text


def _substituted(
    pattern: re.Pattern[str], new: str | Callable[[re.Match[str]], str], text: str, trace: _Trace
) -> str:
    """Return the text with each match replaced; the trace, if there is one, follows."""
    if trace is None:
        return pattern.sub(new, text)
    pieces, kept, place = [], [], 0
    for match in pattern.finditer(text):
        put = new if isinstance(new, str) else new(match)
        start, end = match.span()
        pieces += [text[place:start], put]
        kept += trace[place:start]
        kept += (trace[min(start + index, end - 1)] for index in range(len(put)))
        place = end
    kept += trace[place:]
    trace[:] = kept
    return "".join((*pieces, text[place:]))


def _referred(match: re.Match[str]) -> str:
    """Return what an HTML character reference stands for."""
    return html.unescape(match[0])


def _is_misread(text: str) -> bool:
    """Return whether a text as a whole is UTF-8 read as Latin-1 or Windows-1252.

    Nothing may speak against it: all that is not ASCII must read as UTF-8, but for a character that the end
    cuts, and give known characters only, a Vietnamese letter among them.
    """
    if not _MISREAD_SIGN.search(text):
        return False
    try:
        again = _as_utf8(text.rstrip().translate(_BYTE_OF).encode("latin-1"))
    except UnicodeError:
        return False
    return has_marks(again.lower()) and not _UNKNOWN.search(again)


def _as_utf8(data: bytes) -> str:
    """Return bytes as text, without a last character that is cut."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            raise
        return data[: error.start].decode()


def _read_again(match: re.Match[str]) -> str:
    """Return the character whose UTF-8 was read as Latin-1."""
    return match[0].translate(_BYTE_OF).encode("latin-1").decode("utf-8", "replace")


def _said_once(match: re.Match[str]) -> str:
    """Return one of the repeated letters; all of them within a Roman number or an abbreviation (CCCD)."""
    text, (start, end) = match.string, match.span()
    while start > 0 and text[start - 1].isalnum() and end - start <= _LONGEST_RUN:
        start -= 1
    while end < len(text) and text[end].isalnum() and end - start <= _LONGEST_RUN:
        end += 1
    is_word = _VOWEL.search(text, start, end) and not _ROMAN.fullmatch(text, start, end)
    return match[0][0] if is_word else match[0]


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
