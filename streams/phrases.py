"""Readable phrases of a text, candidates for what a burst is about (pure).

Vietnamese is written syllable by syllable and most of its words have two. So a text is cut where punctuation
and small words stand, names (runs of capitals) are taken whole, and what is left is taken in pieces of two
to four syllables: the same wording gives the same phrases in every mention, which is what counting them
needs.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from streams.text import classic

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["phrases"]

_WORD = re.compile(r"[^\W_]+(?:[.&/-][^\W_]+)*|[^\w\s]")
_LONGEST = 4
#: Small words that neither begin nor end a phrase.
_SMALL_WORDS = """
và của là có được bị cho với trong ngoài trên dưới tại ở từ đến về theo do vì nên thì mà khi nếu như
bằng các những một hai ba mỗi mọi này kia đó ấy đây nào gì ai sao đã đang sẽ vừa mới sắp còn cũng
vẫn lại chỉ rất quá hơn nhất không chưa chẳng phải hay hoặc nhưng song để ra vào lên xuống qua bởi
cùng sau trước giữa nhiều ít thêm nữa rồi nhé ạ à ơi tôi ta mình bạn ông bà anh chị em họ nó chúng
người việc cái con chiếc cả thế vậy đi the of and is are was were with from it this that has have
not
"""
_SMALL = frozenset(_SMALL_WORDS.split())
#: Words of two syllables that policy news is full of: where a text is cut into pairs, these stay whole.
_COMMON_WORDS = """
an ninh; an toàn; ban hành; biên giới; biểu tình; báo cáo; bình luận; bí thư; bảo hiểm; bảo vệ; bất
thường; bệnh nhân; bệnh viện; bị cáo; bồi thường; bổ nhiệm; bộ trưởng; bức xúc; chi phí; chi trả; chiếm
đoạt; chung cư; chuyên gia; chuyến bay; chuyển đổi; cháy nổ; chính phủ; chính quyền; chính sách; chất
lượng; chế độ; chỉ đạo; chủ trương; chủ tịch; chứng khoán; cung cấp; cá nhân; cán bộ; công an; công bố;
công chức; công dân; công nghệ; công nhân; công trình; công ty; công viên; căn cước; cơ quan; cơ sở; cư
dân; cải cách; cảnh báo; cảnh sát; cấp cứu; cứu hộ; cứu trợ; cử tri; di sản; diện tích; doanh nghiệp; du
khách; du lịch; dân cư; dân số; dư luận; dầu khí; dịch bệnh; dịch vụ; dữ liệu; dự báo; dự kiến; dự án;
gia đình; gian lận; giao dịch; giao thông; giá vàng; giá xăng; giá điện; giám đốc; giáo dục; giáo viên;
giải pháp; giải quyết; giải trình; giảm giá; giảng viên; giấy phép; hiện trường; hiệu trưởng; hoạt động;
hàng giả; hàng hóa; hàng không; hành chính; hành khách; hành vi; hình ảnh; hóa chất; hóa đơn; hướng dẫn;
hạ tầng; hạn hán; hệ thống; học phí; học sinh; hồ sơ; hỗ trợ; hợp đồng; hủy chuyến; khiếu nại; khoa học;
khoản thu; khu vực; khách hàng; khó khăn; không khí; khẩn cấp; khắc phục; khởi công; khởi tố; khủng
hoảng; kinh doanh; kinh phí; kinh tế; kiến nghị; kiểm soát; kiểm tra; kẹt xe; kế hoạch; kết luận; kết
quả; kỷ luật; lao động; liên quan; lo ngại; luật sư; lãi suất; lãnh đạo; lũ lụt; lũ quét; lương hưu; lạm
phát; lạm thu; lấn chiếm; lợi dụng; lừa đảo; minh bạch; máy bay; môi trường; mất tích; mất điện; mặt
bằng; mỹ phẩm; nghiên cứu; nghỉ hưu; nghị quyết; nghị định; nguy cơ; nguy hiểm; nguyên nhân; nguồn gốc;
ngân hàng; ngân sách; ngập lụt; ngập úng; ngộ độc; nhiên liệu; nhiễm độc; nhà máy; nhà nước; nhà trường;
nhà ở; nhân dân; nhân viên; nhập khẩu; nhập viện; nông dân; nông nghiệp; nông sản; nước sạch; nước thải;
nạn nhân; nồng độ; nội dung; pháp luật; pháp lý; phát hiện; phát ngôn; phát triển; phòng chống; phóng
viên; phương tiện; phương án; phản ánh; phản đối; phụ huynh; phục hồi; quy hoạch; quy trình; quy định;
quyết định; quản lý; quảng cáo; quốc hội; quốc lộ; rà soát; rác thải; rò rỉ; sa thải; sai phạm; sinh
viên; sáp nhập; sân bay; sơ tán; sạt lở; sản phẩm; sản xuất; sập cầu; số liệu; sổ đỏ; sức khỏe; sửa
chữa; sửa đổi; sự cố; sự kiện; sự việc; tai nạn; tham nhũng; thanh niên; thanh toán; thanh tra; thiên
tai; thiếu hụt; thiệt hại; thu hồi; thu nhập; thu phí; thuế khoán; tháo gỡ; thí sinh; thông báo; thông
tin; thông tư; thương mại; thương nhân; thất nghiệp; thẩm định; thị trường; thị xã; thịt lợn; thời gian;
thời tiết; thủ tướng; thủ tục; thủ đô; thủy điện; thực hiện; thực phẩm; tin giả; tin đồn; tiêm chủng;
tiêu chuẩn; tiêu dùng; tiếp nhận; tiền gửi; tiền điện; tranh chấp; tranh cãi; triển khai; triệu tập;
triệu đồng; truy cứu; truyền thông; trách nhiệm; trái phiếu; trái phép; trường học; trẻ em; trợ cấp; trụ
sở; tuyển sinh; tài chính; tài khoản; tài sản; tài xế; tình trạng; tín dụng; tăng giá; tăng lương; tạm
dừng; tạm giam; tập đoàn; tỉ đồng; tố cáo; tổ chức; tội phạm; từ chức; tử vong; tỷ đồng; vi phạm; việc
làm; viện phí; văn bản; văn hóa; vấn đề; vận hành; vận tải; vật liệu; vắc xin; vụ cháy; vụ việc; xe
buýt; xe khách; xe máy; xe tải; xin lỗi; xuất khẩu; xác minh; xã hội; xét tuyển; xét xử; xóa bỏ; xăng
dầu; xăng e10; xếp hàng; xử lý; xử phạt; y tế; yêu cầu; án phạt; áp lực; ô nhiễm; ô tô; ùn tắc; điều
chỉnh; điều tra; điều trị; điểm chuẩn; điện lực; điện thoại; điện tử; đào tạo; đánh giá; đình chỉ; đơn
vị; đường bộ; đường sắt; đại biểu; đại học; đảm bảo; đất đai; đấu giá; đấu thầu; đầu tư; đề nghị; đề
thi; đề xuất; đền bù; định danh; đối tượng; đổ xăng; động đất; ủy ban
"""
_COMMON = frozenset(tuple(word.split()) for word in " ".join(_COMMON_WORDS.split()).split("; "))


def phrases(text: str, most: int) -> tuple[str, ...]:
    """Return up to `most` phrases of a canonical text: names first, each once, in order.

    A phrase has two to four syllables in their original case and with their diacritics; tone marks stand
    where most print has them. Empty if the text has no two words in a row that say something.
    """
    chunks = list(_chunks(_WORD.findall(classic(text))))
    runs = [_runs(chunk, opening=index == 0) for index, chunk in enumerate(chunks)]
    names = [run for pair in runs for is_name, run in pair if is_name and len(run) <= _LONGEST]
    whole = [chunk for chunk in chunks if len(chunk) <= _LONGEST]
    pieces = [piece for pair in runs for is_name, run in pair if not is_name for piece in _pairs(run)]
    telling = (one for one in (*names, *pieces, *whole) if not all(word.isdigit() for word in one))
    unique: dict[str, str] = {}
    for phrase in map(" ".join, telling):
        unique.setdefault(phrase.lower(), phrase)
    return tuple(unique.values())[:most]


def _chunks(syllables: list[str]) -> Iterator[list[str]]:
    """Yield the runs of two or more telling words between small words and punctuation."""
    chunk: list[str] = []
    for syllable in (*syllables, "."):
        if syllable[0].isalnum() and syllable.lower() not in _SMALL:
            chunk.append(syllable)
            continue
        if len(chunk) > 1:
            yield chunk
        chunk = []


def _runs(chunk: list[str], *, opening: bool) -> list[tuple[bool, list[str]]]:
    """Return a chunk as names (two capitalised words or more) and what lies between them.

    Words wholly in capitals are no names; at the opening of a text, where any word has a capital, a name
    needs three.
    """
    runs: list[tuple[bool, list[str]]] = []
    for capital, group in groupby(chunk, key=lambda word: word[0].isupper() and not word.isupper()):
        members = list(group)
        is_name = capital and len(members) > 1 + (opening and not runs)
        if runs and not is_name and not runs[-1][0]:
            runs[-1][1].extend(members)
        else:
            runs.append((is_name, members))
    return runs


def _pairs(run: list[str]) -> Iterator[list[str]]:
    """Yield pairs of neighbours from the left; a common word that begins one later is not cut."""
    place = 0
    while place + 1 < len(run):
        if not _is_common(run, place) and _is_common(run, place + 1):
            place += 1
        if not run[place].isdigit():
            yield run[place : place + 2]
        place += 2


def _is_common(run: list[str], place: int) -> bool:
    """Return whether the two syllables at `place` are a common word."""
    return tuple(syllable.lower() for syllable in run[place : place + 2]) in _COMMON
