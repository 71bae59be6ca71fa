"""Gravity of a headline, and the file of its signs."""

import pytest

from detectors.gravity import SignError, Signs, people_harmed
from streams.catalogue import Catalogue, default_catalogue_text
from streams.text import normalise, words
from streams.understanding import Understanding, bundled_signs

UNDERSTANDING = Understanding(Catalogue.parse(default_catalogue_text(), "catalogue_vn.toml"))


def gravity(title: str, text: str = "") -> int:
    """Return the gravity of a headline as the classify stage reads it."""
    return UNDERSTANDING.gravity_milli(title, text)


@pytest.mark.parametrize(
    ("title", "least", "most"),
    [
        ("Hôm nay trời đẹp", 0, 0),
        ("Xe khách lao xuống vực, 12 người chết", 1000, 1000),
        ("Cháy nhà, 5 người tử vong", 900, 900),
        ("Xe tải lật, 3 người chết", 800, 800),
        ("Một người chết khi tắm sông", 400, 500),
        ("Hàng trăm học sinh nhập viện sau bữa trưa", 1000, 1000),
        ("15 học sinh nhập viện nghi ngộ độc", 800, 1000),
        ("Số người chết vì lũ quét tăng lên 14", 1000, 1000),
        ("Số ca ngộ độc sau bữa tiệc lên hơn 80, chưa rõ nguyên nhân", 1000, 1000),
        ("Ca ngộ độc ở trường học lên tới 1.200", 1000, 1000),
        ("Số người bị thương lên 5", 400, 500),
        ("Cây xăng treo biển hết hàng, người dân đổ xô mua", 750, 1000),
        ("Bão số 5 mạnh cấp 12 hướng vào miền Trung", 900, 900),
        ("Áp thấp nhiệt đới có khả năng mạnh lên", 600, 600),
        ("Lũ quét, vỡ đê, sơ tán khẩn cấp trong đêm", 900, 1000),
        ("Rò rỉ dữ liệu hàng loạt khách hàng", 750, 950),
        ("Công an bác tin giả về vỡ đập", 750, 1000),
        ("Thảm án trong đêm", 800, 800),
        ("Bị cáo lĩnh án vì lừa đảo", 0, 300),
        ("Quyên góp ủng hộ đồng bào sau bão lũ", 0, 400),
        ("Điểm tin 18h: 10 người chết vì lũ", 0, 0),
        ("Cháy chung cư ở Hong Kong, 12 người chết", 0, 0),
        ("Xe khách rơi xuống vực ở Hòa Bình, cả xe biển số Lào, 12 người chết", 1000, 1000),
        ("Triệt phá đường dây sản xuất sữa giả", 750, 850),
        ("Khởi tố vụ mua bán heo bệnh", 750, 850),
        ("Hai cô gái bị lũ cuốn tử vong", 550, 1000),
        ("Cháy ở ký túc xá, giải cứu 28 người", 550, 800),
        ("12 căn nhà bị thiêu rụi", 550, 800),
        ("Bão số 4 cách Quảng Ninh khoảng 110 km", 800, 900),
        ("Bão số 4 suy yếu thành áp thấp nhiệt đới", 600, 600),
        ("Dịch tả lợn lan đến Nghệ An", 550, 550),
        ("Dịch tả lợn: cần làm gì", 0, 300),
        ("Máy bay quân sự rơi", 750, 900),
        ("120 nhân viên y tế bị nợ lương", 550, 700),
        ("Dự báo cơn bão giá còn kéo dài", 0, 300),
        ("Cảnh sát phòng cháy chữa cháy giải cứu tài xế", 0, 300),
        ("Huyện công bố dịch tả lợn", 550, 670),
        ("Nghêu chết hàng loạt", 550, 550),
    ],
)
def test_gravity_is_mass_harm_storms_floods_and_public_failure(title: str, least: int, most: int) -> None:
    """Ordinary crime, help and digests have little; what happens abroad has none."""
    assert least <= gravity(title) <= most


