"""The catalogue for a stream of Vietnamese press."""

from importlib.resources import files

from streams.catalogue import Catalogue
from streams.matching import Matcher

CATALOGUE = Catalogue.parse(
    files("deploy").joinpath("press", "catalogue.toml").read_text(encoding="utf-8"),
    "deploy/press/catalogue.toml",
)


def test_press_catalogue_covers_the_policy_areas() -> None:
    """Fifteen to thirty areas, each with several names."""
    assert 15 <= len(CATALOGUE.topics) <= 30
    assert all(len(topic.aliases) >= 5 for topic in CATALOGUE.topics)


def test_headlines_find_their_area() -> None:
    """Invented headlines of each kind go where an officer would look for them."""
    matcher = Matcher(CATALOGUE)
    for headline, topic in [
        ("Lũ quét cô lập ba xã miền núi", "thien-tai"),
        ("Người dân xếp hàng chờ đổ xăng", "xang-dau"),
        ("Điều chỉnh giá điện từ tháng sau", "dien"),
        ("Hàng chục học sinh nghi ngộ độc sau bữa trưa", "an-toan-thuc-pham"),
        ("Cảnh báo lừa đảo qua điện thoại", "lua-dao"),
        ("Bệnh viện tỉnh thiếu thuốc", "y-te"),
    ]:
        assert topic in matcher.topics(headline, ""), headline
    assert matcher.topics("Đội tuyển thắng 2-0 ở vòng bảng", "") == ()
