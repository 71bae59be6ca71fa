"""What articles about one matter have in common, as hashes (pure).

Neighbouring words, and a place together with what happened there: "Lũ dâng ở Huế" and "Huế ngập sâu" share
no two neighbouring words, but both tell of water in Huế. A headline about a storm and nothing else has a key
that says which storm it is, so that its course is one story, however it is told.
"""

from __future__ import annotations

import re
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING

from detectors.lexicon import is_foreign
from detectors.places import home_places
from detectors.stories import STORM_KEYS
from streams.text import normalise, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["MAX_KEYS", "story_keys"]

#: Most keys of one article: the first pairs of its text and all of its places with what happened.
MAX_KEYS = 32
_WORD = re.compile(r"[^\W_]+|[^\w\s]")
_SMALL_WORDS = """
và của là có được bị cho với trong ngoài trên dưới tại ở từ đến về theo do vì nên thì mà khi nếu như
bằng các những một hai ba mỗi mọi này kia đó ấy đây nào gì ai sao đã đang sẽ vừa mới sắp còn cũng
vẫn lại chỉ rất quá hơn nhất không chưa phải hay hoặc nhưng song để ra vào lên xuống qua bởi cùng
sau trước giữa nhiều ít thêm nữa rồi tôi ta mình bạn ông bà chị em họ nó người việc cái con chiếc cả
thế vậy đi ngày giờ năm tháng the of and is are was were with from it
"""
_SMALL = frozenset(_SMALL_WORDS.split())
#: What happens, by the words that headlines have for it.
_STORM = "storm"
_HAPPENINGS = {
    _STORM: "bão; áp thấp",
    "water": "lũ; ngập; mưa lớn; mưa to; mưa rất to; triều cường; vỡ đê; xả tràn; biển nước; sạt lở; lở đất; "
    "vùi lấp; hố tử thần; sụt lún; cô lập",
    "fire": "cháy; phát nổ; vụ nổ; nổ lớn; hoả hoạn",
    "poison": "ngộ độc; nhiễm độc; nhập viện; nhiễm khuẩn",
    "crash": "tai nạn; lật xe; tông; va chạm; lật tàu; chìm; rơi; sập; lao xuống",
    "killing": "sát hại; thảm án; án mạng; giết; đâm chết; nổ súng; hung thủ",
    "death": "tử vong; thiệt mạng; chết; mất tích; thi thể",
    "data": "dữ liệu; hacker; tấn công mạng; tin tặc; mã độc; rò rỉ",
    "falsehood": "tin giả; sai sự thật; tin đồn; thất thiệt; bịa đặt; tung tin",
    "shortage": "hết xăng; khan hiếm; thiếu; xếp hàng; mất điện; mất nước; đóng cửa; găm hàng",
}
_EXPRESSIONS = {
    name: re.compile(rf"(?<!\w)(?:{'|'.join(expressions.split('; '))})(?!\w)")
    for name, expressions in _HAPPENINGS.items()
}


def story_keys(title: str, shown: str) -> tuple[int, ...]:
    """Return the keys of an article, ascending: at most `MAX_KEYS` of 32 bits, then those of its storm.

    Parameters
    ----------
    title
        Its title, which says what happened.
    shown
        Its masked text (title and lead), which says where: nothing that is masked can become a key.

    """
    lowered = normalise(title)
    happened = [name for name, expression in _EXPRESSIONS.items() if expression.search(lowered)]
    told = words(normalise(shown))
    local = [f"{place}|{name}" for place in sorted(home_places(told)) for name in happened]
    storms = _storms(told) if happened == [_STORM] else ()
    keys = {zlib.crc32(key.encode()) for key in (*local, *_pairs(shown))[:MAX_KEYS]}
    return tuple(sorted(keys.union(STORM_KEYS + zlib.crc32(storm.encode()) for storm in storms)))


def _storms(told: Sequence[str]) -> Iterable[str]:
    """Yield the numbers and names of the storms in the words of a text: "bão số 13 (bão Kalmaegi)"."""
    for place, word in enumerate(told):
        if word == "bão":
            name, number = (*told[place + 1 : place + 3], "", "")[:2]
            if name == "số" and number.isdecimal():
                yield f"số {number}"
            elif name.isascii() and name.isalpha() and is_foreign([name]):
                yield name


def _pairs(text: str) -> Iterable[str]:
    """Yield neighbouring words that say something."""
    for one, other in pairwise(_WORD.findall(normalise(text))):
        if _says(one) and _says(other) and not (one.isdigit() and other.isdigit()):
            yield f"{one} {other}"


def _says(word: str) -> bool:
    return word[0].isalnum() and word not in _SMALL
