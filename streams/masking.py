"""Masking of whatever could lead to a person in a text that is shown to officers (pure).

Phones, e-mails, identity numbers, bank accounts, licence plates, handles and profile addresses, in the
spellings Vietnamese posts use: with spaces and dots, "o" for 0, "không chín một hai", "a còng". Dates,
amounts of money, article and decree numbers, hotlines stay: they are what the text is about.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from streams.matching import is_syllable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MASK", "mask"]

#: What stands for a masked passage: no word, so that it needs no translation.
MASK = "•••"
#: What stands for a passage that is masked already while the others are looked for.
_TAKEN = "\0"

#: Fills up what is shorter as a digit than as a word, so that a passage stands in the same place.
_FILL = "\x01"

_NUMERALS = {
    **dict.fromkeys(("không", "khong"), "0"),
    **dict.fromkeys(("một", "mốt", "mot"), "1"),
    **dict.fromkeys(("hai",), "2"),
    **dict.fromkeys(("ba",), "3"),
    **dict.fromkeys(("bốn", "bon", "tư"), "4"),
    **dict.fromkeys(("năm", "nam", "lăm"), "5"),
    **dict.fromkeys(("sáu", "sau"), "6"),
    **dict.fromkeys(("bảy", "bẩy", "bay"), "7"),
    **dict.fromkeys(("tám", "tam"), "8"),
    **dict.fromkeys(("chín", "chin"), "9"),
}
_SAID = "|".join(_NUMERALS)
_NUMERAL = re.compile(rf"(?<!\w)(?:{_SAID})(?!\w)", re.IGNORECASE)
#: Five numerals in a row or more, digits among them, three of them words: a number that is read out.
_READ_OUT = re.compile(rf"(?<!\w)(?:(?:{_SAID}|\d{{1,9}})(?:[ ,.\-]{{1,3}}|(?!\w))){{5,}}", re.IGNORECASE)
_LEAST_NUMERALS = 3
_COMMA = re.compile(r",(?=\s*\w)")
#: Digits with letters among them that look like some.
_DISGUISED = re.compile(r"(?<!\w)[0-9oOlI](?:[ .\-]?[0-9oOlI]){7,18}(?!\w)")
_MEANT = str.maketrans("oOlI", "0011")
_LEAST_DIGITS = 6

_GAP = r"[ .\-–‐_*)\x01]{0,7}"
_DATE = r"(?!\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d(?!\d))"
_MONEY = r"(?!\s*(?i:đ\b|đồng|dong\b|vnđ|vnd|usd|tỷ|tỉ|triệu))"
_END = r"(?![\w]|[.,/]\d|/[A-ZĐ])"
#: Mobile numbers begin with 03, 05, 07, 08 or 09 and have ten digits, fixed lines with 02 and eleven; +84
#: and 84 take the place of the 0; digits stand in groups of any size; hotlines 1800, 1900 are nobody's.
_PHONE = (
    rf"(?<![\w.,/]){_DATE}(?:(?:\(?\+?84\)?|0084){_GAP}\(?0?\)?|\(?0){_GAP}(?:[35789]|2{_GAP}\d)\)?"
    rf"(?:{_GAP}\d){{8}}\x01*(?!\d|[.,/]\d)"
)
_HOTLINE = r"(?!1[89]00[ .\-]?\d{2,4}(?:[ .\-]?\d{2,3})?(?![\d]|[ .\-]\d))"
#: Identity cards have 12 digits (province code 0xx first) or 9; bare runs of 9 digits or more without
#: separators are accounts or cards, not amounts.
_DIGITS = rf"(?<![\w.,/]){_HOTLINE}\d{{9,19}}{_MONEY}{_END}"
_CARD = rf"(?<![\w.,/])(?:\d{{4}}[ -]\d{{4}}[ -]\d{{4}}[ -]\d{{1,7}}|0\d{{2}}(?:[ .]?\d{{3}}){{3}}){_END}"
#: Passports have a letter and seven or eight digits, health insurance two letters and thirteen.
_TRAVELLER = r"(?<![\w-])(?:[BCKNP]\d{7,8}|[A-Z]{2}\d{13})(?![\w/-])"

_BANKS = (
    "vcb|vietcombank|tcb|techcombank|mbbank|mb bank|bidv|agribank|acb|vpbank|tpbank|sacombank|vietinbank|vib"
    "|hdbank|shb|ocb|msb|seabank|momo|zalopay|viettelpay"
)
_OF_PERSON = (
    "stk|số tài khoản|so tai khoan|tài khoản|tai khoan|số thẻ|so the|tk|ck|chuyển khoản|chuyen khoan|cmnd|cmt"
    "|cccd|căn cước|can cuoc|số định danh|hộ chiếu|ho chieu|passport|mã số thuế|mst|mã số bhxh|mã bhxh"
    f"|số bhxh|bhyt|sđt|sdt|số điện thoại|so dien thoai|zalo|đt|dt|tel|alo|mb|{_BANKS}"
)
_NUMBER = r"(?:\+?\(?\d(?:[ .\-()\x01]{0,7}\d){7,18}\x01*|[A-Z]{1,2}\d{7,13})"
#: 12.345.678 of something.
_COUNT = r"(?![1-9]\d{0,2}(?:\.\d{3})+(?!\d|\.\d))"
_NAMED = (
    rf"(?i:(?<!\w)(?:{_OF_PERSON})(?!\w))"
    r"(?i:\s*(?:số|so|nr|no|qua|vào|là|la|của)?\s*[:.\-]?\s*(?:[^\W\d_]{2,12}\s*[:\-]?\s*){0,2}?)"
    rf"(?!(?:19|20)\d\d(?:\D|$)){_DATE}{_HOTLINE}{_COUNT}({_NUMBER}){_MONEY}(?![\d/]|[.,]\d)"
)
_BANKED = rf"(?<![\w.,/])({_NUMBER})(?=\s*[-–(,]?\s*(?i:{_BANKS})(?!\w))"

#: Plates: two digits of the province, one or two letters (or letter and digit), four or five digits:
#: 29A-123.45, 51F1 2345, 30H12345; and the diplomats' 80-NG-123-45. In small letters or with spaces between
#: only where the text says that it is one.
_PLATE = (
    r"(?<![\w/.,-])[1-9]\d-?(?:[A-ZĐ]\d|[A-ZĐ]{1,2})(?:\s?[-. ]?\s?)"
    r"(?!(?:19|20)\d\d(?!\d))(?:\d{3}[. ]?\d{2}|\d{4})(?![\w]|[/.,]\d|-[A-ZĐ]|\s?(?:MHz|mAh|W|V|GB)\b)"
    r"|(?<![\w/.,-])[1-9]\d-?[a-zđ]\d?[- ]?\d{3}\.\d{2}(?![\w/.,])"
    r"|(?<![\w/-])\d{2}-?(?:NG|NN|QT|CV)-?\d{3}-?\d{2}(?![\w/])"
)
_SAID_PLATE = (
    r"(?i:(?<!\w)(?:biển(?: kiểm soát| số| ks| xanh| trắng| vàng)?|bks|bien so|bien kiem soat)"
    r"\s*(?:số)?\s*:?\s*)((?i:[1-9]\d\s?[-.]?\s?[a-zđ][a-zđ\d]?)\s?[-. ]?\s?(?:\d{3}[. ]?\d{2}|\d{4}))"
    r"(?!\w|[/.,]\d)"
)

_AT = r"(?:@|\s@\s|\s?[\[(]\s?(?i:at|a|a còng|a cong)\s?[\])]\s?|\s(?i:a còng|a cong|acong)\s)"
_DOT = r"(?:\.|\s?[\[(](?i:dot|chấm|cham)[\])]\s?|\s\.\s|\s(?i:chấm|cham)\s)"
_E_MAIL = rf"(?<![\w.+-])[\w.+-]{{1,64}}{_AT}[\w-]{{1,64}}(?:{_DOT}[\w-]{{1,64}})+"
_SITES = (
    "facebook|fb|instagram|insta|tiktok|zalo|twitter|x|youtube|youtu|threads|linkedin|telegram|t|m|messenger"
    "|viber"
)
_PROFILE = (
    rf"(?i:(?:https?://)?(?<![\w.])(?:www\.|m\.|vt\.|vm\.)?(?:{_SITES})\s?\.\s?(?:com|me|net|be)\s?/\s?)"
    r"[^\s<>\"”’]*"
)
_ADDRESS = r"(?i:https?://|www\.)([^\s/<>\"”’?#\0]+)[^\s<>\"”’\0]*"
_HANDLE = r"(?<![\w@])@[\w.]*\w"
#: "zalo: an.nguyen99", "fb Nguyễn Văn A": after the network's name.
_NETWORKS = "fb|facebook|face|zalo|tele|telegram|insta|instagram|ig|tiktok|viber|skype|nick|acc"
_NETWORK = rf"(?i:(?<!\w)(?:{_NETWORKS})(?!\w)(?:\s(?:{_NETWORKS})(?!\w)){{0,2}}+)"
_ACCOUNT = rf"{_NETWORK}\s?[:=]?\s?([A-Za-z0-9][\w.\-]{{2,40}}\w)"
_CAPITAL = "[A-Z" + "".join(chr(one) for one in range(0xC0, 0x1EFA) if chr(one).isupper()) + "]"
_CALLED = (
    rf"{_NETWORK}(?:\s?[:=]|\s(?:là|tên))\s?[“\"']?"
    rf"({_CAPITAL}[^\W\d_]{{1,9}}(?:\s{_CAPITAL}[^\W\d_]{{0,9}}){{1,3}})"
)


#: What no personal reference is without.
_SUSPECT = re.compile(rf"[\d@/\[(]|kh[oô]ng|a\s?c[oò]ng|www\.|(?<!\w)(?:{_NETWORKS})(?!\w)", re.IGNORECASE)


class _Rule(NamedTuple):
    """What to look for, which group of it goes, and what is put there."""

    pattern: re.Pattern[str]
    group: int
    put: Callable[[re.Match[str]], str | None]


def _hidden(_: re.Match[str]) -> str:
    return MASK


def _host(match: re.Match[str]) -> str:
    """Return the host of an address."""
    return f"{match[1]}/{MASK}"


def _account(match: re.Match[str]) -> str | None:
    """Return the mask, or None where what follows the network's name is a word."""
    name = match[1]
    is_name = not name.isalpha() or not (is_syllable(name.lower()) or name.lower() in _NETWORKS.split("|"))
    return MASK if name.isascii() and is_name else None


