"""What links articles about one matter."""

import pytest

from detectors.stories import STORM_KEYS
from streams.story_keys import MAX_KEYS, story_keys


def keys(title: str, lead: str = "") -> set[int]:
    """Return the keys of a headline that name no storm."""
    return {key for key in story_keys(title, f"{title} – {lead}") if key < STORM_KEYS}


def storms(title: str, lead: str = "") -> set[int]:
    """Return the keys of a headline that name a storm."""
    return {key for key in story_keys(title, f"{title} – {lead}") if key >= STORM_KEYS}


def test_two_headlines_about_water_in_one_town_share_a_key() -> None:
    """Though no two neighbouring words; fire there, or water elsewhere, shares none."""
    assert keys("Lũ dâng ở Huế") & keys("Huế ngập sâu")
    assert not keys("Lũ dâng ở Huế") & keys("Cháy lớn tại Huế")
    assert not keys("Lũ dâng ở Huế") & keys("Đà Nẵng ngập sâu")


def test_keys_are_few_and_in_order() -> None:
    """However long the text."""
    found = story_keys("Lũ lên", " ".join(f"chữ{n} dài{n}" for n in range(200)))
    assert list(found) == sorted(found)
    assert len(found) <= MAX_KEYS


def test_a_storm_is_known_by_its_number_and_its_name() -> None:
    """An article that has both links those that have one."""
    both = storms("Bão số 13 áp sát đất liền", "Bão Kalmaegi giật cấp 17.")
    assert len(both) == 2
    assert storms("Siêu bão Kalmaegi cách Quy Nhơn 390 km") < both
    assert storms("Hôm nay bão số 13 đổi hướng") < both
    assert not storms("Bão số 12 tan dần") & both


@pytest.mark.parametrize(
    "title",
    [
        "Bão số 13 làm 5 người chết",
        "Ngập sâu sau bão số 13",
        "Cơn bão giá chưa dứt",
        "Bão mạnh hướng vào miền Trung",
        "Hà Nội mưa nhỏ",
    ],
)
def test_harm_other_storms_and_metaphors_have_no_storms_key(title: str) -> None:
    """Only a headline about a storm that is named, and about nothing else, is part of its course."""
    assert storms(title) == set()
