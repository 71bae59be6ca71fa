"""Where a headline places its story."""

import pytest

from detectors.places import home_places, is_abroad, speaks_of_home


@pytest.mark.parametrize(
    "title",
    [
        "Cháy chung cư ở Hong Kong",
        "Động đất tại Thổ Nhĩ Kỳ",
        "Lũ quét ở Mỹ, nhiều người mất tích",
        "Bão vào Philippines",
        "Siêu bão tàn phá Mozambique",
        "Nổ súng gần Lầu Năm Góc",
        "Sập cầu cao tốc ở Italy",
        "Trẻ em Việt ở Anh mất tích",
        "Nhà khoa học Mỹ được vinh danh",
    ],
)
def test_a_title_that_names_a_country_is_abroad(title: str) -> None:
    """Countries, cities and bodies in Vietnamese spelling."""
    assert is_abroad(title)


@pytest.mark.parametrize(
    "title",
    [
        "Cháy lớn ở Mỹ Tho",
        "Vở kịch ở Hà Nội",
        "Nước đục ở Đức Thọ",
        "",
        "Bệnh viện Việt Đức quá tải",
        "Dịch tả lợn châu Phi ở Huế",
        "Dịch tả châu Phi lan rộng",
        "Anh tài xế kể lại vụ nổ",
        "Đề thi môn tiếng Nhật bị lộ",
        "Khách Trung Quốc mất tích trên biển",
        "Xe biển số Lào rơi xuống vực ở Hoà Bình",
        "Bão rời Philippines, tiến vào Biển Đông",
        "Tàu Trung Quốc đâm chìm tàu cá ở Hoàng Sa",
    ],
)
def test_places_at_home_are_not(title: str) -> None:
    """A syllable within a longer name is no country, nor is a disease, a language or a visitor."""
    assert not is_abroad(title)


@pytest.mark.parametrize(
    ("title", "lead", "abroad"),
    [
        ("Cháy chung cư, 40 người chết", "Ngọn lửa bùng lên ở Hong Kong chiều nay.", True),
        ("Bão đêm nay vào Biển Đông", "Bão đã vượt qua Philippines.", False),
        ("Lũ lên nhanh", "Chuyên gia Nhật Bản và Hà Nội cùng khảo sát.", False),
    ],
)
def test_the_lead_decides_where_the_title_names_no_place(title: str, lead: str, *, abroad: bool) -> None:
    """Unless one of them names a place at home."""
    assert is_abroad(title, lead) is abroad


def test_a_city_has_one_name() -> None:
    """However it is written."""
    found = home_places(["ngập", "ở", "tp", "hcm", "và", "hồ", "chí", "minh", ",", "huế"])
    assert found == {"hồ chí minh", "huế"}


@pytest.mark.parametrize(
    ("text", "home"),
    [
        ("Siêu bão rời Philippines, hướng vào nước ta", True),
        ("59 người Việt bị bắt ở Campuchia", True),
        ("Vượt sông từ Campuchia về An Giang", True),
        ("48 công dân từ Campuchia về nước", True),
        ("Thái Lan kỳ vọng lãi lớn", False),
        ("Bộ trưởng Mỹ từ chức vì việt vị", True),
        ("", False),
    ],
)
def test_a_text_speaks_of_home_by_its_places_or_people(text: str, home: bool) -> None:  # noqa: FBT001
    """Provinces, towns, the country, its people; a word too many errs towards home."""
    assert speaks_of_home(text) is home


def test_what_is_told_in_our_time_happened_elsewhere() -> None:
    """*Giờ Việt Nam* places no story at home; a place beside it still does."""
    assert not speaks_of_home("Đến 9h20 sáng 16-4 (giờ Việt Nam), đám cháy ở Paris được dập tắt.")
    assert speaks_of_home("Lúc 9h giờ Việt Nam, đoàn cứu hộ Việt Nam tới nơi.")
