"""Gravity of a text and where it happens."""

import pytest

from detectors.gravity import gravity_milli, is_abroad
from detectors.lexicon import Entry, Lexicon, Sense

LEXICON = Lexicon(
    [
        Entry.of("tử vong", Sense.HARM, 3.0),
        Entry.of("ngập", Sense.DISASTER, 2.0),
        Entry.of("nguy cơ", Sense.HARM, 1.0),
        Entry.of("phẫn nộ", Sense.ANGER, 3.0),
        Entry.of("không", Sense.NEGATION, 1.0),
    ],
    1,
)


@pytest.mark.parametrize(
    ("text", "milli"),
    [
        ("hôm nay trời đẹp", 0),
        ("nguy cơ mưa", 0),
        ("dân phẫn nộ", 0),
        ("phố ngập", 450),
        ("ba người tử vong", 750),
        ("phố ngập , hai người tử vong", 900),
        ("tử vong tử vong tử vong tử vong", 1000),
        ("không ai tử vong", 0),
    ],
)
def test_gravity_follows_the_gravest_and_their_number(text: str, milli: int) -> None:
    """Deaths weigh more than floods; anger, risks and negated harm do not."""
    assert gravity_milli(LEXICON, text.split()) == milli


@pytest.mark.parametrize(
    "title",
    [
        "Cháy chung cư ở Hong Kong",
        "Động đất tại Thổ Nhĩ Kỳ",
        "Lũ quét ở Mỹ, nhiều người mất tích",
        "Bão vào Philippines",
    ],
)
def test_a_title_that_names_a_country_is_abroad(title: str) -> None:
    """Countries, cities and bodies in Vietnamese spelling."""
    assert is_abroad(title)


@pytest.mark.parametrize(
    "title", ["Cháy lớn ở Mỹ Tho", "Vở kịch ở Hà Nội", "Nước đục ở Đức Thọ", "", "Bệnh viện Việt Đức quá tải"]
)
def test_places_at_home_are_not(title: str) -> None:
    """A syllable within a longer name is no country."""
    assert not is_abroad(title)
