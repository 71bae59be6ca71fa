"""The stream that every contender is given: the same mentions, 30 % of them about a watched topic (pure)."""

import random
from collections.abc import Iterator
from datetime import datetime

import msgspec

MATCHING = 0.3
_SYLLABLES = (
    *("an", "bình", "cẩm", "chi", "đại", "đông", "gia", "hà", "hải", "hiệp", "hoà", "hưng"),
    *("khánh", "kim", "lạc", "lâm", "liên", "long", "lộc", "mai", "minh", "mỹ", "nam", "nghĩa"),
    *("ngọc", "nhân", "phong", "phú", "phúc", "quang", "sơn", "tam", "tân", "thạch", "thái", "thanh"),
    *("thịnh", "thuận", "tiên", "trà", "trung", "tường", "vân", "vĩnh", "xuân", "yên"),
)
_TALK = (
    "Hôm nay bà con bàn nhiều về",
    "Theo phản ánh của người dân,",
    "Sáng nay lãnh đạo địa phương trả lời báo chí về",
    "Nhiều phụ huynh bức xúc, phẫn nộ vì",
    "Mọi người thấy sao chứ mình khá hài lòng với",
    "Chưa thấy ai giải thích rõ ràng chuyện",
)
_TAIL = (
    "mong cơ quan chức năng sớm có câu trả lời, kéo dài mãi thế này thì khổ cho dân quá.",
    "giá cả tăng từng ngày mà thu nhập vẫn vậy, chẳng biết sắp tới xoay xở ra sao.",
    "thủ tục đã nhanh hơn trước, cán bộ hướng dẫn nhiệt tình, đáng khen.",
    "đường sá ngập nước, cháu đi học về muộn, cả nhà lo lắng.",
)


def alias(topic: int) -> str:
    """Return how texts call a topic: three syllables that no other topic has in this order."""
    size = len(_SYLLABLES)
    first, rest = topic % size, topic // size
    return f"dự án {_SYLLABLES[first]} {_SYLLABLES[rest % size]} {_SYLLABLES[(rest // size + first) % size]}"


def catalogue_text(topics: int) -> str:
    """Return a catalogue of so many topics (up to 80,000), two aliases each."""
    parts = ['schema = "haidang.catalogue.v1"']
    for topic in range(topics):
        name = alias(topic)
        parts.append(
            f'[[topic]]\nid = "du-an-{topic}"\nname = {{ vi = "{name}", en = "Project {topic}" }}\n'
            f'aliases = ["{name}", "công trình số {topic} của tỉnh"]'
        )
    return "\n".join(parts)


def mentions(
    count: int, topics: int, *, seed: int, now: datetime
) -> Iterator[tuple[dict[str, object], bool]]:
    """Yield mentions, published at ``now``, and whether each concerns a topic; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible stream
    published = now.isoformat()
    for number in range(count):
        matches = chance.random() < MATCHING
        topic = min(int(chance.paretovariate(0.8)) - 1, topics - 1)
        about = alias(topic) if matches else f"chuyện {chance.choice(_SYLLABLES)} {chance.choice(_SYLLABLES)}"
        mention = {
            "id": f"{seed}-{number}",
            "published_at": published,
            "text": f"{chance.choice(_TALK)} {about}, {chance.choice(_TAIL)}",
            "source": {"name": f"diễn đàn {number % 40}", "kind": "social"},
            "url": f"https://dien-dan.example/bai/{seed}/{number}",
            "author_key": f"tk{chance.randrange(5_000)}",
        }
        yield mention, matches


def values(stream: Iterator[tuple[dict[str, object], bool]], envelope: int) -> tuple[list[bytes], int]:
    """Return record values (objects for ``envelope`` 1, else arrays of that many) and how many match."""
    records: list[bytes] = []
    part: list[dict[str, object]] = []
    matching = 0
    for mention, matches in stream:
        part.append(mention)
        matching += matches
        if len(part) == envelope:
            records.append(msgspec.json.encode(part if envelope > 1 else part[0]))
            part = []
    if part:
        records.append(msgspec.json.encode(part))
    return records, matching
