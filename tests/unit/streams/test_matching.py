"""Topic matching: what counts as naming a topic, and the traps that do not."""

import unicodedata

import pytest

from streams.catalogue import Catalogue, Name, Topic, default_catalogue_text
from streams.matching import Matcher
from streams.text import canonical, fold

DEFAULT = Catalogue.parse(default_catalogue_text(), "catalogue_vn.toml")


def _topic(name: str, *aliases: str, exclusions: tuple[str, ...] = ()) -> Topic:
    return Topic(
        name, Name(name, name), tuple(map(canonical, aliases)), None, tuple(map(canonical, exclusions))
    )


MATCHER = Matcher(
    Catalogue.of(
        [
            _topic("bot", "BOT", "trạm BOT"),
            _topic("police", "Bộ Công an", "công an"),
            _topic("village", "công an xã"),
            _topic("defence", "Bộ Quốc phòng", exclusions=("Bộ Quốc phòng Mỹ",)),
            _topic("power", "giá điện", "EVN"),
            _topic("storm", "bão", "lũ quét"),
            _topic("school", "Bộ GD&ĐT", "Bộ GD-ĐT"),
            _topic("peace", "hòa giải"),
        ]
    )
)

TABLE = [
    ("Trạm thu phí BOT lại ùn tắc", ("bot",)),
    ("Mua bột giặt, bớt chút thời gian", ()),
    ("mua bot giat, bot chut thoi gian", ()),
    ("MUA BOT GIAT GIA RE", ()),
    ("DỪNG THU PHÍ BOT", ("bot",)),
    ("con bot này trả lời tự động", ()),
    ("tram bot Cai Lay", ("bot",)),
    ("trạm bot Cai Lậy", ("bot",)),
    ("ROBOT và BOTNET", ()),
    ("EVN tăng giá", ("power",)),
    ("evn tang gia", ("power",)),
    ("EVNHANOI thông báo", ()),
    ("gia dien tang", ("power",)),
    ("gia diện", ()),
    ("giá diễn", ()),
    ("giá-điện", ()),
    ("tăng giá. Điện lực nói", ()),
    ("(giá điện)", ("power",)),
    ("“Giá điện”!", ("power",)),
    ("#giá điện", ("power",)),
    ("giá\n  điện", ("power",)),
    ("gi\u200bá đ\u200biện", ("power",)),
    ("bao gia", ()),
    ("bão to", ("storm",)),
    ("báo bảo bao", ()),
    ("lu quet o Son La", ("storm",)),
    ("Bộ Công an và công an xã", ("police", "village")),
    ("công an xã", ("village",)),
    ("Bộ Quốc phòng họp", ("defence",)),
    ("Bộ Quốc phòng Mỹ họp", ()),
    ("Bộ Quốc phòng Mỹ gặp Bộ Quốc phòng", ("defence",)),
    ("bo quoc phong my hop", ()),
    ("Bộ GD&amp;ĐT, bộ gd-đt", ("school",)),
    ("bo gd-dt hop", ("school",)),
    ("hoà giải cơ sở", ("peace",)),
    ("HÒA GIẢI", ("peace",)),
    ("xem https://x.vn/evn @evn a@evn.vn", ()),
    ("", ()),
]


@pytest.mark.parametrize(("text", "topics"), TABLE, ids=[row[0] for row in TABLE])
def test_table_of_names_and_traps(text: str, topics: tuple[str, ...]) -> None:
    """Whole words in any equivalent spelling match; nothing else does."""
    assert MATCHER.topics("", text) == topics
    assert MATCHER.topics(text, "") == topics


@pytest.mark.parametrize(("text", "topics"), TABLE, ids=[row[0] for row in TABLE])
def test_passages_are_what_names_the_topics(text: str, topics: tuple[str, ...]) -> None:
    """They name the same topics, and each passage alone names its own, context aside."""
    passages = MATCHER.passages("9", text)
    assert tuple(sorted({passage.topic for passage in passages})) == topics
    for topic, field, start, end in passages:
        assert field == "text"
        assert topic in MATCHER.topics(
            "", f"à {text[start:end]}" if text[start:end].isupper() else text[start:end]
        )


def test_title_and_text_are_one_mention_but_not_one_sentence() -> None:
    """An alias never spans the border of title and text; both are searched."""
    assert MATCHER.topics("tăng giá", "điện lên") == ()
    assert MATCHER.topics("EVN nói", "trạm BOT đông") == ("bot", "power")


def test_ids_are_sorted_and_unique() -> None:
    """The order of naming and repetition do not show."""
    assert MATCHER.topics("", "lũ quét, EVN, bão, evn, giá điện") == ("power", "storm")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_alias_of_the_default_catalogue_is_found(form: str) -> None:
    """Both Unicode forms of each alias name its topic."""
    matcher = Matcher(DEFAULT)
    for topic in DEFAULT.topics:
        for alias in topic.aliases:
            text = unicodedata.normalize(form, f"Nói về {alias}, rồi sao?")
            assert topic.id in matcher.topics("", text), alias


def test_every_longer_alias_is_found_without_diacritics() -> None:
    """In a text without diacritics an alias of two words or more names its topic."""
    matcher = Matcher(DEFAULT)
    for topic in DEFAULT.topics:
        for alias in topic.aliases:
            if " " in alias:
                assert topic.id in matcher.topics("", f"Noi ve {fold(alias)}, roi sao?"), alias


def test_exclusions_of_the_default_catalogue_hide_their_aliases() -> None:
    """Each exclusion alone names nothing of its own topic."""
    matcher = Matcher(DEFAULT)
    for topic in DEFAULT.topics:
        for exclusion in topic.exclusions:
            assert topic.id not in matcher.topics("", f"Hôm nay {exclusion} nói"), exclusion
