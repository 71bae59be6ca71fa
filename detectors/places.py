"""Places that headlines name: those at home link stories; what happens abroad is no crisis here (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["home_places", "is_abroad", "speaks_of_home"]

_ABROAD_NAMES = """
afghanistan; ai cập; alabama; alaska; albania; aleppo; algeria; angola; anh quốc; argentina; arizona;
armenia; athens; australia; azerbaijan; ba lan; baghdad; bahamas; bahrain; bali; bangkok; bangladesh;
barbados; barcelona; beirut; belarus; belize; benin; berlin; bhutan; bolivia; bosnia; boston; botswana;
brazil; brunei; brussels; budapest; bulgaria; burkina faso; burundi; busan; bình nhưỡng; bắc cực; bắc
kinh; bắc mỹ; bắc phi; bồ đào nha; bờ biển ngà; cairo; california; cameroon; campuchia; canada; cebu;
chad; chiang mai; chicago; chile; chiết giang; châu phi; châu âu; colombia; colorado; comoros; congo;
copenhagen; costa rica; crimea; croatia; cuba; cyprus; damascus; delhi; dhaka; djibouti; doha; dominica;
donetsk; dubai; ecuador; el salvador; eritrea; estonia; eswatini; ethiopia; fbi; fiji; florida;
fukushima; gabon; gambia; gaza; geneva; georgia; ghana; giang tô; greenland; gruzia; guam; guatemala;
guinea; guyana; haiti; hamas; hawaii; helsinki; hezbollah; hoa kỳ; hollywood; honduras; hong kong;
houston; houthi; hungary; hy lạp; hà lan; hàn quốc; hải nam; hồ bắc; hồng kông; iceland; incheon;
indonesia; iran; iraq; ireland; islamabad; israel; istanbul; italy; jakarta; jamaica; jeju; jordan;
kabul; kashmir; kathmandu; kazakhstan; kenya; kharkiv; kiev; kosovo; kremlin; kuala lumpur; kuwait;
kyiv; kyoto; kyrgyzstan; las vegas; latvia; lebanon; lesotho; liberia; libya; lisbon; lithuania;
liverpool; london; los angeles; louisiana; luang prabang; luxembourg; luzon; lầu năm góc; ma cao; ma
rốc; macau; macedonia; madagascar; madrid; malawi; malaysia; maldives; mali; malta; manchester;
mandalay; manila; maroc; mauritania; mauritius; melbourne; mexico; miami; michigan; milan; minnesota;
moldova; monaco; montenegro; morocco; moscow; mosul; mozambique; mumbai; myanmar; mông cổ; mỹ latinh; na
uy; nam cực; nam mỹ; nam phi; nam á; namibia; nato; nepal; nevada; new york; new zealand; nhà trắng;
nhật bản; nicaragua; niger; nigeria; ohio; oman; osaka; oslo; pakistan; palestine; panama; papua new
guinea; paraguay; paris; pattaya; peru; philippines; phnom penh; phuket; phúc kiến; phần lan; praha;
puerto rico; putin; qatar; quảng châu; quảng tây; quảng đông; riyadh; romania; rwanda; samoa; san
francisco; saudi; scotland; senegal; seoul; serbia; seychelles; siem reap; sierra leone; sihanoukville;
sinai; singapore; slovakia; slovenia; somalia; sri lanka; stockholm; sudan; sumatra; suriname; sydney;
syria; tajikistan; taliban; tanzania; tehran; texas; thiên tân; thuỵ sĩ; thuỵ điển; thái lan; thâm
quyến; thượng hải; thổ nhĩ kỳ; timor leste; togo; tokyo; tonga; triều tiên; trump; trung mỹ; trung phi;
trung quốc; trung đông; trùng khánh; tunisia; turkmenistan; tân cương; tây ban nha; tây phi; tứ xuyên;
uae; uganda; ukraine; uruguay; uzbekistan; vanuatu; vatican; venezuela; venice; vientiane; virginia;
viêng chăn; vân nam; vũ hán; vương quốc anh; washington; yangon; yemen; zambia; zimbabwe; zurich; đan
mạch; đài bắc; đài loan; đông phi; đông timor; ấn độ
"""
#: Words of one syllable that also mean something else, or end a name, unless they have a capital alone.
_SHORT = frozenset(("mỹ", "nga", "nhật", "pháp", "đức", "úc", "lào", "bỉ"))
#: Words with many meanings more ("Anh tài xế", "Ý kiến", "tiếng Anh"): a country only after one of these.
_RARE, _AT = frozenset(("anh", "ý", "áo")), frozenset(("ở", "tại", "sang", "từ", "nước"))
#: Whoever comes from abroad is here, and a language is no place: "khách Trung Quốc", "tiếng Nhật".
_NO_PLACE_AFTER = frozenset(("khách", "tiếng"))
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
_OUR_PLACES = _names(_HOME_NAMES, *_CITY, "biển đông; trường sa; hoàng sa")
_OURS = _names("việt; vn; nước ta; trong nước; về nước; người mình")
_WORD = re.compile(r"[^\W\d_]+|[^\w\s]")
#: Only what happened elsewhere is told in our time.
_OUR_CLOCK = re.compile(r"\bgiờ (?:việt nam|vn|hà nội)\b", re.IGNORECASE)


def is_abroad(title: str, lead: str = "") -> bool:
    """Return whether a headline places its story abroad, in Vietnamese spelling.

    A country, city or body abroad in the title decides, unless the title names a province, a town or our
    sea as well. Where the title names no place at all, one in the lead does, unless the lead names one at
    home too. Both are canonical texts (`streams.text`).
    """
    words = _WORD.findall(title)
    if _names_abroad(words):
        return not _names_our_place(words)
    after = _WORD.findall(lead)
    return _names_abroad(after) and not any(map(_names_home, (words, after)))


def speaks_of_home(text: str) -> bool:
    """Return whether a canonical text names a place at home, or our country, its people or their return."""
    words = _WORD.findall(_OUR_CLOCK.sub("", text))
    return _names_home(words) or any(True for _ in _found([word.lower() for word in words], _OURS))


def home_places(lowered: Sequence[str]) -> set[str]:
    """Return the places at home that are named in the words of a lower-case text, a city under one name."""
    found = {" ".join(name) for _, name in _found(lowered, _HOME)}
    return {_CITY.get(name, name) for name in found}


def _names_home(words: Sequence[str]) -> bool:
    return any(True for _ in _found([word.lower() for word in words], _AT_HOME))


def _names_our_place(words: Sequence[str]) -> bool:
    """Return whether a province, a town or our sea is named, with a capital: "vinh danh" is no Vinh."""
    lowered = [word.lower() for word in words]
    return any(words[start][0].isupper() for start, _ in _found(lowered, _OUR_PLACES))


def _names_abroad(words: Sequence[str]) -> bool:
    lowered = [word.lower() for word in words]
    if any(_is_place(lowered, start) for start, _ in _found(lowered, _ABROAD)):
        return True
    return any(
        _is_place(lowered, index) and _alone(words, index)
        for index, word in enumerate(lowered)
        if word in _SHORT or (word in _RARE and index and lowered[index - 1] in _AT)
    )


def _is_place(lowered: Sequence[str], start: int) -> bool:
    return not start or lowered[start - 1] not in _NO_PLACE_AFTER


def _found(lowered: Sequence[str], names: _Names) -> Iterable[tuple[int, tuple[str, ...]]]:
    """Yield the names in the words of a text, each with the place of its first word."""
    for start, first in enumerate(lowered):
        for name in names.get(first, ()):
            if tuple(lowered[start : start + len(name)]) == name and not _is_disease(lowered, start):
                yield start, name


def _is_disease(lowered: Sequence[str], start: int) -> bool:
    return start > 0 and lowered[start - 1] in _DISEASE and tuple(lowered[start : start + 2]) == _ITS_PLACE


def _alone(words: Sequence[str], index: int) -> bool:
    """Return whether only the word at `index` has a capital, so that it is no part of a longer name."""
    beside = (*words[max(index - 1, 0) : index], *words[index + 1 : index + 2])
    return words[index][0].isupper() and not any(word[0].isupper() for word in beside)
