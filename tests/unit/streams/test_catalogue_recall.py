"""Every alias of the default catalogue is found in every spelling; ordinary sentences name nothing."""

import unicodedata

import pytest

from streams.catalogue import Catalogue, Topic, default_catalogue_text
from streams.matching import Matcher, is_syllable
from streams.text import fold

DEFAULT = Catalogue.parse(default_catalogue_text(), "catalogue_vn.toml")
MATCHER = Matcher(DEFAULT)
#: Words without a topic to stand around an alias, with diacritics and without.
AROUND, PLAIN_AROUND = "Hôm nay nhiều người nói về {} ở quê", "hom nay nhieu nguoi noi ve {} o que"


def _found(topic: Topic, alias: str, around: str) -> bool:
    return topic.id in MATCHER.topics("", around.format(alias))


def _has_plain_form(alias: str) -> bool:
    """Return whether an alias is looked for without diacritics: a lone word that loses some is not."""
    return " " in alias or fold(alias) == alias


@pytest.mark.parametrize("topic", DEFAULT.topics, ids=lambda topic: topic.id)
def test_every_alias_is_found_in_every_spelling(topic: Topic) -> None:
    """NFC, NFD, small letters, and without diacritics where that is still the same expression."""
    for alias in topic.aliases:
        for spelling in (alias, unicodedata.normalize("NFD", alias)):
            assert _found(topic, spelling, AROUND), spelling
        if not (alias.isupper() and is_syllable(alias.lower())):
            assert _found(topic, alias.lower(), AROUND), alias
        if _has_plain_form(alias):
            assert _found(topic, fold(alias), PLAIN_AROUND), fold(alias)


@pytest.mark.parametrize(
    "topic", [topic for topic in DEFAULT.topics if topic.ambiguous], ids=lambda topic: topic.id
)
def test_an_ambiguous_alias_counts_beside_its_context_only(topic: Topic) -> None:
    """Either order, with diacritics or without."""
    for alias in topic.ambiguous:
        assert not _found(topic, alias, AROUND), alias
        for context in topic.context:
            assert topic.id in MATCHER.topics(context, AROUND.format(alias)), (alias, context)
            if _has_plain_form(alias) and _has_plain_form(context):
                plain = PLAIN_AROUND.format(fold(alias))
                assert topic.id in MATCHER.topics("", f"{plain} {fold(context)}"), (alias, context)


WHO = ("Tôi", "Chị Hoa", "Bạn cùng lớp", "Ông ngoại", "Con mèo", "Đội bóng xóm", "Cô ca sĩ", "Thầy tôi")
DOES = ("thích", "vừa mua", "kể về", "đang nấu", "vẽ lại", "cắt đôi", "tìm thấy", "nhớ mãi")
WHAT = ("bát phở", "cây bút chì", "bài hát cũ", "quả bưởi", "đôi giày", "chiếc lá", "bột mì", "cuốn truyện")
WHERE = (
    "ở nhà",
    "tối qua",
    "bên bờ hồ",
    "trong vườn",
    "trước khi ngủ",
    "lúc trời mưa",
    "cùng cả nhà",
    "mùa hè",
)


def test_ordinary_sentences_name_no_topic() -> None:
    """At most .2 % of 8,192 sentences about daily life, half without diacritics."""
    texts = [f"{a} {b} {c} {d}" for a in WHO for b in DOES for c in WHAT for d in WHERE]
    texts += [fold(text) for text in texts]
    named = [text for text in texts if MATCHER.topics("", text)]
    assert len(named) <= 0.002 * len(texts), named[:5]
