"""Every alias of the default catalogue is found in every spelling; ordinary sentences name nothing."""

import unicodedata

import pytest

from streams.catalogue import Catalogue, Topic, default_catalogue_text
from streams.matching import Matcher, is_syllable
from streams.text import fold, normalise

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


#: Sentences about daily life, each with a syllable or pair of the catalogue that means something else.
DAILY = """
Mẹ mua hai cân bột mì và một gói bột nêu; Con bot trả lời tin nhắn hơi chậm;
Anh ấy bớt nói hẳn từ khi có con; Báo giá nội thất phòng bếp giúp em với;
Bao gia công túi giấy cho cửa hàng nhỏ; Cô giáo dạy văn đọc bài thơ rất hay;
Giá sách trong phòng khách bị mọt ăn; Giá đỗ xào lòng gà là món tủ của tôi;
Điện thoại của tôi hết pin giữa đường; Điện ảnh Việt có thêm phim hay; Xăng xái dọn nhà từ sáng sớm;
Đổ đầy bình nước rồi mới lên đường leo núi; Con sông quê tôi mùa này nước trong veo;
Bão hòa màu của bức ảnh hơi cao; Cơn bão lòng của nhân vật chính trong phim;
Lũ trẻ con trong xóm chạy theo cánh diều; Lũ bạn thân hẹn nhau đi ăn ốc;
Lụt việc quá nên tối nay tôi về muộn; Cháy hết mình trên sân khấu đêm nhạc; Nồi cơm cháy thơm lừng bếp;
Cháy vé xem phim cuối tuần; Sốt ruột chờ kết quả phỏng vấn; Cơn sốt giày thể thao cũ quay lại;
Bệnh lười là khó chữa nhất; Ngộ ra một điều sau chuyến đi; Độc giả gửi lời chúc tới tác giả;
Trường quay chương trình ca nhạc đông khán giả; Học đàn mất ba tháng mới chơi được một bài;
Phí thời gian cho một bộ phim nhạt; Phí phạm một bữa ăn ngon; Lương tâm thanh thản thì ngủ ngon;
Lương thiện là thứ quý nhất; Hưu cao cổ trong vườn thú mới sinh con; Đất nặn cho bé nhiều màu rất vui;
Nhà văn ra mắt tập truyện ngắn mới; Sổ tay nấu ăn của bà ngoại; Sổ lồng nên con chim bay mất;
Tàu lượn siêu tốc làm tôi chóng mặt; Máy bay giấy của con trai bay rất xa;
Đường phèn nấu chè ngon hơn đường cát; Đường chỉ may trên áo rất đều; Cầu mong mọi người bình an;
Cầu lông mỗi chiều cùng đồng nghiệp; Cầu thang gỗ trong nhà kêu cọt kẹt; Hàng xóm nuôi đàn gà rất đẹp;
Hàng cây bàng trước cổng trường rụng lá; Thuốc nhuộm tóc màu nâu hợp với em;
Thuốc bắc sắc ba bát còn một bát; Vàng ươm cánh đồng lúa chín; Vàng ruộm lá thu trên phố;
Chứng nào tật nấy, mèo lại ăn vụng; Tiền vệ trẻ ghi bàn ở phút cuối;
Tiền sảnh khách sạn trang trí hoa lan; Thuế má gì đâu, quà quê thôi mà; Đăng ảnh lên mạng cho bạn bè xem;
Kiểm lại hành lý trước khi ra khỏi nhà; Nghị lực của cậu bé khiến tôi khóc;
Quyết tâm dậy sớm chạy bộ mỗi ngày; Công viên gần nhà nhiều cây xanh;
Công thức làm bánh flan không cần lò; An nhiên là tên con gái tôi; Y tá trưởng trong phim rất nghiêm;
Bộ ấm chén sứ trắng của ông nội; Bộ đồ ngủ mới mua hơi rộng; Bộ trưởng nhóm nhảy biên đạo lại bài mới;
Cục tẩy của em rơi dưới gầm bàn; Cục cưng của mẹ ngủ rồi; Tỉnh dậy lúc nửa đêm vì khát nước;
Tỉnh bơ như không có chuyện gì; Thành phố này về đêm yên tĩnh lạ; Huế thương là bài hát bà hay hát ru;
Vinh quang thuộc về người kiên trì; Hòa bình trong tâm hồn là điều tôi tìm;
Nam định rủ Hoa đi xem phim tối nay; Hưng yên tâm giao bếp cho vợ; Lai rai vài ly cùng bạn cũ;
Sơn la hét khi trúng thưởng; Cao bằng tôi rồi mà vẫn thích bế; Long an ủi em gái cả buổi;
Thái bình thản pha trà mời khách; Con số may mắn của tôi là bảy; Tin vui: chị tôi sinh đôi;
Giả vờ ngủ để khỏi rửa bát; Nhận quà sinh nhật muộn mà vẫn vui; Trộm vía bé ăn ngoan ngủ ngoan;
Ma mới vào nghề còn bỡ ngỡ; Túy lúy một trận rồi thôi; Vắc cái ba lô lên vai là đi;
Bạo dạn nắm tay nhau giữa phố; Lừa con lừa mẹ trong truyện tranh; Đảo tròng mắt một vòng rồi cười;
Thi nhau kể chuyện cười; Đề bài hôm nay tả con mèo; Điểm tâm sáng với xôi gấc; Chuẩn cơm mẹ nấu luôn nhé;
BHT là tên viết tắt của nhóm nhạc tôi thích; Shop giao nhầm màu áo rồi ạ;
Ship cho mình hai ly trà sữa ít đường; Ai biết quán bún riêu nào ngon không;
Mai trời đẹp thì đi biển nhé cả nhà; Phim này xem hai lần vẫn thấy hay;
Bài này nghe cuốn quá mọi người ơi; Chó nhà mình đẻ năm con, con nào cũng tròn
"""


def test_everyday_sentences_with_words_of_the_catalogue_name_no_topic() -> None:
    """None of a hundred written to be mistaken, as written, in small letters and without diacritics."""
    said = [sentence.strip() for sentence in " ".join(DAILY.split()).split(";")]
    assert len(said) > 100
    texts = [form for text in said for form in (text, text.lower(), fold(normalise(text)))]
    assert [text for text in texts if MATCHER.topics("", text)] == []
