"""Masking of whatever could lead to a person in a text that is shown to officers (pure).

Phones, e-mails, identity numbers, bank accounts, licence plates, handles and profile addresses, in the
spellings Vietnamese posts use. Dates, amounts of money, article and decree numbers stay: they are what the
text is about.
"""

from __future__ import annotations

import re

__all__ = ["MASK", "mask"]

#: What stands for a masked passage: no word, so that it needs no translation.
MASK = "•••"

_E_MAIL = (
    r"(?<![\w.+-])[\w.+-]{1,64}(?:@|\s?[\[(](?:at|a còng)[\])]\s?)[\w-]+(?:(?:\.|\s?[\[(]dot[\])]\s?)[\w-]+)+"
)
_SITES = "facebook|fb|instagram|tiktok|zalo|twitter|x|youtube|youtu|threads|linkedin|telegram|t|m|messenger"
_PROFILE = rf"(?:https?://)?(?<![\w.])(?:www\.|m\.)?(?:{_SITES})\.(?:com|me|net|be)/[^\s<>\"”’]*"
_ADDRESS = r"(https?://|www\.)([^\s/<>\"”’?#]+)[^\s<>\"”’]*"
_HANDLE = r"(?<![\w@])@[\w.]*\w"

_GAP = r"[ .\-–‐]?"
#: Mobile numbers begin with 03, 05, 07, 08 or 09 and have ten digits, fixed lines with 02 and eleven; +84
#: and 84 take the place of the 0; digits stand in groups of any size; hotlines 1800, 1900 are nobody's.
_PHONE = (
    rf"(?<![\w.,/])(?:(?:\(?\+?84\)?|0084)[ .\-]?\(?0?\)?|\(?0){_GAP}(?:[35789]|2{_GAP}\d)\)?"
    rf"(?:{_GAP}\d){{8}}(?!\d|[.,/]\d)"
)
#: Identity cards have 12 digits (province code 0xx first) or 9, after a word that says so; bare runs of 9
#: digits or more without separators are accounts or cards, not amounts.
_DIGITS = r"(?<![\w.,/])\d{9,19}(?![\w]|[.,/]\d)"
_CARD = (
    r"(?<![\w.,/])(?:\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}|0\d{2}[ .]\d{3}[ .]\d{3}[ .]\d{3})"
    r"(?![\w]|[.,/]\d)"
)
_NAMED = (
    r"(?i:\b(stk|số tài khoản|so tai khoan|tài khoản|tai khoan|tk|cmnd|cmt|cccd|căn cước|can cuoc"
    r"|hộ chiếu|ho chieu|passport|mã số thuế|mst|sđt|sdt|số điện thoại|so dien thoai|zalo|đt|tel)"
    r"(\s*(?:số|so|nr|no)?\s*[:.\-]?\s*(?:\w{2,12}\s*[:\-]\s*)?))"
    r"(?!(?:19|20)\d\d\D)(?:\+?\(?\d(?:[ .\-()]{0,2}\d){7,18}|[A-Z]\d{7,8})(?![\d/])"
)
#: Plates: two digits of the province, one or two letters (or letter and digit), four or five digits:
#: 29A-123.45, 51F1 2345, 30H12345; and the diplomats' 80-NG-123-45.
_PLATE = (
    r"(?<![\w/.,-])[1-9]\d\s?-?\s?(?:[A-ZĐ]\d|[A-ZĐ]{1,2})\s?[-. ]?\s?"
    r"(?!(?:19|20)\d\d\b)(?:\d{3}[. ]?\d{2}|\d{4})(?![\w]|[/.,]\d|-[A-ZĐ])"
    r"|(?<![\w/-])\d{2}-?(?:NG|NN|QT|CV)-?\d{3}-?\d{2}(?![\w/])"
)

_WHOLE = re.compile("|".join(f"(?:{one})" for one in (_E_MAIL, _PROFILE, _HANDLE, _PHONE, _CARD, _DIGITS)))
_PLATES = re.compile(_PLATE)
_AFTER_NAME = re.compile(_NAMED)
_LINK = re.compile(_ADDRESS, re.IGNORECASE)
_SUSPECT = re.compile(r"\d|@|/|\[|\(a")


def mask(text: str) -> str:
    """Return the text with personal references replaced by `MASK`; other addresses keep their host only.

    >>> mask("Gọi 0912.345.678 trước 31/12/2025, giá 1.500.000 đồng, xem https://vnexpress.net/a?id=9")
    'Gọi ••• trước 31/12/2025, giá 1.500.000 đồng, xem vnexpress.net/•••'
    """
    if not _SUSPECT.search(text):
        return text
    text = _AFTER_NAME.sub(_kept_name, text)
    text = _WHOLE.sub(MASK, text)
    return _PLATES.sub(MASK, _LINK.sub(_kept_host, text))


def _kept_name(match: re.Match[str]) -> str:
    """Return the word that names a number, and the number masked."""
    return f"{match[1]}{match[2]}{MASK}"


def _kept_host(match: re.Match[str]) -> str:
    """Return the host of an address."""
    return f"{match[2]}/{MASK}"