@pytest.mark.parametrize(
    "title",
    [
        "Không ai tử vong trong vụ cháy",
        "Người đàn ông 45 tuổi chết",
        "Ngày 20-8, tử vong vì tai nạn",
        "Số người tử vong ít, giá vàng lên 80 triệu đồng",
        "Nghi can sát hại cụ ông 79 tuổi chủ nhà trọ",
        "Trong 3 năm người chết nhiều hơn",
        "Hàng năm người chết nhiều hơn",
        "5 ngày nghỉ Tết: 96 người chết",
        "Hàng loạt vụ học sinh đuối nước",
    ],
)
def test_a_negated_harm_an_age_a_time_and_a_sum_count_nobody(title: str) -> None:
    """A number counts people only beside a word for them, with no mark between, and of one event."""
    assert gravity(title) < 450


@pytest.mark.parametrize(
    ("title", "deaths"),
    [
        ("2 người tử vong và 5 người thương nặng", 2),
        ("Vợ chồng ông lão chết cháy", 2),
        ("Năm người chết", 5),
        ("Năm ngoái người chết nhiều", 0),
        ("Ba vợ chồng chết", 3),
    ],
)
def test_people_are_counted_once_and_a_pair_is_two(title: str, deaths: float) -> None:
    """What follows "and" has a harm of its own; "năm" is five and a year."""
    assert people_harmed(bundled_signs(), words(normalise(title))) == deaths


@pytest.mark.parametrize(
    "title",
    [
        "TP HCM mời gọi đầu tư dự án di dời 21.000 dân ven kênh",
        "Thu hồi đất dự án bỏ hoang",
        "Khách xếp hàng tát nhân viên hàng không",
        "Gần 7.000 người già sập bẫy quà tặng",
        "Hung thủ vụ thảm án đối diện mức án nào",
    ],
)
def test_projects_metaphors_and_trials_are_not_grave(title: str) -> None:
    """What sounds like a crisis by a word alone."""
    assert gravity(title) < 550


def test_lives_lost_to_water_or_fire_weigh_more() -> None:
    """Though nobody says how many."""
    assert gravity("Đám cháy khiến thuyền trưởng mất tích") > gravity("Đám cháy khiến thuyền trưởng mệt")


def test_where_the_state_acts_a_matter_weighs_more() -> None:
    """The same flood, with a telegram of the prime minister."""
    assert gravity("Ngập sâu ở Huế, Thủ tướng ra công điện") > gravity("Ngập sâu ở Huế") > 0


@pytest.mark.parametrize("deaths", range(1, 11))
def test_more_dead_never_weigh_less(deaths: int) -> None:
    """From one to eleven."""
    assert gravity(f"Tai nạn, {deaths} người chết") <= gravity(f"Tai nạn, {deaths + 1} người chết")


def test_thousands_are_read_whole() -> None:
    """A point parts thousands, a comma decimals."""
    assert gravity("Lũ lên, 1.200 hộ dân bị cô lập") == 1000
    assert gravity("Lũ lên 2,5 m") < 700


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tử vong\tdeath\n", "no header: begin the table with 'expression\\tsigns'"),
        ("expression\tsigns\ntử vong\tdead\n", "line 2: unknown sign 'dead': use a tab, then some of storm"),
        ("expression\tsigns\ntử vong\n", "line 2: not up to five words and their signs"),
    ],
)
def test_a_faulty_file_of_signs_names_line_and_fix(text: str, message: str) -> None:
    """One line that says what to do."""
    with pytest.raises(SignError) as found:
        Signs.parse(text)
    assert message in str(found.value)


def test_the_bundled_signs_are_in_normal_form() -> None:
    """Else they would never be found."""
    text = "; ".join(" ".join(expression) for expression in bundled_signs().expressions)
    assert normalise(text) == text
    assert words(text)
