"""Places that headlines name: those at home link stories; what happens abroad is no crisis here (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["home_places", "is_abroad", "speaks_of_home"]

_ABROAD_NAMES = """
afghanistan; ai cập; algeria; argentina; australia; ba lan; bahrain; bali; bangkok; bangladesh;
belarus; berlin; brazil; brussels; bulgaria; bắc kinh; bồ đào nha; california; campuchia; canada;
cebu; chile; châu phi; châu âu; colombia; congo; croatia; cuba; delhi; dubai; ecuador; ethiopia; fbi;
florida; gaza; hamas; hawaii; hoa kỳ; hong kong; hungary; hy lạp; hà lan; hàn quốc; hải nam; hồng kông;
indonesia; iran; iraq; ireland; israel; istanbul; jakarta; jordan; kazakhstan; kenya; kiev; kuwait; kyiv;
lebanon; libya; london; luang prabang; luzon; ma cao; macau; malaysia; manila; mexico; moscow; mumbai;
myanmar; mông cổ; na uy; nam phi; nam á; nato; nepal; new york; new zealand; nhà trắng; nhật bản; nigeria;
pakistan; paris; peru; philippines; phnom penh; phần lan; putin; qatar; quảng châu; quảng đông; romania;
saudi; scotland; seoul; serbia; singapore; sri lanka; sudan; sumatra; sydney; syria; texas; thuỵ sĩ; thuỵ
điển; thâm quyến; thái lan; thượng hải; thổ nhĩ kỳ; tokyo; triều tiên; trump; trung quốc; trung đông; tân
cương; tây ban nha; tứ xuyên; uae; ukraine; vân nam; venezuela; viêng chăn; washington; yemen; ấn độ; đan
mạch; đài bắc; đài loan
"""
#: Words of one syllable that also mean something else, or end a name, unless they have a capital alone.
_SHORT = frozenset(("mỹ", "nga", "nhật", "pháp", "đức", "úc", "lào", "bỉ"))
#: A disease has a place in its name: (dịch tả) lợn châu Phi.
_DISEASE, _ITS_PLACE = frozenset(("lợn", "heo", "tả")), ("châu", "phi")
#: Provinces of before and after 2025 and towns that are often named without one.
_HOME_NAMES = """
an giang; biên hoà; buôn ma thuột; bà rịa; bình dương; bình phước; bình thuận; bình định; bạc liêu; bắc
giang; bắc kạn; bắc ninh; bến tre; cam ranh; cao bằng; cà mau; côn đảo; cần thơ; cửa lò; dung quất; gia
lai; hà giang; hà nam; hà nội; hà tĩnh; hải dương; hải phòng; hạ long; hậu giang; hoà bình; huế; hưng yên;
hồ chí minh; hội an; khánh hoà; kiên giang; kon tum; lai châu; long an; lâm đồng; lào cai; lý sơn; lạng
sơn; móng cái; nam định; nghệ an; nha trang; ninh bình; ninh thuận; phan thiết; phú quốc; phú thọ; phú
yên; pleiku; quy nhơn; quảng bình; quảng nam; quảng ngãi; quảng ninh; quảng trị; sa pa; sài gòn; sóc
trăng; sơn la; sầm sơn; thanh hoá; thái bình; thái nguyên; thủ đức; tiền giang; trà vinh; tuyên quang; tuy
hoà; tây ninh; vinh; vĩnh long; vĩnh phúc; vũng tàu; yên bái; đà lạt; đà nẵng; đắk lắk; đắk nông; điện
biên; đồ sơn; đồng nai; đồng tháp
"""
_REGIONS = """
biển đông; việt nam; miền bắc; miền trung; miền nam; miền tây; tây nguyên; bắc bộ; nam bộ; trung bộ;
đồng bằng sông cửu long; trường sa; hoàng sa
"""
_CITY = {"hcm": "hồ chí minh", "tphcm": "hồ chí minh"}


#: Names by their first word.
_Names: TypeAlias = "dict[str, list[tuple[str, ...]]]"


def _names(*blocks: str) -> _Names:
    names: _Names = {}
    for block in blocks:
        for name in " ".join(block.split()).split("; "):
            words = tuple(name.split())
            names.setdefault(words[0], []).append(words)
    return names


_ABROAD, _HOME = _names(_ABROAD_NAMES), _names(_HOME_NAMES, *_CITY)
_AT_HOME = _names(_HOME_NAMES, *_CITY, _REGIONS)
_OURS = _names("việt; vn; nước ta; trong nước; về nước; người mình")
_WORD = re.compile(r"[^\W\d_]+|[^\w\s]")


def is_abroad(title: str, lead: str = "") -> bool:
    """Return whether a headline places its story abroad, in Vietnamese spelling.

    A country, city or body abroad in the title decides. Where the title names no place at all, one in the
    lead does, unless the lead names one at home as well. Both are canonical texts (`streams.text`).
    """
    words = _WORD.findall(title)
    if _names_abroad(words):
        return True
    after = _WORD.findall(lead)
    return _names_abroad(after) and not any(map(_names_home, (words, after)))


def speaks_of_home(text: str) -> bool:
    """Return whether a canonical text names a place at home, or our country, its people or their return."""
    words = _WORD.findall(text)
    return _names_home(words) or any(True for _ in _found([word.lower() for word in words], _OURS))


def home_places(lowered: Sequence[str]) -> set[str]:
    """Return the places at home that are named in the words of a lower-case text, a city under one name."""
    found = {" ".join(name) for name in _found(lowered, _HOME)}
    return {_CITY.get(name, name) for name in found}


def _names_home(words: Sequence[str]) -> bool:
    return any(True for _ in _found([word.lower() for word in words], _AT_HOME))


def _names_abroad(words: Sequence[str]) -> bool:
    lowered = [word.lower() for word in words]
    if any(True for _ in _found(lowered, _ABROAD)):
        return True
    return any(word in _SHORT and _alone(words, index) for index, word in enumerate(lowered))


def _found(lowered: Sequence[str], names: _Names) -> Iterable[tuple[str, ...]]:
    for start, first in enumerate(lowered):
        for name in names.get(first, ()):
            if tuple(lowered[start : start + len(name)]) == name and not _is_disease(lowered, start):
                yield name


def _is_disease(lowered: Sequence[str], start: int) -> bool:
    return start > 0 and lowered[start - 1] in _DISEASE and tuple(lowered[start : start + 2]) == _ITS_PLACE


def _alone(words: Sequence[str], index: int) -> bool:
    """Return whether only the word at `index` has a capital, so that it is no part of a longer name."""
    beside = (*words[max(index - 1, 0) : index], *words[index + 1 : index + 2])
    return words[index][0].isupper() and not any(word[0].isupper() for word in beside)