_RULES = tuple(
    _Rule(re.compile(pattern), group, put)
    for pattern, group, put in (
        (_E_MAIL, 0, _hidden),
        (_PROFILE, 0, _hidden),
        (_HANDLE, 0, _hidden),
        (_NAMED, 1, _hidden),
        (_PHONE, 0, _hidden),
        (_CARD, 0, _hidden),
        (_DIGITS, 0, _hidden),
        (_TRAVELLER, 0, _hidden),
        (_BANKED, 1, _hidden),
        (_ADDRESS, 0, _host),
        (_PLATE, 0, _hidden),
        (_SAID_PLATE, 1, _hidden),
        (_CALLED, 1, _hidden),
        (_ACCOUNT, 1, _account),
    )
)


def mask(text: str) -> str:
    """Return the text with personal references replaced by `MASK`; other addresses keep their host only.

    >>> mask("Gọi 0912.345.678 trước 31/12/2025, giá 1.500.000 đồng, xem https://vnexpress.net/a?id=9")
    'Gọi ••• trước 31/12/2025, giá 1.500.000 đồng, xem vnexpress.net/•••'
    >>> mask("Gọi không chín một hai, ba bốn năm, sáu bảy tám; zalo: an.nguyen99")
    'Gọi •••; zalo: •••'
    """
    if not _SUSPECT.search(text):
        return text
    shadow = _DISGUISED.sub(_undisguised, _READ_OUT.sub(_in_digits, text))
    found: list[tuple[int, int, str]] = []
    for rule in _RULES:
        passages = [
            (*match.span(rule.group), put)
            for match in rule.pattern.finditer(shadow)
            if (put := rule.put(match)) is not None
        ]
        shadow = _replaced(shadow, [(start, end, _TAKEN * (end - start)) for start, end, _ in passages])
        found += passages
    return _replaced(text, sorted(found))


def _replaced(text: str, passages: list[tuple[int, int, str]]) -> str:
    """Return the text with passages, in order and apart, replaced."""
    pieces, place = [], 0
    for start, end, put in passages:
        pieces += [text[place:start], put]
        place = end
    return "".join((*pieces, text[place:]))


def _in_digits(run: re.Match[str]) -> str:
    """Return a number that is read out in digits, as long as it was."""
    if len(_NUMERAL.findall(run[0])) < _LEAST_NUMERALS:
        return run[0]
    said = _COMMA.sub(_FILL, run[0])
    return _NUMERAL.sub(lambda word: _NUMERALS[word[0].lower()].ljust(len(word[0]), _FILL), said)


def _undisguised(match: re.Match[str]) -> str:
    """Return a number with the letters that stand for digits replaced, if most of it is digits."""
    digits = sum(character.isdigit() for character in match[0])
    return match[0].translate(_MEANT) if digits >= _LEAST_DIGITS else match[0]
